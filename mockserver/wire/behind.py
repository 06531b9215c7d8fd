"""What a client sends behind its own close frame, which no library shows."""

from __future__ import annotations

__all__ = ["data_follows"]

_CLOSE = 8
_MASKED = 0x80
_LONGEST = 125
"""Bytes that a control frame may carry."""


def data_follows(data: bytes, closed: bool) -> bool:
    """Is there a data frame behind the close frame in what came in at once?

    `closed` says that the close frame came before. "The application MUST NOT send any more data
    frames after sending a Close frame" (RFC 6455, 5.5.1); a late pong is none.
    """
    at = 0 if closed else _end_of_close(data)
    return at is not None and at < len(data) and data[at] & 0x0F < _CLOSE


def _end_of_close(data: bytes) -> int | None:
    """Where the close frame ends; `None` where it is not to be found from the start."""
    at = 0
    while at + 2 <= len(data):
        opcode, size, head = data[at] & 0x0F, data[at + 1] & 0x7F, 2
        if not data[at + 1] & _MASKED:
            return None
        if size > _LONGEST:
            more = 2 if size == _LONGEST + 1 else 8
            size, head = int.from_bytes(data[at + 2 : at + 2 + more]), 2 + more
        at += head + 4 + size
        if opcode == _CLOSE:
            return at
    return None
