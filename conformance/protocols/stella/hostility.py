"""What no agent should say on its task stream, grouped by what is wrong with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

__all__ = ["BINARY", "MESSAGES", "TEXTS", "large"]

_DEEP = 10_000

TEXTS: Mapping[str, Sequence[str]] = {
    "STELLA-ODD-006": [
        '{"type": "task_log", "message": "cut',
        "{type: task_log}",
        "{'type': 'task_log'}",
        '{"type": "task_log",}',
        '{"type": "task_log"} {"type": "task_log"}',
        "no JSON at all",
        "<progress/>",
        "",
        "  \n",
        "\x00",
        '{"type": "task_progress", "progress": NaN}',
        "[]",
        '[{"type": "task_log"}]',
        '"task_log"',
        "42",
        "-1.5e300",
        "null",
        "true",
    ],
    "STELLA-ODD-010": [
        '{"type": "task_log", "message": ' + "[" * _DEEP + "]" * _DEEP + "}",
        '{"type": "task_log", "message": ' + '{"a":' * _DEEP + "1" + "}" * _DEEP + "}",
        "[" * _DEEP,
    ],
}
"""Texts as they are."""

_PROGRESS = {"type": "task_progress", "taskId": "TASK", "progress": 30, "message": "Slowly"}
_LOG = {"type": "task_log", "taskId": "TASK", "level": "info", "message": "Slowly"}


def _without(message: Mapping[str, Any]) -> list[dict[str, Any]]:
    """It, and what is left of it when one field is missing, or null."""
    names = [name for name in message if name != "type"]
    less = [{key: value for key, value in message.items() if key != name} for name in names]
    return [*less, *({**message, name: None} for name in names)]


def _with(message: Mapping[str, Any], name: str, values: Sequence[Any]) -> list[dict[str, Any]]:
    return [{**message, name: value} for value in values]


MESSAGES: Mapping[str, Sequence[Mapping[str, Any]]] = {
    "STELLA-ODD-007": [
        {},
        {"taskId": "TASK", "message": "untyped"},
        *({"type": odd} for odd in (None, 7, ["task_log"], {"task_log": 1}, True, "")),
        {"type": "task_dance", "taskId": "TASK"},
        {"type": "TASK_LOG", "taskId": "TASK", "level": "info", "message": "in capitals"},
        {"type": "task_log ", "taskId": "TASK", "level": "info", "message": "with a blank"},
        {"type": "task_assigned", "task": {"taskId": "TASK", "taskType": "docker.pull"}},
        {"type": "task_cancelled", "taskId": "TASK"},
        {"type": "ping"},
        {"type": "__proto__", "constructor": {"prototype": {}}},
        {"type": "t" * 5_000},
    ],
    "STELLA-ODD-008": [
        *_without(_PROGRESS),
        *_without(_LOG),
        {"type": "task_progress"},
        {"type": "task_log"},
        *_with(_PROGRESS, "progress", ("half", [1], {"of": 9}, True, 1e308, -40, 2_000)),
        *_with(_PROGRESS, "taskId", (7, ["TASK"], {"id": "TASK"}, "", "no-such-task", "../..")),
        *_with(_LOG, "level", (3, ["info"], {}, "shouted", "")),
        *_with(_LOG, "message", (5, {"text": "x"}, ["x"], "half a pair \ud83d", "%s %n {0}")),
    ],
}
"""Messages; TASK stands for a task that nobody made."""

BINARY: Sequence[bytes] = (
    b"",
    b"\x00\x01\xff\xfe",
    b"\xff" * 3_000,
    b'{"type": "task_log", "taskId": "none", "level": "info", "message": "in a binary frame"}',
)
"""Payloads of binary messages."""


def large(size: int = 256 * 1024) -> list[str]:
    """Messages of that size: documented ones of a task that nobody made, and text that is none."""
    filling = "l" * size
    head = '{"type":"task_log","taskId":"none","level":"info","message":"'
    return [head + filling + '"}', filling, "[" + "1," * (size // 2) + "1]"]
