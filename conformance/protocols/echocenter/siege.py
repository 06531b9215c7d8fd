"""Two who talk to each other while somebody else does what nobody should."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable

from conformance.clients.raw import RawSocket
from conformance.clients.websocket import Refused
from conformance.exchange import MISSING
from conformance.frames import Frame
from conformance.judge import Judge
from conformance.protocols.echocenter.door import not_now
from conformance.protocols.echocenter.hostility import is_endless
from conformance.protocols.echocenter.principals import Cast, Person
from conformance.protocols.echocenter.room import Room
from conformance.protocols.echocenter.said import mentions, texts

__all__ = ["Send", "Siege"]

_MOMENT = 0.01
"""Seconds in which an act is read, as a rule, before what is said after it."""

Send = Callable[[RawSocket], Awaitable[object]]
"""Something that is done on a connection."""


class Siege:
    """Two who talk to each other, while somebody else does what nobody should."""

    def __init__(self, room: Room, cast: Cast, judge: Judge, row: str) -> None:
        self.room = room
        self.cast = cast
        self.judge = judge
        self.row = row
        self.afterwards: list[str] = []
        """The marks of what those who did it said afterwards, where that is looked at."""

    async def begin(self) -> None:
        """What reaches these is not judged by itself: nonsense may lawfully be passed on."""
        self.first, self.second, self.victim = await self.room.agents(3, see=False)
        await self.room.people(1, see=False)
        self.sent: list[Frame] = []

    async def endure(self, acts: Iterable[Send]) -> None:
        """Weather these acts; at last others can still come."""
        await self.weather(acts)
        await self._go_on()

    async def endure_and_hear(self, acts: Iterable[Send]) -> None:
        """The same, and whoever did it and is still connected is heard."""
        await self.weather(acts, self._judge_heard)
        await self._go_on()

    async def weather(
        self, acts: Iterable[Send], then: Callable[[list[RawSocket]], Awaitable[None]] | None = None
    ) -> None:
        """Each act has a connection of its own, and after each the two talk to each other."""
        acts = list(acts)
        people = await self.cast.villains(len(acts))
        sockets = await asyncio.gather(*map(self.come, people))
        said = []
        for act, socket in zip(acts, sockets, strict=True):
            await act(socket)
            await socket.ended(_MOMENT)
            ours = [frame for frame in socket.frames if frame.sender == "assay"]
            self.sent += ours[-1:]
            for sender, target in ((self.first, self.second), (self.second, self.first)):
                said.append((ours[-1:], target, await self.room.say(sender, target)))
        for shown, target, each in said:
            heard = await self.room.wait(target, each)
            wrong = f"after that {each.sender.person.name} was not heard any more"
            self.judge.holds(self.row, heard is not None, wrong, *shown, each.frame)
        if then is not None:
            await then(sockets)
        self._judge_json(sockets)
        for socket in sockets:
            socket.abort()
        self._judge_present()

    def _judge_json(self, sockets: list[RawSocket]) -> None:
        """Where what cannot be used is answered, it is answered in JSON; but it may come back."""
        frames = [frame for socket in sockets for frame in socket.frames]
        if any(frame.sender == "assay" and frame.kind == "raw" for frame in frames):
            return  # what was said cannot be told for certain
        ours = [frame.data for frame in frames if frame.sender == "assay"]
        for frame in frames:
            unread = frame.sender == "peer" and frame.kind == "text" and frame.json is MISSING
            if unread and not is_endless(frame):  # another row is about that
                back = any(frame.data in own or own in frame.data for own in ours if own)
                wrong = "what cannot be used is answered by what is not JSON"
                self.judge.holds("ECHO-WIRE-002", back, wrong, *self.sent[-1:], frame)

    async def _judge_heard(self, sockets: list[RawSocket]) -> None:
        """What cannot be used may end a connection. It must not make it deaf and let it stay."""
        number = self.room.number(self.second.person)
        said = []
        for socket in sockets:
            if socket.closed is not None:
                self.judge.holds("ECHO-ODD-018", True, "")
            else:
                mark = self.cast.dialogue.new("m") + "."
                self.afterwards.append(mark)
                self.cast.said.add(mark)
                message = {"type": "CHAT", "target_id": number, "payload": mark}
                said.append((socket, mark, await socket.send(message)))
        for socket, mark, frame in said:
            seconds = self.room.patience.glance("afterwards")
            ways = [self.second.socket.wait(_holds(mark), seconds), socket.ended(seconds)]
            tasks = [asyncio.ensure_future(way) for way in ways]
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in tasks:
                task.cancel()
            heard = any(mentions(f, mark) for f in texts(self.second))
            if not heard and socket.closed is None:
                self.room.patience.hung("afterwards", seconds)
            wrong = "who said something that cannot be used is connected still, and not heard"
            ok = heard or socket.closed is not None
            self.judge.holds("ECHO-ODD-018", ok, wrong, *_before(socket, frame), frame)

    async def _go_on(self) -> None:
        newcomer = await self.room.enter(await self.cast.newcomer(), self.row)
        await self.room.known()
        await self.room.tell(self.first, newcomer, "", self.row)
        await self.room.tell(newcomer, self.second, "", self.row)
        self._judge_present()

    def _judge_present(self) -> None:
        for guest in (self.first, self.second):
            wrong = f"after that the connection of {guest.person.name} ended"
            gone = guest.socket.closed
            ends = [] if gone is None else [gone]
            self.judge.holds(self.row, gone is None, wrong, *self.sent[-1:], *ends)

    async def come(self, person: Person) -> RawSocket:
        """Who did so before may be shut out: then somebody else comes."""
        for _ in range(2):
            said = await self.room.open(person, raw=True, see=False)
            if not isinstance(said, Refused):
                assert isinstance(said, RawSocket)
                return said
            refused = said
            person = await self.cast.newcomer()
            self.cast.hostile.add(person)
        wrong = f"nobody new is let in after that: {refused.reason}"
        if not_now(refused):
            raise self.room.given_up(wrong)
        self.judge.holds(self.row, False, wrong, *self.sent[-1:], refused.exchange)
        raise self.room.given_up(wrong)


def _holds(mark: str) -> Callable[[Frame], bool]:
    return lambda frame: mentions(frame, mark)


def _before(socket: RawSocket, frame: Frame) -> list[Frame]:
    """What was said on a connection before that."""
    ours = [each for each in socket.frames if each.sender == "assay" and each is not frame]
    return ours[-1:]
