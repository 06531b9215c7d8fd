"""What is wrong with the body of one request."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any, Final, NoReturn

from tests.mutants.stella_agents.model import What
from tests.mutants.stella_agents.reading import Complaint, plain, suspected
from tests.mutants.stella_agents.record import Seen
from tests.mutants.stella_agents.rehearsal import NAME, Story

__all__ = ["body_complaints", "parsed"]

_LONG_AGO: Final = 600.0

Check = Callable[[Any], bool]


def parsed(text: str | bytes) -> Any:
    """JSON as RFC 8259 has it. Raises ValueError."""
    return json.loads(text, parse_constant=_no_constant)


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)


def body_complaints(story: Story, kind: What, seen: Seen) -> Iterator[Complaint]:
    """Everything wrong with the body of ``seen``."""
    members = _MEMBERS.get(kind)
    if members is None:
        return
    try:
        body = parsed(seen.body)
    except ValueError as error:
        yield plain(f"{kind.value}: no JSON: {error}")
        return
    if not isinstance(body, dict):
        yield plain(f"{kind.value}: no object")
        return
    if "json" not in (seen.header("Content-Type") or ""):
        yield suspected(f"{kind.value}: content type {seen.header('Content-Type')!r}")
    yield from _members(kind.value, body, members)
    if kind is What.HEARTBEAT:
        yield from _heartbeat(body)
    if kind is What.COMPLETE:
        if "result" not in body:
            yield suspected("complete: no result")
        yield from _logs(body.get("logs"))
    if kind is What.REGISTER:
        yield from _names(body)


def _members(
    what: str, body: Mapping[str, Any], members: Mapping[str, tuple[bool, Check]]
) -> Iterator[Complaint]:
    for name, (needed, fits) in members.items():
        value = body.get(name)
        if value is None:
            if needed:
                yield plain(f"{what}: {name} is missing")
            elif name in body:
                yield suspected(f"{what}: {name} is null")
        elif not fits(value):
            yield plain(f"{what}: {name} is {value!r}")
        elif not value and isinstance(value, str):
            yield suspected(f"{what}: {name} is empty")


def _heartbeat(body: Mapping[str, Any]) -> Iterator[Complaint]:
    usage = body.get("resourceUsage")
    if isinstance(usage, Mapping):
        checks = dict.fromkeys(("cpu", "memory", "disk"), (False, _number))
        yield from _members("resourceUsage", usage, checks)
        for name in ("cpu", "memory"):
            if name not in usage:
                yield suspected(f"no {name}")
        for name, value in usage.items():
            if _number(value) and not 0 <= value <= 100:
                yield suspected(f"{name} of {value}")
    if body.get("status") not in ("healthy", "degraded", "unhealthy"):
        yield suspected(f"status {body.get('status')!r}")
    running = body.get("runningTasks")
    if isinstance(running, int | float) and (running < 0 or running % 1):
        yield suspected(f"runningTasks {running}")


def _logs(logs: Any) -> Iterator[Complaint]:
    if logs is None:
        yield suspected("complete: no logs")
    for entry in logs if isinstance(logs, list) else []:
        if not isinstance(entry, dict):
            yield plain(f"log entry {entry!r}")
            continue
        for name in ("level", "message"):
            if not isinstance(entry.get(name), str):
                yield plain(f"log {name} {entry.get(name)!r}")
            elif not entry[name]:
                yield suspected(f"log {name} is empty")
        yield from _stamp(entry.get("timestamp"))


def _stamp(stamp: Any) -> Iterator[Complaint]:
    try:
        at = datetime.fromisoformat(stamp)
    except (TypeError, ValueError):
        yield plain(f"log timestamp {stamp!r}")
        return
    if at.tzinfo is None or "T" not in stamp:
        yield plain(f"log timestamp {stamp!r}")
    elif at.year < 2020:
        yield suspected(f"a log of {at.year}")
    elif abs(at.timestamp() - time.time()) > _LONG_AGO:
        yield suspected(f"a log of {stamp}, which is another time")


def _names(body: Mapping[str, Any]) -> Iterator[Complaint]:
    if body.get("name") not in (NAME, None, ""):
        yield suspected(f"it calls itself {body.get('name')!r}")
    labels = body.get("labels")
    if isinstance(labels, dict) and not all(isinstance(each, str) for each in labels.values()):
        yield suspected(f"labels {labels}")
    named = body.get("capabilities")
    if isinstance(named, list) and "Docker" in named:
        yield suspected(f"capabilities {named}")


def _text(value: Any) -> bool:
    return isinstance(value, str)


def _texts(value: Any) -> bool:
    return isinstance(value, list) and all(map(_text, value))


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _object(value: Any) -> bool:
    return isinstance(value, dict)


def _list(value: Any) -> bool:
    return isinstance(value, list)


def _truth(value: Any) -> bool:
    return isinstance(value, bool)


_MEMBERS: Final[Mapping[What, Mapping[str, tuple[bool, Check]]]] = {
    What.REGISTER: {
        "name": (True, _text),
        "version": (True, _text),
        "capabilities": (True, _texts),
        "labels": (False, _object),
    },
    What.HEARTBEAT: {
        "status": (True, _text),
        "resourceUsage": (True, _object),
        "capabilities": (True, _texts),
        "runningTasks": (True, _number),
    },
    What.COMPLETE: {
        "success": (True, _truth),
        "result": (False, _object),
        "logs": (False, _list),
    },
    What.UPDATE: {"labels": (False, _object), "capabilities": (False, _texts)},
}
