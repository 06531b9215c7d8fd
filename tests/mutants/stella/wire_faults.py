"""Faults below the messages: what RFC 6455 and HTTP forbid a server."""

from __future__ import annotations

from typing import Final

from .fault import Seed, prefixed, table
from .wire import Wire, octets

__all__ = ["WIRE_FAULTS"]

_PIECE: Final = 0
"""The opcode of a continuation."""


def _two_texts(opcode: int, payload: bytes) -> bytes:
    half = len(payload) // 2
    return octets(opcode, payload[:half], first=0) + octets(opcode, payload[half:])


def _long(opcode: int, payload: bytes) -> bytes:
    return bytes([0x80 | opcode, 127]) + len(payload).to_bytes(8, "big") + payload


def _latin(opcode: int, payload: bytes) -> bytes:
    return octets(opcode, payload[:-1] + b', "quay": "K\xf6ln"}')


_FRAMES: Final = (
    (
        "masked",
        "frames are masked",
        Wire(frame=lambda o, p: octets(o, p, mask=b"\x11\x22\x33\x44")),
    ),
    (
        "rsv1",
        "frames have the first reserved bit",
        Wire(frame=lambda o, p: octets(o, p, first=0xC0)),
    ),
    (
        "rsv3",
        "frames have the third reserved bit",
        Wire(frame=lambda o, p: octets(o, p, first=0x90)),
    ),
    ("opcode", "messages have the reserved opcode 3", Wire(frame=lambda _o, p: octets(3, p))),
    (
        "continuation",
        "messages begin with a continuation",
        Wire(frame=lambda _o, p: octets(_PIECE, p)),
    ),
    ("two_texts", "the second fragment is no continuation", Wire(frame=_two_texts)),
    ("never_final", "no frame has FIN", Wire(frame=lambda o, p: octets(o, p, first=0))),
    ("long_lengths", "every length takes eight octets", Wire(frame=_long)),
    ("not_utf8", "text frames hold Latin-1", Wire(frame=_latin)),
)

_HANDSHAKES: Final = (
    (
        "accept.fixed",
        "the handshake is accepted for another key",
        Wire(accept=lambda _right: "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="),
    ),
    (
        "accept.missing",
        "the handshake is accepted without a word on its key",
        Wire(accept=lambda _right: None),
    ),
    (
        "accept.lower",
        "the acceptance is in lower case",
        Wire(accept=lambda right: right.lower()),
    ),
    ("~lax", "whatever wants to be a handshake opens a stream", Wire(lax=True)),
    ("~cut", "streams end without a close frame", Wire(cuts=True)),
)

_KEPT: Final = (
    ("~second_lost", "a kept connection ends when its second request comes", Wire(once=True)),
)

WIRE_FAULTS: Final = (
    *table(
        "Task Stream",
        prefixed(
            "stream.frame.", ((name, words, Seed(wire=wire)) for name, words, wire in _FRAMES)
        ),
    ),
    *table(
        "Task Stream",
        prefixed("stream.", ((name, words, Seed(wire=wire)) for name, words, wire in _HANDSHAKES)),
    ),
    *table(
        "Overview",
        prefixed("http.kept.", ((name, words, Seed(wire=wire)) for name, words, wire in _KEPT)),
    ),
)
"""Faults that only a socket shows."""
