"""Tasks: submission, queues, statistics."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import shapes
from .agents import AgentBook
from .model import PRIORITIES, Agent, Call, Counters, Env, Json, Obj, Op, RefusalError, Reply, Task

if TYPE_CHECKING:
    from .reading import Reading

__all__ = ["TaskBook"]


class TaskBook(AgentBook):
    """The half of the coordinator that knows tasks, standing on the one that knows agents."""

    def __init__(self, reading: Reading, env: Env) -> None:
        """Start with empty queues and counters at zero."""
        super().__init__(reading, env)
        self.queues: dict[str, list[Task]] = {name: [] for name in PRIORITIES}
        self.counters = Counters()

    # Submission.

    async def do_submit(self, call: Call) -> Reply:
        """POST /tasks/submit."""
        data = self.accept(Op.SUBMIT, self.load(call, Op.SUBMIT))
        priority = self.priority_of(data)
        requirements = data.get("requirements", {})
        if self.reading.orphan == "refused_503" and not self.eligible(requirements):
            raise RefusalError(503, "Task distributor not available")
        task = Task(
            task_id=await self.new_task_id(data),
            priority=priority,
            requirements=requirements,
            submitted_at=self.now(),
        )
        self.place(task)
        body = {
            "status": "success",
            "message": "Task submitted successfully",
            "task_id": task.task_id,
            "priority": priority,
            "submitted_at": self.stamp(task.submitted_at),
        }
        return Reply(status=200, body=body)

    def priority_of(self, data: Obj) -> str:
        """One of the five, or the refusal that the document words."""
        priority: str = data["priority"]
        if not priority and self.reading.empty_priority == 422:
            raise RefusalError(422, self.detail_of("missing", "priority: Field required"))
        if priority not in PRIORITIES:
            return self.bad_priority(priority)
        return priority

    def bad_priority(self, priority: str) -> str:
        """Refuse; a fault may rather make something up."""
        raise RefusalError(400, f"Invalid priority: {priority}")

    async def new_task_id(self, data: Obj) -> Json:
        """A fresh UUID."""
        return str(self.env.new_uuid())

    def place(self, task: Task) -> None:
        """Decide what becomes of a task, on which the document is silent."""
        if not self.eligible(task.requirements):
            if self.reading.orphan == "dropped":
                self.counters.failed += 1
            else:
                self.file(task)
        elif self.reading.fate == "at_once":
            self.distribute(task)
        else:
            self.file(task)

    def file(self, task: Task) -> None:
        """Put a task into its queue."""
        self.queues[task.priority].append(task)

    def eligible(self, requirements: Obj) -> list[Agent]:
        """The agents that could take a task."""
        ready = {"active", "busy"} if self.reading.busy_qualifies else {"active"}
        wanted_type = requirements.get("agent_type")
        needs = requirements.get("capabilities")
        skills = needs if isinstance(needs, list) else []
        return [
            agent
            for agent in self.agents.values()
            if self.status_of(agent) in ready
            and wanted_type in (None, "", agent.agent_type)
            and all(skill in agent.capabilities for skill in skills)
        ]

    def distribute(self, task: Task) -> None:
        """Hand a task over; the agent is not really called."""
        self.counters.distributed += 1
        self.counters.completed += int(self.reading.completes)
        self.counters.seconds += (self.now() - task.submitted_at).total_seconds()

    def settle(self) -> None:
        """Distribute what has waited long enough, if tasks leave their queues with time."""
        if self.reading.orphan == "given_up":
            self.give_up()
        if self.reading.fate != "later":
            return
        for name, queue in self.queues.items():
            due = [task for task in queue if self.is_due(task)]
            for task in due:
                self.distribute(task)
            self.queues[name] = [task for task in queue if task not in due]

    def give_up(self) -> None:
        """Fail what nobody can do and what has waited long enough."""
        for name, queue in self.queues.items():
            kept = [task for task in queue if self.eligible(task.requirements) or self.is_new(task)]
            self.counters.failed += len(queue) - len(kept)
            self.queues[name] = kept

    def is_new(self, task: Task) -> bool:
        """Whether a task may wait longer still."""
        return (self.now() - task.submitted_at).total_seconds() < self.reading.drain_after

    def is_due(self, task: Task) -> bool:
        """Whether a task has waited long enough and somebody could take it."""
        return not self.is_new(task) and bool(self.eligible(task.requirements))

    # Figures.

    def sizes(self) -> Obj:
        """Queue sizes by priority."""
        self.settle()
        return {name: len(queue) for name, queue in self.queues.items()}

    def listed_sizes(self) -> Obj:
        """Queue sizes as the queue endpoints show them."""
        return self.sizes()

    def balancer(self) -> Obj:
        """The load balancer's part of the statistics."""
        assigned = self.counters.distributed
        whole = 100.0 if self.reading.success_rate == "percent" else 1.0
        active = [agent for agent in self.agents.values() if self.status_of(agent) == "active"]
        return {
            "strategy": self.reading.strategy,
            "total_assignments": assigned,
            "successful_assignments": assigned,
            "failed_assignments": 0,
            "success_rate": whole if assigned else self.reading.idle_success_rate,
            "active_agents": len(active),
            "agent_weights": len(self.agents),
            "avg_agent_load": 0.0,
        }

    def figures(self) -> Obj:
        """The counters, without the queues."""
        self.settle()
        done = self.counters.distributed
        return {
            "tasks_distributed": done,
            "tasks_completed": self.counters.completed,
            "tasks_failed": self.counters.failed,
            "avg_distribution_time": self.counters.seconds / done if done else 0.0,
            "load_balancer_stats": self.balancer(),
        }

    async def do_status(self, call: Call) -> Reply:
        """GET /tasks/status."""
        stats = {**self.figures(), "queue_sizes": self.sizes()}
        body = {"status": "success", "stats": stats, "timestamp": self.stamp(self.now())}
        return Reply(status=200, body=body)

    # Queues.

    async def do_queues(self, call: Call) -> Reply:
        """GET /tasks/queues."""
        return shapes.queue_sizes(self.listed_sizes(), self.stamp(self.now()), self.reading)

    async def do_stats(self, call: Call) -> Reply:
        """GET /tasks/queues/stats."""
        stamp = self.stamp(self.now())
        return shapes.queue_stats(self.listed_sizes(), self.figures(), stamp, self.reading)

    async def do_clear(self, call: Call) -> Reply:
        """POST /tasks/queues/{priority}/clear."""
        if call.arg not in PRIORITIES:
            return self.unknown_queue(call.arg)
        count = self.clear(call.arg)
        return shapes.cleared(call.arg, count, self.stamp(self.now()), self.reading)

    def unknown_queue(self, priority: str) -> Reply:
        """Refuse to clear a queue that does not exist."""
        raise RefusalError(self.reading.unknown_queue, f"Invalid priority: {priority}")

    def clear(self, priority: str) -> int:
        """Empty one queue and say how many tasks were in it."""
        count = len(self.queues[priority])
        self.queues[priority] = []
        return count
