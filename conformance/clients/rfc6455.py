"""Frames of RFC 6455 as bytes: lawful and unlawful ones built, and a server's read leniently."""

from __future__ import annotations

import secrets
import struct
from collections.abc import Iterator
from dataclasses import dataclass

from websockets.exceptions import ProtocolError
from websockets.frames import Close, Opcode
from websockets.utils import apply_mask

from conformance.conversation import LARGEST_MESSAGE
from conformance.frames import Kind

__all__ = ["Heard", "Listener", "close_of", "faults", "frame_bytes"]

_NO_STATUS = 1005
_LONGEST_CONTROL = 125
_KEPT = 1024
"""Bytes that are kept of a frame that breaks the RFC, where its message is told as well."""

_CONTROL: dict[int, Kind] = {Opcode.PING: "ping", Opcode.PONG: "pong"}
_MESSAGES: dict[int, Kind] = {Opcode.TEXT: "text", Opcode.BINARY: "binary"}


def frame_bytes(
    opcode: int,
    payload: bytes = b"",
    *,
    fin: bool = True,
    rsv: int = 0,
    masked: bool = True,
    mask: bytes | None = None,
    length_form: int | None = None,
) -> bytes:
    """One frame (5.2). `rsv` is the three reserved bits as a number, `length_form` 7, 16 or 64:
    the bits of its length, the fewest if not given. Raises `ValueError` for too few.
    """
    size = len(payload)
    form = length_form or _shortest(size)
    if form < _shortest(size):
        raise ValueError(f"a length of {size} does not go into {form} bits")
    first = fin << 7 | (rsv & 7) << 4 | opcode & 15
    if form == 7:
        head = struct.pack("!BB", first, masked << 7 | size)
    elif form == 16:
        head = struct.pack("!BBH", first, masked << 7 | 126, size)
    else:
        head = struct.pack("!BBQ", first, masked << 7 | 127, size)
    if not masked:
        return head + payload
    key = secrets.token_bytes(4) if mask is None else mask
    return head + key + apply_mask(payload, key)


def _shortest(size: int) -> int:
    return 7 if size < 126 else 16 if size < 1 << 16 else 64


def faults(opcode: int, size: int, *, fin: bool, rsv: int, length_form: int | None) -> list[str]:
    """What is wrong with a frame by itself, whoever sends it."""
    wrong = []
    if rsv:
        wrong.append(f"reserved bits are set: {rsv:03b}")  # 5.2, no extension was agreed
    if opcode not in [*_CONTROL, *_MESSAGES, Opcode.CONT, Opcode.CLOSE]:
        wrong.append(f"the opcode {opcode} is reserved")
    if length_form is not None and length_form != _shortest(size):
        wrong.append(f"a length of {size} in {length_form} bits")  # "the minimal number of bytes"
    if opcode >= 8 and size > _LONGEST_CONTROL:
        wrong.append(f"a control frame of {size} bytes")  # 5.5
    if opcode >= 8 and not fin:
        wrong.append("a control frame in fragments")  # 5.5
    return wrong


def close_of(payload: bytes) -> tuple[int, str, str]:
    """The code and the reason that a close frame gives, and what is wrong with it (5.5.1, 7.4)."""
    code = int.from_bytes(payload[:2], "big") if len(payload) > 1 else _NO_STATUS
    reason = payload[2:].decode("utf-8", "replace")
    wrong = ""
    try:
        Close.parse(payload)
    except ProtocolError:
        wrong = "of one byte" if len(payload) == 1 else f"with the code {code}"
    except UnicodeDecodeError:
        wrong = "whose reason is no UTF-8"
    return code, reason, wrong and f"a close frame {wrong}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """A whole message, a control frame, or what is `raw` and why."""

    kind: Kind
    data: bytes = b""
    code: int | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wire:
    """A frame as it came."""

    opcode: int
    fin: bool
    rsv: int
    masked: bool
    form: int
    payload: bytes
    whole: bytes


class Listener:
    """Reads what a server says once the connection is open.

    What breaks the RFC is told, and as far as that goes understood all the same. `deaf` says why
    nothing more can be understood: a frame or a message of more than `largest` bytes.
    """

    def __init__(self, largest: int = LARGEST_MESSAGE) -> None:
        self.deaf = ""
        self._largest = largest
        self._unread = bytearray()
        self._message: bytearray | None = None
        self._kind: Kind = "text"
        self._closed = False

    def feed(self, data: bytes) -> list[Heard]:
        """What comes of the next bytes."""
        self._unread += data
        heard: list[Heard] = []
        while not self.deaf:
            frame = self._next()
            if frame is None:
                break
            heard += self._understand(frame)
        return heard

    def _next(self) -> _Wire | None:
        unread = self._unread
        if len(unread) < 2:
            return None
        form = {126: 16, 127: 64}.get(unread[1] & 127, 7)
        start = 2 + (form // 8 if form > 7 else 0)
        masked = unread[1] >= 128
        if len(unread) < start:
            return None
        size = unread[1] & 127 if form == 7 else int.from_bytes(unread[2:start], "big")
        if size > self._largest:
            self.deaf = f"the peer began a frame of {size} bytes"
            return None
        end = start + 4 * masked + size
        if len(unread) < end:
            return None
        payload = bytes(unread[end - size : end])
        if masked:
            payload = apply_mask(payload, bytes(unread[start : start + 4]))
        frame = _Wire(
            opcode=unread[0] & 15,
            fin=unread[0] >= 128,
            rsv=unread[0] >> 4 & 7,
            masked=masked,
            form=form,
            payload=payload,
            whole=bytes(unread[: min(end, _KEPT)]),
        )
        del unread[:end]
        return frame

    def _understand(self, frame: _Wire) -> Iterator[Heard]:
        wrong = ["a server's frame is masked"] if frame.masked else []  # 5.1
        if self._closed:
            wrong.append("a frame after the close frame")  # 5.5.1
        wrong += faults(
            frame.opcode,
            len(frame.payload),
            fin=frame.fin,
            rsv=frame.rsv,
            length_form=frame.form,
        )
        for reason in wrong:
            yield Heard(kind="raw", data=frame.whole, reason=reason)
        if self._closed:
            return
        if frame.opcode in _CONTROL:
            yield Heard(kind=_CONTROL[frame.opcode], data=frame.payload)
        elif frame.opcode == Opcode.CLOSE:
            yield from self._close(frame)
        elif frame.opcode in (Opcode.CONT, *_MESSAGES):
            yield from self._part(frame)

    def _close(self, frame: _Wire) -> Iterator[Heard]:
        self._closed = True
        code, reason, wrong = close_of(frame.payload)
        if self._message is not None:
            wrong = wrong or "a close frame within a message"
        if wrong:
            yield Heard(kind="raw", data=frame.whole, reason=wrong)
        yield Heard(kind="close", code=code, reason=reason)

    def _part(self, frame: _Wire) -> Iterator[Heard]:
        if frame.opcode == Opcode.CONT and self._message is None:
            yield Heard(kind="raw", data=frame.whole, reason="a continuation of nothing")
            return
        if frame.opcode != Opcode.CONT:
            if self._message is not None:
                yield Heard(kind="raw", data=frame.whole, reason="a message within another")
            self._message = bytearray()
            self._kind = _MESSAGES[frame.opcode]
        assert self._message is not None
        self._message += frame.payload
        if len(self._message) > self._largest:
            self.deaf = f"the peer sent a message of more than {self._largest} bytes"
        elif frame.fin:
            data, self._message = bytes(self._message), None
            yield self._whole(data)

    def _whole(self, data: bytes) -> Heard:
        if self._kind == "text":
            try:
                data.decode()
            except UnicodeDecodeError as error:
                wrong = f"text that is no UTF-8: {error.reason} at {error.start}"
                return Heard(kind="raw", data=data, reason=wrong)
        return Heard(kind=self._kind, data=data)
