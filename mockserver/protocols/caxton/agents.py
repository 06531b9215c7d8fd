"""The agents that are hosted, and what they use of the host while they live."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from mockserver.protocols.caxton.agenda import Appointment
from mockserver.protocols.caxton.answers import RefusedError
from mockserver.protocols.caxton.sizes import bytes_of, memory_text, millicores
from mockserver.world import World, iso

__all__ = ["Agent", "Agents", "Handled", "Resources", "Temper"]

_REMEMBERED = 10_000
"""Handled messages, and failures, of an agent that are remembered one by one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Resources:
    """What an agent may use at most, as it was asked for."""

    memory: str = "128MB"
    cpu: str | float = "100000"

    def changed(self, said: Mapping[str, Any]) -> Resources:
        """Others. Raises `RefusedError` for amounts that are none."""
        memory, cpu = said.get("memory") or self.memory, said.get("cpu") or self.cpu
        bytes_of(memory), millicores(cpu)
        return Resources(memory=memory, cpu=cpu)


@dataclass(frozen=True, slots=True, kw_only=True)
class Temper:
    """What makes an agent this one: shares of its limits in use, its pace and its skill."""

    memory: float
    cpu: float
    phase: float
    latency_ms: float
    score: float

    @classmethod
    def drawn(cls, world: World) -> Temper:
        chance = world.random
        return cls(
            memory=chance.uniform(0.3, 0.6),
            cpu=chance.uniform(0.05, 0.3),
            phase=chance.uniform(0, 2 * math.pi),
            latency_ms=chance.uniform(6, 18),
            score=chance.uniform(0.86, 0.99),
        )


@dataclass(frozen=True, slots=True)
class Handled:
    """A message that an agent took: when (seconds since 1970), and how long it took (ms)."""

    at: float
    latency: float


@dataclass(eq=False, slots=True, kw_only=True)
class Agent:
    """One agent. Times are seconds since 1970; `spawn` and `grace` are seconds."""

    id: str
    name: str
    version: str
    module: int
    """Bytes of its module."""
    resources: Resources
    temper: Temper
    created: float
    deployed: float
    strategy: str
    deployment_id: str = ""
    environment: Mapping[str, str] = field(default_factory=dict)
    capabilities: Sequence[str] = ()
    state: str = "unloaded"
    timer: Appointment | None = None
    spawn: float = 0.0
    grace: float = 0.0
    spawn_ms: float = 0.0
    started: float | None = None
    ended: float | None = None
    processed: int = 0
    failed: int = 0
    handled: deque[Handled] = field(default_factory=lambda: deque(maxlen=_REMEMBERED))
    failures: deque[tuple[float, str]] = field(default_factory=lambda: deque(maxlen=_REMEMBERED))
    waiting: dict[str, Appointment] = field(default_factory=dict)
    """What it is working on: answers that it owes, by the id of the message."""
    busy_until: float = 0.0
    script: deque[Mapping[str, Any]] = field(default_factory=deque)
    """What it was told to answer next."""
    silent: bool = False

    @property
    def is_running(self) -> bool:
        return self.state == "running"

    @property
    def works(self) -> bool:
        return self.state in ("running", "draining")

    def uptime(self, now: float) -> float:
        if self.started is None:
            return 0.0
        return round(max(0.0, (self.ended or now) - self.started), 3)

    # What it uses

    def _wave(self, now: float) -> float:
        return math.sin(now / 60 + self.temper.phase)

    def memory(self, now: float) -> float:
        """Bytes in use: a share of the limit that swings slowly, and more with work at hand."""
        if not self.works:
            return 0.0
        share = self.temper.memory + 0.05 * self._wave(now) + 0.01 * min(20, len(self.waiting))
        return min(0.95, share) * bytes_of(self.resources.memory)

    def cpu(self, now: float) -> float:
        """The share of its CPU in use, 0 to 1."""
        if not self.works:
            return 0.0
        share = self.temper.cpu + 0.04 * self._wave(now) + 0.05 * min(10, len(self.waiting))
        return round(min(1.0, share), 3)

    @property
    def memory_peak(self) -> float:
        return min(0.95, self.temper.memory + 0.25) * bytes_of(self.resources.memory)

    @property
    def cpu_peak(self) -> float:
        return round(min(1.0, self.temper.cpu + 0.55), 3)

    # What it did

    def take(self, at: float, latency: float) -> None:
        self.processed += 1
        self.handled.append(Handled(at, latency))

    def fail(self, at: float, reason: str, count: int = 1) -> None:
        self.failed += count
        self.failures.extend([(at, reason)] * min(count, _REMEMBERED))

    def drop_work(self, at: float, reason: str) -> None:
        """What it is working on comes to nothing."""
        for appointment in self.waiting.values():
            appointment.call_off()
        self.fail(at, reason, len(self.waiting))
        self.waiting.clear()

    def latency(self, since: float = 0.0) -> float | None:
        """Mean, in ms, of what it handled since then; `None` where that is nothing."""
        told = [each.latency for each in self.handled if each.at >= since]
        return round(sum(told) / len(told), 2) if told else None

    # How it is shown

    def entry(self, now: float) -> dict[str, Any]:
        """As lists show it."""
        return {
            "agent_id": self.id,
            "name": self.name,
            "status": self.state,
            "created_at": iso(self.created),
            "resources": {"memory_used": memory_text(self.memory(now)), "cpu_usage": self.cpu(now)},
        }

    def details(self, now: float) -> dict[str, Any]:
        cpu = self.cpu(now) * millicores(self.resources.cpu)
        return {
            "agent_id": self.id,
            "name": self.name,
            "status": self.state,
            "version": self.version,
            "deployment": {
                "strategy": self.strategy,
                "deployed_at": iso(self.deployed),
                "deployed_by": "operator@caxton.local",
            },
            "resources": {
                "limits": {"memory": self.resources.memory, "cpu": self.resources.cpu},
                "usage": {"memory": memory_text(self.memory(now)), "cpu": f"{int(cpu)}m"},
            },
            "metrics": {
                "messages_processed": self.processed,
                "messages_failed": self.failed,
                "average_latency_ms": self.latency() or 0.0,
                "uptime_seconds": self.uptime(now),
            },
        }

    def view(self, now: float) -> dict[str, Any]:
        return {
            **self.details(now),
            "capabilities": list(self.capabilities),
            "environment": dict(self.environment),
            "score": round(self.temper.score, 3),
            "working_on": len(self.waiting),
            "silent": self.silent,
            "scripted": len(self.script),
        }


class Agents:
    """Those that are in the system, in the order in which they came; a name is there only once."""

    def __init__(self) -> None:
        self._by_id: dict[str, Agent] = {}
        self._by_name: dict[str, Agent] = {}

    def __iter__(self) -> Iterator[Agent]:
        return iter(list(self._by_id.values()))

    def get(self, agent_id: str) -> Agent | None:
        return self._by_id.get(agent_id)

    def known(self, agent_id: str, now: float) -> Agent:
        """Raises `RefusedError` where there is none of that id."""
        agent = self._by_id.get(agent_id)
        if agent is None:
            raise RefusedError(
                "AGENT_NOT_FOUND",
                f"there is no agent with the id {agent_id!r}",
                agent_id=agent_id,
                searched_at=iso(now),
            )
        return agent

    def find(self, wanted: Any) -> Agent:
        """By id or name, for commands. Raises `ValueError` where there is none."""
        agent = None
        if isinstance(wanted, str):
            agent = self._by_id.get(wanted) or self._by_name.get(wanted)
        if agent is None:
            raise ValueError(f'"agent" is the id or name of an agent, not {wanted!r}')
        return agent

    def claim(self, name: str, own: Agent | None = None) -> None:
        """Raises `RefusedError` where the name is another agent's."""
        other = self._by_name.get(name)
        if other is not None and other is not own:
            raise RefusedError(
                "AGENT_ALREADY_EXISTS",
                f"the name {name!r} is in use",
                name=name,
                agent_id=other.id,
            )

    def add(self, agent: Agent) -> None:
        self._by_id[agent.id] = self._by_name[agent.name] = agent

    def rename(self, agent: Agent, name: str) -> None:
        del self._by_name[agent.name]
        agent.name = name
        self._by_name[name] = agent

    def remove(self, agent: Agent) -> None:
        """Its name is free again."""
        del self._by_id[agent.id], self._by_name[agent.name]

    def of_state(self, state: str) -> list[Agent]:
        return [agent for agent in self._by_id.values() if state in ("", agent.state)]
