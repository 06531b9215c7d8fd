"""What no client should send to an EchoCenter, grouped by what is wrong with it."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from typing import Any

from websockets.frames import Opcode

from conformance.clients.rfc6455 import frame_bytes
from conformance.exchange import MISSING
from conformance.frames import Frame
from conformance.rfc6455_cases import astray, illegal_frames

__all__ = ["BAD_FRAMES", "CONTROL_FRAMES", "MESSAGES", "NO_NUMBERS", "TEXTS", "abuse", "is_endless"]

_DEEP = 20_000

TEXTS: Mapping[str, Sequence[str]] = {
    "ECHO-ODD-001": [
        '{"type": "CHAT", "payload": "cut',
        "{type: CHAT}",
        "{'type': 'CHAT'}",
        '{"type": "CHAT",}',
        '{"type": "CHAT"} {"type": "CHAT"}',
        "no JSON at all",
        "<xml/>",
        "",
        "   ",
        "\x00",
        '{"type": "CHAT", "payload": NaN}',
    ],
    "ECHO-ODD-002": ["[]", '[{"type": "CHAT"}]', '"CHAT"', "42", "-1.5e300", "null", "true"],
    "ECHO-ODD-003": [
        "{}",
        '{"payload": "untyped"}',
        '{"type": null}',
        '{"type": 7}',
        '{"type": ["CHAT"]}',
        '{"type": {"CHAT": 1}}',
        '{"type": true}',
        '{"type": ""}',
    ],
    "ECHO-ODD-005": [
        '{"type": "CHAT", "payload": ' + "[" * _DEEP + "]" * _DEEP + "}",
        '{"type": "CHAT", "payload": ' + '{"a":' * 5_000 + "1" + "}" * 5_000 + "}",
        "[" * _DEEP,
    ],
}
"""Texts as they are."""

NO_NUMBERS = ("NaN", "Infinity", '{"load":[-Infinity]}')
"""Values that some libraries take for JSON, and write as well."""

_NO_JSON = (b"NaN", b"Infinity")

_BESIDE_TARGET: Sequence[Any] = (
    None,
    "nobody",
    "7",
    7.5,
    -1,
    0,
    10**30,
    {"id": 1},
    [1, 2],
    True,
    "",
    1e308,
)

MESSAGES: Mapping[str, Sequence[Mapping[str, Any]]] = {
    "ECHO-ODD-004": [
        {"type": "TELEPATHY", "target_id": "TARGET", "payload": "unknown"},
        {"type": "chat", "target_id": "TARGET", "payload": "in small letters"},
        {"type": "CHAT ", "target_id": "TARGET", "payload": "with a blank"},
        {"type": "PING"},
        {"type": "AUTH_RESPONSE", "action_id": "none", "approved": True},
        {"type": "__proto__", "constructor": {"prototype": {}}},
        {"type": "X" * 5_000},
    ],
    "ECHO-ODD-008": [
        {"type": "CHAT", "payload": "without a target"},
        *({"type": "CHAT", "target_id": odd, "payload": "odd target"} for odd in _BESIDE_TARGET),
    ],
    "ECHO-ODD-009": [
        {"type": "CHAT", "target_id": "TARGET"},
        *(
            {"type": "CHAT", "target_id": "TARGET", "payload": odd}
            for odd in (None, 7, True, {"text": "in an object"}, ["in", "an", "array"], 1.5)
        ),
        {"type": "CHAT", "target_id": "TARGET", "payload": "half a pair \ud83d"},
    ],
    "ECHO-ODD-010": [
        {"type": "SYSTEM_LOG"},
        {"type": "SYSTEM_LOG", "payload": None},
        {"type": "SYSTEM_LOG", "payload": "only text"},
        {"type": "SYSTEM_LOG", "payload": 7},
        {"type": "SYSTEM_LOG", "payload": []},
        {"type": "SYSTEM_LOG", "payload": {}},
        {"type": "SYSTEM_LOG", "payload": {"level": "INFO"}},
        {"type": "SYSTEM_LOG", "payload": {"content": "no level"}},
        {"type": "SYSTEM_LOG", "payload": {"level": "DEBUG", "content": "unknown level"}},
        {"type": "SYSTEM_LOG", "payload": {"level": "info", "content": "small letters"}},
        {"type": "SYSTEM_LOG", "payload": {"level": 3, "content": {"text": "object"}}},
        {"type": "SYSTEM_LOG", "payload": {"level": None, "content": None}},
    ],
    "ECHO-ODD-011": [
        {"type": "CHAT_STREAM", "target_id": "TARGET", "payload": "no id"},
        {"type": "CHAT_STREAM", "target_id": "TARGET", "payload": "odd id", "stream_id": {"a": 1}},
        {"type": "CHAT_STREAM", "target_id": "TARGET", "payload": "odd id", "stream_id": [1]},
        {"type": "CHAT_STREAM", "target_id": "TARGET", "payload": "odd id", "stream_id": None},
        {"type": "CHAT_STREAM", "target_id": "TARGET", "payload": {"no": "text"}, "stream_id": "s"},
        {"type": "CHAT_STREAM", "target_id": "TARGET", "stream_id": "s"},
        {"type": "CHAT_STREAM", "payload": "no target", "stream_id": "s"},
        {"type": "CHAT_STREAM_END"},
        {"type": "CHAT_STREAM_END", "target_id": "TARGET"},
        {"type": "CHAT_STREAM_END", "target_id": "TARGET", "stream_id": "never begun"},
        {"type": "CHAT_STREAM_END", "target_id": None, "stream_id": 5},
    ],
}
"""Messages; TARGET stands for the number of somebody who is there."""

_TEXT = b'{"type": "CHAT", "payload": "by a strange frame"}'

BAD_FRAMES: Sequence[bytes] = (
    *(b"".join(frames) for frames in {**illegal_frames(_TEXT), **astray()}.values()),
    frame_bytes(Opcode.TEXT, b"\xf0\x9f"),
    frame_bytes(Opcode.TEXT, _TEXT, rsv=3),
    frame_bytes(Opcode.TEXT, _TEXT, length_form=64),
    bytes(range(256)),
)
"""Bytes that break RFC 6455, each in a way of its own."""

CONTROL_FRAMES: Sequence[bytes] = (
    frame_bytes(Opcode.PONG, b"unasked"),
    frame_bytes(Opcode.PONG),
    frame_bytes(Opcode.PING),
    frame_bytes(Opcode.PING, b"p" * 125),
    frame_bytes(Opcode.PING, b"\x00\xff\xfe") * 20,
    frame_bytes(Opcode.TEXT, b"", fin=False) + frame_bytes(Opcode.PING) + frame_bytes(Opcode.CONT),
    frame_bytes(Opcode.CLOSE),
    frame_bytes(Opcode.CLOSE, struct.pack("!H", 1001)),
    frame_bytes(Opcode.CLOSE, struct.pack("!H", 4999) + b"r" * 123)
    + frame_bytes(Opcode.TEXT, b"x"),
)
"""Lawful or nearly so, and seldom seen."""


def abuse(message: Mapping[str, Any], number: int) -> dict[str, Any]:
    """A message of `MESSAGES` for somebody who is there."""
    return {key: number if value == "TARGET" else value for key, value in message.items()}


def is_endless(frame: Frame) -> bool:
    """Is it no JSON, and shows a number that JSON cannot say?"""
    return frame.json is MISSING and any(word in frame.data for word in _NO_JSON)
