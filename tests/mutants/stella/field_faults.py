"""Faults in single fields of answers and messages, from a table of places."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from .fault import Fault, Push, Section, Seed, Turn
from .spoilers import GONE, SHAPES, SPOILERS, Shape, Spoiler

__all__ = ["FIELD_FAULTS"]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Place:
    """Where a field stands: an operation or a kind of message, and a path with `*` for each row."""

    op: str
    path: str
    shape: Shape
    section: Section
    implied: bool = False


def _places(
    op: str, section: Section, rows: dict[str, Shape], *, implied: bool = False
) -> Iterator[_Place]:
    for path, shape in rows.items():
        yield _Place(op=op, path=path, shape=shape, section=section, implied=implied)


_AGENT: Final[dict[str, Shape]] = {
    "id": "id",
    "name": "name",
    "version": "text",
    "status": "state",
    "capabilities": "texts",
    "lastHeartbeat": "time",
    "resourceUsage": "usage",
    "resourceUsage/cpu": "share",
    "resourceUsage/memory": "share",
}
_WORK: Final[dict[str, Shape]] = {
    "taskId": "id",
    "taskType": "text",
    "payload": "map",
    "credentials": "map",
    "timeout": "count",
}
_QUEUED: Final[dict[str, Shape]] = {
    "taskId": "id",
    "taskType": "text",
    "priority": "count",
    "createdAt": "time",
}
_ROWS: Final[dict[str, Shape]] = {"tasks": "rows"}
_WELCOME: Final[dict[str, Shape]] = {
    "agentId": "id",
    "token": "jwt",
    "config": "object",
    "config/heartbeatInterval": "seconds",
    "config/taskPollInterval": "seconds",
    "config/logLevel": "level",
    "certificate": "object",
    "certificate/cert": "cert",
    "certificate/key": "key",
    "certificate/ca": "cert",
    "certificate/expiresAt": "time",
}


def _under(prefix: str, rows: dict[str, Shape]) -> dict[str, Shape]:
    return {f"{prefix}/{path}": shape for path, shape in rows.items()}


_PLACES: Final = (
    *_places("register", "Register Agent", _WELCOME),
    *_places("list", "List Agents", _under("*", _AGENT)),
    *_places("get", "Get Agent", _AGENT, implied=True),
    *_places("get", "Get Agent", {"labels": "map"}, implied=True),
    *_places("update", "Update Agent", _AGENT, implied=True),
    *_places("update", "Update Agent", {"labels": "map"}),
    *_places("heartbeat", "Send Heartbeat", _ROWS | _under("tasks/*", _WORK)),
    *_places(
        "heartbeat",
        "Send Heartbeat",
        {
            "certificateRenewal": "object",
            "certificateRenewal/cert": "cert",
            "certificateRenewal/expiresAt": "time",
        },
    ),
    *_places("poll", "Get Pending Tasks", _ROWS | _under("tasks/*", _QUEUED)),
    *_places("complete", "Complete Task", {"acknowledged": "true"}),
    *_places("delete", "Delete Agent", {"deleted": "true"}),
    *_places("assigned", "Task Stream", {"type": "kind", "task": "object"}),
    *_places("assigned", "Task Stream", _under("task", {"taskId": "id", "taskType": "text"})),
    *_places(
        "assigned",
        "Task Stream",
        _under("task", {"payload": "map", "credentials": "map", "timeout": "count"}),
        implied=True,
    ),
    *_places("cancelled", "Task Stream", {"type": "kind", "taskId": "id"}),
)


def _hosts(body: Any, steps: list[str]) -> list[Any]:
    """Every object that the last step of a path leads out of."""
    hosts = [body]
    for step in steps[:-1]:
        if step == "*":
            hosts = [row for host in hosts if isinstance(host, list) for row in host]
        else:
            hosts = [host[step] for host in hosts if isinstance(host, dict) and step in host]
    return [host for host in hosts if isinstance(host, dict) and steps[-1] in host]


def _spoil(body: Any, path: str, spoiler: Spoiler, memo: dict[Any, Any]) -> None:
    steps = path.split("/")
    for host in _hosts(body, steps):
        value = host[steps[-1]]
        if value is None and spoiler.name != "missing":
            continue
        first = memo.setdefault(("first", path), value)
        spoilt = spoiler.spoil(value, first)
        if spoilt is GONE:
            del host[steps[-1]]
        else:
            host[steps[-1]] = spoilt


def _seed(place: _Place, spoiler: Spoiler) -> Seed:
    def on_answer(turn: Turn) -> None:
        if turn.op == place.op and turn.answer.status in (200, 201):
            _spoil(turn.answer.body, place.path, spoiler, turn.memo)

    def on_push(one: Push) -> None:
        kind = "assigned" if one.kind == "backlog" else one.kind
        if kind == place.op:
            _spoil(one.message, place.path, spoiler, one.desk.memo)

    if place.op in ("assigned", "cancelled"):
        return Seed(push=on_push)
    return Seed(answer=on_answer)


def _free_scale(place: _Place, spoiler: Spoiler) -> bool:
    """The units of timeouts and priorities are not told."""
    return place.shape == "count" and spoiler.name == "tenfold"


def _fault(place: _Place, spoiler: Spoiler) -> Fault:
    field = place.path.replace("*/", "")
    return Fault(
        name=f"field.{place.op}.{field.replace('/', '.').lower()}.{spoiler.name}",
        section=place.section,
        summary=f"`{field}` {spoiler.words}",
        seed=_seed(place, spoiler),
        implied=place.implied or spoiler.implied or _free_scale(place, spoiler),
    )


FIELD_FAULTS: Final = tuple(
    _fault(place, SPOILERS[name]) for place in _PLACES for name in SHAPES[place.shape]
)
"""One fault for each field and each way to spoil it."""
