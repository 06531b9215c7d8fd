"""Bodies that no lawful client sends, the same for every protocol that speaks JSON."""

from __future__ import annotations

__all__ = ["HALF_CHARACTER", "MALFORMED", "NOT_OBJECTS", "NO_UTF8", "oversized"]

HALF_CHARACTER = b'{"agent_id": "\\ud800"}'
"""JSON by its grammar, but half of a character, which no text can hold (RFC 8259, 8.2): servers
that tell in their refusal what they were given can't write it, and answer 500.
"""

NO_UTF8 = b'{"agent_id": "\xff\xfe"}'
"""JSON, but for two bytes of a text."""

MALFORMED: dict[str, bytes] = {
    "cut off": b'{"agent_id": "cut',
    "no quotes": b"{agent_id: half}",
    "single quotes": b"{'agent_id': 'quoted'}",
    "comma at the end": b'{"agent_id": "comma",}',
    "no JSON at all": b"<agent>none</agent>",
    "nothing": b"",
    "no text": NO_UTF8,
}
"""Not well-formed, each in a way of its own. A second value behind a whole one is not among them:
many a decoder reads one value and leaves the rest alone.
"""

NOT_OBJECTS: dict[str, bytes] = {
    "array": b'[{"agent_id": "in an array"}]',
    "text": b'"agent"',
    "number": b"42",
    "null": b"null",
    "true": b"true",
}
"""Well-formed, but nothing that an endpoint which wants an object can use."""


def oversized() -> dict[str, bytes]:
    """Well-formed and far beyond the ordinary: deep, long and wide."""
    return {
        "deeply nested": b'{"agent_id":' + b"[" * 50_000 + b"]" * 50_000 + b"}",
        "deep objects": b'{"metadata":' + b'{"a":' * 10_000 + b"1" + b"}" * 10_001,
        "a megabyte of text": b'{"agent_id":"' + b"x" * 1_000_000 + b'","agent_type":5}',
        "a huge number": b'{"agent_id": 1' + b"0" * 5_000 + b', "priority": 1e999}',
        "many keys": b"{" + b",".join(b'"k%d":0' % n for n in range(50_000)) + b"}",
        "control characters": b'{"agent_id": "\\u0000\\u0007", "priority": "\\u0000"}',
    }
