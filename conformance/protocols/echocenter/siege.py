"""Two who talk to each other while somebody else does what nobody should."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable

from conformance.clients.raw import RawSocket
from conformance.clients.websocket import Refused
from conformance.frames import Frame
from conformance.judge import Judge
from conformance.protocols.echocenter.principals import Cast, Person
from conformance.protocols.echocenter.room import Room, not_now

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

    async def begin(self) -> None:
        """What reaches these is not judged by itself: nonsense may lawfully be passed on."""
        self.first, self.second, self.victim = await self.room.agents(3, see=False)
        await self.room.people(1, see=False)
        self.sent: list[Frame] = []

    async def endure(self, acts: Iterable[Send]) -> None:
        """Weather these acts; at last others can still come."""
        await self.weather(acts)
        await self._go_on()

    async def weather(self, acts: Iterable[Send]) -> None:
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
        for socket in sockets:
            socket.abort()
        self._judge_present()

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
