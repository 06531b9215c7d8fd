"""Faults in the members of bodies and messages: missing, null, of the wrong type, wrong."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Final

from tests.mutants.stella_agents.edits import drop, on, put, rename
from tests.mutants.stella_agents.model import Edit, Fault, Json, What

__all__ = ["BODY_FAULTS"]

_SECTIONS: Final[Mapping[What, str]] = {
    What.REGISTER: "Register Agent",
    What.HEARTBEAT: "Send Heartbeat",
    What.COMPLETE: "Complete Task",
    What.PROGRESS: "Task Stream",
    What.LOG: "Task Stream",
    What.UPDATE: "Update Agent",
}
_MISSING: Final = object()

_TEXT: Final[Mapping[str, object]] = {
    "missing": _MISSING,
    "null": None,
    "number": 17,
    "list": ["docker"],
    "object": {"text": "docker"},
    "empty": "",
}
_NUMBER: Final[Mapping[str, object]] = {
    "missing": _MISSING,
    "null": None,
    "text": "12",
    "list": [1],
    "object": {"value": 1},
    "true": True,
}
_TEXTS: Final[Mapping[str, object]] = {
    "missing": _MISSING,
    "null": None,
    "text": "docker,compose",
    "object": {"docker": True},
    "numbers": [4, 5],
    "objects": [{"name": "docker"}],
}
_OBJECT: Final[Mapping[str, object]] = {
    "missing": _MISSING,
    "null": None,
    "text": "none",
    "list": [],
    "number": 3,
}
_LIST: Final[Mapping[str, object]] = {
    "missing": _MISSING,
    "null": None,
    "text": "done\n",
    "object": {"first": "done"},
    "texts": ["it went well"],
}
_TRUTH: Final[Mapping[str, object]] = {
    "missing": _MISSING,
    "null": None,
    "text": "true",
    "number": 1,
    "object": {"ok": True},
}

_ROWS: Final[tuple[tuple[What, str, Mapping[str, object], frozenset[str]], ...]] = (
    (What.REGISTER, "name", _TEXT, frozenset({"empty"})),
    (What.REGISTER, "version", _TEXT, frozenset({"empty"})),
    (What.REGISTER, "capabilities", _TEXTS, frozenset()),
    (What.HEARTBEAT, "status", _TEXT, frozenset({"empty"})),
    (What.HEARTBEAT, "resourceUsage", _OBJECT, frozenset()),
    (What.HEARTBEAT, "resourceUsage.cpu", _NUMBER, frozenset({"missing", "null"})),
    (What.HEARTBEAT, "resourceUsage.memory", _NUMBER, frozenset({"missing", "null"})),
    (What.HEARTBEAT, "capabilities", _TEXTS, frozenset()),
    (What.HEARTBEAT, "runningTasks", _NUMBER, frozenset()),
    (What.COMPLETE, "success", _TRUTH, frozenset()),
    (What.COMPLETE, "result", _OBJECT, frozenset({"missing", "null"})),
    (What.COMPLETE, "logs", _LIST, frozenset({"missing", "null"})),
    (What.COMPLETE, "logs.*.timestamp", _TEXT, frozenset()),
    (What.COMPLETE, "logs.*.level", _TEXT, frozenset({"empty"})),
    (What.COMPLETE, "logs.*.message", _TEXT, frozenset({"empty"})),
    (What.PROGRESS, "taskId", _TEXT, frozenset()),
    (What.PROGRESS, "progress", _NUMBER, frozenset()),
    (What.PROGRESS, "message", _TEXT, frozenset({"missing", "null", "empty"})),
    (What.LOG, "taskId", _TEXT, frozenset()),
    (What.LOG, "level", _TEXT, frozenset({"empty"})),
    (What.LOG, "message", _TEXT, frozenset({"empty"})),
)
"""Where, what fits there, and which of the spoilt values only plain reading forbids."""

_SINGLES: Final[tuple[tuple[What, str, str, str, object, bool], ...]] = (
    (What.REGISTER, "labels", "text", "labels are a text", "zone=attic", False),
    (What.REGISTER, "labels", "list", "labels are a list", ["attic"], False),
    (What.REGISTER, "labels", "null", "labels are null", None, True),
    (What.REGISTER, "labels.zone", "object", "a label is an object", {"floor": 4}, True),
    (What.REGISTER, "labels.zone", "number", "a label is a number", 4, True),
    (
        What.REGISTER,
        "capabilities",
        "upper",
        "a capability with a capital",
        ["Docker", "compose"],
        True,
    ),
    (What.REGISTER, "name", "other", "registers under another name", "somebody-else", True),
    (What.HEARTBEAT, "status", "word", "a status that nobody knows", "purple", True),
    (What.HEARTBEAT, "resourceUsage.cpu", "high", "more CPU than there is", 480.0, True),
    (What.HEARTBEAT, "resourceUsage.cpu", "negative", "less CPU than none", -4.5, True),
    (What.HEARTBEAT, "resourceUsage.memory", "high", "more memory than there is", 1.7e9, True),
    (What.HEARTBEAT, "resourceUsage.memory", "negative", "less memory than none", -1, True),
    (What.HEARTBEAT, "resourceUsage.disk", "high", "more disk than there is", 2048, True),
    (What.HEARTBEAT, "resourceUsage.disk", "negative", "less disk than none", -9, True),
    (What.HEARTBEAT, "resourceUsage.disk", "text", "the disk is a text", "71%", False),
    (What.HEARTBEAT, "resourceUsage.disk", "object", "the disk is an object", {"/": 7}, False),
    (What.HEARTBEAT, "resourceUsage.cpu", "nan", "the CPU is not a number", math.nan, False),
    (What.HEARTBEAT, "runningTasks", "negative", "fewer tasks than none run", -1, True),
    (What.HEARTBEAT, "runningTasks", "fraction", "half a task runs", 1.5, True),
    (What.HEARTBEAT, "runningTasks", "zero", "no task ever runs", 0, True),
    (What.HEARTBEAT, "runningTasks", "hundred", "always a hundred tasks run", 100, True),
    (What.COMPLETE, "success", "false", "every task fails", False, True),
    (What.COMPLETE, "success", "always", "no task ever fails", True, True),
    (What.COMPLETE, "logs.*.timestamp", "words", "a log of yesterday", "yesterday", False),
    (What.COMPLETE, "logs.*.timestamp", "seconds", "the time as digits", "1790000000", False),
    (What.COMPLETE, "logs.*.timestamp", "us", "the time as slashes", "3/14/2027 9:26", False),
    (What.COMPLETE, "logs.*.timestamp", "epoch", "a log of long ago", "1970-01-01T00:00:00Z", True),
    (What.COMPLETE, "logs.*.timestamp", "stale", "always one time", "2026-01-10T14:23:45Z", True),
    (What.PROGRESS, "progress", "high", "more than all is done", 140, True),
    (What.PROGRESS, "progress", "negative", "less than nothing is done", -10, True),
    (What.PROGRESS, "progress", "nan", "the progress is not a number", math.nan, False),
    (What.PROGRESS, "progress", "infinite", "the progress is infinite", math.inf, False),
    (What.PROGRESS, "progress", "percent", "the progress has a percent sign", "50%", False),
    (What.PROGRESS, "taskId", "foreign", "progress of nobody's task", "6f0c-nobody", True),
    (What.LOG, "taskId", "foreign", "a log of nobody's task", "6f0c-nobody", True),
)

_RENAMED: Final[tuple[tuple[What, str, str], ...]] = (
    (What.REGISTER, "name", "agentName"),
    (What.REGISTER, "version", "agentVersion"),
    (What.REGISTER, "capabilities", "capability"),
    (What.HEARTBEAT, "status", "state"),
    (What.HEARTBEAT, "resourceUsage", "resource_usage"),
    (What.HEARTBEAT, "resourceUsage", "metrics"),
    (What.HEARTBEAT, "runningTasks", "running_tasks"),
    (What.HEARTBEAT, "runningTasks", "activeTasks"),
    (What.COMPLETE, "success", "status"),
    (What.COMPLETE, "success", "succeeded"),
    (What.COMPLETE, "logs.*.message", "msg"),
    (What.COMPLETE, "logs.*.timestamp", "time"),
    (What.COMPLETE, "logs.*.level", "severity"),
    (What.PROGRESS, "taskId", "task_id"),
    (What.PROGRESS, "progress", "percent"),
    (What.LOG, "taskId", "task_id"),
    (What.LOG, "level", "severity"),
    (What.LOG, "message", "text"),
)


def _fault(what: What, field: str, word: str, summary: str, edit: Edit, *, implied: bool) -> Fault:
    place = field.replace(".*.", "_").replace(".", "_").lower()
    return Fault(
        name=f"{what.value}.{place}.{word}",
        summary=summary,
        section=_SECTIONS[what],
        implied=implied,
        edit=on(what, edit=edit),
    )


def _json(value: object) -> Json:
    assert value is None or isinstance(value, bool | int | float | str | list | dict)
    return value


def _from_rows() -> Iterator[Fault]:
    for what, field, values, weak in _ROWS:
        for word, value in values.items():
            if value is _MISSING:
                edit, summary = drop(field), f"{what.value}: {field} is missing"
            else:
                edit = put(field, _json(value))
                summary = f"{what.value}: {field} is {value!r}"
            yield _fault(what, field, word, summary, edit, implied=word in weak)


def _from_singles() -> Iterator[Fault]:
    for what, field, word, summary, value, implied in _SINGLES:
        edit = put(field, _json(value))
        yield _fault(what, field, word, f"{what.value}: {summary}", edit, implied=implied)


_UPDATED: Final[tuple[tuple[str, str, object], ...]] = (
    ("labels", "text", "zone=attic"),
    ("labels", "list", ["attic"]),
    ("labels.zone", "number", 4),
    ("labels.zone", "object", {"floor": 4}),
    ("capabilities", "text", "docker"),
    ("capabilities", "object", {"docker": True}),
    ("capabilities", "numbers", [4]),
)


def _from_updated() -> Iterator[Fault]:
    """Few agents update themselves."""
    for field, word, value in _UPDATED:
        edit, summary = put(field, _json(value)), f"update: {field} is {value!r}"
        fault = _fault(What.UPDATE, field, word, summary, edit, implied=False)
        yield replace(fault, style="curious")


def _from_renamed() -> Iterator[Fault]:
    for what, field, new in _RENAMED:
        summary = f"{what.value}: {field} is called {new}"
        word = f"as_{new.lower()}"
        yield _fault(what, field, word, summary, rename(field, new), implied=False)


BODY_FAULTS: Final = (*_from_rows(), *_from_singles(), *_from_renamed(), *_from_updated())
