"""RFC 6455 as bytes: frames there and back, and the opening handshake. No I/O."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from typing import Final

__all__ = [
    "BINARY",
    "CLOSE",
    "CONTINUATION",
    "PING",
    "PONG",
    "TEXT",
    "Frame",
    "Parser",
    "accept_for",
    "close_payload",
    "encode",
]

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0x0, 0x1, 0x2, 0x8, 0x9, 0xA
_MAGIC: Final = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


@dataclass(frozen=True, kw_only=True, slots=True)
class Frame:
    """One frame, its payload unmasked."""

    opcode: int
    payload: bytes = b""
    fin: bool = True
    rsv: int = 0
    masked: bool = False
    minimal: bool = True
    """Whether its length took no more bytes than needed."""


def accept_for(key: str) -> str:
    """The Sec-WebSocket-Accept that answers ``key``."""
    return base64.b64encode(hashlib.sha1(key.encode() + _MAGIC).digest()).decode()


def close_payload(code: int, reason: str = "") -> bytes:
    """What a close frame carries."""
    return code.to_bytes(2, "big") + reason.encode()


def encode(frame: Frame, key: bytes = b"", *, long: bool = False) -> bytes:
    """The bytes of ``frame``, masked with ``key`` (4 bytes) where there is one."""
    size, bit = len(frame.payload), 0x80 if key else 0
    if size < 126 and not long:
        length = bytes([bit | size])
    elif size < 1 << 16 and not long:
        length = bytes([bit | 126]) + size.to_bytes(2, "big")
    else:
        length = bytes([bit | 127]) + size.to_bytes(8, "big")
    first = (0x80 if frame.fin else 0) | frame.rsv << 4 | frame.opcode
    return bytes([first]) + length + key + (_xor(frame.payload, key) if key else frame.payload)


def _xor(payload: bytes, key: bytes) -> bytes:
    size = len(payload)
    stream = (key * (size // 4 + 1))[:size]
    return (int.from_bytes(payload, "big") ^ int.from_bytes(stream, "big")).to_bytes(size, "big")


class Parser:
    """Bytes become frames."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> None:
        """Add what TCP has brought."""
        self._buffer += data

    def next_frame(self) -> Frame | None:
        """The next whole frame, or None while more bytes are needed."""
        buffer = self._buffer
        if len(buffer) < 2:
            return None
        size, head, form = buffer[1] & 0x7F, 2, 0
        if size > 125:
            form = 2 if size == 126 else 8
            size, head = int.from_bytes(buffer[2 : 2 + form], "big"), 2 + form
        masked = bool(buffer[1] & 0x80)
        start = head + (4 if masked else 0)
        if len(buffer) < start or len(buffer) < start + size:
            return None
        payload = bytes(buffer[start : start + size])
        if masked:
            payload = _xor(payload, bytes(buffer[head:start]))
        first = buffer[0]
        del buffer[: start + size]
        return Frame(
            opcode=first & 0xF,
            payload=payload,
            fin=bool(first & 0x80),
            rsv=first >> 4 & 7,
            masked=masked,
            minimal=size >= {0: 0, 2: 126, 8: 1 << 16}[form],
        )
