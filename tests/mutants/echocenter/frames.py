"""RFC 6455 frames: building, and parsing as they trickle in."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

__all__ = ["BINARY", "CLOSE", "CONT", "PING", "PONG", "TEXT", "Frame", "Parser", "build"]

CONT: Final = 0x0
TEXT: Final = 0x1
BINARY: Final = 0x2
CLOSE: Final = 0x8
PING: Final = 0x9
PONG: Final = 0xA


@dataclass(frozen=True, kw_only=True, slots=True)
class Frame:
    """One frame, unmasked."""

    fin: bool
    rsv: int
    opcode: int
    masked: bool
    payload: bytes


def build(
    opcode: int,
    payload: bytes,
    *,
    fin: bool = True,
    rsv: int = 0,
    mask: bytes | None = None,
    declared: int | None = None,
    long_form: bool = False,
) -> bytes:
    """The bytes of one frame; `declared` is a length that need not be true."""
    length = len(payload) if declared is None else declared
    flag = 0x80 if mask is not None else 0
    head = bytes([(0x80 if fin else 0) | (rsv << 4) | opcode])
    if long_form or length > 0xFFFF:
        head += struct.pack("!BQ", flag | 127, length)
    elif length > 125:
        head += struct.pack("!BH", flag | 126, length)
    else:
        head += bytes([flag | length])
    if mask is None:
        return head + payload
    return head + mask + _masked(payload, mask)


class Parser:
    """Takes bytes in any pieces and gives whole frames."""

    def __init__(self) -> None:
        """Nothing came yet."""
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[Frame]:
        """The frames that are complete now."""
        self._buffer += data
        while (frame := self._take()) is not None:
            yield frame

    def _take(self) -> Frame | None:
        buffer = self._buffer
        if len(buffer) < 2:
            return None
        first, second = buffer[0], buffer[1]
        length, at = second & 0x7F, 2
        if length == 126:
            length, at = int.from_bytes(buffer[2:4], "big"), 4
        elif length == 127:
            length, at = int.from_bytes(buffer[2:10], "big"), 10
        masked = bool(second & 0x80)
        start = at + (4 if masked else 0)
        if len(buffer) < start or len(buffer) < start + length:
            return None
        payload = bytes(buffer[start : start + length])
        if masked:
            payload = _masked(payload, bytes(buffer[at:start]))
        del buffer[: start + length]
        return Frame(
            fin=bool(first & 0x80),
            rsv=(first >> 4) & 7,
            opcode=first & 0x0F,
            masked=masked,
            payload=payload,
        )


def _masked(payload: bytes, mask: bytes) -> bytes:
    size = len(payload)
    whole = (mask * (size // 4 + 1))[:size]
    return (int.from_bytes(payload, "big") ^ int.from_bytes(whole, "big")).to_bytes(size, "big")
