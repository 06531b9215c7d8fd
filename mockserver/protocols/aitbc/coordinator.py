"""The AITBC coordinator itself: each operation of its API, and how it words a refusal."""

from __future__ import annotations

from typing import Any

from mockserver.coordinator import Answer, Call, Coordinator, Refusal, Settings, Wrong, handles
from mockserver.pages import documentation_page
from mockserver.protocols.aitbc.distribution import Distributor
from mockserver.protocols.aitbc.registry import Registry
from mockserver.world import World, iso
from schemas.spec import Protocol

__all__ = ["AitbcCoordinator"]

_STATUS_OF = {
    Wrong.UNKNOWN_PATH: 404,
    Wrong.UNKNOWN_METHOD: 405,
    Wrong.MALFORMED: 422,
    Wrong.INVALID: 422,
    Wrong.TOO_LARGE: 413,
    Wrong.GARBLED: 400,
}

_FAILURES = {
    "registerAgent": "Failed to register agent: ",
    "discoverAgents": "Error discovering agents: ",
    "getAgent": "Error getting agent: ",
    "updateAgentStatus": "Error updating agent status: ",
    "submitTask": "Error submitting task: ",
    "getTaskStatus": "Error getting task status: ",
}


class AitbcCoordinator(Coordinator):
    """A registry and a distributor on one clock. Reads each silence in the most natural way."""

    def __init__(self, protocol: Protocol, world: World, settings: Settings | None = None) -> None:
        super().__init__(protocol, world, settings)
        self.registry = Registry()
        self.distributor = Distributor(self.registry, world)

    # Agents

    @handles("registerAgent")
    def register_agent(self, call: Call) -> Answer:
        now = self.world.clock.now()
        agent = self.registry.register(call.body, now)
        self.distributor.distribute(now)
        return _success(
            message=f"Agent {agent.agent_id} registered successfully",
            agent_id=agent.agent_id,
            registered_at=iso(now),
        )

    @handles("discoverAgents")
    def discover_agents(self, call: Call) -> Answer:
        query = {} if call.bare else call.body
        found = self.registry.find(query)
        return _success(
            query=query,
            agents=[agent.view() for agent in found],
            count=len(found),
            timestamp=self._now(),
        )

    @handles("getAgent")
    def get_agent(self, call: Call) -> Answer:
        agent = self.registry.get(call.parameters["agent_id"])
        if agent is None:
            return _error(404, "Agent not found")
        return _success(agent=agent.view(), timestamp=self._now())

    @handles("updateAgentStatus")
    def update_agent_status(self, call: Call) -> Answer:
        agent = self.registry.get(call.parameters["agent_id"])
        if agent is None:
            return _error(404, "Agent not found")
        now = self.world.clock.now()
        agent.status = call.body["status"]
        agent.load.update(call.body.get("load_metrics", {}))
        if agent.status != "stale":
            self.registry.hear(agent, now)  # who tells of itself is alive
        self.distributor.distribute(now)
        return _success(
            message=f"Agent {agent.agent_id} status updated",
            agent_id=agent.agent_id,
            new_status=agent.status,
            updated_at=iso(now),
        )

    @handles("sendHeartbeat")
    def send_heartbeat(self, call: Call) -> Answer:
        agent = self.registry.get(call.parameters["agent_id"])
        if agent is None:
            return _error(404, "Agent not found")
        now = self.world.clock.now()
        self.registry.hear(agent, now)
        if agent.status == "stale":
            agent.status = "active"
            self.distributor.distribute(now)
        return _success(
            message=f"Heartbeat of {agent.agent_id} received",
            agent_id=agent.agent_id,
            heartbeat_at=iso(now),
        )

    # Tasks

    @handles("submitTask")
    def submit_task(self, call: Call) -> Answer:
        task = self.distributor.submit(call.body, self.world.clock.now())
        return _success(
            message="Task submitted successfully",
            task_id=task.task_id,
            priority=task.priority,
            submitted_at=iso(task.submitted),
        )

    @handles("getTaskStatus")
    def get_task_status(self, _: Call) -> Answer:
        return _success(stats=self.distributor.statistics(), timestamp=self._now())

    @handles("getQueues")
    def get_queues(self, _: Call) -> Answer:
        return _success(queue_sizes=self.distributor.sizes(), timestamp=self._now())

    @handles("getQueueStatistics")
    def get_queue_statistics(self, _: Call) -> Answer:
        statistics = self.distributor.statistics()
        sizes = statistics.pop("queue_sizes")
        return _success(queue_sizes=sizes, distribution_stats=statistics, timestamp=self._now())

    @handles("clearQueue")
    def clear_queue(self, call: Call) -> Answer:
        priority = call.parameters["priority"]
        cleared = self.distributor.clear(priority)
        return _success(
            message=f"Queue {priority} cleared",
            priority=priority,
            cleared_count=cleared,
            timestamp=self._now(),
        )

    # The service

    @handles("getHealth")
    def get_health(self, _: Call) -> Answer:
        return Answer(
            body={
                "status": "healthy",
                "version": self.protocol.version,
                "timestamp": self._now(),
            }
        )

    @handles("getOpenapiDocument")
    def get_openapi_document(self, _: Call) -> Answer:
        return Answer(body=self.protocol.openapi)

    @handles("getDocumentationPage")
    def get_documentation_page(self, _: Call) -> Answer:
        return Answer(raw=documentation_page(self.protocol), media_type="text/html")

    # The contract's other half

    def refuse(self, refusal: Refusal) -> Answer:
        """As the document words it: `detail` as a string, 400 for a priority it does not know."""
        priority = _unknown_priority(refusal)
        if priority is not None:
            return _error(400, f"Invalid priority: {priority}")
        detail = "; ".join(str(violation) for violation in refusal.violations)
        headers = {"Allow": ", ".join(refusal.allowed)} if refusal.allowed else {}
        status = _STATUS_OF[refusal.wrong]
        return Answer(
            status=status, body={"detail": detail or refusal.wrong.value}, headers=headers
        )

    def failure(self, status: int, reason: str, operation: str = "") -> Answer:
        if status == 503:
            return _error(status, "Task distributor not available")
        return _error(status, _FAILURES.get(operation, "") + reason if status == 500 else reason)

    def due(self) -> float | None:
        stale, done = self.registry.next_stale(), self.distributor.next_completion()
        if stale is None or done is None:
            return done if stale is None else stale
        return min(stale, done)

    def tick(self) -> None:
        now = self.world.clock.now()
        self.distributor.complete(now)
        self.distributor.take_back(self.registry.mark_stale(now))
        self.distributor.distribute(now)

    def state(self) -> dict[str, Any]:
        return {
            "agents": [agent.view() for agent in self.registry],
            "queues": {
                priority: [task.task_id for task in queue]
                for priority, queue in self.distributor.queues.items()
            },
            "statistics": self.distributor.statistics(),
        }

    def _now(self) -> str:
        return iso(self.world.clock.now())


def _success(**fields: Any) -> Answer:
    return Answer(body={"status": "success", **fields})


def _error(status: int, detail: str) -> Answer:
    return Answer(status=status, body={"detail": detail})


def _unknown_priority(refusal: Refusal) -> str | None:
    """The priority, where it is all that is wrong: a text, but none of the five."""
    operation = refusal.operation.id if refusal.operation else ""
    place = {"submitTask": "/priority", "clearQueue": "/path/priority"}.get(operation)
    for violation in refusal.violations:
        only = violation.pointer == place and violation.keyword == "enum"
        if not only or not isinstance(violation.value, str):
            return None
    return refusal.violations[0].value if refusal.violations else None
