"""Where those whom a check sends meet: they connect, talk, and everything they hear is judged."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from conformance.clients.opener import Opener
from conformance.clients.raw import RawSocket
from conformance.clients.websocket import Refused, Socket
from conformance.frames import Frame
from conformance.judge import Judge
from conformance.marks import UnjudgeableError
from conformance.patience import Patience
from conformance.protocols.echocenter.audit import audit
from conformance.protocols.echocenter.door import SOCKET, knock, not_now
from conformance.protocols.echocenter.numbers import find_number, place
from conformance.protocols.echocenter.principals import Cast, Person
from conformance.protocols.echocenter.said import (
    Guest,
    Said,
    chats,
    end_of,
    large,
    mentions,
    outgrown,
    was_ended,
)

__all__ = ["Room"]

_PROMPT = 0.5
"""The share of the time that a message may take after which it comes too late for a conversation:
five seconds, if the target does not say otherwise.
"""

_ROUNDS = 20
"""Times that we wait on for a message while others come."""

_LAST = 0.3
"""Seconds in which something may still arrive whose sender is gone."""

_TOO_LARGE = "the coordinator ended a connection over a message of more than 4 KiB"


class DismissedError(Exception):
    """Somebody of whom it was not certain that they can connect cannot."""


class Room:
    """One check's guests. `judge` hears of every connection and every message."""

    def __init__(self, opener: Opener, judge: Judge, cast: Cast, patience: Patience) -> None:
        self.opener = opener
        self.judge = judge
        self.cast = cast
        self.patience = patience
        self.guests: list[Guest] = []
        self.said: list[Said] = []
        self.placing = asyncio.Lock()
        if cast.fleeting:
            cast.forget(cast.numbers)

    # Coming and going

    async def enter(self, person: Person, *rows: str, raw: bool = False, **options: Any) -> Guest:
        """Connect somebody. Where the connection is refused, CONN-001 and `rows` are broken, and
        `UnjudgeableError` is raised. `raw` is for one who says what no library would.
        """
        said = await self.open(person, raw=raw, **options)
        if isinstance(said, Refused) and person in self.cast.doubtful and not not_now(said):
            self.cast.dismiss(person)
            raise DismissedError
        self.cast.doubtful.discard(person)
        wrong = f"{person.name} was not let in with its token"
        for row in ("ECHO-CONN-001", *rows):
            if isinstance(said, Refused) and not_now(said):
                self.judge.inconclusive(row, f"{wrong} now: {said.reason}")
            elif isinstance(said, Refused):
                self.judge.holds(row, False, f"{wrong}: {said.reason}", said.exchange)
            else:
                self.judge.holds(row, True, "")
        if isinstance(said, Refused):
            raise self.given_up(f"{wrong}: {said.reason}")
        return self.welcome(person, said)

    def welcome(
        self, person: Person, socket: Socket | RawSocket, *, may_end: bool = False
    ) -> Guest:
        """Somebody is connected, and belongs to those of this check."""
        before = self.cast.was_here(person)
        told = self.cast.number(person)
        if not before and told is not None:
            self.cast.settle(person, told)
        guest = Guest(
            person=person,
            socket=socket,
            may_end=may_end,
            before=before,
            placed=not before or self.cast.fleeting is False,
        )
        self.cast.visited.add(person)
        self.guests.append(guest)
        return guest

    async def open(
        self, person: Person, *, raw: bool, **options: Any
    ) -> Socket | RawSocket | Refused:
        """A connection with somebody's token, which nobody judges. A coordinator that asks us to
        come later is asked again.
        """
        return await knock(self.opener, self.cast, self.patience, person, raw=raw, **options)

    async def agents(self, count: int, *, see: bool = True) -> list[Guest]:
        """So many agents, the same in every check: who is here already counts."""
        return await self._present(await self.cast.agents(count), see=see)

    async def newcomers(self, count: int) -> list[Guest]:
        """So many agents that are new."""
        try:
            people = await self.cast.newcomers(count)
        except UnjudgeableError:  # then others must do who are not here yet
            here = {guest.person for guest in self.guests}
            people = [one for one in await self.cast.others() if one not in here][:count]
            if len(people) < count:
                raise
        return await self._present(people)

    async def human(self) -> Guest:
        """A person. Raises `UnjudgeableError` where the target names none."""
        found = await self.people(1)
        if not found:
            raise UnjudgeableError(
                "no person is known: the target file can name `credentials` for a log-in, or a "
                "principal of kind `human`"
            )
        return found[0]

    async def people(self, most: int, *, see: bool = True) -> list[Guest]:
        """As many people as are known, and no more than so many. Whether the token of a log-in
        opens a connection is left open: whom it does not let in is not known.
        """
        doubtful = [one for one in await self.cast.humans() if one in self.cast.doubtful]
        with suppress(DismissedError):
            await self._present(doubtful, see=see)
        return await self._present((await self.cast.humans())[:most], see=see)

    async def _present(self, people: Sequence[Person], *, see: bool = True) -> list[Guest]:
        here = {guest.person: guest for guest in self.guests if not guest.left}
        absent = [person for person in people if person not in here]
        came = await asyncio.gather(*(self.enter(person, see=see) for person in absent))
        here |= {guest.person: guest for guest in came}
        return await self._settled([here[person] for person in people])

    async def enter_again(self, guest: Guest) -> Guest | None:
        """A second connection of somebody who is here, or `None` where it is refused.

        What becomes of either is left open: both stay, or the older ends.
        """
        query = {"token": guest.person.token}
        said = await self.opener.open(SOCKET, guest.person.name, query=query)
        if isinstance(said, Refused):
            return None
        guest.may_end = True
        second = self.welcome(guest.person, said, may_end=True)
        second.placed = not self.cast.fleeting
        return second

    async def leave(self, guest: Guest) -> None:
        """A guest closes its connection in order."""
        guest.left = True
        await guest.socket.close()

    def vanish(self, guest: Guest) -> None:
        """A guest's connection ends without a word."""
        guest.left = True
        guest.socket.abort()

    # Talking

    def number(self, person: Person) -> int:
        """The number by which somebody is routed."""
        number = self.cast.number(person)
        if number is None:
            raise UnjudgeableError(
                f"by which number {person.name} is routed cannot be found out: "
                "the target file can name principals with their `id`"
            )
        return number

    async def say(
        self,
        sender: Guest,
        target: Guest | Person | None,
        words: str = "",
        *,
        type: str = "CHAT",  # noqa: A002  # what the protocol calls it
        fields: Mapping[str, Any] | None = None,
        absent: bool = False,
        text: Callable[[Any], str] | None = None,
        to: int | None = None,
    ) -> Said:
        """Have one say something to another. `text` makes the JSON where it is not to be plain,
        `to` is the number of nobody's where there is no `target`.
        """
        person = target.person if isinstance(target, Guest) else target
        await place(self, sender)
        mark, message = await self.draft(person, words, to=to, type=type, **(fields or {}))
        if text is None:
            frame = await sender.socket.send(message)
        else:
            frame = await sender.socket.send_text(text(message))
        return self.spoken(sender, person, mark, message, frame, absent=absent)

    async def draft(
        self, person: Person | None, words: str = "", *, to: int | None = None, **fields: Any
    ) -> tuple[str, dict[str, Any]]:
        """A message and its mark, to be sent in whatever way: then `spoken` is told."""
        for guest in self.guests:
            if guest.person is person:
                await guest.listed()
        here = [each for each in self.guests if each.person is person and not each.left]
        for guest in here:
            await place(self, guest)
        if self.cast.fleeting and person is not None and not here:
            raise self.given_up(f"the number that {person.name} had may be another's by now")
        mark = self.cast.dialogue.new("m") + "."
        number = to if person is None else self.number(person)
        payload = mark if not words else f"{mark} {words}"
        return mark, {"type": "CHAT", "target_id": number, "payload": payload} | fields

    def spoken(
        self,
        sender: Guest,
        person: Person | None,
        mark: str,
        message: Mapping[str, Any],
        frame: Frame,
        *,
        absent: bool = False,
    ) -> Said:
        """A draft was sent: now it belongs to what is judged."""
        said = Said(
            mark=mark,
            type=message["type"],
            sender=sender,
            target=person,
            payload=message["payload"],
            frame=frame,
            absent=absent,
        )
        self.said.append(said)
        self.cast.said.add(said.payload)
        return said

    async def heard(self, target: Guest, said: Said, row: str = "ECHO-CHAT-001") -> Frame | None:
        """Wait until a message arrives; where it does not, `row` is broken."""
        frame = await self.wait(target, said)
        self._judge_heard(row, target, said, frame)
        return frame

    def _judge_heard(self, row: str, target: Guest, said: Said, frame: Frame | None) -> None:
        if frame is None and (outgrown(said.sender, said.frame) or outgrown(target)):
            self.judge.inconclusive(row, _TOO_LARGE)
            return
        self.judge.holds(
            row,
            frame is not None,
            f"what {said.sender.person.name} said to {target.person.name} did not arrive",
            said.frame,
            *end_of(said.sender),
            *end_of(target),
        )

    async def all_heard(self, said: Sequence[tuple[Guest, Said]], *rows: str) -> list[Frame | None]:
        """Wait for several messages that were said already, each with the guest it is for."""
        frames = []
        for target, each in said:
            frame = await self.heard(target, each)
            frames.append(frame)
            for row in rows:
                self._judge_heard(row, target, each, frame)
        return frames

    async def wait(self, target: Guest, said: Said) -> Frame | None:
        """The frame in which a message arrives, or `None`."""
        seconds = self.patience.seconds("chat")
        if seconds is None:
            raise self.given_up("messages were waited for in vain, too often to wait again")
        frame: Frame | None = None
        for _ in range(_ROUNDS):
            since = target.socket.mark()
            frame = await self._arrival(target, said, seconds)
            if frame is not None or not any(chats(target, since)):
                break  # otherwise others came: it may be slow, and this one in their queue
        if frame is not None:
            self.patience.answered("chat", max(0.0, frame.at - said.frame.at))
        elif target.socket.closed is None and not was_ended(said.sender):  # they take no time
            self.patience.hung("chat", seconds)
        return frame

    async def _arrival(self, target: Guest, said: Said, seconds: float) -> Frame | None:
        """What arrives, and not much later than the end of a sender that may end."""
        coming = target.socket.wait(lambda frame: mentions(frame, said.mark), seconds)
        if large(said.sender) is None and not said.sender.may_end:
            return await coming
        arrival = asyncio.ensure_future(coming)
        end = asyncio.ensure_future(said.sender.socket.ended(seconds))
        await asyncio.wait([arrival, end], return_when=asyncio.FIRST_COMPLETED)
        end.cancel()
        if was_ended(said.sender):
            await asyncio.wait([arrival], timeout=_LAST)
            if not arrival.done():
                arrival.cancel()
                return None
        return await arrival

    async def wait_any(self, targets: Sequence[Guest], said: Said) -> Frame | None:
        """The frame in which a message arrives at one of several, or `None`."""
        waits = [asyncio.ensure_future(self.wait(target, said)) for target in targets]
        try:
            for done in asyncio.as_completed(waits):
                frame = await done
                if frame is not None:
                    return frame
        finally:
            for task in waits:
                task.cancel()
        return None

    async def tell(
        self, sender: Guest, target: Guest, words: str = "", *rows: str, **how: Any
    ) -> Frame | None:
        """Say something and wait until it arrives. It breaks CHAT-001 and `rows` if it doesn't."""
        said = await self.say(sender, target, words, **how)
        frame = await self.heard(target, said)
        if frame is not None:
            late = frame.at - said.frame.at
            prompt = _PROMPT * self.opener.target.timeout
            wrong = f"a CHAT took {late:.1f} s"
            self.judge.holds("ECHO-CHAT-033", late < prompt, wrong, said.frame, frame)
        for row in rows:
            self._judge_heard(row, target, said, frame)
        return frame

    async def round(self) -> None:
        """Everybody says something to the next: what was on its way before has arrived then."""
        present = [
            guest for guest in self.guests if not (guest.left or guest.may_end or outgrown(guest))
        ]
        if len(present) > 1:
            both = zip(present, [*present[1:], present[0]], strict=True)
            await self.all_heard([(target, await self.say(one, target)) for one, target in both])

    async def settle(self) -> None:
        """The end of a check: a last round, and all that was heard is judged."""
        await self.round()
        audit(self.judge, self.guests, self.said, self.cast)

    def given_up(self, cause: str) -> UnjudgeableError:
        """The check breaks off: what was heard until now is judged all the same."""
        audit(self.judge, self.guests, self.said, self.cast)
        return UnjudgeableError(cause)

    # Who is who

    async def known(self) -> None:
        """See to it that the numbers of all guests are known who are here."""
        await self._settled([guest for guest in self.guests if not guest.left])

    async def _settled(self, guests: list[Guest]) -> list[Guest]:
        """See to it that everybody's number is known."""
        for guest in list(guests):
            await place(self, guest)
            if self.cast.number(guest.person) is None:
                await find_number(self, guest)
        return guests
