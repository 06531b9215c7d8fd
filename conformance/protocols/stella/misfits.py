"""Bodies whose fields are of the wrong types or missing, for each operation that takes one."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from conformance.hostile import MALFORMED, NO_UTF8, NOT_OBJECTS

__all__ = ["NAMELESS", "illegible", "misfits"]

_WRONG: Mapping[str, Mapping[str, tuple[Any, ...]]] = {
    "registerAgent": {
        "name": (7, True, {"first": "a"}),
        "version": (None, 4.7, ["4"], {"major": 4}),
        "capabilities": (None, "docker", 7, {"docker": True}, [7], [None], [["docker"]], [{}]),
        "labels": (None, "site", 7, ["site"], {"site": 9}, {"site": None}, {"site": {"a": ["b"]}}),
    },
    "updateAgent": {
        "capabilities": (None, "docker", 7, {"docker": True}, [7], [None], [["docker"]], [{}]),
        "labels": (None, "site", 7, ["site"], {"site": 9}, {"site": None}, {"site": {"a": ["b"]}}),
    },
    "sendHeartbeat": {
        "status": (None, 7, True, ["healthy"], {"is": "healthy"}, ""),
        "resourceUsage": (
            None,
            7,
            "much",
            [1, 2, 3],
            {},
            {"cpu": "much", "memory": None, "disk": []},
            {"cpu": -5, "memory": 1e300, "disk": 101},
            {"cpu": {"user": 1}, "memory": [41]},
        ),
        "capabilities": (None, "docker", 7, {"docker": True}, [7], [None], [[]]),
        "runningTasks": (None, "two", -1, 2.5, [], {}, 10**30),
    },
    "completeTask": {
        "success": (None, "yes", 1, [], {}),
        "result": (None, 7, "done", ["done"]),
        "logs": (None, 7, "log", {"level": "info"}, [7], [None], [{}], [{"timestamp": 5}]),
    },
}

NAMELESS: tuple[Any, ...] = (None, [], {}, ["stevedore"])
"""What no reading takes for the name of an agent."""


def misfits(operation: str, good: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Variants of a good body: each field missing, and of each wrong type."""
    yield {}
    for field, values in _WRONG[operation].items():
        yield {name: value for name, value in good.items() if name != field}
        yield from ({**good, field: value} for value in values)


def illegible(good: Mapping[str, Any]) -> dict[str, bytes]:
    """Bodies that are no JSON or no object, those among them that are nearly a good one. An empty
    body is not: some take it for an empty object. Nor is an object in whose texts bytes are no
    UTF-8: many parsers put U+FFFD in their place.
    """
    raw = json.dumps(good).encode()
    bodies = {**MALFORMED, **NOT_OBJECTS, "cut at the end": raw[:-1], "in an array": b"[%b]" % raw}
    return {name: body for name, body in bodies.items() if body and body != NO_UTF8}
