"""Faults in what is made of a client's frames (RFC 6455, section 5)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from .fault import Fault, wired
from .frames import BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, Frame
from .handmade import FramingError, Wire

__all__ = ["TAKEN_FAULTS"]


def _head(check: Callable[[int, int], bool]) -> type[Wire]:
    """Let frames pass whose first two octets the check names."""

    class Tolerant(Wire):
        def check_head(self, first: int, second: int) -> None:
            if not check(first, second):
                super().check_head(first, second)

    return Tolerant


def _dies_of(check: Callable[[int, int], bool]) -> type[Wire]:
    class Frail(Wire):
        def check_head(self, first: int, second: int) -> None:
            if check(first, second):
                self.agent.die()
            super().check_head(first, second)

    return Frail


def _payloads(
    check: Callable[[Frame], bool], *, mute: bool = False, code: int = 1011
) -> type[Wire]:
    """Fail, or stay silent, for some frames that are legal."""

    class Picky(Wire):
        async def take(self, frame: Frame) -> bool:
            if not check(frame):
                return await super().take(frame)
            if mute:
                return True
            raise FramingError(code)

    return Picky


class _ReservedOpcodes(Wire):
    """Takes no notice of frames with reserved opcodes."""

    def check_head(self, first: int, second: int) -> None:
        super().check_head(first & 0xF0 | (first & 0x0F if first & 0x0F in _KNOWN else 1), second)

    async def take(self, frame: Frame) -> bool:
        return frame.opcode not in _KNOWN or await super().take(frame)


_KNOWN: Final = frozenset({CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG})


class _EachFragment(Wire):
    """Takes each fragment for a message."""

    async def fragment(self, frame: Frame) -> None:
        self.kind = 0 if frame.fin else TEXT
        await self.message(TEXT, frame.payload)


class _LastFragment(Wire):
    """Forgets all fragments but the last two."""

    async def fragment(self, frame: Frame) -> None:
        self.parts = self.parts[-1:]
        await super().fragment(frame)


class _PingForgets(Wire):
    """A Ping between fragments loses what came before."""

    async def ping(self, payload: bytes) -> None:
        self.parts = [b"" for _ in self.parts]
        await super().ping(payload)


class _PingFails(Wire):
    async def ping(self, payload: bytes) -> None:
        if self.kind:
            raise FramingError(1002)
        await super().ping(payload)


class _EmptyFragment(Wire):
    async def fragment(self, frame: Frame) -> None:
        if not frame.payload and self.kind:
            raise FramingError(1002)
        await super().fragment(frame)


class _LooseContinuation(Wire):
    """Takes a continuation with nothing before it for a text message."""

    async def fragment(self, frame: Frame) -> None:
        if frame.opcode == CONTINUATION and not self.kind:
            frame = Frame(fin=frame.fin, opcode=TEXT, payload=frame.payload)
        await super().fragment(frame)


class _NewWithin(Wire):
    """Takes a new message within a fragmented one, and forgets the old one."""

    async def fragment(self, frame: Frame) -> None:
        if frame.opcode != CONTINUATION:
            self.kind, self.parts = 0, []
        await super().fragment(frame)


class _Replaced(Wire):
    """Replaces octets that are no UTF-8."""

    def text(self, payload: bytes) -> str:
        return payload.decode("utf-8", "replace")


class _Utf8Kills(Wire):
    def text(self, payload: bytes) -> str:
        try:
            return super().text(payload)
        except FramingError:
            self.agent.die()
            raise


class _WrongCode(Wire):
    """Gives another code for text that is no UTF-8."""

    def text(self, payload: bytes) -> str:
        try:
            return super().text(payload)
        except FramingError:
            raise FramingError(1000) from None


class _Utf8EachFragment(Wire):
    """Wants each fragment to be UTF-8 by itself."""

    async def fragment(self, frame: Frame) -> None:
        self.text(frame.payload)
        await super().fragment(frame)


class _OneFrameAPiece(Wire):
    """Loses what came in the same TCP segment after a frame."""

    async def read_frame(self) -> Frame:
        frame = await super().read_frame()
        self.reader._buffer.clear()  # type: ignore[attr-defined]
        return frame


class _WholeFramesOnly(Wire):
    """Does not wait for the rest of a frame that comes in pieces."""

    async def read_frame(self) -> Frame:
        try:
            async with asyncio.timeout(None) as limit:
                first = await self.reader.readexactly(1)
                limit.reschedule(asyncio.get_running_loop().time() + 0.02)
                rest = await self._rest()
        except TimeoutError:
            raise FramingError(1002) from None
        self.check_head(first[0], rest[0])
        return rest[1](first[0])

    async def _rest(self) -> tuple[int, Callable[[int], Frame]]:
        second = (await self.reader.readexactly(1))[0]
        length = second & 0x7F
        if length > 125:
            length = int.from_bytes(await self.reader.readexactly(2 if length == 126 else 8), "big")
        mask = await self.reader.readexactly(4)
        masked = await self.reader.readexactly(length)
        plain = bytes(octet ^ mask[at % 4] for at, octet in enumerate(masked))
        return second, lambda first: Frame(
            fin=bool(first & 0x80), opcode=first & 0x0F, payload=plain
        )


def _size(name: str, size: int, *, mute: bool = False) -> Fault:
    how = "is not answered" if mute else "closes the connection"
    return wired(
        f"rfc.size.{name}",
        f"a message of {size} octets {how}",
        _payloads(lambda frame: frame.opcode == TEXT and len(frame.payload) == size, mute=mute),
    )


TAKEN_FAULTS: Final = (
    wired(
        "rfc.taken.unmasked",
        "unmasked frames of a client are served",
        _head(lambda f, s: not s & 0x80),
    ),
    wired(
        "rfc.taken.unmasked_kills",
        "an unmasked frame stops the server",
        _dies_of(lambda f, s: not s & 0x80),
    ),
    wired(
        "rfc.taken.reserved_bits", "reserved bits are ignored", _head(lambda f, s: bool(f & 0x70))
    ),
    wired(
        "rfc.taken.reserved_bits_kill",
        "a reserved bit stops the server",
        _dies_of(lambda f, s: bool(f & 0x70)),
    ),
    wired(
        "rfc.taken.reserved_opcode", "frames with reserved opcodes are ignored", _ReservedOpcodes
    ),
    wired(
        "rfc.taken.reserved_opcode_kills",
        "a reserved opcode stops the server",
        _dies_of(lambda f, s: f & 0x0F not in _KNOWN),
    ),
    wired(
        "rfc.taken.long_ping",
        "a Ping of more than 125 octets is answered",
        _head(lambda f, s: f & 0x0F >= CLOSE and bool(f & 0x80) and s & 0x7F > 125),
    ),
    wired(
        "rfc.taken.fragmented_ping",
        "a Ping without FIN is answered",
        _head(lambda f, s: f & 0x8F in {PING, PONG}),
    ),
    wired(
        "rfc.taken.loose_continuation", "a continuation of nothing is served", _LooseContinuation
    ),
    wired("rfc.taken.new_within", "a new message within a fragmented one is served", _NewWithin),
    wired("rfc.taken.not_utf8", "text that is no UTF-8 is read", _Replaced),
    wired("rfc.taken.not_utf8_kills", "text that is no UTF-8 stops the server", _Utf8Kills),
    wired(
        "rfc.taken.not_utf8_code",
        "text that is no UTF-8 is answered with code 1000",
        _WrongCode,
        implied=True,
    ),
    wired("rfc.fragments.each_alone", "each fragment is taken for a message", _EachFragment),
    wired("rfc.fragments.two_at_most", "of three fragments the first is lost", _LastFragment),
    wired("rfc.fragments.ping_forgets", "a Ping between fragments loses the first", _PingForgets),
    wired("rfc.fragments.ping_closes", "a Ping between fragments closes", _PingFails),
    wired("rfc.fragments.empty_closes", "an empty continuation closes", _EmptyFragment),
    wired(
        "rfc.fragments.utf8_each", "a character may not be split over fragments", _Utf8EachFragment
    ),
    wired(
        "rfc.segments.one_frame", "of two frames in a segment the second is lost", _OneFrameAPiece
    ),
    wired("rfc.segments.whole_frames", "a frame in several segments closes", _WholeFramesOnly),
    _size("125", 125),
    _size("126", 126),
    _size("127", 127, mute=True),
    _size("65535", 65535),
    _size("65536", 65536),
    _size("65537", 65537, mute=True),
    wired(
        "rfc.size.above_65535",
        "a frame with a length of eight octets closes",
        _payloads(lambda frame: len(frame.payload) > 65535),
        implied=True,
    ),
    wired(
        "rfc.size.too_big",
        "a frame of more than 65535 octets is said to be too big",
        _payloads(lambda frame: len(frame.payload) > 65535, code=1009),
        implied=True,
    ),
    wired(
        "rfc.size.above_125",
        "a frame with a length of two octets is not answered",
        _payloads(lambda f: f.opcode == TEXT and len(f.payload) > 125, mute=True),
    ),
    wired(
        "rfc.size.ping_125",
        "a Ping of 125 octets closes",
        _payloads(lambda frame: frame.opcode == PING and len(frame.payload) == 125),
    ),
    wired(
        "rfc.size.empty_ping",
        "an empty Ping is not answered",
        _payloads(lambda frame: frame.opcode == PING and not frame.payload, mute=True),
    ),
)
