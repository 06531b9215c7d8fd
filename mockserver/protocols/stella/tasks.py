"""The work of the agents: how a task goes from waiting to its end."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from mockserver.world import World, iso

__all__ = ["TRANSITIONS", "Task", "Tasks"]

_LINES = 200
"""Lines of a task's log that are kept, and"""
_FINISHED = 5000
"""finished tasks; older ones make room."""

TRANSITIONS: Mapping[tuple[str, str], str] = {
    # Heartbeats bring "pending work": what was handed over in full is pending no more.
    ("pending", "deliver"): "delivered",
    # Silence 7: where delivery is at least once, it is handed over again.
    ("delivered", "deliver"): "delivered",
    # Complete Task names no way by which the agent must have learned of it: a poll will do.
    ("pending", "complete"): "completed",
    ("delivered", "complete"): "completed",
    # Silence 9: a second report is acknowledged, and the first one stands.
    ("completed", "complete"): "completed",
    # Silence 9: the report crossed with the cancellation, which stands.
    ("cancelled", "complete"): "cancelled",
    # "task_cancelled"
    ("pending", "cancel"): "cancelled",
    ("delivered", "cancel"): "cancelled",
}
"""By state and event. What is not in here cannot happen to a task."""

_OPEN = ("pending", "delivered")


@dataclass(eq=False, slots=True, kw_only=True)
class Task:
    """One task of one agent. Times are seconds since 1970, `timeout` is in seconds.

    `by` is the way on which it was first handed over, `heartbeat` or `stream`.
    """

    id: str
    agent_id: str
    kind: str
    payload: Mapping[str, Any]
    credentials: Mapping[str, Any]
    timeout: float
    priority: float
    created: float
    state: str = "pending"
    by: str = ""
    deliveries: int = 0
    finished: float | None = None
    report: Mapping[str, Any] = field(default_factory=dict)
    """What it was completed with, as it came."""
    progress: Mapping[str, Any] | None = None
    lines: deque[Any] = field(default_factory=lambda: deque(maxlen=_LINES))
    """What its agent told of it on the stream."""

    @property
    def is_open(self) -> bool:
        return self.state in _OPEN

    def step(self, event: str) -> None:
        self.state = TRANSITIONS[self.state, event]

    def full(self) -> dict[str, Any]:
        """As a heartbeat and the stream hand it over."""
        return {
            "taskId": self.id,
            "taskType": self.kind,
            "payload": self.payload,
            "credentials": self.credentials,
            "timeout": self.timeout,
        }

    def brief(self) -> dict[str, Any]:
        """As a poll shows it."""
        return {
            "taskId": self.id,
            "taskType": self.kind,
            "priority": self.priority,
            "createdAt": iso(self.created),
        }

    def view(self) -> dict[str, Any]:
        """All that is known of it, but for what its credentials are."""
        return {
            **self.brief(),
            "agentId": self.agent_id,
            "status": self.state,
            "payload": self.payload,
            "credentials": sorted(self.credentials),
            "timeout": self.timeout,
            "deliveries": self.deliveries,
            "deliveredBy": self.by or None,
            "finishedAt": None if self.finished is None else iso(self.finished),
            "report": self.report or None,
            "progress": self.progress,
            "log": list(self.lines),
        }


class Tasks:
    """All tasks by id, and the open ones of each agent, in the order in which they were given."""

    def __init__(self) -> None:
        self._by_id: dict[str, Task] = {}
        self._of: dict[str, dict[str, Task]] = {}
        self._open: dict[str, dict[str, Task]] = {}
        self._finished: deque[Task] = deque()

    def __iter__(self) -> Iterator[Task]:
        return iter(self._by_id.values())

    def get(self, task_id: str, agent_id: str = "") -> Task | None:
        """That task, where it is the agent's own or no agent is named."""
        task = self._by_id.get(task_id)
        return task if task is not None and agent_id in ("", task.agent_id) else None

    def add(self, world: World, agent_id: str, said: Mapping[str, Any]) -> Task:
        """New work for an agent: `taskType`, and whatever else is given."""
        task = Task(
            id=world.uuid(),
            agent_id=agent_id,
            kind=said["taskType"],
            payload=said.get("payload", {}),
            credentials=said.get("credentials", {}),
            timeout=said.get("timeout", 300),
            priority=said.get("priority", 10),
            created=world.clock.now(),
        )
        for shelf in (self._of, self._open):
            shelf.setdefault(agent_id, {})[task.id] = task
        self._by_id[task.id] = task
        return task

    def pending(self, agent_id: str) -> list[Task]:
        """What was not yet handed over in full."""
        return [task for task in self.open(agent_id) if task.state == "pending"]

    def open(self, agent_id: str) -> list[Task]:
        """What is neither completed nor cancelled."""
        own = self._open.get(agent_id)
        return list(own.values()) if own else []

    def deliver(self, task: Task, by: str) -> None:
        task.step("deliver")
        task.by = task.by or by
        task.deliveries += 1

    def complete(self, task: Task, report: Mapping[str, Any], now: float) -> None:
        """The agent's report. Only the first one of an open task changes anything."""
        was_open = task.is_open
        task.step("complete")
        if was_open:
            task.report = report
            self._finish(task, now)

    def cancel(self, task: Task, now: float) -> None:
        """Raises `ValueError` for a task that has ended."""
        if not task.is_open:
            raise ValueError(f"a {task.state} task cannot be cancelled: {task.id}")
        task.step("cancel")
        self._finish(task, now)

    def drop(self, agent_id: str) -> None:
        """Those of an agent that is gone go with it."""
        self._open.pop(agent_id, None)
        for task_id in self._of.pop(agent_id, ()):
            del self._by_id[task_id]

    def _finish(self, task: Task, now: float) -> None:
        task.finished = now
        del self._open[task.agent_id][task.id]
        self._finished.append(task)
        if len(self._finished) > _FINISHED:
            old = self._finished.popleft()
            if self._by_id.pop(old.id, None) is not None:  # else it went with its agent
                del self._of[old.agent_id][old.id]
