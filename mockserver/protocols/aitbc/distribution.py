"""Where tasks wait, who gets them, and when they are done."""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from mockserver.protocols.aitbc.registry import Agent, Registry
from mockserver.world import World

__all__ = ["PRIORITIES", "Distributor", "Task"]

PRIORITIES = ("urgent", "critical", "high", "normal", "low")

_ROOM = 4
"""Tasks that one agent works on at once; further ones wait in their queue."""

_MOST_LOAD = 1e300

_WORK_SECONDS = (0.5, 3.0)
"""How long a task takes, drawn evenly from the seed. No endpoint reports completion."""


@dataclass(slots=True, kw_only=True)
class Task:
    """One submitted task. Times are seconds since 1970."""

    task_id: str
    priority: str
    data: Mapping[str, Any]
    requirements: Mapping[str, Any]
    submitted: float
    agent_id: str = ""


@dataclass(slots=True, kw_only=True)
class Counters:
    """What happened so far."""

    distributed: int = 0
    completed: int = 0
    failed: int = 0
    assignments: int = 0
    lost: int = 0
    waited: float = 0.0


@dataclass(slots=True)
class _Running:
    ends: float
    order: int
    task: Task

    def __lt__(self, other: _Running) -> bool:
        return (self.ends, self.order) < (other.ends, other.order)


@dataclass(slots=True)
class Distributor:
    """Five queues, most pressing first, emptied towards the agent with the fewest connections."""

    registry: Registry
    world: World
    counters: Counters = field(default_factory=Counters)
    queues: dict[str, deque[Task]] = field(
        default_factory=lambda: {priority: deque() for priority in PRIORITIES}
    )
    _running: list[_Running] = field(default_factory=list)

    def submit(self, said: Mapping[str, Any], now: float) -> Task:
        """Queue a task and hand out what can be handed out."""
        task = Task(
            task_id=self.world.uuid(),
            priority=said["priority"],
            data=said["task_data"],
            requirements=said.get("requirements", {}),
            submitted=now,
        )
        self.queues[task.priority].append(task)
        self.distribute(now)
        return task

    def distribute(self, now: float) -> None:
        """Hand waiting tasks, the most pressing first, to agents that can take them."""
        if not any(self.queues.values()):
            return
        idle = [agent for agent in self.registry.active() if agent.running < _ROOM]
        for queue in self.queues.values():
            for _ in range(len(queue) if idle else 0):
                task = queue.popleft()
                agent = _least_connections(idle, task)
                if agent is None:
                    queue.append(task)  # a full turn of the queue keeps its order
                    continue
                self._assign(task, agent, now)
                if agent.running >= _ROOM:
                    idle.remove(agent)

    def clear(self, priority: str) -> int:
        """Drop what waits at one priority, and say how many that were."""
        dropped = len(self.queues[priority])
        self.queues[priority].clear()
        return dropped

    def sizes(self) -> dict[str, int]:
        return {priority: len(queue) for priority, queue in self.queues.items()}

    def next_completion(self) -> float | None:
        return self._running[0].ends if self._running else None

    def complete(self, now: float) -> None:
        """Finish the tasks whose time has come."""
        while self._running and self._running[0].ends <= now:
            task = heapq.heappop(self._running).task
            self.counters.completed += 1
            agent = self.registry.get(task.agent_id)
            if agent is not None:
                agent.running = max(0, agent.running - 1)

    def take_back(self, agents: Iterable[Agent]) -> None:
        """Queue the tasks of lost agents again, ahead of the others and in their old order."""
        gone = {agent.agent_id: agent for agent in agents}
        lost = [entry for entry in self._running if entry.task.agent_id in gone]
        if not lost:
            return
        self._running = [entry for entry in self._running if entry.task.agent_id not in gone]
        heapq.heapify(self._running)
        self.counters.lost += len(lost)
        for entry in sorted(lost, key=lambda entry: entry.order, reverse=True):
            gone[entry.task.agent_id].running -= 1
            entry.task.agent_id = ""
            self.queues[entry.task.priority].appendleft(entry.task)

    def statistics(self) -> dict[str, Any]:
        """As `/tasks/status` shows them. Times are in seconds, the rate is a fraction."""
        count, agents = self.counters, list(self.registry)
        active = self.registry.active()
        # An agent may report what it likes; an average below 0 or beyond all numbers is none.
        load = min(max(sum(agent.connections for agent in active), 0.0), _MOST_LOAD)
        kept = count.assignments - count.lost
        return {
            "tasks_distributed": count.distributed,
            "tasks_completed": count.completed,
            "tasks_failed": count.failed,
            "avg_distribution_time": count.waited / count.distributed if count.distributed else 0.0,
            "load_balancer_stats": {
                "strategy": "least_connections",
                "total_assignments": count.assignments,
                "successful_assignments": kept,
                "failed_assignments": count.lost,
                "success_rate": kept / count.assignments if count.assignments else 0.0,
                "active_agents": len(active),
                "agent_weights": len(agents),
                "avg_agent_load": load / len(active) if active else 0.0,
            },
            "queue_sizes": self.sizes(),
        }

    def _assign(self, task: Task, agent: Agent, now: float) -> None:
        task.agent_id = agent.agent_id
        agent.running += 1
        self.counters.assignments += 1
        self.counters.distributed += 1
        self.counters.waited += now - task.submitted
        ends = now + self.world.random.uniform(*_WORK_SECONDS)
        heapq.heappush(self._running, _Running(ends, self.counters.assignments, task))


def _least_connections(agents: list[Agent], task: Task) -> Agent | None:
    wanted = set(task.requirements.get("capabilities", ()))
    kind = task.requirements.get("agent_type")
    able = (
        agent
        for agent in agents
        if wanted <= set(agent.capabilities) and kind in (None, agent.agent_type)
    )
    return min(able, key=lambda agent: agent.connections, default=None)
