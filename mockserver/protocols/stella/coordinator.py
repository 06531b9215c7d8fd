"""The orchestrator itself: its task streams, time, and what can be steered from outside."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from typing import Any, ClassVar

from mockserver.coordinator import (
    Accepted,
    Answer,
    Connection,
    Coordinator,
    Handshake,
    Heard,
    Settings,
    Wrong,
    commands,
)
from mockserver.protocols.stella import arguments
from mockserver.protocols.stella.registry import Agent
from mockserver.protocols.stella.service import REVOKED, Service
from mockserver.protocols.stella.tasks import Task
from mockserver.protocols.stella.work import work
from mockserver.world import World, iso
from schemas.spec import Protocol

__all__ = ["StellaCoordinator"]

_IGNORED = 100
"""Messages that went nowhere that are kept; older ones make room."""


class StellaCoordinator(Service):
    """Its API, and a stream for each agent that wants to hear of its tasks at once."""

    hooks: ClassVar = {
        "mint_token": ("mint", "/token"),
        "create_task": ("enqueue", "/taskId"),
        "cancel_task": ("cancel", ""),
        "assign_target": ("assign", ""),
    }

    def __init__(self, protocol: Protocol, world: World, settings: Settings | None = None) -> None:
        super().__init__(protocol, world, settings)
        self.ignored: deque[dict[str, Any]] = deque(maxlen=_IGNORED)

    # Streams

    def admit(self, handshake: Handshake) -> Accepted | Answer:
        """The stream of an agent is for the agent alone, as its other routes are."""
        agent_id = handshake.parameters["id"]
        refusal = self.gate.bar(agent_id, handshake.certificate, handshake.headers)
        if refusal is not None:
            return refusal
        agent = self.ledger.registry.get(agent_id)
        return Accepted(principal=agent.name if agent else "")

    def opened(self, connection: Connection, handshake: Handshake) -> None:
        """What waits for the agent is told it first."""
        agent = self.ledger.registry.get(handshake.parameters["id"])
        refusal = self.admit(handshake)
        if agent is None or isinstance(refusal, Answer):  # it was sent away in the meantime
            self.end(connection, REVOKED, "the agent may not be here any more")
            return
        self.streams.enter(connection, agent)
        for task in self.dialect.waiting(self.ledger.tasks, agent.id):
            self._assign(task, [connection])

    def closed(self, connection: Connection) -> None:
        self.streams.leave(connection)

    def hear(self, connection: Connection, heard: Heard) -> None:
        """Take one message. Nothing is ever acknowledged, and nothing answered with an error."""
        agent = self.streams.owner(connection)
        if agent is None:
            return
        reason = self._take(agent, heard)
        if reason:
            said = heard.data if isinstance(heard.data, dict) else {}
            self.ignored.append(
                {
                    "agentId": agent.id,
                    "type": said.get("type"),
                    "reason": reason,
                    "at": iso(self.world.clock.now()),
                }
            )

    def _take(self, agent: Agent, heard: Heard) -> str:
        """Keep what an agent tells of a task, or say why it is ignored."""
        if heard.wrong is Wrong.MALFORMED:
            return "it is not well-formed JSON"
        if heard.wrong is not None:
            return "; ".join(str(violation) for violation in heard.violations)
        if heard.message not in ("taskProgress", "taskLog"):
            return "its type is unknown"
        task = self.ledger.tasks.get(heard.data["taskId"], agent.id)
        if task is None:
            return "it is about none of the agent's tasks"
        told = {key: value for key, value in heard.data.items() if key not in ("type", "taskId")}
        told["at"] = iso(self.world.clock.now())
        if heard.message == "taskProgress":
            task.progress = told
        else:
            task.lines.append(told)
        return ""

    def _assign(self, task: Task, connections: list[Connection]) -> None:
        for connection in connections:
            self.say(connection, {"type": "task_assigned", "task": task.full()})
        if connections:
            self.ledger.tasks.deliver(task, "stream")

    # What people and tests may do from outside

    def enrol(self, name: str) -> Mapping[str, str]:
        """A token with which an agent of any name can register."""
        del name
        return {"token": self._mint(self.ledger.terms.token_lifetime)}

    @commands("mint")
    def mint(self, said: Mapping[str, Any]) -> Any:
        """A registration token: `{"ttl"?}` in seconds."""
        lifetime = self.ledger.terms.token_lifetime
        if "ttl" in said:
            lifetime = arguments.seconds(said, "ttl")
        return {"token": self._mint(lifetime)}

    def _mint(self, lifetime: float) -> str:
        return self.ledger.tokens.mint(self.ledger.world, lifetime).text

    @commands("enqueue")
    def enqueue(self, said: Mapping[str, Any]) -> Any:
        """Work for an agent: `{"agent", "task"}`, by id or name. For one offline, it waits."""
        agent = self._named(said)
        task = self.ledger.tasks.add(self.ledger.world, agent.id, work(said))
        self._assign(task, self.streams.of(agent.id))
        return {"taskId": task.id}

    @commands("cancel")
    def cancel(self, said: Mapping[str, Any]) -> Any:
        """Take a task back: `{"agent"?, "task"}`. Its agent is told on its streams."""
        agent_id = self._named(said).id if "agent" in said else ""
        task = self.ledger.tasks.get(arguments.text(said, "task"), agent_id)
        if task is None:
            raise ValueError(f'"task" is the id of a task, not {said["task"]!r}')
        self.ledger.tasks.cancel(task, self.world.clock.now())
        told = self.streams.of(task.agent_id)
        for connection in told:
            self.say(connection, {"type": "task_cancelled", "taskId": task.id})
        return {"taskId": task.id, "connections": len(told)}

    @commands("assign")
    def assign(self, said: Mapping[str, Any]) -> Any:
        """Give an agent a target: `{"agent", "target"}`, a text or an object."""
        agent, target = self._named(said), said.get("target")
        if not target or not isinstance(target, str | dict):
            raise TypeError(f'"target" is a name or an object, not {target!r}')
        agent.targets.append(target)
        return {"agentId": agent.id, "assignedTargets": agent.targets}

    @commands("configure")
    def configure(self, said: Mapping[str, Any]) -> Any:
        """Other terms for what is issued from now on; without any, those that hold are told."""
        self.ledger.terms = self.ledger.terms.changed(said)
        return self.ledger.terms.view()

    @commands("revoke")
    def revoke(self, said: Mapping[str, Any]) -> Any:
        """Make all credentials of an agent void, and end its streams: `{"agent"}`."""
        agent = self._named(said)
        self.ledger.revoke(agent)
        closed = self._hang_up(agent, "the credentials were revoked")
        return {"agentId": agent.id, "closed": closed}

    @commands("forget")
    def forget(self, said: Mapping[str, Any]) -> Any:
        """Lose an agent, as a database may: `{"agent"}`. Its credentials stay what they were."""
        agent = self._named(said)
        self.ledger.remove(agent)
        closed = self._hang_up(agent, "there is no such agent")
        return {"agentId": agent.id, "closed": closed}

    def _named(self, said: Mapping[str, Any]) -> Agent:
        return self.ledger.registry.find(said.get("agent"))

    def inherit(self, before: Coordinator) -> None:
        """Only streams, and what was ignored on them, end with a restart."""
        assert isinstance(before, StellaCoordinator)
        self._move_in(before.ledger)

    # Time, and what is seen from outside

    def due(self) -> float | None:
        return self.ledger.presence.due()

    def tick(self) -> None:
        self.ledger.presence.tick(self.world.clock.now())

    def state(self) -> dict[str, Any]:
        """No token, no key, no task's credentials: only what they are called and when they end."""
        ledger = self.ledger
        return {
            "agents": [self._view(agent) for agent in ledger.registry],
            "tokens": ledger.tokens.view(self.world.clock.now()),
            "tasks": [task.view() for task in ledger.tasks],
            "streams": self.streams.view(),
            "ignored": list(self.ignored),
            "terms": ledger.terms.view(),
        }

    def _view(self, agent: Agent) -> dict[str, Any]:
        current = self.ledger.certificates.current(agent.id)
        return {
            **agent.details(),
            "heartbeats": agent.heartbeats,
            "certificateExpiresAt": None if current is None else current.expires_at,
        }
