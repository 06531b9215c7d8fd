"""What a task is, how long it takes and what comes of it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tests.mutants.stella_agents.model import Json, Style, Task

__all__ = ["knows", "outcome", "read", "seconds_of"]

LONGEST: Final = 60.0


def read(shown: Json) -> Task | None:
    """The task that ``shown`` describes; None where it is none."""
    if not isinstance(shown, Mapping):
        return None
    own = shown.get("taskId")
    if not isinstance(own, str) or not own:
        return None
    kind, timeout = shown.get("taskType"), shown.get("timeout")
    payload, credentials = shown.get("payload"), shown.get("credentials")
    number = isinstance(timeout, int | float) and not isinstance(timeout, bool)
    return Task(
        id=own,
        type=kind if isinstance(kind, str) else "",
        payload=payload if isinstance(payload, Mapping) else None,
        credentials=credentials if isinstance(credentials, Mapping) else None,
        timeout=float(timeout) if number and isinstance(timeout, int | float) else None,
    )


def knows(style: Style, task: Task) -> bool:
    """Whether the style can do such a task: its type begins with one of the capabilities."""
    return task.type.partition(".")[0] in style.capabilities


def seconds_of(task: Task) -> float:
    """How long the pretended work takes: what the payload says, or between 0.1 and 0.3 s."""
    told = (task.payload or {}).get("duration")
    if isinstance(told, int | float) and not isinstance(told, bool):
        return min(LONGEST, max(0.0, float(told)))
    return 0.1 + sum(task.id.encode()) % 20 / 100


def outcome(task: Task, why: str) -> Json:
    """The result of a task; ``why`` says what went wrong, or is empty."""
    if why:
        return {"error": why}
    return {"exitCode": 0, "summary": f"{task.type} done"}
