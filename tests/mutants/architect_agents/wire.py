"""RFC 6455 by hand: the upgrade request and frames. Bytes in, bytes out, no socket."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from enum import Enum, IntEnum
from typing import Final, TypeAlias

__all__ = [
    "PROTOCOL",
    "Defect",
    "Frame",
    "FrameError",
    "FrameReader",
    "HeaderForm",
    "Opcode",
    "Sending",
    "Upgrade",
    "Wire",
    "close_payload",
    "frame",
    "fresh",
    "masked",
    "message",
    "protocol_lines",
    "render",
    "standard_upgrade",
]

PROTOCOL: Final = "Sec-WebSocket-Protocol"


class Opcode(IntEnum):
    """The opcodes that exist."""

    CONTINUATION = 0
    TEXT = 1
    BINARY = 2
    CLOSE = 8
    PING = 9
    PONG = 10


class HeaderForm(Enum):
    """Ways to write the same list of sub-protocols; RFC 9110 makes them equal."""

    SPACED = "SMP1.0, U, P"
    TIGHT = "SMP1.0,U,P"
    LINES = "one header line each"


class Defect(Enum):
    """Ways to misread what the server sends."""

    NONE = "reads all"
    NO_FRAGMENTS = "takes each fragment for a message"
    NO_CONTROL_INSIDE = "forgets the fragments so far when a control frame comes between"
    TEXT_BY_FRAGMENT = "decodes each fragment for itself"
    SEVEN_BITS = "knows no length above 125"
    SIXTEEN_BITS = "knows no length above 65535"


@dataclass(frozen=True, kw_only=True, slots=True)
class Upgrade:
    """The upgrade request in parts."""

    target: str
    headers: tuple[tuple[str, str], ...]
    username: str
    password: str
    method: str = "GET"
    version: str = "HTTP/1.1"
    body: bytes = b""

    def without(self, name: str) -> Upgrade:
        """The same without one header."""
        kept = tuple(pair for pair in self.headers if pair[0].lower() != name.lower())
        return replace(self, headers=kept)

    def having(self, name: str, *values: str) -> Upgrade:
        """The same with one header in place of all of that name; one line for each value."""
        bare = self.without(name)
        return replace(bare, headers=(*bare.headers, *((name, value) for value in values)))


@dataclass(frozen=True, kw_only=True, slots=True)
class Sending:
    """One data message on its way out."""

    opcode: Opcode
    payload: bytes
    nth: int
    """Earlier data messages on this connection."""
    total: int
    """Earlier data messages of this process."""
    key: bytes
    """A fresh masking key."""
    fragment: int | None = None


def protocol_lines(form: HeaderForm, *names: str) -> tuple[str, ...]:
    """The values of the header lines that offer ``names``."""
    if form is HeaderForm.LINES:
        return names
    return ((", " if form is HeaderForm.SPACED else ",").join(names),)


def standard_upgrade(
    *, host: str, target: str, username: str, password: str, key: str, form: HeaderForm
) -> Upgrade:
    """What the document wants: version first, then user name, then password."""
    bare = Upgrade(
        target=target,
        username=username,
        password=password,
        headers=(
            ("Host", host),
            ("Upgrade", "websocket"),
            ("Connection", "Upgrade"),
            ("Sec-WebSocket-Key", key),
            ("Sec-WebSocket-Version", "13"),
        ),
    )
    return bare.having(PROTOCOL, *protocol_lines(form, "SMP1.0", username, password))


def render(upgrade: Upgrade) -> bytes:
    """The request's bytes."""
    lines = [f"{upgrade.method} {upgrade.target} {upgrade.version}"]
    lines += [f"{name}: {value}" for name, value in upgrade.headers]
    return "\r\n".join([*lines, "", ""]).encode() + upgrade.body


def frame(
    opcode: int,
    payload: bytes,
    key: bytes | None,
    *,
    fin: bool = True,
    rsv: int = 0,
) -> bytes:
    """One frame, masked with ``key`` unless that is None; ``rsv`` are the three bits, 0 to 7."""
    head = bytes([fin << 7 | rsv << 4 | opcode])
    size = len(payload)
    bit = 0x80 if key is not None else 0
    if size < 126:
        head += bytes([bit | size])
    elif size < 1 << 16:
        head += struct.pack("!BH", bit | 126, size)
    else:
        head += struct.pack("!BQ", bit | 127, size)
    return head + payload if key is None else head + key + masked(payload, key)


def masked(payload: bytes, key: bytes) -> bytes:
    """``payload`` with the key laid over it."""
    return bytes(byte ^ key[place & 3] for place, byte in enumerate(payload))


def message(sending: Sending) -> bytes:
    """A whole message as lawful frames."""
    size = sending.fragment or len(sending.payload) or 1
    pieces = [sending.payload[at : at + size] for at in range(0, len(sending.payload), size)]
    pieces = pieces or [b""]
    last = len(pieces) - 1
    return b"".join(
        frame(sending.opcode if n == 0 else 0, piece, fresh(sending.key, n), fin=n == last)
        for n, piece in enumerate(pieces)
    )


def fresh(key: bytes, nth: int) -> bytes:
    """The key of the ``nth`` fragment: RFC 6455 wants a new one for each frame."""
    return (int.from_bytes(key) * (2 * nth + 1) & 0xFFFFFFFF).to_bytes(4)


def close_payload(code: int, reason: bytes = b"") -> bytes:
    """The body of a close frame."""
    return struct.pack("!H", code) + reason


Spell: TypeAlias = Callable[[Upgrade, int], Upgrade]
"""Changes the upgrade of a connection; the number counts connections from 0."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Wire:
    """How the hand-written link departs from RFC 6455 or from the document's header."""

    upgrade: Spell | None = None
    message: Callable[[Sending], bytes] | None = None
    pong: Callable[[bytes, bytes, int], bytes] | None = None
    """Payload, masking key and count of earlier pings to the bytes that answer."""
    goodbye: Callable[[bytes], bytes] | None = None
    """Masking key to the bytes that close from this side."""
    answers_close: bool = True
    shouts_after_close: bool = False
    """Goes on sending once the server has closed."""
    defect: Defect = Defect.NONE
    early: bool = False
    """Sends data before the upgrade was answered."""
    probes: bool = False
    """Tries without credentials first."""
    logs_in_by_frame: bool = False
    """Sends the credentials as the first message."""


class FrameError(Exception):
    """The reader lost its way: the process dies of it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Frame:
    """One frame from the server."""

    opcode: int
    payload: bytes
    fin: bool


class FrameReader:
    """Cuts the server's bytes into frames."""

    def __init__(self, defect: Defect = Defect.NONE) -> None:
        self._defect = defect
        self._data = b""

    def feed(self, data: bytes) -> Iterator[Frame]:
        """Add bytes, and take out every frame that is whole."""
        self._data += data
        while (found := self._next()) is not None:
            yield found

    def _next(self) -> Frame | None:
        data = self._data
        if len(data) < 2:
            return None
        size, start = data[1] & 0x7F, 2
        if size >= 126:
            width = 2 if size == 126 else 8
            self._check(width)
            start += width
            if len(data) < start:
                return None
            size = int.from_bytes(data[2:start])
        if len(data) < start + size:
            return None
        self._data = data[start + size :]
        first = data[0]
        return Frame(opcode=first & 0xF, payload=data[start : start + size], fin=first >= 0x80)

    def _check(self, width: int) -> None:
        short = self._defect is Defect.SEVEN_BITS
        if short or (width == 8 and self._defect is Defect.SIXTEEN_BITS):
            raise FrameError(f"no idea what a length of {width} bytes means")
