"""What an AITBC coordinator may show of agents after all that it was told, in every order.

Where the document leaves a reading open, all that it allows is held to be possible, until an answer
shows which of them it is. What is shown once stays until something is said that may change it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Any

__all__ = ["FIELDS", "LOADS", "AgentModel", "Found", "Model", "fits"]

FIELDS = {
    "agent_type": "AITBC-GET-024",
    "capabilities": "AITBC-GET-025",
    "services": "AITBC-GET-026",
    "endpoints": "AITBC-GET-027",
    "metadata": "AITBC-GET-028",
}
"""What an agent registers of itself, and which requirement has it shown where it is asked for."""

LOADS = ("active_connections", "pending_tasks", "cpu_usage", "memory_usage")

_SILENT = frozenset({"stale", "inactive"})
"""What a coordinator may make of an agent that it does not hear of."""

_TICK = 2.0
"""Seconds after which every clock has moved, also one that tells whole seconds."""


@dataclass(slots=True, kw_only=True)
class AgentModel:
    """What may be shown of one agent; `None` stands for whatever the schemas allow.

    `registered` and `heard` are the times that it showed, the latter `seen` at that second of the
    case's time. `moved` says that `heard` must be earlier than what is shown now. `sure` says that
    it must be there: a coordinator that was restarted may have forgotten it.
    """

    agent_id: str
    held: dict[str, list[Any]]
    status: frozenset[str] | None = None
    load: dict[str, tuple[float, ...]] = field(default_factory=dict)
    registered: Any = None
    heard: Any = None
    seen: float = 0.0
    moved: bool = False
    sure: bool = True

    def registers(self, body: Mapping[str, Any]) -> None:
        """Again: it is taken anew, left as it was, or both are put together."""
        for name in FIELDS:
            for value in list(self.held[name]):
                _add(self.held[name], _both(value, body[name]))
            _add(self.held[name], body[name])
        self.forget()

    def forget(self) -> None:
        """Nothing is certain of it but what it registered."""
        self.status, self.load = None, {}
        self.registered = self.heard = None
        self.moved = False

    def updates(self, status: str, load: Mapping[str, float] | None) -> None:
        """Metrics that are not told may stay or go: coordinators merge or replace."""
        self.updates_at_once([(status, load)])

    def updates_at_once(self, told: Sequence[tuple[str, Mapping[str, float] | None]]) -> None:
        """Of several updates at the same time nobody can say which is the last. A heartbeat may
        have come with them.
        """
        self.status = frozenset(status for status, _ in told)
        if len(told) > 1:
            self.status |= {"active"}
        loads = [load or {} for _, load in told]
        names = [name for name in loads[0] if all(name in load for load in loads)]
        self.load = {name: tuple(load[name] for load in loads) for name in names}
        self._hears()

    def beats(self, now: float) -> None:
        """A heartbeat: it may wake an agent up."""
        if self.status is not None:
            self.status |= {"active"}
        if self.heard is not None and now - self.seen >= _TICK:
            self.moved = True
        self._hears()

    def _hears(self) -> None:
        """Something that may be a sign of life."""
        if not self.moved:
            self.heard = None

    def waits(self) -> None:
        """Time passes."""
        if self.status is not None:
            self.status |= _SILENT

    def learns(self, shown: Mapping[str, Any], now: float) -> None:
        """It was shown like this: what was possible beside that is not any more."""
        for name in FIELDS:
            self.held[name] = [each for each in self.held[name] if fits(shown.get(name), each)][:1]
        if self.status is not None:
            self.status = frozenset({shown["status"]})
        told = shown["load_metrics"]
        self.load = {name: (told[name],) for name in self.load}
        self.registered = shown["registration_time"]
        self.heard = shown["last_heartbeat"]
        self.seen, self.moved, self.sure = now, False, True


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One lawful answer to a search: who must be in it, and who may."""

    must: frozenset[str]
    may: frozenset[str]

    def allows(self, found: Collection[str]) -> bool:
        return self.must <= set(found) <= self.may


class Model:
    """All agents of one conversation by their ids, and the seconds that were let pass in it.

    Of ids that are `wild` nothing is certain: what should have been refused was taken.
    """

    def __init__(self) -> None:
        self.agents: dict[str, AgentModel] = {}
        self.wild: set[str] = set()
        self.now = 0.0

    def sure(self, agent_id: str) -> AgentModel | None:
        """The agent, where it must be there."""
        agent = self.agents.get(agent_id)
        return agent if agent is not None and agent.sure else None

    def mentions(self, agent_id: str) -> bool:
        """May anything be known of it?"""
        return agent_id in self.agents or agent_id in self.wild

    def registers(self, body: Mapping[str, Any]) -> None:
        """A registration was taken."""
        agent_id = body["agent_id"]
        known = self.agents.get(agent_id)
        if known is not None:
            known.registers(body)
            known.sure = True
        elif agent_id not in self.wild:
            held = {name: [body[name]] for name in FIELDS}
            self.agents[agent_id] = AgentModel(agent_id=agent_id, held=held)

    def mixes(self, agent_id: str, bodies: Iterable[Mapping[str, Any]]) -> None:
        """It was registered with these at the same time, whatever came of each."""
        agent = self.agents.get(agent_id)
        if agent is not None:
            for body in bodies:
                agent.registers(body)

    def loses(self, agent_id: str) -> None:
        """Nothing is certain of it any more, not even whether it is there."""
        self.agents.pop(agent_id, None)
        self.wild.add(agent_id)

    def restarts(self) -> None:
        """Whether a coordinator remembers its agents then is unsaid."""
        for agent in self.agents.values():
            agent.sure = False
            agent.forget()

    def waits(self, seconds: float) -> None:
        self.now += seconds
        for agent in self.agents.values():
            agent.waits()

    def searches(self, filters: Mapping[str, Any]) -> list[Found]:
        """The lawful answers, by what several items in one filter may ask for."""
        return [
            self._found(filters, {"capabilities": capabilities, "services": services})
            for capabilities, services in product((all, any), repeat=2)
        ]

    def _found(self, filters: Mapping[str, Any], needs: Mapping[str, Any]) -> Found:
        must: set[str] = set()
        may = set(self.wild)
        for agent in self.agents.values():
            words = list(_passes(agent, filters, needs))
            if all(can for _, can in words):
                may.add(agent.agent_id)
            if agent.sure and all(surely for surely, _ in words):
                must.add(agent.agent_id)
        return Found(must=frozenset(must), may=frozenset(may))


def _passes(
    agent: AgentModel, filters: Mapping[str, Any], needs: Mapping[str, Any]
) -> Iterator[tuple[bool, bool]]:
    """For each filter: does it surely pass, and can it?"""
    for name, wanted in filters.items():
        if name == "status":
            yield (
                agent.status == frozenset({wanted}),
                agent.status is None or wanted in agent.status,
            )
            continue
        fine = [
            needs[name](item in value for item in wanted) if name in needs else value == wanted
            for value in agent.held[name]
        ]
        yield all(fine), any(fine)


def fits(shown: Any, value: Any) -> bool:
    """Does it show that value? Lists in any order; to a map a coordinator may add of its own."""
    if isinstance(value, Mapping):
        there = isinstance(shown, Mapping)
        return there and all(name in shown and shown[name] == value[name] for name in value)
    if isinstance(value, list):
        return isinstance(shown, list) and sorted(map(str, shown)) == sorted(map(str, value))
    return bool(shown == value)


def _both(one: Any, other: Any) -> Any:
    """Two values put together, where that makes sense."""
    if isinstance(one, Mapping):
        return {**one, **other}
    if isinstance(one, list):
        return [*one, *(item for item in other if item not in one)]
    return other


def _add(values: list[Any], value: Any) -> None:
    if value not in values:
        values.append(value)
