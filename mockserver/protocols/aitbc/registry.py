"""Who is registered, in what state, and how loaded."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from mockserver.world import iso

__all__ = ["STALE_AFTER", "Agent", "Registry"]

STALE_AFTER = 90.0
"""Seconds without a sign of life after which an agent counts as stale. The document gives none."""

_NO_LOAD = {"active_connections": 0, "pending_tasks": 0, "cpu_usage": 0.0, "memory_usage": 0.0}


@dataclass(slots=True, kw_only=True)
class Agent:
    """One registered agent. Times are seconds since 1970."""

    agent_id: str
    agent_type: str
    capabilities: list[str]
    services: list[str]
    endpoints: dict[str, str]
    metadata: dict[str, Any]
    registered: float
    heard: float
    status: str = "active"
    load: dict[str, float] = field(default_factory=lambda: dict(_NO_LOAD))
    running: int = 0
    """Tasks that were assigned to it and are not done."""

    @property
    def connections(self) -> float:
        """What least-connections goes by: what the agent reports, and what it was given."""
        return self.load.get("active_connections", 0) + self.running

    def health(self) -> float:
        """From 0.0 to 1.0: full for an idle agent, half of it for freshness, half for headroom."""
        strain = max(self.load.get("cpu_usage", 0.0), self.load.get("memory_usage", 0.0))
        headroom = 1.0 - min(max(strain, 0.0), 1.0)
        alive = 0.0 if self.status == "stale" else 1.0
        return round(0.5 * alive + 0.5 * headroom, 3)

    def view(self) -> dict[str, Any]:
        """As the API shows it. Version and tags come from the metadata."""
        version, tags = self.metadata.get("version"), self.metadata.get("tags")
        return {
            "agent_id": self.agent_id,
            "agent_type": self.agent_type,
            "status": self.status,
            "capabilities": self.capabilities,
            "services": self.services,
            "endpoints": self.endpoints,
            "metadata": self.metadata,
            "last_heartbeat": iso(self.heard),
            "registration_time": iso(self.registered),
            "load_metrics": self.load,
            "health_score": self.health(),
            "version": version if isinstance(version, str) else "1.0.0",
            "tags": tags if _are_strings(tags) else [],
        }


class Registry:
    """The agents by id, in the order of their registration."""

    def __init__(self) -> None:
        self._agents: dict[str, Agent] = {}
        self._oldest: float | None = None  # nobody was last heard of before; kept lazily

    def __iter__(self) -> Iterator[Agent]:
        return iter(self._agents.values())

    def __len__(self) -> int:
        return len(self._agents)

    def get(self, agent_id: str) -> Agent | None:
        return self._agents.get(agent_id)

    def register(self, said: Mapping[str, Any], now: float) -> Agent:
        """Take an agent in, or anew: a second registration replaces the first."""
        agent = Agent(
            agent_id=said["agent_id"],
            agent_type=said["agent_type"],
            capabilities=said.get("capabilities", []),
            services=said.get("services", []),
            endpoints=said.get("endpoints", {}),
            metadata=said.get("metadata", {}),
            registered=now,
            heard=now,
        )
        previous = self._agents.pop(agent.agent_id, None)
        if previous is not None:
            agent.running = previous.running  # its tasks are still its own
        self._agents[agent.agent_id] = agent
        self.hear(agent, now)
        return agent

    def hear(self, agent: Agent, now: float) -> None:
        """Note a sign of life."""
        agent.heard = now
        self._oldest = now if self._oldest is None else self._oldest

    def find(self, query: Mapping[str, Any]) -> list[Agent]:
        """The agents that pass every filter given; capabilities and services must all be there."""
        return [agent for agent in self if _passes(agent, query)]

    def active(self) -> list[Agent]:
        return [agent for agent in self if agent.status == "active"]

    def next_stale(self) -> float | None:
        """No agent turns stale before this (seconds since 1970), or `None` for never."""
        return None if self._oldest is None else self._oldest + STALE_AFTER

    def mark_stale(self, now: float) -> list[Agent]:
        """Marks those that were silent for too long, and returns them."""
        lost = [agent for agent in self._listened() if agent.heard + STALE_AFTER <= now]
        for agent in lost:
            agent.status = "stale"
        self._oldest = min((agent.heard for agent in self._listened()), default=None)
        return lost

    def _listened(self) -> Iterable[Agent]:
        return (agent for agent in self if agent.status in ("active", "busy"))


def _passes(agent: Agent, query: Mapping[str, Any]) -> bool:
    return (
        query.get("status", agent.status) == agent.status
        and query.get("agent_type", agent.agent_type) == agent.agent_type
        and set(query.get("capabilities", ())) <= set(agent.capabilities)
        and set(query.get("services", ())) <= set(agent.services)
    )


def _are_strings(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)
