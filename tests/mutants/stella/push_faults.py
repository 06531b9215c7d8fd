"""Faults in what is pushed down a task stream."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Final

from . import stream
from .fault import Push, Seed, prefixed, table
from .seeds import deafened, neighbour, note_lines

__all__ = ["PUSH_FAULTS"]


def _on(kinds: tuple[str, ...], change: Callable[[Push], object]) -> Seed:
    def spoil(one: Push) -> None:
        if one.kind in kinds:
            change(one)

    return Seed(push=spoil)


_NEW: Final = ("assigned",)
_OFF: Final = ("cancelled",)
_ALL: Final = ("assigned", "cancelled")


def _lost(one: Push) -> None:
    one.copies = 0


def _twice(one: Push) -> None:
    one.copies = 2


def _to_all(one: Push) -> None:
    one.lines = [*one.desk.lines]


def _to_others(one: Push) -> None:
    one.lines = [line for line in one.desk.lines if line.agent is not one.agent]


def _to_neighbour(one: Push) -> None:
    other = neighbour(one.desk, one.agent)
    if other is not None:
        one.lines = [*one.lines, *stream.lines_of(one.desk, other)]


def _to_newest(one: Push) -> None:
    """One line is remembered, and it is the last that came."""
    one.lines = one.desk.lines[-1:]


def _to_oldest(one: Push) -> None:
    one.lines = [line for line in one.lines if line.nth == 1]


def _to_the_first_line(one: Push) -> None:
    """An agent's line is remembered when something is first pushed on it, and never again."""
    for line in one.lines[:1]:
        first = one.desk.memo.setdefault(("line", one.agent.id), line.nth)
        if one.kind == "cancelled":
            one.lines = [each for each in one.lines if each.nth == first]


def _to_who_was_told(one: Push) -> None:
    """A cancellation goes down the lines that brought the task."""
    if one.kind == "cancelled":
        told = one.desk.memo.get(("told", one.message["taskId"]), [])
        one.lines = [line for line in one.lines if line.nth in told]
    else:
        key = ("told", one.message["task"]["taskId"])
        one.desk.memo.setdefault(key, [line.nth for line in one.lines])


def _after(count: int) -> Callable[[Push], None]:
    def spoil(one: Push) -> None:
        key = ("pushed", one.agent.id, one.kind)
        one.desk.memo[key] = one.desk.memo.get(key, 0) + 1
        if one.desk.memo[key] > count:
            one.copies = 0

    return spoil


def _every_second(one: Push) -> None:
    one.desk.memo["turn"] = one.desk.memo.get("turn", 0) + 1
    one.copies = one.desk.memo["turn"] % 2


def _first_agent_only(one: Push) -> None:
    if one.agent.nth > 1:
        one.copies = 0


def _not_first_agent(one: Push) -> None:
    if one.agent.nth == 1:
        one.copies = 0


def _unless_talked(one: Push) -> None:
    """Nothing more is pushed after the agent said something."""
    one.lines = [line for line in one.lines if not line.heard]


def _late(one: Push) -> None:
    """Held back until the next push."""
    held = one.desk.memo.pop("held", None)
    one.desk.memo["held"] = (one.lines, one.message)
    if held is None:
        one.copies = 0
    else:
        one.lines, one.message = held


def _binary(one: Push) -> None:
    one.text = lambda text: text.encode()


def _cut(one: Push) -> None:
    one.text = lambda text: text[: len(text) // 2]


def _single_quotes(one: Push) -> None:
    one.text = lambda text: text.replace('"', "'")


def _twice_encoded(one: Push) -> None:
    one.text = json.dumps


def _in_list(one: Push) -> None:
    one.text = lambda text: f"[{text}]"


def _two_at_once(one: Push) -> None:
    one.text = lambda text: text + "\n" + text


def _enveloped(one: Push) -> None:
    one.message = {"event": one.message["type"], "data": one.message}


def _flat(one: Push) -> None:
    one.message = {"type": one.message["type"], **one.message.get("task", {})}


def _list_of_tasks(one: Push) -> None:
    if "task" in one.message:
        one.message["task"] = [one.message["task"]]


def _id_only(one: Push) -> None:
    if "task" in one.message:
        one.message["task"] = one.message["task"]["taskId"]


def _camel(one: Push) -> None:
    kinds = {"task_assigned": "taskAssigned", "task_cancelled": "taskCancelled"}
    one.message["type"] = kinds[one.message["type"]]


def _dotted(one: Push) -> None:
    one.message["type"] = one.message["type"].replace("_", ".")


def _american(one: Push) -> None:
    one.message["type"] = "task_canceled"


def _in_task(one: Push) -> None:
    one.message = {"type": "task_cancelled", "task": {"taskId": one.message["taskId"]}}


def _other_id(one: Push) -> None:
    others = [task.id for task in one.agent.tasks if task.id != one.message["taskId"]]
    one.message["taskId"] = others[0] if others else one.desk.new_id()


def _as_assigned(one: Push) -> None:
    one.message["type"] = "task_assigned"


def _hang_up(one: Push) -> None:
    async def close() -> None:
        for line in [*one.lines]:
            await stream.leave(one.desk, line)
            await line.close(1000)

    one.after.append(close)


def _cancelled_anyway(one: Push) -> None:
    """Each assignment is followed by its own cancellation."""
    message = {"type": "task_cancelled", "taskId": one.message["task"]["taskId"]}

    async def send() -> None:
        for line in one.lines:
            await stream.say(one.desk, line, message)

    one.after.append(send)


_PUSHES: Final = (
    ("assigned.lost", "an open stream is not told of a new task", _on(_NEW, _lost)),
    ("~assigned.twice", "each new task is told twice", _on(_NEW, _twice)),
    ("assigned.to_all", "a new task is told to all agents", _on(_NEW, _to_all)),
    ("assigned.to_others", "a new task is told to the other agents", _on(_NEW, _to_others)),
    (
        "assigned.to_neighbour",
        "a new task is told to another agent as well",
        _on(_NEW, _to_neighbour),
    ),
    ("assigned.to_newest", "a new task is told to whoever connected last", _on(_NEW, _to_newest)),
    ("assigned.oldest_only", "only the very first stream is told of tasks", _on(_NEW, _to_oldest)),
    ("assigned.first_only", "only an agent's first task is told", _on(_NEW, _after(1))),
    ("assigned.ten", "no more than ten tasks are told", _on(_NEW, _after(10))),
    ("assigned.every_second", "every second task is told", _on(_NEW, _every_second)),
    ("assigned.first_agent", "only the first agent is told", _on(_NEW, _first_agent_only)),
    ("assigned.not_first_agent", "the first agent is not told", _on(_NEW, _not_first_agent)),
    (
        "assigned.until_talk",
        "an agent that said something is told no more tasks",
        _on(_NEW, _unless_talked),
    ),
    (
        "assigned.until_update",
        "an agent that was changed is told nothing on the streams that it had",
        Seed(updated=lambda one: note_lines(one.desk, one.agent), push=deafened),
    ),
    ("assigned.late", "a task is told when the next one comes", _on(_NEW, _late)),
    ("assigned.hangs_up", "the stream ends after each task", _on(_NEW, _hang_up)),
    ("assigned.cancelled", "each new task is cancelled at once", _on(_NEW, _cancelled_anyway)),
    ("cancelled.lost", "an open stream is not told of a cancellation", _on(_OFF, _lost)),
    ("~cancelled.twice", "a cancellation is told twice", _on(_OFF, _twice)),
    ("cancelled.to_all", "a cancellation is told to all agents", _on(_OFF, _to_all)),
    ("cancelled.to_others", "a cancellation is told to the other agents", _on(_OFF, _to_others)),
    (
        "cancelled.to_newest",
        "a cancellation is told to whoever connected last",
        _on(_OFF, _to_newest),
    ),
    ("cancelled.first_only", "only an agent's first cancellation is told", _on(_OFF, _after(1))),
    (
        "cancelled.first_agent",
        "only the first agent is told of cancellations",
        _on(_OFF, _first_agent_only),
    ),
    (
        "cancelled.first_line",
        "cancellations are told on an agent's first stream alone",
        _on(("assigned", "backlog", "cancelled"), _to_the_first_line),
    ),
    (
        "~cancelled.old_line",
        "a cancellation is told on the stream that brought the task alone",
        _on(("assigned", "backlog", "cancelled"), _to_who_was_told),
    ),
    ("cancelled.other_id", "a cancellation names another task", _on(_OFF, _other_id)),
    ("cancelled.american", "a cancellation is spelt with one l", _on(_OFF, _american)),
    ("cancelled.in_task", "a cancellation has its `taskId` inside `task`", _on(_OFF, _in_task)),
    ("cancelled.as_assigned", "a cancellation calls itself an assignment", _on(_OFF, _as_assigned)),
    ("cancelled.hangs_up", "the stream ends after a cancellation", _on(_OFF, _hang_up)),
    (
        "cancelled.until_talk",
        "an agent that said something is told no cancellation",
        _on(_OFF, _unless_talked),
    ),
    ("~form.binary", "messages come in binary frames", _on(_ALL, _binary)),
    ("form.cut", "messages are cut short", _on(_ALL, _cut)),
    ("form.quotes", "messages have single quotes", _on(_ALL, _single_quotes)),
    ("form.encoded_twice", "messages are JSON inside a string", _on(_ALL, _twice_encoded)),
    ("form.in_list", "messages come inside a list", _on(_ALL, _in_list)),
    ("form.two_at_once", "a frame holds two messages", _on(_ALL, _two_at_once)),
    ("form.enveloped", "messages come in an envelope", _on(_ALL, _enveloped)),
    ("form.camel", "types are spelt with capitals", _on(_ALL, _camel)),
    ("form.dotted", "types are spelt with dots", _on(_ALL, _dotted)),
    ("form.flat", "the fields of a task stand beside `type`", _on(_NEW, _flat)),
    ("form.task_list", "`task` is a list", _on(_NEW, _list_of_tasks)),
    ("form.task_id_only", "`task` is no more than an id", _on(_NEW, _id_only)),
)

PUSH_FAULTS: Final = tuple(table("Task Stream", prefixed("stream.", _PUSHES)))
"""Faults of pushes."""
