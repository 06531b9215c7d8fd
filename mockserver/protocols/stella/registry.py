"""Who is registered, and what each agent has told of itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from mockserver.world import iso

__all__ = ["Agent", "Registry"]


@dataclass(eq=False, slots=True, kw_only=True)
class Agent:
    """One registered agent. Times are seconds since 1970, `deadline` is when it counts as offline.

    `config` is what it was told at registration: a later change of the terms does not reach it.
    """

    id: str
    name: str
    version: str
    capabilities: list[str]
    labels: dict[str, Any]
    config: Mapping[str, Any]
    registered: float
    status: str = "online"
    health: str = ""
    """What its last heartbeat said of its status, in its own words."""
    heard: float | None = None
    deadline: float = 0.0
    usage: dict[str, Any] | None = None
    running: Any = None
    heartbeats: int = 0
    targets: list[Any] = field(default_factory=list)

    def hear(self, said: Mapping[str, Any], now: float) -> None:
        """A heartbeat. What it leaves out stays as it was."""
        self.heard = now
        self.heartbeats += 1
        self.health = said.get("status", self.health)
        self.usage = said.get("resourceUsage", self.usage)
        self.running = said.get("runningTasks", self.running)
        self.capabilities = said.get("capabilities", self.capabilities)
        self.status = "online" if self.health in ("", "healthy") else "degraded"

    def update(self, said: Mapping[str, Any]) -> None:
        """A field that is given replaces the old one as a whole; the others stay."""
        self.labels = said.get("labels", self.labels)
        self.capabilities = said.get("capabilities", self.capabilities)

    def row(self) -> dict[str, Any]:
        """As it is listed. Before the first heartbeat nothing is known that it would tell."""
        known: dict[str, Any] = {
            "id": self.id,
            "name": self.name,
            "version": self.version,
            "status": self.status,
            "capabilities": self.capabilities,
        }
        if self.heard is not None:
            known["lastHeartbeat"] = iso(self.heard)
        if self.usage is not None:
            known["resourceUsage"] = self.usage
        return known

    def details(self) -> dict[str, Any]:
        """In full, "including assigned targets"."""
        known = {**self.row(), "labels": self.labels, "registeredAt": iso(self.registered)}
        if self.health:
            known["health"] = self.health
        if self.running is not None:
            known["runningTasks"] = self.running
        return {**known, "config": dict(self.config), "assignedTargets": self.targets}


class Registry:
    """The agents by id and by name, in the order of their registration."""

    def __init__(self) -> None:
        self._by_id: dict[str, Agent] = {}
        self._by_name: dict[str, Agent] = {}

    def __iter__(self) -> Iterator[Agent]:
        return iter(self._by_id.values())

    def get(self, agent_id: str) -> Agent | None:
        return self._by_id.get(agent_id)

    def named(self, name: str) -> Agent | None:
        return self._by_name.get(name)

    def find(self, who: Any) -> Agent:
        """By id or name, as a command gives it. Raises `ValueError` for nobody."""
        found = None
        if isinstance(who, str):
            found = self._by_id.get(who) or self._by_name.get(who)
        if found is None:
            raise ValueError(f'"agent" is the id or the name of an agent, not {who!r}')
        return found

    def select(self, status: str = "", capability: str = "") -> list[Agent]:
        """Those that pass each filter that is given."""
        return [
            agent
            for agent in self
            if status in ("", agent.status) and (not capability or capability in agent.capabilities)
        ]

    def add(self, agent: Agent) -> None:
        self._by_id[agent.id] = self._by_name[agent.name] = agent

    def remove(self, agent: Agent) -> None:
        """Its name is free again."""
        del self._by_id[agent.id], self._by_name[agent.name]
