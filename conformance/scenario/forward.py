"""Runs a workflow forward: takes the client's part, and tells its flow what came of it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

from conformance.conversation import Refused
from conformance.frames import Frame
from conformance.marks import UnjudgeableError
from conformance.peer_clock import PeerClock
from conformance.rules import not_now
from conformance.scenario.peer import Line, Peer
from conformance.scenario.sights import sight_of_exchange, sight_of_frame
from mockserver.scenario.acts import (
    Act,
    Began,
    Do,
    Event,
    Failed,
    Finished,
    Passed,
    Pause,
    Perform,
    Seen,
    Sight,
    Undo,
    Word,
)
from mockserver.scenario.asking import Ask, ask
from mockserver.scenario.flow import Flow
from mockserver.scenario.matching import match_message
from schemas.arazzo.criteria import worth
from schemas.arazzo.expressions import ExpressionError
from schemas.arazzo.model import Deed, Step

__all__ = ["LONGEST_WAIT", "Forward"]

LONGEST_WAIT = 10.0
"""Seconds of the peer's time that are waited for where it has no hook to let them pass."""

_FAREWELL = 3.0
"""Seconds that a peer has to close when it should."""


class Forward:
    """One workflow on its way. `word` is told of each row that was kept or broken."""

    def __init__(
        self, flow: Flow, peer: Peer, clock: PeerClock, word: Callable[[Word], None]
    ) -> None:
        self.flow = flow
        self._peer = peer
        self._clock = clock
        self._word = word
        self._events: asyncio.Queue[Event | BaseException] = asyncio.Queue()
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._timeout = peer.target.timeout
        self._spoilt = ""
        """Why the next step cannot be judged: a deed before it could not be done."""

    async def run(self) -> Finished:
        """To the end, whatever the peer does."""
        try:
            await self._obey(self.flow.step(Began()))
            while self.flow.finished is None:
                event = await self._events.get()
                if isinstance(event, BaseException):
                    raise event
                await self._obey(self.flow.step(event))
        finally:
            for task in self._tasks.values():
                task.cancel()
            await asyncio.gather(*self._tasks.values(), return_exceptions=True)
        return self.flow.finished

    async def _obey(self, acts: list[Act]) -> None:
        for act in acts:
            match act:
                case Do():
                    self._spoilt = await self._do(act) or self._spoilt
                case Perform() if self._spoilt:
                    self._tell(Failed(act.flight, self._spoilt, unjudged=True))
                    self._spoilt = ""
                case Perform():
                    self._begin(act.flight, self._perform(act.flight, act.step))
                case Pause():
                    if act.flight:
                        self._begin(act.flight, self._pause(act.flight, act.seconds))
                    else:
                        await asyncio.sleep(act.seconds)
                case Undo():
                    task = self._tasks.pop(act.flight, None)
                    if task is not None:
                        task.cancel()
                case Word():
                    self._word(act)

    def _begin(self, flight: int, doing: Any) -> None:
        async def guarded() -> None:
            try:
                await doing
            except asyncio.CancelledError:
                raise
            except UnjudgeableError as error:
                self._events.put_nowait(Failed(flight, str(error), unjudged=True))
            except ExpressionError as error:
                self._events.put_nowait(Failed(flight, str(error)))
            except Exception as error:  # noqa: BLE001  # a fault of ours: `run` raises it
                self._events.put_nowait(error)

        task = self._tasks[flight] = asyncio.create_task(guarded())
        task.add_done_callback(lambda _: doing.close())  # one that was cancelled may not have begun

    def _tell(self, event: Event) -> None:
        self._events.put_nowait(event)

    # Steps

    async def _pause(self, flight: int, seconds: float) -> None:
        await asyncio.sleep(seconds)
        self._tell(Passed(flight))

    async def _perform(self, flight: int, step: Step) -> None:
        if step.never and step.action != "receive":
            if step.within is not None:
                self._tell(Passed(flight))  # the client is us, and does not
            return
        scope = self.flow.scope(flight)
        asked = ask(step, scope)
        began = time.monotonic()
        if step.operation is not None:
            await self._ask(flight, step, asked, began)
            return
        line = await self._peer.line(step, asked, scope, anew=step.opens)
        if isinstance(line, Refused) or step.opens:
            self._opened(flight, step, line, asked, began)
        elif step.closes is not None:
            await self._close(flight, step, line, began)
        elif step.action == "send":
            await self._send(flight, step, line, asked, began)
        elif step.never:
            await self._watch(flight, step, line)
        else:
            await self._receive(flight, step, line, began)

    async def _ask(self, flight: int, step: Step, asked: Ask, began: float) -> None:
        assert step.operation is not None
        scope = self.flow.scope(flight)
        try:
            async with asyncio.timeout(step.timeout):
                exchange = await self._peer.ask(step, asked, scope)
        except TimeoutError:
            self._tell(Failed(flight, f"{step.name} was not answered within {step.timeout:g} s"))
            return
        if exchange.status is None:
            self._tell(Failed(flight, f"{step.name}: {exchange.failure}"))
            return
        sight = sight_of_exchange(exchange, asked)
        refused = not step.criteria and exchange.status >= 400
        if not_now(step.operation, exchange) and (refused or self.flow.missed(flight, sight)):
            what = f"{step.name}: the peer says {exchange.status}, not now"
            self._tell(Failed(flight, what, unjudged=True))
            return
        if refused:
            self._tell(Failed(flight, f"{step.name} was answered {exchange.outcome}"))
            return
        took = exchange.seconds or time.monotonic() - began
        self._tell(Seen(flight, sight, took * self._clock.scale))

    def _opened(
        self, flight: int, step: Step, line: Line | Refused, asked: Ask, began: float
    ) -> None:
        took = (time.monotonic() - began) * self._clock.scale
        if isinstance(line, Refused):
            if not step.opens or not step.criteria:
                self._tell(Failed(flight, f"the handshake was refused: {line.reason}"))
                return
            exchange = line.exchange
        else:
            exchange = line.socket.handshake
        self._tell(Seen(flight, sight_of_exchange(exchange, asked), took))

    async def _send(self, flight: int, step: Step, line: Line, asked: Ask, began: float) -> None:
        frame = await line.socket.send(asked.body, lawful=not step.unlawful)
        self._peer.show(frame)
        if frame.kind == "lost":
            self._tell(Failed(flight, f"{step.name} could not be said: the connection has ended"))
            return
        took = (time.monotonic() - began) * self._clock.scale
        self._tell(Seen(flight, sight_of_frame(frame, 101, line.path), took))

    async def _close(self, flight: int, step: Step, line: Line, began: float) -> None:
        if step.action == "send":
            await line.socket.close(step.closes or 1000)
            self._tell(Seen(flight, Sight()))
            return
        within = step.timeout or max(self._timeout, step.within or 0.0)
        ended = await line.socket.ended(within)
        if ended is None:
            self._tell(Failed(flight, f"the connection was not closed within {within:g} s"))
            return
        self._peer.show(ended)
        if step.closes and ended.code != step.closes:
            told = ended.code or ended.kind
            self._tell(Failed(flight, f"it was closed with {told}, not {step.closes}"))
            return
        took = max(0.0, ended.at - began) * self._clock.scale
        self._tell(Seen(flight, Sight(), took))

    async def _receive(self, flight: int, step: Step, line: Line, began: float) -> None:
        within = step.timeout or max(self._timeout, step.within or 0.0)
        frame = await line.socket.wait(lambda each: self._takes(flight, step, line, each), within)
        if frame is None:
            lost = " before the connection ended" if line.over else f" within {within:g} s"
            self._tell(Failed(flight, f"no {step.message or 'message'} came{lost}"))
            return
        self._peer.show(frame)
        took = max(0.0, frame.at - began) * self._clock.scale
        self._tell(Seen(flight, sight_of_frame(frame, 101, line.path), took))

    async def _watch(self, flight: int, step: Step, line: Line) -> None:
        """It must not come from now on: until it is undone, or for its time."""
        after = line.socket.mark()
        seconds = None if step.within is None else step.within / self._clock.scale
        end = None if seconds is None else time.monotonic() + seconds
        while not line.over:
            left = self._timeout if end is None else end - time.monotonic()
            if left <= 0:
                break
            frame = await line.socket.never(
                lambda each: self._takes(flight, step, line, each), left, after
            )
            if frame is not None:
                self._peer.show(frame)
                self._tell(Seen(flight, sight_of_frame(frame, 101, line.path)))
                return
        if end is not None:
            self._tell(Passed(flight))

    def _takes(self, flight: int, step: Step, line: Line, frame: Frame) -> bool:
        """Is it the message that the step awaits? Then no other step has it."""
        key = id(frame)
        if frame.kind != "text" or key in line.taken:
            return False
        message = step.channel.message("coordinator", frame.json) if step.channel else None
        name = message.id if message else ""
        scope = self.flow.scope(flight)
        why = match_message(step, scope, frame.json, name)
        if why:
            return False
        sight = sight_of_frame(frame, 101, line.path)
        missed = self.flow.missed(flight, sight)
        if missed and (step.never or step.correlation is None):  # what answers to it is the one
            self.flow.near(flight, f"a {name or 'message'} came, but {missed}", sight)
            return False
        line.taken.add(key)
        return True

    # Deeds

    async def _do(self, act: Do) -> str:
        """Do them; returns why what follows cannot be judged, if it cannot."""
        for deed in act.deeds:
            try:
                handed = await self._deed(deed, act.flight)
            except (UnjudgeableError, ExpressionError) as error:
                return str(error)
            if deed.output:
                self.flow.told(act.flight, deed.output, handed)
        return ""

    async def _deed(self, deed: Deed, flight: int) -> Any:
        scope = self.flow.scope(flight)
        match deed.kind:
            case "wait":
                await asyncio.sleep(float(worth(deed.value, scope)))
            case "advance":
                await self._advance(float(worth(deed.value, scope)))
            case "restart":
                return await self._clock.hooks("restart", {})
            case "hook":
                return await self._clock.hooks(deed.value, worth(dict(deed.said), scope))
        return None

    async def _advance(self, seconds: float) -> None:
        if not self._clock.can_jump and seconds / self._clock.scale > LONGEST_WAIT:
            raise UnjudgeableError(
                f"{seconds:g} s must pass on the peer's clock, and the target has no hook 'advance'"
            )
        await self._clock.pass_by(seconds)
