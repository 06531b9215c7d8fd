"""The half of the orchestrator that speaks HTTP: registration, lifecycle, heartbeats and tasks."""

from __future__ import annotations

from typing import Any

from mockserver.coordinator import Answer, Call, Coordinator, Refusal, Settings, handles
from mockserver.protocols.stella.answers import STATUS_OF, refused
from mockserver.protocols.stella.dialects import DIALECTS
from mockserver.protocols.stella.gate import Gate, unregistered
from mockserver.protocols.stella.ledger import Ledger
from mockserver.protocols.stella.registry import Agent
from mockserver.protocols.stella.streams import Streams
from mockserver.world import World
from schemas.spec import Protocol

__all__ = ["REVOKED", "Service"]

REVOKED = 1008
"""Policy violation: the code of RFC 6455 for who may no longer be here."""

_OF_AGENTS = frozenset({"sendHeartbeat", "getPendingTasks", "completeTask"})


class Service(Coordinator):
    """Each operation of the API, who may ask for it, and how refusals are worded."""

    def __init__(self, protocol: Protocol, world: World, settings: Settings | None = None) -> None:
        super().__init__(protocol, world, settings)
        self.dialect = DIALECTS[self.settings.dialect]
        self.streams = Streams()
        self._move_in(Ledger(world))

    def _move_in(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self.gate = Gate(ledger, tls=self.settings.tls)

    def guard(self, call: Call) -> Answer | None:
        """Nobody learns what is wrong with a body who may not send one."""
        if call.operation in _OF_AGENTS:
            return self.gate.bar(call.parameters["id"], call.certificate, call.headers)
        if call.operation == "registerAgent":
            return self._objection(call)
        return None

    # Registration

    @handles("registerAgent")
    def register_agent(self, call: Call) -> Answer:
        objection = self._objection(call)
        if objection is not None:
            return objection
        name = call.body["name"]
        if self.ledger.registry.named(name) is not None:
            return refused(409, f"there is an agent called {name} already")
        self.ledger.tokens.spend(_token(call), name)  # not before: a refusal costs nothing
        agent = self.ledger.register(call.body)
        return Answer(status=201, body=self.ledger.receipt(agent))

    def _objection(self, call: Call) -> Answer | None:
        objection = self.ledger.tokens.objection(_token(call), self.world.clock.now())
        return refused(401, objection) if objection else None

    # Lifecycle

    @handles("listAgents")
    def list_agents(self, call: Call) -> Answer:
        query = call.query
        found = self.ledger.registry.select(query.get("status", ""), query.get("capability", ""))
        return Answer(body=[agent.row() for agent in found])

    @handles("getAgent")
    def get_agent(self, call: Call) -> Answer:
        agent = self._agent(call)
        return unregistered() if agent is None else Answer(body=agent.details())

    @handles("updateAgent")
    def update_agent(self, call: Call) -> Answer:
        agent = self._agent(call)
        if agent is None:
            return unregistered()
        agent.update(call.body)
        return Answer(body=agent.details())

    @handles("deleteAgent")
    def delete_agent(self, call: Call) -> Answer:
        """An agent goes, and its credentials with it."""
        agent = self._agent(call)
        if agent is None:
            return unregistered()
        self.ledger.revoke(agent)
        self.ledger.remove(agent)
        self._hang_up(agent, "the agent was deleted")
        return Answer(body={"deleted": True})

    # Heartbeats and tasks

    @handles("sendHeartbeat")
    def send_heartbeat(self, call: Call) -> Answer:
        agent = self._agent(call)
        if agent is None:
            return unregistered()
        now = self.world.clock.now()
        agent.hear(call.body, now)
        self.ledger.presence.hear(agent, now)
        said: dict[str, Any] = {"tasks": self._hand_over(agent)}
        renewal = self.ledger.renewal(agent, call.certificate)
        if renewal is not None:
            said["certificateRenewal"] = renewal
        return Answer(body=said)

    def _hand_over(self, agent: Agent) -> list[dict[str, Any]]:
        waiting = self.dialect.waiting(self.ledger.tasks, agent.id)
        for task in waiting:
            self.ledger.tasks.deliver(task, "heartbeat")
        return [task.full() for task in waiting]

    @handles("getPendingTasks")
    def get_pending_tasks(self, call: Call) -> Answer:
        waiting = self.dialect.waiting(self.ledger.tasks, call.parameters["id"])
        return Answer(body={"tasks": [task.brief() for task in waiting]})

    @handles("completeTask")
    def complete_task(self, call: Call) -> Answer:
        task = self.ledger.tasks.get(call.parameters["taskId"], call.parameters["id"])
        if task is None:
            return refused(404, "this agent has no such task")
        self.ledger.tasks.complete(task, call.body, self.world.clock.now())
        return Answer(body={"acknowledged": True})

    # What they share

    def _agent(self, call: Call) -> Agent | None:
        return self.ledger.registry.get(call.parameters["id"])

    def _hang_up(self, agent: Agent, reason: str) -> list[int]:
        """End its streams, and return which."""
        own = self.streams.of(agent.id)
        for connection in own:
            self.end(connection, REVOKED, reason)
            self.streams.leave(connection)  # it is nobody's from now on, whenever it ends
        return [connection.number for connection in own]

    # How it words what goes wrong

    def refuse(self, refusal: Refusal) -> Answer:
        reasons = "; ".join(str(violation) for violation in refusal.violations)
        headers = {"Allow": ", ".join(refusal.allowed)} if refusal.allowed else {}
        return refused(STATUS_OF[refusal.wrong], reasons or refusal.wrong.value, headers)

    def failure(self, status: int, reason: str, operation: str = "") -> Answer:
        del operation  # every failure is worded alike
        return refused(status, reason)


def _token(call: Call) -> str:
    return call.headers.get("X-Agent-Token", "")
