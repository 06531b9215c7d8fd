"""RFC 6455 as bytes: frames, the opening handshake, and the habits of our own client. No I/O."""

from __future__ import annotations

import base64
import hashlib
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final, TypeAlias

__all__ = [
    "BINARY",
    "CLOSE",
    "CONTINUATION",
    "PING",
    "PONG",
    "STRICT",
    "TEXT",
    "Frame",
    "FrameEdit",
    "Habits",
    "Parser",
    "RequestEdit",
    "WireError",
    "accept_for",
    "encode",
    "request_lines",
]

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0x0, 0x1, 0x2, 0x8, 0x9, 0xA
_KNOWN: Final = frozenset({CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG})
_MAGIC: Final = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_CONTROL_LIMIT: Final = 125
_ZERO_MASK: Final = b"\0\0\0\0"


class WireError(Exception):
    """The server broke RFC 6455; ``code`` is the close code that says so."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


@dataclass(frozen=True, kw_only=True, slots=True)
class Frame:
    """One frame; ``length_bytes`` forces the long forms of the length (2 or 8)."""

    opcode: int
    payload: bytes = b""
    fin: bool = True
    rsv: int = 0
    masked: bool = True
    length_bytes: int | None = None


FrameEdit: TypeAlias = Callable[[Frame, "Counter[int]"], Iterable[Frame]]
"""Changes one outgoing frame; the counter says how many of each opcode went before."""
RequestEdit: TypeAlias = Callable[[list[str]], list[str]]
"""Changes the lines of the opening request."""


def _as_it_is(frame: Frame, _sent: Counter[int]) -> Iterable[Frame]:
    return (frame,)


@dataclass(frozen=True, kw_only=True, slots=True)
class Habits:
    """How our own client speaks. The defaults keep RFC 6455 to the letter."""

    request: RequestEdit = list
    frames: FrameEdit = _as_it_is
    zero_mask: bool = False
    bare_close: bool = False
    """Close frames without a code."""
    write_size: int | None = None
    """Bytes handed to TCP at once."""
    unchecked: frozenset[str] = frozenset()
    """Rules for the server that are not enforced: see ``Parser`` and the link."""
    loses: frozenset[str] = frozenset()
    """Lawful things that lose the message: fragments, pings, long lengths."""
    answers_close: bool = True
    waits_for_end: bool = True
    """Where it does not answer a close frame: the server is to end the connection."""


STRICT: Final = Habits()


def accept_for(key: str) -> str:
    """The Sec-WebSocket-Accept that proves the server has read ``key``."""
    return base64.b64encode(hashlib.sha1(key.encode() + _MAGIC).digest()).decode()


def request_lines(host: str, resource: str, key: str) -> list[str]:
    """Request line and headers of the opening handshake."""
    return [
        f"GET {resource} HTTP/1.1",
        f"Host: {host}",
        "Upgrade: websocket",
        "Connection: Upgrade",
        f"Sec-WebSocket-Key: {key}",
        "Sec-WebSocket-Version: 13",
    ]


def _length(frame: Frame) -> bytes:
    size, bit = len(frame.payload), 0x80 if frame.masked else 0
    form = frame.length_bytes or (0 if size < 126 else 2 if size < 1 << 16 else 8)
    if not form:
        return bytes([bit | size])
    return bytes([bit | (126 if form == 2 else 127)]) + size.to_bytes(form, "big")


def _xor(payload: bytes, key: bytes) -> bytes:
    size = len(payload)
    stream = (key * (size // 4 + 1))[:size]
    return (int.from_bytes(payload, "big") ^ int.from_bytes(stream, "big")).to_bytes(size, "big")


def encode(frame: Frame, key: bytes = _ZERO_MASK) -> bytes:
    """The bytes of ``frame``, masked with ``key`` (4 bytes)."""
    first = (0x80 if frame.fin else 0) | frame.rsv << 4 | frame.opcode
    mask = key if frame.masked else b""
    body = _xor(frame.payload, key) if frame.masked else frame.payload
    return bytes([first]) + _length(frame) + mask + body


class Parser:
    """Bytes from the server become frames. Raises WireError as RFC 6455 demands."""

    def __init__(self, unchecked: frozenset[str] = frozenset()) -> None:
        self._buffer = bytearray()
        self._unchecked = unchecked

    def feed(self, data: bytes) -> None:
        """Add what TCP has brought."""
        self._buffer += data

    def next_frame(self) -> Frame | None:
        """The next whole frame, or None when more bytes are needed."""
        buffer = self._buffer
        if len(buffer) < 2:
            return None
        size, head = buffer[1] & 0x7F, 2
        form = {126: 2, 127: 8}.get(size, 0)
        if form:
            if len(buffer) < 2 + form:
                return None
            size, head = int.from_bytes(buffer[2 : 2 + form], "big"), 2 + form
        masked = bool(buffer[1] & 0x80)
        start = head + (4 if masked else 0)
        frame = Frame(
            opcode=buffer[0] & 0xF,
            fin=bool(buffer[0] & 0x80),
            rsv=buffer[0] >> 4 & 7,
            masked=masked,
            length_bytes=form or None,
        )
        self._check(frame, size)
        if len(buffer) < start + size:
            return None
        payload = bytes(buffer[start : start + size])
        if masked:
            payload = _xor(payload, bytes(buffer[head:start]))
        del buffer[: start + size]
        return Frame(
            opcode=frame.opcode,
            payload=payload,
            fin=frame.fin,
            rsv=frame.rsv,
            masked=masked,
            length_bytes=frame.length_bytes,
        )

    def _check(self, frame: Frame, size: int) -> None:
        broken = {
            "masked": frame.masked,
            "rsv": frame.rsv != 0,
            "opcode": frame.opcode not in _KNOWN,
            "control": frame.opcode >= CLOSE and (not frame.fin or size > _CONTROL_LIMIT),
        }
        for rule, is_broken in broken.items():
            if is_broken and rule not in self._unchecked:
                raise WireError(1002, f"{rule} frame from the server")
