"""Everything that agents, operators and impostors do with a Stella coordinator, in any order."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Coroutine
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import precondition

from conformance.fuzz.case import Case
from conformance.fuzz.exploring import Explorer
from conformance.fuzz.leeway import Leeway
from conformance.fuzz.machine import Machine, step
from conformance.patience import Patience
from conformance.protocols.stella.crew import Berth, Crew
from conformance.protocols.stella.docket import Docket
from conformance.protocols.stella.fleet import Fleet
from conformance.protocols.stella.jobs import WAYS
from conformance.protocols.stella.roll import CAPABILITIES, STATUSES
from conformance.protocols.stella.sights import Sights
from conformance.protocols.stella.streams import Streams

__all__ = ["StellaMachine"]

_PLACES = 3
"""Names of agents in one case. Two of them are taken from the start."""

_SILENCES = (0.4, 2.0, 5.0)
"""Intervals for which nobody says anything."""

_BEYOND = 7.0
"""Seconds more: a coordinator may take its time to find out."""

_TRESPASSES = ("token", "report", "nobody", "another", "deleted")
"""A token that was used, a report of another's task, and whose certificate is shown."""

_places = st.integers(0, _PLACES - 1)
_which = st.integers(0, 3)
_skills = st.lists(st.sampled_from(CAPABILITIES), unique=True, min_size=1, max_size=3)
_usages = st.fixed_dictionaries(
    {"cpu": st.integers(1, 59), "memory": st.integers(1, 59), "disk": st.integers(1, 59)}
)
_queries = st.fixed_dictionaries(
    {},
    optional={
        "status": st.sampled_from(STATUSES),
        "capability": st.sampled_from(CAPABILITIES),
    },
)
_jobs = st.sampled_from(["fetch", "make", "update", "complete", "remove", "get"])


class StellaMachine(Machine):
    """Agents come and go under the same names, work, and are changed and deleted meanwhile."""

    def __init__(
        self,
        explorer: Explorer,
        case: Case,
        *,
        fleet: Fleet,
        leeway: Leeway,
        patience: Patience,
        claimed: Collection[str],
    ) -> None:
        super().__init__(explorer, case)
        fleet.peer.see = case.see
        hooks = fleet.hooks
        fleet = Fleet(fleet.peer, case.opener, hooks, fleet.new, fleet.hours)
        self.leeway = leeway
        self.crew = Crew(fleet, case, _PLACES)
        self.docket = Docket(self.crew, case.judge, Streams(fleet, case.judge, patience))
        self.sights = Sights(self.crew)
        self.working = {"tasks", "heartbeat"} <= set(
            claimed
        ) and "create_task" in hooks.target.hooks
        self.cancelling = self.working and "cancel_task" in hooks.target.hooks
        self.streaming = "stream" in claimed

    def _berth(self, place: int) -> Berth:
        return self.crew.berths[place]

    async def begin(self) -> None:
        """There are agents from the start, alike in some ways: orders of steps are what counts."""
        for place in range(_PLACES - 1):
            await self.crew.register(place, CAPABILITIES[: place + 1])
        if self.working:
            await self.docket.make(self._berth(0))
        if self.streaming:
            await self.docket.open(self._berth(1))

    @step(place=_places, skills=_skills)
    async def arrive(self, place: int, skills: list[str]) -> None:
        await self.crew.register(place, skills)

    @step(place=_places, way=st.sampled_from(WAYS), usage=_usages)
    async def fetch(self, place: int, way: Any, usage: dict[str, float]) -> None:
        await self.docket.fetch(self._berth(place), way, usage)

    @step(query=_queries, place=st.none() | _places)
    async def look(self, query: dict[str, str], place: int | None) -> None:
        if place is None:
            await self.sights.list(query)
        else:
            await self.sights.get(place)

    @step(place=_places, skills=_skills)
    async def update(self, place: int, skills: list[str]) -> None:
        await self.crew.update(place, skills)

    @step(place=_places)
    async def remove(self, place: int) -> None:
        await self._remove(place)

    async def _remove(self, place: int) -> None:
        gone = await self.crew.remove(place)
        if gone is not None:
            self.docket.removed(gone)

    @step(place=_places, other=_places, how=st.sampled_from(_TRESPASSES))
    async def trespass(self, place: int, other: int, how: str) -> None:
        """What is nobody's right, and must not be let in."""
        if how == "token":
            await self.crew.register_with_used_token(place)
        elif how == "report":
            await self.docket.report_as(self._berth(place), 0, self._berth(other))
        else:
            await self.crew.knock(place, how, other)

    @precondition(lambda self: self.working)
    @step(place=_places)
    async def make(self, place: int) -> None:
        await self.docket.make(self._berth(place))

    @precondition(lambda self: self.working)
    @step(place=_places, which=_which, success=st.booleans())
    async def complete(self, place: int, which: int, success: bool) -> None:
        await self.docket.complete(self._berth(place), which, success=success)

    @precondition(lambda self: self.cancelling)
    @step(place=_places, which=_which)
    async def cancel(self, place: int, which: int) -> None:
        await self.docket.cancel(self._berth(place), which)

    @precondition(lambda self: self.streaming)
    @step(place=_places, how=st.sampled_from(["open", "close", "tear"]))
    async def stream(self, place: int, how: str) -> None:
        if how == "open":
            await self.docket.open(self._berth(place))
        else:
            await self.docket.hang_up(self._berth(place), politely=how == "close")

    @step(jobs=st.dictionaries(_places, st.tuples(_jobs, _skills, _usages, _which), min_size=2))
    async def together(self, jobs: dict[int, Any]) -> None:
        """Each agent has one job, and all of them are done at the same time."""
        await asyncio.gather(*(self._job(place, *job) for place, job in jobs.items()))

    def _job(
        self, place: int, job: str, skills: Any, usage: Any, which: int
    ) -> Coroutine[Any, Any, None]:
        berth = self._berth(place)
        match job:
            case "make" if self.working:
                return self.docket.make(berth)
            case "update":
                return self.crew.update(place, skills)
            case "complete" if self.working:
                return self.docket.complete(berth, which, success=True)
            case "remove":
                return self._remove(place)
            case "get":
                return self.sights.get(place)
            case _:
                return self.docket.fetch(berth, WAYS[which % 2], usage)

    @precondition(lambda self: self.leeway.has("advance"))
    @step(intervals=st.sampled_from(_SILENCES))
    async def say_nothing(self, intervals: float) -> None:
        """Time passes in silence: who is silent for long is offline."""
        longest = max((agent.interval for agent, _ in self.crew.agents), default=1.0)
        seconds = intervals * longest + (_BEYOND if intervals > 4 else 0)
        if await self.leeway.advance(seconds):
            self.crew.jumped(seconds)
            self.docket.live()
            await self.sights.settle()

    async def end(self) -> None:
        for place in range(_PLACES):
            await self.docket.fetch(self._berth(place), WAYS[place % 2], {"cpu": 7, "memory": 8})
            await self.crew.knock(place, "deleted", place)
        await self.sights.list({})
        for status in STATUSES:
            await self.sights.list({"status": status})
        self.docket.audit()

    async def tidy(self) -> None:
        await self.crew.tidy()
