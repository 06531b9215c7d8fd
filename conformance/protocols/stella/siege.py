"""Somebody says on a stream of theirs what nobody should, and others go on."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable

from websockets.frames import Opcode

from conformance.clients.raw import RawSocket
from conformance.clients.websocket import Socket
from conformance.conversation import Refused
from conformance.exchange import Exchange
from conformance.frames import Frame
from conformance.judge import Judge
from conformance.protocols.stella.jobs import Job
from conformance.protocols.stella.streams import Line, Streams

__all__ = ["UNHARMED", "Act", "Siege"]

UNHARMED = "STELLA-ERR-006"
"""Others are served as before."""

_MOMENT = 0.5
"""Seconds in which it shows what becomes of a message."""

Act = Callable[[RawSocket], Awaitable[object]]


class Siege:
    """A villain, somebody who listens meanwhile, and somebody who comes afterwards.

    `row` is what is judged beside the general one. What the villain hears is not judged.
    """

    def __init__(self, streams: Streams, judge: Judge, row: str) -> None:
        self.streams = streams
        self.judge = judge
        self.row = row
        self._sent: list[Frame] = []
        self._down = False

    async def begin(self) -> None:
        fleet = self.streams.fleet
        self.listener = await self.streams.open()
        self.newcomer = await fleet.register()
        self.villain = await fleet.register()
        self._spare = await fleet.register()
        self.line: Line | None = await self.streams.raw(self.villain, see=False)

    async def endure(self, acts: Iterable[Act]) -> None:
        """One act after the other, on one connection as long as it lasts; then others go on."""
        for act in acts:
            line = await self._there()
            if line is None:
                return
            assert isinstance(line.socket, RawSocket)
            await act(line.socket)
            self._sent = [frame for frame in line.socket.frames if frame.sender == "assay"][-1:]
            await self._pause(line.socket)
            if self.listener.closed is not None:
                break
        await self.go_on()

    async def _pause(self, socket: RawSocket) -> None:
        """Until it was read, as a pong shows, or the connection has ended."""
        since = socket.mark()
        await socket.send_frame(Opcode.PING, b"read?")
        if await socket.wait(lambda f: f.kind == "pong", _MOMENT, since) is None:
            socket.abort()

    async def _there(self) -> Line | None:
        """The villain, or another where it is shut out."""
        if self.line is not None and self.line.closed is None:
            return self.line
        for agent in (self.villain, self._spare):
            said = await self.streams.try_raw(agent, see=False)
            if isinstance(said, RawSocket):
                self.line = Line(agent=agent, socket=said)
                return self.line
        self._harm(ok=False, told=f"no stream can be opened after that: {_reason(said)}")
        return None

    async def go_on(self) -> None:
        """Who was there is still served, over HTTP and on the stream, and so is a new one."""
        streams = self.streams
        ends = [self.listener.closed] if self.listener.closed is not None else []
        self._harm(not ends, "after that the stream of another agent ended", *ends)
        said = await streams.fleet.heartbeat(self.listener.agent)
        self._harm(said.status == 200, f"after that a heartbeat is answered {said.outcome}", said)
        if not ends:
            told = "after that, on the stream of another agent, a task"
            if not await streams.alive(self.row, self.listener, told):
                self._harm(ok=False, told=f"{told} is not pushed")
        opened = await streams.fleet.stream(self.newcomer)
        told = f"after that no new stream can be opened: {_reason(opened)}"
        self._harm(isinstance(opened, Socket), told)

    @property
    def _rows(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys((self.row, UNHARMED)))

    def _harm(self, ok: bool, told: str, *shown: Frame | Exchange) -> None:
        for row in self._rows:
            self.judge.holds(row, ok, told, *self._sent, *shown)

    # The villain's own

    async def own_job(self) -> Job | None:
        """A task of the villain's that comes again and again; `None` where none does so."""
        if not self.streams.can_make:
            return None
        job = await self.streams.depot.make(self.villain)
        looks = [await self.streams.depot.look(self.villain) for _ in range(2)]
        return job if all(look.names(job) for look in looks) else None

    async def judge_own(self, row: str, job: Job | None) -> None:
        """Its tasks are as they were, and its stream, if that is still open, is in use."""
        if job is not None:
            look = await self.streams.depot.look(self.villain)
            wrong = "after that the task of who said it does not come any more"
            self.judge.holds(row, look.has(job), wrong, *self._sent, *look.said)
        line = self.line
        if line is not None and line.closed is None and self.streams.can_make:
            await self.streams.in_use(row, line, "on the stream on which it was said a task")


def _reason(said: object) -> str:
    return said.reason if isinstance(said, Refused) else ""
