"""Agents and people who come, talk and go in any order, and what must hold all the while.

The model is who is here, by which connections, and what is still on its way. It promises what the
guide does: a CHAT reaches the target that it names and nobody else, whoever came or left before.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hypothesis import strategies as st
from hypothesis.stateful import precondition

from conformance.clients.websocket import Refused
from conformance.fuzz.case import Case
from conformance.fuzz.exploring import Explorer
from conformance.fuzz.machine import Machine, step
from conformance.patience import Patience
from conformance.protocols.echocenter.door import SOCKET
from conformance.protocols.echocenter.principals import Cast, Person
from conformance.protocols.echocenter.room import Room
from conformance.protocols.echocenter.said import Guest, Said
from conformance.protocols.echocenter.streaming import Stream, judge_stream

__all__ = ["Talk"]

_AGENTS = 3
_REFUSED = 5.0
"""Seconds in which a connection that was opened for a wrong token must have ended."""

_LEVELS = ("INFO", "WARNING", "ERROR", "SUCCESS")

_WRONG = ("ECHO-CONN-020", "ECHO-CONN-021", "ECHO-CONN-022", "ECHO-CONN-027")

_who = st.integers(0, 5)


@dataclass(kw_only=True)
class Seat:
    """One person of the model: its connections, the oldest first, and the stream that it is in the
    middle of.
    """

    person: Person
    guests: list[Guest]
    stream: Stream | None = None

    @property
    def steady(self) -> bool:
        """Is it here by one connection, which nobody may end?"""
        return len(self.guests) == 1 and not self.guests[0].may_end


class Talk(Machine):
    """One talk. `cast` and `patience` are the run's."""

    def __init__(self, explorer: Explorer, case: Case, *, cast: Cast, patience: Patience) -> None:
        super().__init__(explorer, case)
        self.cast = cast
        self.room = Room(case.opener, case.judge, cast, patience)
        self.seats: list[Seat] = []
        self.owed: list[tuple[Guest, Said]] = []

    async def begin(self) -> None:
        self.cast.dialogue.peer.see = self.case.see
        guests = [*await self.room.agents(_AGENTS), *await self.room.people(1)]
        for guest in guests:
            guest.streams = True
        self.seats = [Seat(person=guest.person, guests=[guest]) for guest in guests]

    async def end(self) -> None:
        await self._settled(self.seats)
        await self.room.settle()

    # Coming and going

    @precondition(lambda self: self._away())
    @step(who=_who)
    async def come_back(self, who: int) -> None:
        seat = _pick(self._away(), who)
        guest = await self.room.enter(seat.person, "ECHO-CONN-003")
        guest.streams = True
        seat.guests = [guest]

    @precondition(lambda self: len(self._here()) > 1)
    @step(who=_who)
    async def leave(self, who: int) -> None:
        """What it has said must arrive all the same; what was said to it has arrived before."""
        seat = _pick(self._here(), who)
        await self._settled([seat], sent=False)
        for guest in seat.guests:
            await self.room.leave(guest)
        self._gone(seat)

    @precondition(lambda self: len(self._here()) > 1)
    @step(who=_who)
    async def vanish(self, who: int) -> None:
        seat = _pick(self._here(), who)
        await self._settled([seat])
        for guest in seat.guests:
            self.room.vanish(guest)
        self._gone(seat)

    @precondition(lambda self: self._steady_agents())
    @step(who=_who)
    async def connect_again(self, who: int) -> None:
        """A second connection with the same token: it may be refused, or the first may end."""
        seat = _pick(self._steady_agents(), who)
        await self._settled([seat])
        self._drop_streams(seat.person)
        second = await self.room.enter_again(seat.guests[0])
        if second is not None:
            seat.guests.append(second)

    @precondition(lambda self: self._doubled())
    @step(who=_who)
    async def leave_the_first(self, who: int) -> None:
        """Who is here a second time closes the older connection."""
        seat = _pick(self._doubled(), who)
        await self.room.leave(seat.guests.pop(0))

    @step(row=st.sampled_from(_WRONG))
    async def fail_to_enter(self, row: str) -> None:
        token = {
            "ECHO-CONN-020": None,
            "ECHO-CONN-021": "",
            "ECHO-CONN-022": self.cast.dialogue.new("token"),
            "ECHO-CONN-027": self.seats[0].person.name,
        }[row]
        query = {} if token is None else {"token": token}
        said = await self.room.opener.open(SOCKET, "nobody", query=query)
        if isinstance(said, Refused):
            self.case.judge.holds(row, True, "")
            return
        closed = await said.ended(_REFUSED)
        wrong = "a wrong token was let in, and the connection stayed"
        self.case.judge.holds(row, closed is not None, wrong, said.handshake)

    # Talking

    @step(sender=_who, to=_who)
    async def say(self, sender: int, to: int) -> None:
        """Without a wait: it is on its way while others act."""
        one, other = self._steady(sender), self._steady(to)
        if one is not None and other is not None and one is not other:
            said = await self.room.say(one.guests[0], other.guests[0])
            self.owed.append((other.guests[0], said))

    @step(sender=_who, to=_who)
    async def tell(self, sender: int, to: int) -> None:
        """And wait until it has arrived. Who has two connections is reached at one of them."""
        one, other = self._steady(sender), _pick(self._here(), to)
        if one is None or one is other:
            return
        if other.steady:
            during = one.stream is not None and one.stream.target is other.guests[0]
            rows = ("ECHO-STREAM-023",) if during else ()
            await self.room.tell(one.guests[0], other.guests[0], "", *rows)
        elif any(guest.socket.closed is None for guest in other.guests):
            await self._reach(one.guests[0], other)

    @precondition(lambda self: self._away())
    @step(sender=_who, to=_who)
    async def tell_who_is_away(self, sender: int, to: int) -> None:
        one, other = self._steady(sender), _pick(self._away(), to)
        if one is None:
            return
        (guest,) = one.guests
        await self.room.say(guest, other.person, absent=True)
        if await guest.turned_out():  # which nothing forbids
            guest.may_end = guest.left = True
            self._gone(one)

    @step(sender=_who, level=st.sampled_from(_LEVELS))
    async def log(self, sender: int, level: str) -> None:
        one = self._steady(sender)
        if one is not None and not one.person.human:
            content = {"level": level, "content": "in the middle of a talk"}
            await one.guests[0].socket.send({"type": "SYSTEM_LOG", "payload": content})

    @step(sender=_who, to=_who)
    async def stream(self, sender: int, to: int) -> None:
        """A piece of a reply, the first or another."""
        one, other = self._steady(sender), self._steady(to)
        if one is None or other is None or one is other or one.person.human:
            return
        if one.stream is None:
            one.stream = Stream(
                room=self.room,
                sender=one.guests[0],
                target=other.guests[0],
                id=self.cast.dialogue.new("s"),
            )
        await one.stream.chunk("and counting")

    @step(sender=_who)
    async def finish(self, sender: int) -> None:
        """The whole reply, and the end of the stream."""
        one = self._steady(sender)
        if one is None or one.stream is None:
            return
        stream, one.stream = one.stream, None
        await stream.finish()
        await stream.end()
        await stream.arrive()
        to_person = stream.target.person.human
        rows = ("ECHO-STREAM-001", "ECHO-STREAM-002") if to_person else _TO_AGENT
        judge_stream(self.case.judge, self.cast, stream, rows)

    # The model

    def _here(self) -> list[Seat]:
        return [seat for seat in self.seats if seat.guests]

    def _away(self) -> list[Seat]:
        return [seat for seat in self.seats if not seat.guests]

    def _steady_agents(self) -> list[Seat]:
        return [seat for seat in self.seats if seat.steady and not seat.person.human]

    def _doubled(self) -> list[Seat]:
        return [seat for seat in self.seats if len(seat.guests) > 1]

    def _steady(self, place: int) -> Seat | None:
        steady = [seat for seat in self.seats if seat.steady]
        return _pick(steady, place) if steady else None

    def _gone(self, seat: Seat) -> None:
        seat.guests = []
        self._drop_streams(seat.person)

    def _drop_streams(self, person: Person) -> None:
        """What becomes of a stream whose ends do not stay is open."""
        for seat in self.seats:
            if seat.stream and person in (seat.person, seat.stream.target.person):
                seat.stream = None

    async def _reach(self, sender: Guest, target: Seat) -> None:
        said = await self.room.say(sender, target.guests[0])
        heard = await self.room.wait_any(target.guests, said)
        open_still = any(guest.socket.closed is None for guest in target.guests)
        wrong = f"{target.person.name} has connected twice and is not reached"
        held = heard is not None or not open_still
        self.case.judge.holds("ECHO-CONN-010", held, wrong, said.frame)

    async def _settled(self, seats: Sequence[Seat], *, sent: bool = True) -> None:
        """Wait for what is on its way to these, and where it matters what they have `sent`."""
        people = [seat.person for seat in seats]
        for target, said in list(self.owed):
            theirs = target.person in people
            if theirs or (sent and said.sender.person in people):
                self.owed.remove((target, said))
                row = "ECHO-CHAT-023" if said.sender.left else "ECHO-CHAT-001"
                await self.room.heard(target, said, row)


_TO_AGENT = ("ECHO-STREAM-003", "ECHO-STREAM-004")


def _pick(seats: Sequence[Seat], place: int) -> Seat:
    return seats[place % len(seats)]
