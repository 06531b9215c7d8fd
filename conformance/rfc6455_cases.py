"""What RFC 6455 allows and forbids a client, as cases that are the same for every protocol."""

from __future__ import annotations

import math
import struct
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from websockets.frames import Opcode

from conformance.clients.raw import RawSocket
from conformance.clients.rfc6455 import frame_bytes
from conformance.frames import Frame

__all__ = [
    "CLOSES",
    "CUTS",
    "LAWFUL_HANDSHAKES",
    "PINGS",
    "UNSOUND_HANDSHAKES",
    "WRONG_ENDS",
    "astray",
    "illegal_frames",
    "send_parts",
]

CLOSES: Mapping[str, bytes] = {
    "1000": struct.pack("!H", 1000),
    "nothing": b"",
    "1001 and why": struct.pack("!H", 1001) + b"gone for today",
    "4321 and why": struct.pack("!H", 4321) + ("ü" * 61).encode(),
}
"""Payloads of lawful close frames."""

PINGS: Sequence[bytes] = (b"assay", b"", b"p" * 125, b"\x00\xff\xfe", b"assay")
"""Payloads of lawful pings."""

CUTS: Mapping[str, Sequence[int]] = {
    "two": (20,),
    "many": tuple(range(5, 60, 5)),
    "an empty one first": (0, 30),
    "empty ones": (10, 10, 10, 40),
    "byte by byte": tuple(range(1, 40)),
}
"""Where a message is cut into fragments."""

_IN_LOWER_CASE = {
    "upgrade": "websocket",
    "connection": "Upgrade",
    "sec-websocket-version": "13",
    "sec-websocket-key": "YXNzYXktYXNzYXktYXNzYQ==",
}

LAWFUL_HANDSHAKES: Mapping[str, Mapping[str, str]] = {
    "Upgrade in capitals": {"Upgrade": "WebSocket"},
    "Connection with more words": {"Connection": "keep-alive, Upgrade"},
    "Connection in lower case": {"connection": "upgrade"},
    "an unknown extension": {"Sec-WebSocket-Extensions": "x-assay; mode=1"},
    "names in lower case": _IN_LOWER_CASE,
    "names in upper case": {name.upper(): value for name, value in _IN_LOWER_CASE.items()},
}
"""Headers that stand in place of those of an ordinary handshake. None names an origin: who comes
from the pages of another one may be refused.
"""

UNSOUND_HANDSHAKES: Mapping[str, Mapping[str, Any]] = {
    "no key": {"headers": {"Sec-WebSocket-Key": None}},
    "a short key": {"headers": {"Sec-WebSocket-Key": "c2hvcnQ="}},
    "a key that is no base64": {"headers": {"Sec-WebSocket-Key": "not base64 at all!!!!!!!"}},
    "version 99": {"headers": {"Sec-WebSocket-Version": "99"}},
    "POST": {"method": "POST"},
    "no Upgrade": {"headers": {"Upgrade": None}},
}
"""What `Opener.raw` is to do otherwise."""

WRONG_ENDS: Sequence[bytes] = (
    b"\x00",
    struct.pack("!H", 999),
    struct.pack("!H", 1005),
    struct.pack("!H", 1006),
)
"""Payloads of close frames that nobody may send."""


def illegal_frames(text: bytes) -> dict[str, list[bytes]]:
    """Frames that no client may send, each in a way of its own, around `text`: a message as JSON,
    an object.
    """
    half = len(text) // 2
    return {
        "unmasked": [frame_bytes(Opcode.TEXT, text, masked=False)],
        "reserved bit 1": [frame_bytes(Opcode.TEXT, text, rsv=4)],
        "reserved bit 3": [frame_bytes(Opcode.TEXT, text, rsv=1)],
        "reserved opcode": [frame_bytes(3, text)],
        "reserved control opcode": [frame_bytes(11, b"x")],
        "long ping": [frame_bytes(Opcode.PING, b"p" * 126)],
        "ping in fragments": [frame_bytes(Opcode.PING, b"p", fin=False)],
        "continuation of nothing": [frame_bytes(Opcode.CONT, text)],
        "message within another": [
            frame_bytes(Opcode.TEXT, text[:half], fin=False),
            frame_bytes(Opcode.TEXT, text),
        ],
        "no UTF-8": [frame_bytes(Opcode.TEXT, b'{"type":"\xff\xfe","message":"x"}')],
        "no UTF-8 in a lawful message": [
            frame_bytes(Opcode.TEXT, text[:-1] + b',"note":"\xc3\x28"}')
        ],
        **{f"close with {end!r}": [frame_bytes(Opcode.CLOSE, end)] for end in WRONG_ENDS},
        "close without UTF-8": [frame_bytes(Opcode.CLOSE, struct.pack("!H", 1000) + b"\xff")],
    }


def astray() -> dict[str, list[bytes]]:
    """Bytes that lead a reader astray: whether and when they end a connection is left open."""
    return {
        "length not minimal": [frame_bytes(Opcode.TEXT, b"{}", length_form=64)],
        "huge length": [b"\x81\xff" + struct.pack("!Q", 1 << 62) + b"mask"],
        "negative length": [b"\x81\xff" + b"\xff" * 8 + b"mask"],
        "no frames at all": [b"GET / HTTP/1.1\r\n\r\n" * 3],
    }


_MOST_PINGS = 5
"""Within one message: many at once, of several messages too, a careful server takes for an attack.
`ws` of Node.js ends a connection on which more than 60 are to be answered.
"""


async def send_parts(
    socket: RawSocket, data: bytes, cuts: Sequence[int], *, pinged: bool = False
) -> Frame:
    """One text message in fragments, cut at these places, with pings between them if wanted."""
    parts = [data[start:end] for start, end in pairwise([0, *cuts, len(data)])]
    every = math.ceil(len(parts) / _MOST_PINGS)
    for number, part in enumerate(parts):
        opcode = Opcode.CONT if number else Opcode.TEXT
        last = number == len(parts) - 1
        frame = await socket.send_frame(opcode, part, fin=last)
        if pinged and not last and number % every == 0:
            await socket.send_frame(Opcode.PING, b"between")
    return frame
