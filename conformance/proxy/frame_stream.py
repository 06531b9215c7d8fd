"""RFC 6455 in passing, one direction at a time: frames to messages, and what breaks the rules.

The bytes are passed on by others, as they came; here they are only looked at.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

__all__ = ["LARGEST_KEPT", "Deflate", "FrameStream", "Spoken", "negotiated"]

LARGEST_KEPT = 16 * 1024 * 1024
"""Bytes of one message that are kept; a larger one passes all the same, and is not judged."""

_CONT, _TEXT, _BINARY, _CLOSE, _PING, _PONG = 0, 1, 2, 8, 9, 10
_CONTROL = {_CLOSE: "close", _PING: "ping", _PONG: "pong"}
_LONGEST_CONTROL = 125
_SHORT, _LONG = 126, 127
_NO_CODE = 1005
_TAIL = b"\x00\x00\xff\xff"


class Spoken(NamedTuple):
    """One thing said: `kind` is text, binary, ping, pong, close, or raw for what breaks RFC 6455,
    in words. A message in fragments is one, with their number.
    """

    kind: str
    data: bytes = b""
    code: int | None = None
    fragments: int = 1


@dataclass(frozen=True, slots=True)
class Deflate:
    """That messages of one direction are compressed (RFC 7692), and how far that reaches back."""

    window: int = 15
    takes_over: bool = True


def negotiated(extensions: Sequence[str]) -> tuple[Deflate | None, Deflate | None]:
    """What the answer to a handshake says of compression, of the client's direction and of the
    coordinator's. `extensions` are the values of its header Sec-WebSocket-Extensions.
    """
    for extension in ",".join(extensions).split(","):
        name, *words = (word.strip().lower() for word in extension.split(";"))
        if name == "permessage-deflate":
            return _direction("client", words), _direction("server", words)
    return None, None


def _direction(side: str, words: Sequence[str]) -> Deflate:
    told = (re.match(rf'{side}_max_window_bits="?(\d+)', word) for word in words)
    bits = next((int(found[1]) for found in told if found), 15)
    return Deflate(min(max(bits, 8), 15), f"{side}_no_context_takeover" not in words)


class _Frame(NamedTuple):
    first: int
    masked: bool
    data: bytes
    flaw: str = ""
    large: bool = False

    @property
    def opcode(self) -> int:
        return self.first & 0x0F

    @property
    def final(self) -> bool:
        return bool(self.first & 0x80)


class FrameStream:
    """Reads what one side says. `masked` says that its frames must be masked: a client's."""

    def __init__(self, *, masked: bool, deflate: Deflate | None = None) -> None:
        self._masked = masked
        self._deflate = deflate
        self._inflater = zlib.decompressobj(-deflate.window) if deflate else None
        self._buffer = bytearray()
        self._skipped = 0
        self._parts: list[bytes] | None = None
        self._size = 0
        self._opcode = _TEXT
        self._packed = False
        self._lost = False
        self.closed = False
        """Was a close frame seen?"""

    def feed(self, data: bytes) -> Iterator[Spoken]:
        """What became complete with these bytes, in order."""
        if not self._lost:
            self._buffer += data
        while not self._lost and (frame := self._frame()) is not None:
            yield from self._take(frame)

    # Bytes to frames

    def _frame(self) -> _Frame | None:
        if self._skipped:
            skipped = min(self._skipped, len(self._buffer))
            del self._buffer[:skipped]
            self._skipped -= skipped
        buffer = self._buffer
        if self._skipped or len(buffer) < 2:
            return None
        masked, size, start = bool(buffer[1] & 0x80), buffer[1] & 0x7F, 2
        flaw = ""
        if size >= _SHORT:
            start = 4 if size == _SHORT else 10
            if len(buffer) < start:
                return None
            least = _SHORT if size == _SHORT else 1 << 16
            size = int.from_bytes(buffer[2:start], "big")
            flaw = f"a length of {size} in {8 * (start - 2)} bits" if size < least else ""
        key = bytes(buffer[start : start + 4]) if masked else b""
        start += len(key) if masked else 0
        if masked and len(key) < 4:
            return None
        if size > LARGEST_KEPT:
            first = buffer[0]
            del buffer[:start]
            self._skipped = size
            return _Frame(first, masked, b"", flaw, large=True)
        if len(buffer) < start + size:
            return None
        frame = _Frame(buffer[0], masked, _unmasked(bytes(buffer[start : start + size]), key), flaw)
        del buffer[: start + size]
        return frame

    # Frames to messages

    def _take(self, frame: _Frame) -> Iterator[Spoken]:
        flaws = list(self._flaws(frame))
        yield from (Spoken("raw", flaw.encode()) for flaw in flaws)
        if frame.opcode in _CONTROL:
            yield self._control(frame)
        elif frame.opcode in (_CONT, _TEXT, _BINARY):
            yield from self._data(frame)
        else:
            self._lost = True  # nobody knows what such a frame means, or where its like would end

    def _flaws(self, frame: _Frame) -> Iterator[str]:
        opcode, control = frame.opcode, frame.opcode in _CONTROL
        if frame.flaw:
            yield frame.flaw
        if frame.masked is not self._masked:
            yield "a frame is not masked" if self._masked else "a frame is masked"
        if opcode not in (_CONT, _TEXT, _BINARY, *_CONTROL):
            yield f"a frame has the reserved opcode {opcode}"
        packed = bool(frame.first & 0x40)
        if frame.first & 0x30 or (packed and (self._deflate is None or control or opcode == _CONT)):
            yield "a frame has a reserved bit set"
        if control:
            yield from _flaws_of_control(frame)
        if self.closed and not control:
            yield "a data frame followed the close frame"
        if opcode == _CONT and self._parts is None:
            yield "a message begins with a continuation"
        if opcode in (_TEXT, _BINARY) and self._parts is not None:
            yield "a message begins in the middle of another"

    def _control(self, frame: _Frame) -> Spoken:
        if frame.opcode != _CLOSE:
            return Spoken(_CONTROL[frame.opcode], frame.data)
        self.closed = True
        if len(frame.data) < 2:
            return Spoken("close", b"", _NO_CODE)
        return Spoken("close", frame.data[2:], int.from_bytes(frame.data[:2], "big"))

    def _data(self, frame: _Frame) -> Iterator[Spoken]:
        if frame.opcode != _CONT or self._parts is None:
            self._parts, self._size = [], 0
            self._opcode = frame.opcode or _TEXT
            self._packed = bool(frame.first & 0x40) and self._inflater is not None
        self._size += len(frame.data)
        if frame.large or self._size > LARGEST_KEPT:
            self._size, self._parts = LARGEST_KEPT + 1, []
        self._parts.append(frame.data)
        if frame.final:
            parts, self._parts = self._parts, None
            yield from self._message(parts)

    def _message(self, parts: list[bytes]) -> Iterator[Spoken]:
        kind = "text" if self._opcode == _TEXT else "binary"
        if self._size > LARGEST_KEPT:
            self._lost = self._packed  # what comes next refers back to it
            return
        data = b"".join(parts)
        if self._packed:
            try:
                data = self._inflated(data)
            except (zlib.error, ValueError) as error:
                self._lost = True
                yield Spoken("raw", f"a message cannot be decompressed: {error}".encode())
                return
        if kind == "text" and not _is_utf8(data):
            yield Spoken("raw", b"a text is no UTF-8")
        yield Spoken(kind, data, None, len(parts))

    def _inflated(self, data: bytes) -> bytes:
        assert self._inflater is not None
        assert self._deflate is not None
        plain = self._inflater.decompress(data + _TAIL, LARGEST_KEPT)
        if self._inflater.unconsumed_tail:
            raise ValueError(f"it is larger than {LARGEST_KEPT} bytes")
        if not self._deflate.takes_over:
            self._inflater = zlib.decompressobj(-self._deflate.window)
        return plain


def _unmasked(data: bytes, key: bytes) -> bytes:
    if not key:
        return data
    pad = (key * (len(data) // 4 + 1))[: len(data)]
    return (int.from_bytes(data, "big") ^ int.from_bytes(pad, "big")).to_bytes(len(data), "big")


def _flaws_of_control(frame: _Frame) -> Iterator[str]:
    name = _CONTROL[frame.opcode]
    if frame.large or len(frame.data) > _LONGEST_CONTROL:
        yield f"a {name} frame is too long"
    if not frame.final:
        yield f"a {name} frame is in fragments"
    if frame.opcode == _CLOSE and not _is_close(frame.data):
        yield "a close frame holds what none may"


def _is_close(data: bytes) -> bool:
    """Is it nothing, or a code that may be sent (RFC 6455, 7.4) and a reason?"""
    if not data:
        return True
    code = int.from_bytes(data[:2], "big")
    sendable = 1000 <= code <= 1014 and code not in (1004, 1005, 1006)
    return len(data) > 1 and (sendable or 3000 <= code <= 4999) and _is_utf8(data[2:])


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True
