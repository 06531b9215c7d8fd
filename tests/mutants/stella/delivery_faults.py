"""Faults in how tasks are handed over, and in what they look like."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Final

from .fault import Delivery, Seed, sectioned
from .model import Agent, Obj, Task, Way
from .seeds import neighbour

if TYPE_CHECKING:
    from .desk import Desk

__all__ = ["DELIVERY_FAULTS"]

_WAYS: Final[tuple[Way, ...]] = ("heartbeat", "poll", "stream")
_WORDS: Final[dict[Way, str]] = {
    "heartbeat": "a heartbeat's answer",
    "poll": "a poll",
    "stream": "the backlog of a stream",
}


def _on(way: Way | None, change: Callable[[Delivery], object]) -> Seed:
    def spoil(one: Delivery) -> None:
        if way in (None, one.way):
            change(one)

    return Seed(deliver=spoil)


def _add(one: Delivery, tasks: list[Task]) -> None:
    one.tasks = [*one.tasks, *(task for task in tasks if task not in one.tasks)]


def _with(state: str) -> Callable[[Delivery], None]:
    return lambda one: _add(one, [task for task in one.agent.tasks if task.state == state])


def _neighbours(one: Delivery) -> None:
    other = neighbour(one.desk, one.agent)
    if other is not None:
        _add(one, [task for task in other.tasks if task.state == "pending"])


def _everybodys(one: Delivery) -> None:
    for agent in one.desk.agents.values():
        _add(one, [task for task in agent.tasks if task.state == "pending"])


def _only_neighbours(one: Delivery) -> None:
    other = neighbour(one.desk, one.agent)
    if other is not None:
        one.tasks = [task for task in other.tasks if task.state == "pending"]


def _lost(one: Delivery) -> None:
    one.tasks = []


def _first(one: Delivery) -> None:
    one.tasks = one.tasks[:1]


def _last(one: Delivery) -> None:
    one.tasks = one.tasks[-1:]


def _ten(one: Delivery) -> None:
    one.tasks = one.tasks[:10]


def _twice(one: Delivery) -> None:
    one.tasks = [task for task in one.tasks for _ in range(2)]


def _gone_with_second(one: Delivery) -> None:
    """The second agent never gets any."""
    if one.agent.nth > 1:
        one.tasks = []


def _stale(one: Delivery) -> None:
    """What is handed over is what there was the last time."""
    before = one.desk.memo.get((one.way, one.agent.id), [])
    one.desk.memo[(one.way, one.agent.id)] = one.tasks
    one.tasks = before


def _lost_on_the_ill(one: Delivery) -> None:
    """Handed over to somebody who is not trusted with it, and so to nobody."""
    if one.agent.health != "healthy":
        for task in one.tasks:
            task.state = "done"
        one.tasks = []


def _no_low(one: Delivery) -> None:
    one.tasks = [task for task in one.tasks if task.priority >= 5]


_DELIVERIES: Final[tuple[tuple[str, str, Callable[[Delivery], object]], ...]] = (
    ("done", "brings tasks that were completed", _with("done")),
    ("cancelled", "brings tasks that were cancelled", _with("cancelled")),
    ("neighbour", "brings another agent's tasks as well", _neighbours),
    ("everybody", "brings all agents' tasks", _everybodys),
    ("only_neighbour", "brings another agent's tasks instead", _only_neighbours),
    ("lost", "brings no tasks", _lost),
    ("~first", "brings only one of several tasks", _first),
    ("~last", "brings only the last of several tasks", _last),
    ("~ten", "brings no more than ten tasks", _ten),
    ("~twice", "brings each task twice at once", _twice),
    ("second_agent", "brings nothing to any but the first agent", _gone_with_second),
    ("stale", "brings what there was before", _stale),
    ("lost_on_the_ill", "loses the tasks of an agent that is not healthy", _lost_on_the_ill),
    ("no_low", "brings no tasks of low priority", _no_low),
)


_BACKLOG: Final = ("done", "cancelled", "neighbour", "everybody", "only_neighbour")
"""What no backlog may hold; to have less in it, or nothing, is lawful."""


def _delivered() -> Iterator[tuple[str, str, Seed]]:
    for name, words, change in _DELIVERIES:
        mark, bare = ("~", name[1:]) if name.startswith("~") else ("", name)
        for way in _WAYS:
            if way != "stream" or bare in _BACKLOG:
                yield f"{mark}{way}.{bare}", f"{_WORDS[way]} {words}", _on(way, change)
        yield f"{mark}any.{bare}", f"every way {words}", _on(None, change)


# What a task looks like, on each way.


def _foreign_credentials(desk: Desk, agent: Agent, task: Task, way: Way, row: Obj) -> None:
    others = [one for each in desk.agents.values() for one in each.tasks if one is not task]
    if others and "credentials" in row:
        row["credentials"] = others[0].credentials


def _left_credentials(desk: Desk, agent: Agent, task: Task, way: Way, row: Obj) -> None:
    """Where a task has none, those of the one before it."""
    if "credentials" in row:
        row["credentials"] = task.credentials or desk.memo.get("credentials", {})
        desk.memo["credentials"] = row["credentials"]


def _foreign_payload(desk: Desk, agent: Agent, task: Task, way: Way, row: Obj) -> None:
    others = [one for one in agent.tasks if one is not task]
    if others and "payload" in row:
        row["payload"] = others[0].payload


def _masked(desk: Desk, agent: Agent, task: Task, way: Way, row: Obj) -> None:
    if "credentials" in row:
        row["credentials"] = dict.fromkeys(task.credentials, "***")


def _flat(desk: Desk, agent: Agent, task: Task, way: Way, row: Obj) -> None:
    if "payload" in row:
        row |= {**row.pop("payload"), "taskId": task.id}


def _texts(desk: Desk, agent: Agent, task: Task, way: Way, row: Obj) -> None:
    if "payload" in row:
        row["payload"] = {name: str(value) for name, value in task.payload.items()}


def _fixed_timeout(desk: Desk, agent: Agent, task: Task, way: Way, row: Obj) -> None:
    if "timeout" in row:
        row["timeout"] = 300


def _fixed_priority(desk: Desk, agent: Agent, task: Task, way: Way, row: Obj) -> None:
    if "priority" in row:
        row["priority"] = 10


def _kind_only(desk: Desk, agent: Agent, task: Task, way: Way, row: Obj) -> None:
    row["taskType"] = task.type.partition(".")[0]


def _always_pull(desk: Desk, agent: Agent, task: Task, way: Way, row: Obj) -> None:
    row["taskType"] = "docker.pull"


def _new_id(desk: Desk, agent: Agent, task: Task, way: Way, row: Obj) -> None:
    row["taskId"] = desk.new_id()


def _created_now(desk: Desk, agent: Agent, task: Task, way: Way, row: Obj) -> None:
    if "createdAt" in row:
        row["createdAt"] = desk.stamp(desk.now())


def _created_at_registration(desk: Desk, agent: Agent, task: Task, way: Way, row: Obj) -> None:
    if "createdAt" in row:
        row["createdAt"] = desk.stamp(agent.registered - 86400)


def _snake(desk: Desk, agent: Agent, task: Task, way: Way, row: Obj) -> None:
    row |= {"task_id": row.pop("taskId"), "task_type": row.pop("taskType")}


def _plain_names(desk: Desk, agent: Agent, task: Task, way: Way, row: Obj) -> None:
    row |= {"id": row.pop("taskId"), "type": row.pop("taskType")}


_Row = Callable[["Desk", Agent, Task, Way, Obj], object]

_ROWS: Final[tuple[tuple[str, str, _Row], ...]] = (
    ("credentials.foreign", "has the credentials of another task", _foreign_credentials),
    ("credentials.left", "without credentials has those of the one before", _left_credentials),
    ("credentials.masked", "has masked credentials", _masked),
    ("payload.foreign", "has the payload of another task", _foreign_payload),
    ("payload.flat", "has its payload beside its id", _flat),
    ("payload.texts", "has nothing but strings in its payload", _texts),
    ("timeout.fixed", "has always the same timeout", _fixed_timeout),
    ("priority.fixed", "has always the same priority", _fixed_priority),
    ("type.kind_only", "has only the first part of its type", _kind_only),
    ("type.fixed", "has always the same type", _always_pull),
    ("id.new", "has a new id each time", _new_id),
    ("created.now", "has the moment of asking as its creation", _created_now),
    ("created.early", "was created before its agent", _created_at_registration),
    ("names.snake", "has names with underscores", _snake),
    ("names.plain", "has `id` and `type`", _plain_names),
)


def _looks() -> Iterator[tuple[str, str, Seed]]:
    for name, words, change in _ROWS:
        for way in _WAYS:
            if not _suits(name, way):
                continue

            def spoil(
                desk: Desk,
                agent: Agent,
                task: Task,
                here: Way,
                row: Obj,
                way: Way = way,
                change: _Row = change,
            ) -> None:
                if here == way:
                    change(desk, agent, task, here, row)

            mark = "~" if way == "stream" and name.partition(".")[0] in _WORK else ""
            mark = "~" if name == "created.early" else mark
            yield f"{mark}{way}.{name}", f"a task in {_WORDS[way]} {words}", Seed(task_row=spoil)


_WORK: Final = ("credentials", "payload", "timeout")


def _suits(name: str, way: Way) -> bool:
    work = name.partition(".")[0] in _WORK
    listed = name.partition(".")[0] in ("priority", "created")
    return not (work and way == "poll") and not (listed and way != "poll")


DELIVERY_FAULTS: Final = (
    *sectioned("task.", _delivered()),
    *sectioned("task.", _looks()),
)
"""Faults of hand-overs."""
