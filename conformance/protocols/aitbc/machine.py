"""Everything that agents and clients do with an AITBC coordinator, in any order and at once."""

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
from conformance.protocols.aitbc.desk import Desk
from conformance.protocols.aitbc.dialogue import PRIORITIES, STATUSES, TYPES, Dialogue
from conformance.protocols.aitbc.model import LOADS
from conformance.protocols.aitbc.registry import Registry
from conformance.protocols.aitbc.sights import Sights

__all__ = ["AitbcMachine"]

_PLACES = 3
"""Agents of one case: enough to be mixed up. The last one is nobody at first."""

_WORDS = ("red", "blue", "green")

_PAUSE = 2.0
"""Seconds that pass at once: every clock has moved by then."""

_LONG = 5.0
"""Seconds of our own time after which an agent may be taken for silent."""

_CONNECTIONS = 8
"""More than this client keeps open: a coordinator that restarts may end them."""

_places = st.integers(0, _PLACES - 1)
_kinds = st.integers(0, len(TYPES) - 1)
_words = st.lists(st.sampled_from(_WORDS), unique=True, max_size=2)
_measures = {
    name: st.sampled_from((0, 0.25, 0.5, 1)) if "usage" in name else st.integers(0, 90)
    for name in LOADS
}
_loads = st.fixed_dictionaries({}, optional=_measures)
_tellings = st.tuples(st.sampled_from(STATUSES), st.none() | _loads)
_wanted = st.lists(st.sampled_from(_WORDS), unique=True, min_size=1, max_size=2)
_filters = st.fixed_dictionaries(
    {},
    optional={
        "status": st.sampled_from(STATUSES),
        "agent_type": st.sampled_from(TYPES),
        "capabilities": _wanted,
        "services": _wanted,
    },
)
_errands = st.sampled_from(["submit", "submit wrongly", "clear", "count"])
_jobs = st.sampled_from(["register", "register twice", "update", "update twice", "beat", "look"])


class AitbcMachine(Machine):
    """Agents come, come again, report and are looked for; tasks are submitted beside them."""

    def __init__(
        self,
        explorer: Explorer,
        case: Case,
        *,
        aitbc: Dialogue,
        leeway: Leeway,
        claimed: Collection[str],
    ) -> None:
        super().__init__(explorer, case)
        aitbc.peer.see = case.see
        self.claimed = claimed
        self.leeway = leeway
        self.aitbc = aitbc
        self.registry = Registry(aitbc, case, places=_PLACES, claimed=claimed)
        self.sights = Sights(self.registry)
        self.desk = Desk(aitbc, case.judge)

    async def begin(self) -> None:
        """There are agents from the start, alike in some ways: orders of steps are what counts."""
        for place in range(_PLACES - 1):
            await self.registry.register(self.registry.body(place, 0, _WORDS[: place + 1], []))

    def _passes(self) -> None:
        """Our own time passes as well, and on a slow machine it may be long."""
        if self.leeway.lagged(_LONG):
            self.registry.model.waits(0)

    @step(place=_places, kind=_kinds, capabilities=_words, services=_words)
    async def register(
        self, place: int, kind: int, capabilities: list[str], services: list[str]
    ) -> None:
        await self.registry.register(self.registry.body(place, kind, capabilities, services))

    @step(place=_places, told=_tellings)
    async def update(self, place: int, told: Any) -> None:
        await self.registry.update(place, told)

    @step(place=_places, what=st.sampled_from(["no type", "no status", "no such status"]))
    async def say_wrongly(self, place: int, what: str) -> None:
        """What is to be refused, and must leave everything as it was."""
        if what == "no type":
            await self.registry.register_wrongly(self.registry.body(place, 0, [], []))
        else:
            await self.registry.update_wrongly(place, what)

    @precondition(lambda self: "heartbeat" in self.claimed)
    @step(place=_places)
    async def beat(self, place: int) -> None:
        await self.registry.beat(place)

    @step(place=_places)
    async def look(self, place: int) -> None:
        self._passes()
        await self.sights.look(place)

    @step(filters=_filters)
    async def search(self, filters: dict[str, Any]) -> None:
        self._passes()
        own = {
            name: self.registry.words(value) if isinstance(value, list) else value
            for name, value in filters.items()
        }
        await self.sights.search(own)

    @step(jobs=st.dictionaries(_places, st.tuples(_jobs, _kinds, _tellings, _tellings), min_size=2))
    async def together(self, jobs: dict[int, Any]) -> None:
        """Each agent has one job, and all of them are done at the same time."""
        await asyncio.gather(*(self._job(place, *job) for place, job in jobs.items()))

    def _job(
        self, place: int, job: str, kind: int, first: Any, second: Any
    ) -> Coroutine[Any, Any, None]:
        body = self.registry.body(place, kind, _WORDS[:kind], _WORDS[kind:])
        match job:
            case "register":
                return self.registry.register(body)
            case "register twice":
                other = self.registry.body(place, kind + 1, _WORDS[1:], [])
                return self.registry.register(body, other)
            case "update":
                return self.registry.update(place, first)
            case "update twice":
                return self.registry.update(place, first, second)
            case "beat" if "heartbeat" in self.claimed:
                return self.registry.beat(place)
            case _:
                return self.sights.look(place)

    @precondition(lambda self: "tasks" in self.claimed)
    @step(priority=st.sampled_from(PRIORITIES), what=_errands)
    async def work(self, priority: str, what: str) -> None:
        match what:
            case "submit":
                await self.desk.submit(priority)
            case "submit wrongly":
                await self.desk.submit_wrongly()
            case "clear" if "queues" in self.claimed:
                await self.desk.clear(priority)
            case _:
                await self.desk.look()

    @precondition(lambda self: self.leeway.has("advance", "restart"))
    @step(what=st.sampled_from(["advance", "restart"]))
    async def befall(self, what: str) -> None:
        """What happens to a coordinator beside all that is said to it."""
        if what == "advance" and await self.leeway.advance(_PAUSE):
            self.registry.model.waits(_PAUSE)
        if what == "restart" and await self.leeway.restart():
            self.registry.model.restarts()
            self.desk.restarts()
            await self._connect_anew()

    async def _connect_anew(self) -> None:
        """Connections that were kept may have ended with it: that is no fault."""
        call = self.aitbc.peer.call
        await asyncio.gather(*(call("getHealth", lawful=False) for _ in range(_CONNECTIONS)))

    async def end(self) -> None:
        self._passes()
        await self.sights.audit()
