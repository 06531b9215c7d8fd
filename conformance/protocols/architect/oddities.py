"""What a coordinator may say, or at worst says, beside its replies."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

__all__ = ["BINARIES", "EVENTS", "NON_JSON", "NON_MAPS", "PINGS", "event", "null_event"]

EVENTS: tuple[Mapping[str, Any], ...] = (
    {"event": "assay_notice", "parameters": {"text": "the first event", "n": 1}},
    {"event": "player_joined", "parameters": {"player": {"name": "Zo\u00eb \u4e2d \U0001f916"}}},
    {"action": "assay_told", "parameters": {}},
    {"type": "assay_statistics", "data": {"load": [0.5, None, -1e3], "ok": True}},
    {},
    {"event": "assay_large", "parameters": {"text": "e" * 4_000}},
    {"event": "assay_error", "error": {"code": "none_of_yours", "message": "something failed"}},
)
"""Whatever an event looks like, it carries no token."""

NON_JSON = (
    "hello",
    "ping",
    "",
    "{",
    '{"idempotence": "cut off',
    "{'event': 'in single quotes'}",
    "<html><body>Service restarts</body></html>",
    '{"event": "one"} {"event": "two"}',
    "\u4e2d\u6587",
)

NON_MAPS = ("[]", '["event", 1]', '"text"', "17", "null", "true", "[{}]")

BINARIES = (b"no JSON at all", b"\x01\x02\x03", b"")

PINGS = (b"", b"four", b"x" * 125)


def event(number: int) -> str:
    return json.dumps(EVENTS[number % len(EVENTS)])


def null_event(number: int) -> str:
    """An event that says of its token that it has none."""
    return json.dumps({"idempotence": None, **EVENTS[number % len(EVENTS)]})
