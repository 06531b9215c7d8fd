"""Everything that clients do with a Caxton coordinator on three transports, in any order."""

from __future__ import annotations

import asyncio
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import precondition

from conformance.clients.grpc import GrpcClient
from conformance.fuzz.case import Case
from conformance.fuzz.exploring import Explorer
from conformance.fuzz.leeway import Allowance
from conformance.fuzz.machine import Machine, step
from conformance.patience import Patience
from conformance.protocols.caxton.caller import Caller
from conformance.protocols.caxton.client import Client
from conformance.protocols.caxton.crew import Crew
from conformance.protocols.caxton.model import INTERESTS
from conformance.protocols.caxton.quay import Quay
from conformance.protocols.caxton.talks import Talks

__all__ = ["CaxtonMachine"]

_PLACES = 3
"""Names of agents in one case. Two of them are taken from the start."""

_LISTENERS = 2
_CONVERSATIONS = 2

_PERFORMATIVES = ("inform", "propose", "refuse")

_places = st.integers(0, _PLACES - 1)
_listeners = st.integers(0, _LISTENERS - 1)
_talks = st.integers(0, _CONVERSATIONS - 1)
_words = st.sampled_from(_PERFORMATIVES)
_interests = st.integers(0, len(INTERESTS) - 1)


def _free(self: CaxtonMachine) -> bool:
    return self.free


class CaxtonMachine(Machine):
    """Agents come and go on two transports under the same names, are spoken to on both, and
    listeners on a third hear of it. Where deployments are few, nobody comes or goes.
    """

    def __init__(
        self,
        explorer: Explorer,
        case: Case,
        *,
        client: Client,
        grpc: GrpcClient | None,
        crew: Crew,
        patience: Patience,
        acks: Patience,
        reads: Allowance,
    ) -> None:
        super().__init__(explorer, case)
        client.peer.see = case.see
        if grpc is not None:
            grpc.see = case.see
        clock = client.clock
        client = Client(client.peer, case.opener, clock, client.new, crew.deployed)
        client.door.acks = acks
        self.free = clock.can_jump
        self.client = client
        self.crew = crew
        caller = None if grpc is None else Caller(grpc, client)
        self.quay = Quay(client, caller, case.judge, _PLACES)
        self.talks = Talks(
            self.quay,
            case.judge,
            patience,
            listeners=_LISTENERS,
            conversations=_CONVERSATIONS,
            reads=reads,
        )

    async def begin(self) -> None:
        """Agents and a listener are there from the start: orders of steps are what counts."""
        if self.free:
            await self.client.clock.refill()
            await self._deploy(0, rpc=False)
            await self._deploy(1, rpc=True)
        else:
            mates = await self.crew.mates(self.client, _PLACES - 1)
            for berth, mate in zip(self.quay.berths, mates, strict=False):
                berth.name, berth.agent = mate.name, mate
        await self.talks.listen(0)
        await self.talks.subscribe(0, 0)

    async def _deploy(self, place: int, *, rpc: bool) -> None:
        marks = self.talks.marks()
        agent = await self.quay.deploy(place, rpc=rpc)
        if agent is not None:
            await self.talks.announce(
                agent, agent.said, rpc=self.quay.berths[place].rpc, marks=marks
            )

    @step(place=_places, word=_words, talk=_talks, rpc=st.booleans())
    async def say(self, place: int, word: str, talk: int, rpc: bool) -> None:
        await self.talks.send(place, word, talk, rpc=rpc)

    @step(talk=_talks)
    async def read(self, talk: int) -> None:
        await self.talks.read(talk)

    @step(listener=_listeners, which=_interests)
    async def subscribe(self, listener: int, which: int) -> None:
        await self.talks.listen(listener)
        await self.talks.subscribe(listener, which)

    @step(listener=_listeners, which=st.integers(0, 2))
    async def unsubscribe(self, listener: int, which: int) -> None:
        await self.talks.unsubscribe(listener, which)

    @step(listener=_listeners, politely=st.booleans())
    async def hang_up(self, listener: int, politely: bool) -> None:
        await self.talks.hang_up(listener, politely=politely)

    @precondition(_free)
    @step(place=_places, what=st.sampled_from(["details", "all", "running", "stopped", "by gRPC"]))
    async def look(self, place: int, what: str) -> None:
        match what:
            case "details":
                await self.quay.look(place)
            case "by gRPC":
                await self.quay.call_list()
            case _:
                await self.quay.list("" if what == "all" else what)

    @precondition(_free)
    @step(place=_places, rpc=st.booleans())
    async def deploy(self, place: int, rpc: bool) -> None:
        await self._deploy(place, rpc=rpc)

    @precondition(_free)
    @step(place=_places, wait=st.booleans())
    async def stop(self, place: int, wait: bool) -> None:
        await self.quay.stop(place, wait=wait)

    @precondition(_free)
    @step(place=_places)
    async def remove(self, place: int) -> None:
        await self.quay.remove(place)

    @precondition(_free)
    @step(places=st.lists(_places, unique=True, min_size=1))
    async def work(self, places: list[int]) -> None:
        await self.quay.give_work(places)

    @step(words=st.lists(st.tuples(_places, _words, _talks, st.booleans()), min_size=2, max_size=5))
    async def together(self, words: list[Any]) -> None:
        """Several messages at the same time, over both transports."""
        await asyncio.gather(
            *(self.talks.send(place, word, talk, rpc=rpc) for place, word, talk, rpc in words)
        )

    async def end(self) -> None:
        for talk in range(_CONVERSATIONS):
            await self.talks.read(talk)
        if self.free:
            await self.quay.list()
        await self.talks.audit()

    async def tidy(self) -> None:
        if self.free:
            await self.quay.tidy()
