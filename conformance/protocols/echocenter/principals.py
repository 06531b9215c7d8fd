"""Those whom the EchoCenter checks send: agents that they register, and whom the target names."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING
from weakref import WeakValueDictionary

from conformance.clients import HttpClient
from conformance.exchange import MISSING, Exchange
from conformance.ids import IdSource
from conformance.marks import UnjudgeableError
from conformance.protocols.echocenter.dialogue import (
    Dialogue,
    numbers_in,
    objects_in,
    row_of,
    token_in,
)

if TYPE_CHECKING:
    from conformance.protocols.echocenter.said import Guest

__all__ = ["Cast", "Person", "cast_of"]

_HINT = (
    "the target file can name `credentials` of an administrator, headers of an `operator`, or "
    "`principals` that can connect"
)


@dataclass(frozen=True, kw_only=True, eq=False)
class Person:
    """Somebody who can connect: an agent, or a human.

    `names` are those that its messages may show (of a human, more than one), `numbers` those that
    it may be routed by, as far as is known; `registration` is how we made it, if it was us.
    """

    names: tuple[str, ...]
    human: bool
    token: str
    numbers: tuple[int, ...] = ()
    registration: Exchange | None = field(default=None, repr=False)

    @property
    def name(self) -> str:
        return self.names[0]


_CASTS: WeakValueDictionary[HttpClient, Cast] = WeakValueDictionary()  # a cast holds its client


def cast_of(peer: HttpClient, ids: IdSource) -> Cast:
    """All who are known in the run that has this client: checks and scenarios have the same."""
    cast = _CASTS.get(peer)
    if cast is None:
        cast = _CASTS[peer] = Cast(Dialogue(peer, ids))
    return cast


class Cast:
    """All who are known in this run, and what was found out of them. Kept over all checks."""

    def __init__(self, dialogue: Dialogue) -> None:
        self.dialogue = dialogue
        self.known: list[Person] = []
        self.numbers: dict[Person, int] = {}
        self.fleeting: bool | None = None
        """Has who comes back another number than before? Unsaid by the document, and `None` as
        long as nobody came back.
        """
        self.largest = 0
        self.hopeless = False
        """Is there no way to find out anybody's number?"""
        self.visited: set[Person] = set()
        self.said: set[str] = set()
        self.hostile: set[Person] = set()
        self.doubtful: set[Person] = set()
        self._regulars: list[Person] = []
        self._villains: list[Person] = []
        self._humans: list[Person] | None = None
        self._lists_agree: bool | None = None
        for one in dialogue.peer.target.principals:
            numbers = () if one.id is None else (one.id,)
            human = one.kind == "human"
            self._know(Person(names=(one.name,), human=human, token=one.token, numbers=numbers))

    async def agents(self, count: int) -> list[Person]:
        """So many agents, in every check the same."""
        missing = count - len(self._regulars)
        if missing > 0:
            try:
                self._regulars += await self.newcomers(missing)
            except UnjudgeableError:  # then who was there before must do
                spare = [one for one in await self.others() if one not in self._regulars]
                if len(spare) < missing:
                    raise
                self._regulars += spare[:missing]
        return self._regulars[:count]

    async def newcomers(self, count: int) -> list[Person]:
        """So many agents that nobody has heard of yet."""
        return list(await asyncio.gather(*(self.newcomer() for _ in range(count))))

    async def villains(self, count: int) -> list[Person]:
        """So many agents who do what nobody should: nothing that they say is held against them."""
        missing = count - len(self._villains)
        if missing > 0:
            self._villains += await self.newcomers(missing)
            self.hostile.update(self._villains)
        return self._villains[:count]

    async def newcomer(self, name: str = "") -> Person:
        """A newly registered agent. Raises `UnjudgeableError` where there can be none."""
        name = name or self.dialogue.name()
        return await self.admitted(name, await self.dialogue.register(name))

    async def admitted(self, name: str, said: Exchange) -> Person:
        """The agent that was just registered under that name."""
        if said.status in (401, 403):
            raise UnjudgeableError(f"no agent may be registered ({said.status}): {_HINT}")
        if not said.ok:
            raise UnjudgeableError(f"no agent could be registered: {said.outcome}")
        token = token_in(said.json)
        if not token or not isinstance(token, str):
            token = await self._token_from_dev(name)
        numbers = await self._numbers(name, said)
        return self._know(
            Person(names=(name,), human=False, token=token, numbers=numbers, registration=said)
        )

    async def existing(self, name: str) -> Person:
        """An agent that was there before us, whose token the dev endpoint shows. Raises
        `UnjudgeableError` where it does not.
        """
        token = await self._token_from_dev(name)
        row = row_of((await self.dialogue.agents()).json, name)
        numbers = () if row is None else tuple(numbers_in(row, name))
        return self._know(Person(names=(name,), human=False, token=token, numbers=numbers))

    async def humans(self) -> list[Person]:
        """The people who can connect: those of the target, and who can log in."""
        if self._humans is None:
            self._humans = [one for one in self.known if one.human]
            said = await self.dialogue.log_in()
            token = MISSING if said is None or not said.ok else token_in(said.json)
            if said is not None and token and isinstance(token, str):
                person = self._logged_in(said, token)
                twin = next((one for one in self._humans if _alike(one, person)), None)
                if twin is None:
                    self._humans.insert(0, self._know(person))
                    self.doubtful.add(person)
                else:
                    self._merge(twin, person)
        return self._humans

    def _merge(self, twin: Person, person: Person) -> None:
        """The target names somebody who logs in, perhaps under another name."""
        names = tuple(dict.fromkeys([*twin.names, *person.names]))
        both = replace(twin, names=names, numbers=twin.numbers or person.numbers)
        for people in (self.known, self._humans or []):
            people[people.index(twin)] = both
        if twin in self.numbers:
            self.numbers[both] = self.numbers.pop(twin)

    def dismiss(self, person: Person) -> None:
        """Somebody whose log-in gave no token for a connection."""
        self.doubtful.discard(person)
        for people in (self.known, self._humans or []):
            if person in people:
                people.remove(person)

    async def others(self) -> list[Person]:
        """Agents that the target names: they were there before."""
        return [one for one in self.known if not one.human and one.registration is None]

    def settle(self, person: Person, number: int) -> None:
        """The number by which somebody is routed was found out."""
        self.numbers[person] = number
        self.largest = max(self.largest, number)

    def was_here(self, person: Person) -> bool:
        """May somebody have been connected before? Who was not made in this run may have been, and
        may be here in another worker's.
        """
        return person in self.visited or person.registration is None

    def number_of(self, guest: Guest) -> int | None:
        """The number by which a guest is, or was, routed on this connection."""
        return guest.number if self.fleeting else self.number(guest.person)

    def forget(self, people: Iterable[Person]) -> None:
        """What they were routed by is of no use any more: they come anew, or may."""
        for person in list(people):
            self.numbers.pop(person, None)

    def number(self, person: Person) -> int | None:
        """The number by which somebody is routed, where it is known for certain. Where numbers are
        fleeting it is that of its latest connection.
        """
        if person in self.numbers:
            return self.numbers[person]
        if self.fleeting and self.was_here(person):
            return None
        return person.numbers[0] if len(person.numbers) == 1 else None

    def _know(self, person: Person) -> Person:
        self.known.append(person)
        return person

    async def _token_from_dev(self, name: str) -> str:
        said = await self.dialogue.dev_token(name)
        token = token_in(said.json) if said.ok else MISSING
        if not token or not isinstance(token, str):
            raise UnjudgeableError(
                f"a registration shows no token, nor does the dev endpoint ({said.outcome}): "
                "the target file can name `principals`"
            )
        return token

    async def _numbers(self, name: str, said: Exchange) -> tuple[int, ...]:
        """What the answer says, and the list where that is not enough or may say otherwise."""
        told = numbers_in(said.json, name)
        if told and self._lists_agree:
            return tuple(told)
        row = row_of((await self.dialogue.agents()).json, name)
        listed = [] if row is None else numbers_in(row, name)
        if told and self._lists_agree is None:
            self._lists_agree = not listed or told == listed
        both = [number for number in told if number in listed]
        return tuple(both or dict.fromkeys([*told, *listed]))

    def _logged_in(self, said: Exchange, token: str) -> Person:
        name = self.dialogue.peer.target.credentials.username
        names = [
            value
            for each in objects_in(said.json)
            if name in each.values()
            for key, value in each.items()
            if "name" in str(key).lower() and isinstance(value, str)
        ]
        return Person(
            names=tuple(dict.fromkeys([name, *names])),
            human=True,
            token=token,
            numbers=tuple(numbers_in(said.json, name)),
        )


def _alike(one: Person, other: Person) -> bool:
    """Are these the same, as far as it shows?"""
    numbers = set(one.numbers) & set(other.numbers)
    return one.token == other.token or bool(numbers) or bool(set(one.names) & set(other.names))
