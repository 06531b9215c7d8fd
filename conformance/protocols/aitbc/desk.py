"""Tasks that no agent can take, the queues they wait in, and the figures of both."""

from __future__ import annotations

from conformance.exchange import Exchange
from conformance.judge import Judge
from conformance.protocols.aitbc.dialogue import COUNTERS, PRIORITIES, Dialogue, queue_sizes

__all__ = ["DESK_ROWS", "Desk"]

DESK_ROWS = (
    "AITBC-TASK-008",
    "AITBC-TASK-011",
    "AITBC-TASK-015",
    "AITBC-LOAD-025",
    "AITBC-QUEUE-002",
    "AITBC-QUEUE-003",
    "AITBC-QUEUE-006",
    "AITBC-QUEUE-007",
)
"""What is judged here."""


class Desk:
    """Submits tasks, clears queues and asks for figures. Somebody else may do so as well."""

    def __init__(self, aitbc: Dialogue, judge: Judge) -> None:
        self.aitbc = aitbc
        self.judge = judge
        self._nobody = aitbc.new("nobody-has-this")
        self._tasks: dict[str, Exchange] = {}
        self._figures: Exchange | None = None

    async def submit(self, priority: str) -> None:
        """A task that waits, or goes wherever this peer puts such tasks."""
        body = self.aitbc.task(priority, requirements={"capabilities": [self._nobody]})
        said = await self.aitbc.submit(body, served=False)
        if not said.ok:
            return  # what becomes of a task that nobody can do is unsaid
        self.judge.equal("AITBC-TASK-011", said, "/priority", priority)
        task_id = str(said.at("/task_id"))
        before = self._tasks.setdefault(task_id, said)
        wrong = f"two tasks have the id {task_id}"
        self.judge.holds("AITBC-TASK-008", before is said, wrong, before, said, pointer="/task_id")

    async def submit_wrongly(self) -> None:
        """With a priority that there is not."""
        said = await self.aitbc.submit(self.aitbc.task("immediate"), lawful=False)
        self.judge.status("AITBC-TASK-015", said, 400)

    async def look(self) -> None:
        """The task status: what it counts goes up alone."""
        said = await self.aitbc.peer.call("getTaskStatus")
        if not said.ok:
            return
        before, self._figures = self._figures or said, said
        for pointer in COUNTERS:
            old, new = before.at(pointer), said.at(pointer)
            if isinstance(old, int | float) and isinstance(new, int | float):
                wrong = f"{pointer} went down from {old} to {new}"
                fine = new >= old
                self.judge.holds("AITBC-LOAD-025", fine, wrong, before, said, pointer=pointer)

    async def clear(self, priority: str) -> None:
        """Clear a queue. Somebody may fill it at once; nobody is believed to do so twice."""
        for _ in range(2):
            cleared = await self.aitbc.clear(priority)
            self.judge.status("AITBC-QUEUE-006", cleared, range(200, 300))
            told = await self.aitbc.peer.call("getQueues")
            sizes = queue_sizes(told) if told.ok else None
            if sizes is None or not sizes.get(priority):
                break
        if sizes is None:
            return
        left = sizes.get(priority, 0)
        wrong = f"the {priority} queue was cleared and holds {left} tasks"
        self.judge.holds("AITBC-QUEUE-007", left == 0, wrong, cleared, told)
        lack = [name for name in PRIORITIES if name not in sizes]
        wrong = f"nothing is said of the queue of {', '.join(lack)}"
        self.judge.holds("AITBC-QUEUE-002", not lack, wrong, told)
        wrong = f"a queue has a negative size: {sizes}"
        fine = all(size >= 0 for size in sizes.values())
        self.judge.holds("AITBC-QUEUE-003", fine, wrong, told)

    def restarts(self) -> None:
        """The coordinator counts anew, perhaps, and gives the same ids again."""
        self._figures = None
        self._tasks.clear()
