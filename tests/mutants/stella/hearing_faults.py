"""Faults in what a task stream hears."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Iterator
from typing import TYPE_CHECKING, Any, Final

from . import stream
from .fault import Delivery, Seed, prefixed, table
from .model import Line

if TYPE_CHECKING:
    from .desk import Desk

__all__ = ["HEARING_FAULTS"]


def _parsed(frame: str | bytes) -> Any:
    try:
        return json.loads(frame)
    except (ValueError, RecursionError):
        return None


def _type(frame: str | bytes) -> Any:
    message = _parsed(frame)
    return message.get("type") if isinstance(message, dict) else None


_When = Callable[[str | bytes], bool]
_Act = Callable[["Desk", Line, str | bytes], Awaitable[None]]


def _unknown(frame: str | bytes) -> bool:
    kind = _type(frame)
    return isinstance(_parsed(frame), dict) and kind not in ("task_progress", "task_log")


def _garbled(frame: str | bytes) -> bool:
    return isinstance(frame, str) and _parsed(frame) is None


def _progress(frame: str | bytes) -> Any:
    return _parsed(frame).get("progress") if _type(frame) == "task_progress" else None


def _loud(frame: str | bytes) -> bool:
    return bool(_type(frame) == "task_log" and _parsed(frame).get("level") != "info")


_WHEN: Final[tuple[tuple[str, str, _When, bool], ...]] = (
    ("progress", "progress", lambda frame: _type(frame) == "task_progress", False),
    ("log", "a log line", lambda frame: _type(frame) == "task_log", False),
    ("unknown", "a message of unknown type", _unknown, True),
    ("malformed", "a frame that is no JSON", _garbled, True),
    ("binary", "a binary frame", lambda frame: isinstance(frame, bytes), True),
    ("large", "a message of more than 64 KiB", lambda frame: len(frame) > 65536, True),
    (
        "other_task",
        "progress of a task that it does not have",
        lambda frame: "nowhere" in str(frame),
        True,
    ),
    ("whole", "progress of 100", lambda frame: _progress(frame) == 100, False),
    ("loud", "a log line of another level than info", _loud, True),
    ("start", "progress of 0", lambda frame: _progress(frame) == 0, False),
)


async def _close(desk: Desk, line: Line, frame: str | bytes) -> None:
    await stream.leave(desk, line)
    await line.close(1003)


async def _close_all(desk: Desk, line: Line, frame: str | bytes) -> None:
    for one in [*desk.lines]:
        await _close(desk, one, frame)


async def _deafen(desk: Desk, line: Line, frame: str | bytes) -> None:
    """The line stays open, and nothing comes any more."""
    await stream.leave(desk, line)


async def _echo_others(desk: Desk, line: Line, frame: str | bytes) -> None:
    for one in desk.lines:
        if one.agent is not line.agent:
            await stream.send(one, frame)


async def _cancel_task(desk: Desk, line: Line, frame: str | bytes) -> None:
    message = _parsed(frame)
    wanted = message.get("taskId") if isinstance(message, dict) else None
    for task in line.agent.tasks:
        if task.id == wanted:
            task.state = "cancelled"


async def _finish_task(desk: Desk, line: Line, frame: str | bytes) -> None:
    message = _parsed(frame)
    wanted = message.get("taskId") if isinstance(message, dict) else None
    for task in line.agent.tasks:
        if task.id == wanted:
            task.state = "done"


async def _delete_agent(desk: Desk, line: Line, frame: str | bytes) -> None:
    desk.agents.pop(line.agent.id, None)


async def _drop_tasks(desk: Desk, line: Line, frame: str | bytes) -> None:
    for task in line.agent.tasks:
        task.state = "done"


_ACTS: Final[tuple[tuple[str, str, _Act], ...]] = (
    ("closes", "closes the stream", _close),
    ("closes_all", "closes all streams", _close_all),
    ("deafens", "makes the server forget the stream", _deafen),
    ("drops_tasks", "drops the agent's tasks", _drop_tasks),
)


def _brought(task_id: object) -> str:
    """Under which name it is counted that a task came by heartbeat, before it came otherwise."""
    return f"brought.{task_id}"


def _count(delivery: Delivery) -> None:
    for task in delivery.tasks:
        if delivery.way == "heartbeat" and not task.told:
            delivery.desk.counted[_brought(task.id)] += 1


async def _close_for_fetched(desk: Desk, line: Line, frame: str | bytes) -> bool:
    message = _parsed(frame)
    if isinstance(message, dict) and desk.counted[_brought(message.get("taskId"))]:
        await _close(desk, line, frame)
    return False


def _heard(when: _When, act: _Act) -> Seed:
    async def hear(desk: Desk, line: Line, frame: str | bytes) -> bool:
        if when(frame):
            await act(desk, line, frame)
        return False

    return Seed(hear=hear)


def _hearings() -> Iterator[tuple[str, str, Seed]]:
    for name, words, when, implied in _WHEN:
        for act_name, act_words, act in _ACTS:
            mark = "~" if implied or act_name == "drops_tasks" else ""
            yield f"{mark}{name}.{act_name}", f"{words} {act_words}", _heard(when, act)
    for name, words, when, _ in _WHEN[:2]:
        yield f"{name}.echoed", f"{words} is told to the other agents", _heard(when, _echo_others)
        yield f"{name}.cancels", f"{words} cancels its task", _heard(when, _cancel_task)
        yield f"{name}.deletes", f"{words} removes its agent", _heard(when, _delete_agent)
        yield f"~{name}.finishes", f"{words} finishes its task", _heard(when, _finish_task)
    fetched = Seed(deliver=_count, hear=_close_for_fetched)
    yield "~elsewhere.closes", "a report of a task that a heartbeat brought ends it", fetched
    whole = _heard(_WHEN[7][2], _cancel_task)
    yield "~whole.finishes", "progress of 100 ends a task that was not completed", whole


HEARING_FAULTS: Final = tuple(table("Task Stream", prefixed("stream.hears.", _hearings())))
"""Faults of hearing."""
