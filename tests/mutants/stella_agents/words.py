"""The bodies and messages of an agent, and the text they become. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from random import Random

from tests.mutants.stella_agents.model import Encoding, Json, Memory, Say, Style, Task, What

__all__ = [
    "encoded",
    "heartbeat",
    "note",
    "progress",
    "register",
    "report",
    "said",
    "stamp",
]

_EAST = timezone(timedelta(hours=3, minutes=30))


def register(style: Style, memory: Memory) -> Json:
    """The body of the registration."""
    body: dict[str, Json] = {
        "name": memory.name,
        "version": style.version,
        "capabilities": list(style.capabilities),
    }
    if style.labels is not None:
        body["labels"] = dict(style.labels)
    return {**body, **style.extras}


def heartbeat(style: Style, memory: Memory) -> Json:
    """The body of a heartbeat: how it goes, and how much runs."""
    usage = {"cpu": memory.rng.uniform(3, 60), "memory": memory.rng.uniform(20, 80)}
    if style.disk:
        usage["disk"] = 71.25
    shown: dict[str, Json] = {
        name: round(value) if style.whole_numbers else round(value, 1)
        for name, value in usage.items()
    }
    body: dict[str, Json] = {
        "status": "healthy",
        "resourceUsage": shown,
        "capabilities": list(style.capabilities),
        "runningTasks": memory.running,
    }
    return {**body, **style.extras}


def report(style: Style, *, success: bool, result: Json, logs: Json) -> Json:
    """The body of a completion."""
    return {"success": success, "result": result, "logs": logs, **style.extras}


def note(style: Style, at: datetime, level: str, message: str) -> Json:
    """One line of a task's log."""
    return {"timestamp": stamp(style, at), "level": level, "message": message}


def stamp(style: Style, at: datetime) -> str:
    """``at`` (UTC) in the style's way of writing times."""
    if style.stamp == "offset":
        return at.astimezone(_EAST).isoformat(timespec="seconds")
    precise = style.stamp == "fraction"
    text = at.astimezone(UTC).isoformat(timespec="milliseconds" if precise else "seconds")
    return text.replace("+00:00", "Z")


def progress(style: Style, task: Task, percent: float) -> Say:
    """How far a task has come."""
    number: Json = percent if percent % 1 else int(percent)
    body: dict[str, Json] = {
        "type": "task_progress",
        "taskId": task.id,
        "progress": number,
        "message": f"{task.type}: {percent:g} of 100",
    }
    return Say(what=What.PROGRESS, body={**body, **style.extras}, task=task.id)


def said(style: Style, task: Task, level: str, message: str) -> Say:
    """A line of a task's log, told on the stream."""
    body: dict[str, Json] = {
        "type": "task_log",
        "taskId": task.id,
        "level": level,
        "message": message,
    }
    return Say(what=What.LOG, body={**body, **style.extras}, task=task.id)


def encoded(body: Json, encoding: Encoding, rng: Random) -> str:
    """``body`` as JSON text."""
    if encoding.shuffled and isinstance(body, Mapping):
        names = list(body)
        rng.shuffle(names)
        body = {name: body[name] for name in names}
    return json.dumps(body, indent=encoding.indent, separators=encoding.separators)
