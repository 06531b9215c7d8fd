"""Subscribers who come, subscribe, unsubscribe and go in any order while messages are sent.

The model is which subscriptions are in force on each connection, and of each message whether they
name it: surely, surely not, or by a reading that is left open. What they surely name is told, what
they surely do not name is not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import precondition

from conformance.clients import HttpClient
from conformance.fuzz.case import Case
from conformance.fuzz.exploring import Explorer
from conformance.fuzz.machine import Machine, step
from conformance.patience import Patience
from conformance.protocols.caxton.client import Agent, Client
from conformance.protocols.caxton.crew import Crew
from conformance.protocols.caxton.herald import Herald, Word
from conformance.protocols.caxton.watch import Watch

__all__ = ["Listeners"]

_LINES = 3

_MOST = 5
"""Subscriptions of one connection."""

_PERFORMATIVES = ("inform", "propose", "refuse")

_which = st.integers(0, _LINES - 1)


@dataclass(frozen=True, kw_only=True)
class Interest:
    """What a subscription names. `types` are of events; `performatives` and `agents` narrow it to
    messages: without them it names each.
    """

    types: tuple[str, ...] = ()
    performatives: tuple[str, ...] = ()
    mates: tuple[int, ...] = ()
    by_ids: bool = False
    told: str
    untold: str

    def names(self, mate: int, performative: str) -> bool | None:
        """Does it name a message of a client to that mate? `None` where that is left open."""
        if self.types and "message.sent" not in self.types:
            return False
        if self.performatives and performative not in self.performatives:
            return False
        if self.mates:
            return None if mate in self.mates else False
        return True


_INTERESTS: Mapping[str, Interest] = {
    "messages": Interest(types=("message.sent",), told="CAXTON-SUB-001", untold="CAXTON-SUB-001"),
    "agents": Interest(types=("agent.*",), told="CAXTON-SUB-001", untold="CAXTON-SUB-003"),
    "tasks": Interest(types=("task.completed",), told="CAXTON-SUB-001", untold="CAXTON-SUB-001"),
    "informs": Interest(performatives=("inform",), told="CAXTON-SUB-008", untold="CAXTON-SUB-009"),
    "two performatives": Interest(
        performatives=("propose", "refuse"), told="CAXTON-SUB-008", untold="CAXTON-SUB-009"
    ),
    "one agent": Interest(mates=(0,), told="CAXTON-SUB-006", untold="CAXTON-SUB-007"),
    "one id": Interest(
        types=("message.sent",),
        mates=(1,),
        by_ids=True,
        told="CAXTON-SUB-025",
        untold="CAXTON-SUB-025",
    ),
}
"""Subscriptions, with the requirements that what they name is told, and what they do not is not."""


_interest = st.sampled_from(sorted(_INTERESTS))


@dataclass(kw_only=True)
class Ear:
    """One connection of the model. `known` are its subscriptions in force by their ids, `nameless`
    those of which no id was told, `over` those that were ended.
    """

    watch: Watch
    known: dict[str, Interest] = field(default_factory=dict)
    nameless: list[Interest] = field(default_factory=list)
    over: list[Interest] = field(default_factory=list)

    @property
    def interests(self) -> list[Interest]:
        return [*self.known.values(), *self.nameless]


@dataclass(frozen=True, kw_only=True)
class Unheard:
    """A message to `mate` of which an ear must not be told, after a mark; `row` says so."""

    ear: Ear
    word: Word
    mate: int
    row: str
    mark: int

    @property
    def performative(self) -> str:
        return str(self.word.said["performative"])


class Listeners(Machine):
    """Some connections at once. `client` is any of the run's, `crew` and `patience` are its own."""

    def __init__(
        self, explorer: Explorer, case: Case, *, client: Client, crew: Crew, patience: Patience
    ) -> None:
        super().__init__(explorer, case)
        self.peer: HttpClient = client.peer
        self.client = Client(client.peer, case.opener, client.clock, client.new, crew.deployed)
        self.client.door.acks = client.door.acks  # how long to wait for them was learnt before
        self.crew = crew
        self.herald = Herald(self.client, case.judge, patience)
        self.mates: Sequence[Agent] = ()
        self.ears: list[Ear] = []
        self.unheard: list[Unheard] = []

    async def begin(self) -> None:
        self.peer.see = self.case.see
        self.mates = await self.crew.mates(self.client, 2)
        self.ears = [Ear(watch=await self.client.watch("listener 1"))]

    async def end(self) -> None:
        for ear in self.ears:
            await ear.watch.settle()
        self._judge_unheard()

    @precondition(lambda self: len(self.ears) < _LINES)
    @step()
    async def connect(self) -> None:
        label = f"listener {len(self.case.opener.conversations) + 1}"
        self.ears.append(Ear(watch=await self.client.watch(label)))

    @precondition(lambda self: len(self.ears) > 1)
    @step(which=_which, in_order=st.booleans())
    async def go(self, which: int, in_order: bool) -> None:
        ear = self._ear(which)
        await ear.watch.settle()
        self._judge_unheard()
        self.ears.remove(ear)
        if in_order:
            await ear.watch.socket.close()
        else:
            ear.watch.socket.abort()

    @step(which=_which, to=st.lists(_interest, min_size=1, max_size=2))
    async def subscribe(self, which: int, to: list[str]) -> None:
        ear = self._ear(which)
        for interest in to:
            if len(ear.interests) < _MOST:
                await self._subscribe(ear, _INTERESTS[interest])

    async def _subscribe(self, ear: Ear, wanted: Interest) -> None:
        self._judge_unheard()
        self.unheard = [each for each in self.unheard if not _may_be_told(each, ear, wanted)]
        told = await ear.watch.subscribe(*wanted.types, **self._narrowed(wanted))
        if told is None or self._is_known(told):
            ear.nameless.append(wanted)
        else:
            ear.known[told] = wanted

    @precondition(lambda self: any(ear.known for ear in self.ears))
    @step(which=_which, place=st.integers(0, _MOST - 1))
    async def unsubscribe(self, which: int, place: int) -> None:
        ears = [ear for ear in self.ears if ear.known]
        ear = ears[which % len(ears)]
        names = list(ear.known)
        name = names[place % len(names)]
        await ear.watch.unsubscribe(name)
        ear.over.append(ear.known.pop(name))

    @step(mate=st.integers(0, 1))
    async def send(self, mate: int) -> None:
        """A message of each performative, and who is told of them."""
        marks = [ear.watch.mark() for ear in self.ears]
        said = [
            await self.herald.say(self.mates[mate], performative=word) for word in _PERFORMATIVES
        ]
        for ear, mark in zip(self.ears, marks, strict=True):
            for word in said:
                await self._heard(ear, word, mate, mark)

    async def _heard(self, ear: Ear, word: Word, mate: int, mark: int) -> None:
        performative = word.said["performative"]
        named = [each.names(mate, performative) for each in ear.interests]
        if True in named:
            interest = ear.interests[named.index(True)]
            who = "who has subscribed to it"
            await self.herald.told(interest.told, ear.watch.socket, word, who)
        elif None not in named:
            row = self._row_of_silence(ear, mate, performative)
            self.unheard.append(Unheard(ear=ear, word=word, mate=mate, row=row, mark=mark))

    def _row_of_silence(self, ear: Ear, mate: int, performative: str) -> str:
        """By which requirement it must not be told."""
        if any(each.names(mate, performative) is not False for each in ear.over):
            return "CAXTON-SUB-013"
        return ear.interests[0].untold if ear.interests else "CAXTON-SUB-018"

    def _judge_unheard(self) -> None:
        for each in self.unheard:
            who = "who has not subscribed to it"
            self.herald.untold(each.row, each.ear.watch.socket, each.word, who, each.mark)

    def _narrowed(self, wanted: Interest) -> dict[str, Any]:
        ids = [self.mates[place].id for place in wanted.mates]
        if wanted.by_ids:
            return {"agents": ids}
        narrowed = {"performatives": list(wanted.performatives), "agents": ids}
        said = {name: value for name, value in narrowed.items() if value}
        return {"filter": said} if said else {}

    def _is_known(self, name: str) -> bool:
        """Two of the same name could not be told apart."""
        return any(name in ear.known for ear in self.ears)

    def _ear(self, which: int) -> Ear:
        return self.ears[which % len(self.ears)]


def _may_be_told(unheard: Unheard, ear: Ear, wanted: Interest) -> bool:
    """What is still under way when an ear subscribes to it may reach it or not."""
    return unheard.ear is ear and wanted.names(unheard.mate, unheard.performative) is not False
