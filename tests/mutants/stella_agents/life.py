"""How an agent lives: register, beat, poll, listen, work, and come to an end."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Final

from tests.mutants.stella_agents import words
from tests.mutants.stella_agents.being import Being, BlunderError, Crew, LeaveError
from tests.mutants.stella_agents.bugs import Bug, Trouble
from tests.mutants.stella_agents.caller import Caller
from tests.mutants.stella_agents.http_raw import LostError
from tests.mutants.stella_agents.labour import Labour
from tests.mutants.stella_agents.model import Answer, Json, Way, What
from tests.mutants.stella_agents.pulse import Pulse
from tests.mutants.stella_agents.stream import Stream

__all__ = ["Life"]

DAWDLING: Final = 30.0


class Life:
    """One agent from start to end."""

    def __init__(self, being: Being) -> None:
        self._being = being
        self._crew = Crew()
        self._caller = Caller(being)
        self._labour = Labour(being, self._caller, self._crew)
        self._pulse = Pulse(being, self._caller, self._labour, self._crew)
        self._stream = Stream(being, self._caller, self._labour, self._crew)
        self._told = asyncio.Event()

    def stop(self) -> None:
        """Tell it to stop, as SIGTERM does."""
        if not self._being.has(Bug.TERM_IGNORED):
            self._told.set()

    async def run(self) -> None:
        """Live until told to stop. Raises LeaveError, and whatever a seeded bug dies of."""
        try:
            self._crew.start(self._begin())
            await self._until_told()
            await self._end()
        finally:
            self._being.stopping = True
            await self._crew.dismiss()
            await self._caller.close()
            self._being.wallet.close()

    async def _until_told(self) -> None:
        """Wait for the word to stop, or for the failure of a job."""
        told = asyncio.ensure_future(self._told.wait())
        told.add_done_callback(lambda _done: self._crew.ended.cancel())
        try:
            await self._crew.ended
        except asyncio.CancelledError:
            if not self._told.is_set():
                raise
        finally:
            told.cancel()

    async def _begin(self) -> None:
        being, style = self._being, self._being.style
        if being.has(Bug.BEATS_FIRST):
            await self._beat_first()
        await self._register()
        if being.has(Bug.REGISTERS_TWICE):
            await self._register_again()
        self._leak()
        self._pulse.register_again = self._register_again
        self._crew.start(self._pulse.beat())
        if Way.POLL in style.takes:
            self._crew.start(self._pulse.poll())
        if Way.STREAM in style.takes:
            self._labour.speak = self._stream.speak
            self._stream.beat = self._pulse.beat
            if being.has(Bug.REGISTERS_EACH_START):
                await self._register_again()
            self._crew.start(self._stream.run())
        if style.curious:
            self._crew.start(self._look_around())

    async def _register(self) -> None:
        being = self._being
        body = words.register(being.style, being.memory)
        try:
            answer = await self._caller.insist(What.REGISTER, body=body)
        except LostError as error:
            raise LeaveError(4, f"cannot register: {error}") from error
        if not 200 <= answer.status < 300:
            await self._refused(answer.status)
        self._take(answer)

    async def _refused(self, status: int) -> None:
        """Raises LeaveError, but where a bug has it otherwise."""
        self._being.meets(Trouble.REFUSED)
        while self._being.hammering:
            await self._register_again()
            await asyncio.sleep(0.02)
        raise LeaveError(2, f"registration refused with status {status}")

    async def _beat_first(self) -> None:
        being, memory = self._being, self._being.memory
        memory.agent_id = memory.name
        try:
            await self._caller.ask(What.HEARTBEAT, body=words.heartbeat(being.style, memory))
        except LostError as error:
            being.log(str(error))
        memory.agent_id = ""

    async def _register_again(self) -> None:
        body = words.register(self._being.style, self._being.memory)
        try:
            await self._caller.ask(What.REGISTER, body=body)
        except LostError as error:
            self._being.log(str(error))

    def _take(self, answer: Answer) -> None:
        """Keep what the registration gave. Raises LeaveError where it cannot be used."""
        being, data = self._being, answer.data
        own = data.get("agentId") if isinstance(data, Mapping) else None
        if not isinstance(data, Mapping) or not isinstance(own, str):
            raise LeaveError(2, "the registration's answer names no agentId")
        being.memory.agent_id = own
        being.memory.jwt = str(data.get("token", ""))
        config = data.get("config")
        if isinstance(config, Mapping):
            being.interval = _seconds(config.get("heartbeatInterval"), being.interval)
            being.poll_interval = _seconds(config.get("taskPollInterval"), being.poll_interval)
        certificate = data.get("certificate")
        try:
            being.wallet.accept(certificate if isinstance(certificate, Mapping) else {})
        except ValueError as error:
            if being.target.base.startswith("https"):
                raise LeaveError(2, f"the registration's certificate: {error}") from error
        being.memory.key = being.wallet.key
        expires = certificate.get("expiresAt") if isinstance(certificate, Mapping) else None
        if isinstance(expires, str) and not expires.endswith("Z"):
            being.meets(Trouble.TIMES)

    def _leak(self) -> None:
        being, memory = self._being, self._being.memory
        if being.has(Bug.LEAKS_TOKEN):
            being.log(f"registered with {memory.token}")
        if being.has(Bug.LEAKS_KEY):
            being.log(f"my key: {memory.key}")
        if being.has(Bug.LEAKS_JWT):
            being.log(f"using {memory.jwt}")

    async def _look_around(self) -> None:
        style = self._being.style
        try:
            await self._caller.ask(What.GET)
            labels: Json = dict(style.labels or {})
            body = {"labels": labels, "capabilities": list(style.capabilities)}
            await self._caller.ask(What.UPDATE, body=body)
        except LostError as error:
            self._being.log(str(error))

    async def _end(self) -> None:
        """Everything that a good agent does after it was told to stop."""
        being = self._being
        if being.has(Bug.TERM_CRASHES):
            raise BlunderError("never thought of being told to stop")
        if being.has(Bug.TERM_DAWDLES):
            await asyncio.sleep(DAWDLING)
        if being.has(Bug.TERM_BEATS_ON):
            await asyncio.sleep(1.0)
        being.beating, being.stopping = False, True
        if being.memory.agent_id:
            await self._labour.wind_up()
            await self._say_farewell()
        await self._stream.close()
        if being.has(Bug.TERM_FAILS):
            raise LeaveError(1, "told to stop")

    async def _say_farewell(self) -> None:
        being, style = self._being, self._being.style
        try:
            async with asyncio.timeout(1.0):
                if style.farewell:
                    being.memory.running = 0
                    await self._caller.ask(
                        What.HEARTBEAT, body=words.heartbeat(style, being.memory)
                    )
                if style.deletes_itself:
                    await self._caller.ask(What.DELETE)
        except OSError as error:
            being.log(f"farewell: {error or 'no answer in time'}")


def _seconds(told: object, usual: float) -> float:
    lawful = isinstance(told, int | float) and not isinstance(told, bool) and told > 0
    return float(told) if lawful and isinstance(told, int | float) else usual
