"""Runs a workflow forward: takes the client's part, and tells its flow what came of it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine, Mapping
from typing import Any

from conformance.conversation import Refused
from conformance.exchange import Exchange
from conformance.frames import Frame
from conformance.marks import UnjudgeableError
from conformance.peer_clock import PeerClock
from conformance.rules import not_now
from conformance.scenario.peer import Line, Peer
from conformance.scenario.sights import sight_of_exchange, sight_of_frame
from conformance.scenario.watches import Watch, Watches
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
    Spoilt,
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

_STAFF = ("administrator", "operator")
"""Clients whose credentials no document gives: only a target can."""

LONGEST_WAIT = 10.0
"""Seconds of the peer's time that are waited for where it has no hook to let them pass."""

_ON_THE_WAY = 0.25
"""Seconds by which what we saw may be late for what the peer did, on slow machines too."""


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
        self._watches = Watches(self._shows)
        self._receiving: dict[int, tuple[Step, Line]] = {}
        self._impatient: set[int] = set()
        self._pausing: set[int] = set()
        self._heard: dict[int, Frame] = {}
        """What the steps were told of which the flow has yet to hear."""
        self._busy = False
        self._latest: tuple[Line, int] | None = None
        """Where the message stands that the step done last was told."""

    async def run(self) -> Finished:
        """To the end, whatever the peer does."""
        try:
            await self._step(Began())
            while self.flow.finished is None:
                event = await self._events.get()
                if isinstance(event, BaseException):
                    raise event
                flight = 0 if isinstance(event, Began) else event.flight
                await self._look(self._heard.pop(flight, None))
                await self._step(event)
        finally:
            for task in self._tasks.values():
                task.cancel()
            await asyncio.gather(*self._tasks.values(), return_exceptions=True)
        return self.flow.finished

    async def _look(self, until: Frame | None) -> None:
        """See whether something came that must not, before anything else is done."""
        for flight, watch, frame in self._watches.seen(until):
            self._peer.show(frame)
            await self._step(Seen(flight, sight_of_frame(frame, 101, watch.line.path)))

    async def _step(self, event: Event) -> None:
        await self._obey(self.flow.step(event))

    async def _obey(self, acts: list[Act]) -> None:
        for at, act in enumerate(acts):
            match act:
                case Do():
                    spoilt = await self._do(act)
                    if spoilt:
                        for each in acts[at:]:
                            if isinstance(each, Word):
                                self._word(each)
                        await self._step(Spoilt(act.flight, spoilt))
                        return
                case Perform():
                    self._begin(act.flight, self._perform(act, self._mark(act.step)))
                case Pause():
                    self._begin(act.flight, self._pause(act.flight, act.seconds))
                case Undo():
                    self._end(act.flight)
                case Word():
                    self._word(act)

    def _begin(self, flight: int, doing: Coroutine[Any, Any, None]) -> None:
        async def guarded() -> None:
            try:
                await doing
            except asyncio.CancelledError:
                raise
            except UnjudgeableError as error:
                self._tell(Failed(flight, str(error), unjudged=True))
            except ExpressionError as error:
                self._tell(Failed(flight, str(error)))
            except Exception as error:  # noqa: BLE001  # a fault of ours: `run` raises it
                self._events.put_nowait(error)

        task = self._tasks[flight] = asyncio.create_task(guarded())
        task.add_done_callback(lambda _: doing.close())  # one that was cancelled may not have begun

    def _end(self, flight: int) -> None:
        self._watches.end(flight)
        self._receiving.pop(flight, None)
        task = self._tasks.pop(flight, None)
        if task is not None:
            task.cancel()

    def _tell(self, event: Event) -> None:
        self._events.put_nowait(event)

    def _took(self, began: float, until: float) -> float:
        """Seconds of the peer's time, at least."""
        return max(0.0, until - began - _ON_THE_WAY) * self._clock.scale

    # Steps

    async def _pause(self, flight: int, seconds: float) -> None:
        self._pausing.add(flight)
        await asyncio.sleep(seconds)
        self._pausing.discard(flight)
        self._tell(Passed(flight))

    async def _perform(self, act: Perform, mark: int) -> None:
        flight, step = act.flight, act.step
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
        elif step.never or act.spare:
            await self._watch(flight, step, line, mark)
        elif step.closes is not None:
            await self._close(flight, step, line, began)
        elif step.action == "send":
            await self._send(flight, step, line, asked, began)
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
        self._latest = None
        if exchange.status is None:
            self._tell(Failed(flight, f"{step.name}: {exchange.failure}"))
            return
        sight = sight_of_exchange(exchange, asked)
        excuse = _excuse(step, exchange)
        if excuse and self.flow.missed(flight, sight):
            self._tell(Failed(flight, f"{step.name}: {excuse}", unjudged=True, sight=sight))
            return
        until = began + exchange.seconds if exchange.seconds else time.monotonic()
        self._tell(Seen(flight, sight, self._took(began, until)))

    def _opened(
        self, flight: int, step: Step, line: Line | Refused, asked: Ask, began: float
    ) -> None:
        self._latest = None
        if isinstance(line, Refused):
            if not step.opens or not step.criteria:
                self._tell(Failed(flight, f"the handshake was refused: {line.reason}"))
                return
            exchange = line.exchange
        else:
            exchange = line.socket.handshake
        took = self._took(began, time.monotonic())
        self._tell(Seen(flight, sight_of_exchange(exchange, asked), took))

    async def _send(self, flight: int, step: Step, line: Line, asked: Ask, began: float) -> None:
        self._latest = None
        lawful = not step.unlawful
        if isinstance(asked.body, str):  # a text that is no JSON goes out as it is
            frame = await line.socket.send_text(asked.body, lawful=lawful)
        else:
            frame = await line.socket.send(asked.body, lawful=lawful)
        self._peer.show(frame)
        if frame.kind == "lost":
            self._tell(Failed(flight, f"{step.name} could not be said: the connection has ended"))
            return
        took = self._took(began, time.monotonic())
        self._tell(Seen(flight, sight_of_frame(frame, 101, line.path), took))

    async def _close(self, flight: int, step: Step, line: Line, began: float) -> None:
        if step.action == "send":
            self._latest = None
            await line.socket.close(step.closes or 1000)
            self._tell(Seen(flight, Sight()))
            return
        within = self._patience(step)
        ended = await line.socket.ended(within)
        if ended is None:
            self._tell(Failed(flight, f"the connection was not closed within {within:g} s"))
            return
        self._peer.show(ended)
        if step.closes and ended.code != step.closes:
            told = ended.code or ended.kind
            self._tell(Failed(flight, f"it was closed with {told}, not {step.closes}"))
            return
        self._tell(Seen(flight, Sight(), self._took(began, ended.at)))

    def _patience(self, step: Step) -> float:
        """Seconds in which it must come: its time-out, or long enough to see that it is late."""
        if step.timeout is not None:
            return step.timeout
        within = (step.within or 0.0) / self._clock.scale
        return max(self._timeout, within + 2 * _ON_THE_WAY if within else 0.0)

    async def _receive(self, flight: int, step: Step, line: Line, began: float) -> None:
        within = self._patience(step)
        self._receiving[flight] = step, line
        while True:
            frame = await line.socket.wait(
                lambda each: self._takes(flight, step, line, each), within
            )
            if frame is not None or line.over or not self._goes_on(flight, step):
                break
        self._receiving.pop(flight, None)
        if frame is None:
            lost = " before the connection ended" if line.over else f" within {within:g} s"
            self._tell(Failed(flight, f"no {step.message or 'message'} came{lost}"))
            return
        self._peer.show(frame)
        self._latest = line, line.socket.frames.index(frame) + 1
        self._heard[flight] = frame
        sight = sight_of_frame(frame, 101, line.path)
        self._tell(Seen(flight, sight, self._took(began, frame.at)))

    def _goes_on(self, flight: int, step: Step) -> bool:
        """It was begun ahead, and has as long as the steps take that are done meanwhile."""
        self._impatient.add(flight)
        others = {number for number, each in self.flow.awaited if not each.never} | self._pausing
        return step.timeout is None and (self._busy or bool(others - self._impatient))

    # What must not come

    def _mark(self, step: Step) -> int:
        """The frame from which on it must not come: after what the step before was told, or now."""
        line = None if step.channel is None else self._peer.known(step)
        if line is None:
            return 0
        if self._latest is not None and self._latest[0] is line:
            return self._latest[1]
        return line.socket.mark()

    async def _watch(self, flight: int, step: Step, line: Line, mark: int) -> None:
        """It must not come from now on: until it is undone, or for its time."""
        watch = Watch(step=step, line=line, at=mark)
        self._watches.begin(flight, watch)
        if step.never and step.within is not None:
            seconds = step.within / self._clock.scale
            watch.until = time.monotonic() + seconds
            await asyncio.sleep(seconds)
            self._tell(Passed(flight))

    def _shows(self, flight: int, watch: Watch, frame: Frame) -> bool:
        """Is it what must not come, or what has come often enough?"""
        step, line = watch.step, watch.line
        if step.closes is not None:
            return frame.kind in ("close", "lost") and step.closes in (0, frame.code)
        if self._missed(flight, step, line.path, frame):
            return False
        return step.never or not (id(frame) in line.taken or self._is_awaited(line, frame))

    def _is_awaited(self, line: Line, frame: Frame) -> bool:
        """Is it a message that a step awaits, which has yet to look at it?"""
        return any(
            there is line and not self._missed(number, step, line.path, frame)
            for number, (step, there) in self._receiving.items()
        )

    def _takes(self, flight: int, step: Step, line: Line, frame: Frame) -> bool:
        """Is it the message that the step awaits? Then no other step has it."""
        if id(frame) in line.taken or self._missed(flight, step, line.path, frame):
            return False
        line.taken.add(id(frame))
        return True

    def _missed(self, flight: int, step: Step, path: Mapping[str, str], frame: Frame) -> bool:
        """Is it another message than the one that a step speaks of?"""
        if frame.kind != "text":
            return True
        message = step.channel.message("coordinator", frame.json) if step.channel else None
        name = message.id if message else ""
        why = match_message(step, self.flow.scope(flight), frame.json, name)
        if why:
            if step.message in ("", name):
                self.flow.near(flight, f"a {name or 'message'} came, but {why}")
            return True
        sight = sight_of_frame(frame, 101, path)
        missed = self.flow.missed(flight, sight)
        if not missed or (step.correlation is not None and not step.never):
            return False  # what answers to it is the one, right or wrong
        self.flow.near(flight, f"a {name or 'message'} came, but {missed}", sight)
        return True

    # Deeds

    async def _do(self, act: Do) -> str:
        """Do them; returns why what follows cannot be judged, if it cannot."""
        self._busy = True
        try:
            return await self._do_all(act)
        finally:
            self._busy = False

    async def _do_all(self, act: Do) -> str:
        for deed in act.deeds:
            try:
                handed = await self._deed(deed, act.flight)
            except (UnjudgeableError, ValueError, TypeError) as error:
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


def _excuse(step: Step, exchange: Exchange) -> str:
    """Why an answer may be another than the one that is wanted; empty where it may not."""
    if step.operation is not None and not_now(step.operation, exchange):
        return f"the peer says {exchange.status}, not now"
    if step.client in _STAFF and exchange.status in (401, 403):
        return (
            f"the peer says {exchange.status}, and the target names no {step.client} whom it knows"
        )
    return ""
