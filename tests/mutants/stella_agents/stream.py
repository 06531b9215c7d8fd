"""The task stream: open it, listen, speak, and open it again."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Coroutine, Mapping
from typing import Any, Final

from tests.mutants.stella_agents import tasks
from tests.mutants.stella_agents.being import Being, Crew
from tests.mutants.stella_agents.bugs import Bug, Trouble
from tests.mutants.stella_agents.caller import Caller
from tests.mutants.stella_agents.labour import Labour
from tests.mutants.stella_agents.model import Draft, Library, Say, Way, What
from tests.mutants.stella_agents.socket_libraries import dial_aiohttp, dial_usual
from tests.mutants.stella_agents.socket_raw import Dialling, GoneError, Socket, dial_raw
from tests.mutants.stella_agents.words import encoded

__all__ = ["Stream"]

FIRST_PAUSE: Final = 0.2
LONGEST_PAUSE: Final = 3.0
LONG_LIFE: Final = 1.0
LARGE: Final = 65535
_DIALS: Final = {
    Library.RAW: dial_raw,
    Library.USUAL: dial_usual,
    Library.AIOHTTP: dial_aiohttp,
}
_DOCUMENTED: Final[Mapping[str, frozenset[str]]] = {
    "task_assigned": frozenset({"type", "task"}),
    "task_cancelled": frozenset({"type", "taskId"}),
}


class Stream:
    """The stream of one agent, over all its connections."""

    def __init__(self, being: Being, caller: Caller, labour: Labour, crew: Crew) -> None:
        self._being = being
        self._caller = caller
        self._labour = labour
        self._crew = crew
        self._sockets: list[Socket] = []
        self._reopened = False
        self.beat: Callable[[], Coroutine[Any, Any, None]] | None = None

    async def run(self) -> None:
        """Keep a stream open for ever."""
        being, clock = self._being, asyncio.get_running_loop().time
        pause, losses = FIRST_PAUSE, 0
        while True:
            born = clock()
            try:
                await self._session()
            except OSError as error:
                if being.stopping:
                    return
                being.log(f"stream: {error or type(error).__name__}")
            losses += 1
            self._reopened = True
            if being.has(Bug.NO_RECONNECT) or (being.has(Bug.RECONNECT_ONCE) and losses > 1):
                await asyncio.Event().wait()
            if being.has(Bug.RECONNECT_FORGETS):
                self._labour.forget()
            if being.has(Bug.RECONNECT_BEATS) and self.beat is not None:
                self._crew.start(self.beat())
            if being.has(Bug.CLOSE_DROPS_TASKS):
                self._labour.drop()
            # A stream that was closed for a new certificate says nothing about the other side.
            if clock() - born > LONG_LIFE or being.renewed.is_set():
                pause = FIRST_PAUSE
            await asyncio.sleep(0.01 if being.has(Bug.RECONNECTS_AT_ONCE) else pause)
            pause = min(LONGEST_PAUSE, pause * 2)

    async def speak(self, say: Say) -> None:
        """Send a message, where there is somebody to hear it."""
        being = self._being
        for each in being.edited(say):
            assert isinstance(each, Say)
            raw = each.raw
            if raw is None:
                raw = encoded(each.body, being.style.encoding, being.memory.rng)
            for socket in self._sockets[-1:]:
                try:
                    await socket.send(raw)
                except GoneError:
                    being.log("stream: lost while speaking")
            if being.has(Bug.STREAM_PER_MESSAGE):
                await self._elsewhere(raw)

    async def close(self) -> None:
        """End the stream in order, or as the fault has it."""
        cuts = self._being.has(Bug.TERM_CUTS)
        for socket in tuple(self._sockets):
            await (socket.abort() if cuts else socket.close())

    async def _elsewhere(self, raw: str | bytes) -> None:
        try:
            socket = await self._dial()
            await socket.send(raw)
            await socket.close()
        except OSError:
            self._being.log("stream: could not open another")

    async def _dial(self) -> Socket:
        being = self._being
        (draft,) = being.edited(self._caller.draft(What.STREAM)) or (None,)
        if not isinstance(draft, Draft):
            raise ConnectionRefusedError("kept back")
        dialling = Dialling(
            base=being.target.base,
            path=draft.path,
            headers=draft.headers,
            context=being.wallet.context(being.wear(draft), verify=being.verifies),
            habits=being.style.habits,
            rng=being.memory.rng,
        )
        return await _DIALS[being.style.socket](dialling)

    async def _session(self) -> None:
        """One connection from its opening to its end. Raises OSError."""
        being = self._being
        being.renewed.clear()
        socket = await self._dial()
        self._sockets.append(socket)
        follower = asyncio.ensure_future(self._follow_renewal(socket))
        twins = [asyncio.ensure_future(self._twin())] if being.has(Bug.TWO_STREAMS) else []
        try:
            while True:
                self._hear(await socket.receive())
                if being.deaf:
                    await asyncio.Event().wait()
        except GoneError:
            if not being.stopping and not being.renewed.is_set():
                being.meets(Trouble.CLOSED)
            raise
        except asyncio.CancelledError:
            await socket.abort()
            raise
        finally:
            self._sockets.remove(socket)
            if not (being.renewed.is_set() and being.style.stream_follows_renewal):
                follower.cancel()
            for twin in twins:
                twin.cancel()
            await asyncio.gather(follower, *twins, return_exceptions=True)
            if not being.stopping:
                await socket.abort()

    async def _twin(self) -> None:
        socket = await self._dial()
        try:
            while True:
                self._hear(await socket.receive())
        finally:
            await socket.abort()

    async def _follow_renewal(self, socket: Socket) -> None:
        if not self._being.style.stream_follows_renewal:
            return
        await self._being.renewed.wait()
        await socket.close()

    def _hear(self, raw: str | bytes) -> None:
        being = self._being
        if self._reopened and being.has(Bug.REOPENED_DEAF):
            return
        if isinstance(raw, bytes):
            being.meets(Trouble.BINARY)
            return
        if len(raw) > LARGE:
            being.meets(Trouble.LARGE)
        try:
            message = json.loads(raw)
        except (ValueError, RecursionError):
            being.meets(Trouble.NO_JSON)
            return
        if isinstance(message, Mapping):
            self._heed(message)
        else:
            being.meets(Trouble.NO_OBJECT)

    def _heed(self, message: Mapping[str, Any]) -> None:
        being, kind = self._being, message.get("type")
        if not isinstance(kind, str):
            being.meets(Trouble.UNTYPED)
            return
        if kind not in _DOCUMENTED:
            being.meets(Trouble.UNKNOWN)
            return
        if message.keys() - _DOCUMENTED[kind]:
            being.meets(Trouble.SURPLUS)
        if kind == "task_assigned" and tasks.read(message.get("task")) is None:
            being.meets(Trouble.MISFIT)
        if being.deaf:
            return
        if kind == "task_cancelled" and isinstance(message.get("taskId"), str):
            if not (self._reopened and being.has(Bug.REOPENED_GOES_ON)):
                self._labour.cancel(message["taskId"])
        elif kind == "task_assigned" and not being.has(Bug.IGNORES_ASSIGNED):
            self._labour.offer([message.get("task")], Way.STREAM)
