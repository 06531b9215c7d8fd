"""A task as a command tells it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from mockserver.protocols.stella import arguments

__all__ = ["work"]

_FIELDS: Mapping[str, Callable[[Mapping[str, Any], str], Any]] = {
    "taskType": arguments.text,
    "payload": arguments.members,
    "credentials": arguments.members,
    "timeout": arguments.seconds,
    "priority": arguments.number,
}


def work(said: Mapping[str, Any]) -> dict[str, Any]:
    """What `task` asks for. Raises `ValueError` or `TypeError` for what no task can be."""
    task = arguments.members(said, "task")
    unknown = sorted(task.keys() - _FIELDS.keys())
    if unknown:
        raise ValueError(f"a task has no {', '.join(unknown)}; it has {', '.join(_FIELDS)}")
    wanted = [name for name in _FIELDS if name in task or name == "taskType"]
    return {name: _FIELDS[name](task, name) for name in wanted}
