"""Task streams that are open, and what is pushed on them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from websockets.frames import Opcode

from conformance.clients.raw import RawSocket
from conformance.clients.websocket import Socket
from conformance.conversation import Refused
from conformance.frames import Frame
from conformance.judge import Judge, same
from conformance.marks import UnjudgeableError
from conformance.patience import Patience
from conformance.protocols.stella.fleet import CHANNEL, Agent, Fleet
from conformance.protocols.stella.jobs import Depot, Job

__all__ = ["PROMPT", "Line", "Streams", "task_in"]

PROMPT = 5.0
"""Seconds within which a task is pushed: a few."""

_COMEBACK = 2.0
"""Seconds in which a coordinator notices that the stream before has ended."""

_NOTICED = 0.25
"""Seconds after which it is taken to have noticed."""

_BRIEF = 0.1

_NO_TASK: Any = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """The open stream of an agent."""

    agent: Agent
    socket: Socket | RawSocket

    @property
    def closed(self) -> Frame | None:
        return self.socket.closed

    @property
    def last(self) -> tuple[Frame, ...]:
        """The last that was said, for evidence."""
        return tuple(self.socket.frames[-2:])

    def heard(self, wanted: Callable[[Frame], bool], after: int = 0) -> list[Frame]:
        """What the peer said that is wanted."""
        frames = self.socket.frames[after:]
        return [frame for frame in frames if frame.sender == "peer" and wanted(frame)]

    def assigned(self, job: Job) -> list[Frame]:
        return self.heard(lambda frame: job.named(task_in(frame)))

    def mentions(self, job: Job) -> list[Frame]:
        """Whatever speaks of a task: by its id, or by what it holds."""
        words = (job.id.encode(), job.mark.encode())
        return self.heard(lambda frame: any(word in frame.data for word in words))

    def cancellations(self) -> list[Frame]:
        return self.heard(lambda frame: frame.value("/type") == "task_cancelled")


def task_in(frame: Frame) -> Any:
    """The task that a message assigns; `None` where it is no such message."""
    return frame.value("/task") if frame.value("/type") == "task_assigned" else _NO_TASK


class Streams:
    """Opens streams for one check, and sees that tasks come on them."""

    def __init__(self, fleet: Fleet, judge: Judge, patience: Patience) -> None:
        self.fleet = fleet
        self.judge = judge
        self.patience = patience
        self.depot = Depot(fleet)

    async def open(self, agent: Agent | None = None, **options: Any) -> Line:
        """A stream, of a new agent if of none, which has sent a heartbeat. Raises
        `UnjudgeableError` where it is refused.
        """
        agent = agent or await self.fleet.register()
        await self.fleet.wake(agent)
        return Line(agent=agent, socket=await self.fleet.streaming(agent, **options))

    async def several(self, number: int) -> list[Line]:
        """So many, each of a new agent, opened one after the other."""
        return [await self.open() for _ in range(number)]

    async def raw(self, agent: Agent | None = None, **options: Any) -> Line:
        """One on which any bytes can be sent. Raises `UnjudgeableError` where it is refused."""
        agent = agent or await self.fleet.register()
        await self.fleet.wake(agent)
        said = await self.try_raw(agent, **options)
        if isinstance(said, Refused):
            raise UnjudgeableError(f"the task stream cannot be opened: {said.reason}")
        return Line(agent=agent, socket=said)

    async def try_raw(
        self, agent: Agent, headers: Mapping[str, Any] | None = None, **options: Any
    ) -> RawSocket | Refused:
        """The same, whatever comes of it; `headers` stand in place of the handshake's own."""
        known = {**self.fleet.target.headers, **agent.headers, **(headers or {})}
        return await self.fleet.opener.raw(
            CHANNEL,
            agent.name,
            parameters=agent.at,
            identity=agent.identity,
            headers=known,
            **options,
        )

    async def again(self, agent: Agent) -> Line | Refused:
        """A stream after one that ended; a coordinator may take a moment to notice that."""
        deadline = time.monotonic() + _COMEBACK
        while True:
            said = await self.fleet.stream(agent)
            if isinstance(said, Socket):
                return Line(agent=agent, socket=said)
            if time.monotonic() > deadline:
                return said
            await asyncio.sleep(_BRIEF)

    async def end(self, line: Line, *, politely: bool = True) -> None:
        """End a stream, in order or not, and leave the coordinator a moment to notice: what it
        says into a stream that has just ended may be lost.
        """
        if politely:
            await line.socket.close()
        line.socket.abort()
        await asyncio.sleep(_NOTICED)

    # What must come

    async def hear(self, line: Line, wanted: Callable[[Frame], bool]) -> Frame | None:
        """What is wanted, within the time that it may take."""
        return await line.socket.hope(wanted, self.patience, "pushes")

    async def pushed(self, line: Line, job: Job) -> Frame | None:
        return await self.hear(line, lambda frame: job.named(task_in(frame)))

    async def expect(self, row: str, line: Line, job: Job, told: str = "") -> Frame | None:
        """The task is pushed on that line, or the row is broken."""
        frame = await self.pushed(line, job)
        wrong = f"{told or 'a new task'}: it is not pushed on its agent's stream{_end(line)}"
        self.judge.holds(row, frame is not None, wrong, *line.last)
        return frame

    async def in_use(self, row: str, line: Line, told: str = "") -> Frame | None:
        """A task that is made now is pushed on that line, or the row is broken."""
        if line.closed is None:
            job = await self.depot.make(line.agent)
            return await self.expect(row, line, job, told)
        self.judge.holds(row, False, f"{told}{_end(line)}", *line.last)
        return None

    async def expect_cancelled(self, row: str, line: Line, job: Job, told: str = "") -> None:
        frame = await self.hear(line, lambda frame: _cancels(frame, job))
        wrong = f"{told or 'a task was cancelled'}, and its stream is not told{_end(line)}"
        self.judge.holds(row, frame is not None, wrong, *line.assigned(job)[:1], *line.last)

    def as_made(self, line: Line, job: Job) -> None:
        """Whatever is told of a task that is assigned is as it was made."""
        for frame in line.assigned(job)[:1]:
            told = task_in(frame)
            kind, wanted = told.get("taskType"), job.task["taskType"]
            wrong = f"a task is assigned with {kind!r} for taskType, not {wanted!r}"
            self.judge.holds("STELLA-STREAM-013", kind == wanted, wrong, frame)
            for name in ("payload", "credentials", "timeout"):
                value, wanted = told.get(name), job.task[name]
                wrong = f"a task is assigned with {value!r} for {name}, not {wanted!r}"
                fine = value is None or same(value, wanted)
                self.judge.holds("STELLA-STREAM-014", fine, wrong, frame)
            self._judge_payload(frame, told.get("payload"), job.task["payload"])

    def _judge_payload(self, frame: Frame, told: Any, wanted: Mapping[str, Any]) -> None:
        """It may be left out, and hold more or less; it is not another task's."""
        known = [name for name in told if name in wanted] if isinstance(told, dict) else []
        other = [name for name in known if not same(told[name], wanted[name])]
        wrong = f"a task is assigned with other values than it was made with, of {other}"
        self.judge.holds("STELLA-STREAM-029", not other, wrong, frame, pointer="/task/payload")

    # Whether a line lives, where nothing can be pushed

    async def echoes(self, line: Line) -> bool:
        """Is a ping answered?"""
        if isinstance(line.socket, Socket):
            return await line.socket.ping(PROMPT) is not None
        since = line.socket.mark()
        await line.socket.send_frame(Opcode.PING, b"there?")
        pong = await line.socket.wait(lambda frame: frame.kind == "pong", PROMPT, since)
        return pong is not None

    @property
    def can_make(self) -> bool:
        """Can tasks be made, and so be pushed?"""
        return "create_task" in self.fleet.target.hooks

    async def alive(self, row: str, line: Line, told: str) -> bool:
        """It answers a ping and, where tasks can be made, brings one."""
        if not await self.echoes(line):
            wrong = f"{told}: a ping is not answered{_end(line)}"
            return self.judge.holds(row, False, wrong, *line.last)
        if self.can_make:
            return await self.in_use(row, line, told) is not None
        return self.judge.holds(row, True, "")


def _cancels(frame: Frame, job: Job) -> bool:
    return bool(frame.value("/type") == "task_cancelled" and frame.value("/taskId") == job.id)


def _end(line: Line) -> str:
    closed = line.closed
    if closed is None:
        return ""
    how = f"closed with {closed.code}" if closed.kind == "close" else closed.reason
    return f" (the stream has ended: {how})"
