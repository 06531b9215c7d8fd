"""RFC 6455 as bytes: frames there and back, and the key of the opening handshake. No I/O."""

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
    "encode",
]

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10
_MAGIC: Final = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


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
    return base64.b64encode(hashlib.sha1(f"{key}{_MAGIC}".encode()).digest()).decode()


def encode(frame: Frame, key: bytes = b"", *, long: bool = False) -> bytes:
    """The bytes of ``frame``, masked with ``key`` (4 bytes) where there is one."""
    size = len(frame.payload)
    head = bytearray([(0x80 if frame.fin else 0) | frame.rsv << 4 | frame.opcode])
    mark = 0x80 if key else 0
    if long or size > 0xFFFF:
        head += bytes([mark | 127]) + size.to_bytes(8, "big")
    elif size > 125:
        head += bytes([mark | 126]) + size.to_bytes(2, "big")
    else:
        head.append(mark | size)
    return bytes(head) + key + (_masked(frame.payload, key) if key else frame.payload)


def _masked(payload: bytes, key: bytes) -> bytes:
    size = len(payload)
    mask = int.from_bytes((key * (size // 4 + 1))[:size], "big")
    return (int.from_bytes(payload, "big") ^ mask).to_bytes(size, "big")


class Parser:
    """Bytes become frames."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> None:
        """Add what TCP has brought."""
        self._buffer += data

    def next_frame(self) -> Frame | None:
        """The next whole frame, or None while more bytes are needed."""
        data = self._buffer
        if len(data) < 2:
            return None
        short = data[1] & 0x7F
        wide = {126: 2, 127: 8}.get(short, 0)
        size = int.from_bytes(data[2 : 2 + wide], "big") if wide else short
        key_at = 2 + wide
        start = key_at + (4 if data[1] & 0x80 else 0)
        if len(data) < max(start, start + size):
            return None
        payload = bytes(data[start : start + size])
        if start > key_at:
            payload = _masked(payload, bytes(data[key_at:start]))
        first = data[0]
        del data[: start + size]
        return Frame(
            opcode=first & 15,
            payload=payload,
            fin=first >= 0x80,
            rsv=first >> 4 & 7,
            masked=start > key_at,
            minimal=size > {0: -1, 2: 125, 8: 0xFFFF}[wide],
        )
