"""Faults in the frames that the agent sends, in Ping and in Close (RFC 6455, section 5)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from .fault import wired
from .frames import CLOSE, PING, PONG, TEXT, Frame, encode_frame
from .handmade import FramingError, Wire

__all__ = ["FRAME_FAULTS"]

# What the agent sends.


def _frames(change: Callable[[int, bytes, bool], bytes]) -> type[Wire]:
    """Other octets for each data frame."""

    class Changed(Wire):
        def frame(self, opcode: int, payload: bytes, *, fin: bool = True) -> bytes:
            return change(opcode, payload, fin)

    return Changed


def _when(
    check: Callable[[bytes], bool], change: Callable[[int, bytes, bool], bytes]
) -> type[Wire]:
    """Other octets for some data frames."""
    return _frames(
        lambda opcode, payload, fin: (
            change(opcode, payload, fin)
            if check(payload)
            else encode_frame(opcode, payload, fin=fin)
        )
    )


def _long_form(opcode: int, payload: bytes, fin: bool) -> bytes:
    return bytes([0x80 | opcode, 127]) + len(payload).to_bytes(8, "big") + payload


def _little_endian(opcode: int, payload: bytes, fin: bool) -> bytes:
    return bytes([0x80 | opcode, 126]) + len(payload).to_bytes(2, "little") + payload


def _seven_bits(opcode: int, payload: bytes, fin: bool) -> bytes:
    return bytes([0x80 | opcode, len(payload)]) + payload


def _sixteen_bits(opcode: int, payload: bytes, fin: bool) -> bytes:
    return bytes([0x80 | opcode, 126]) + (len(payload) & 0xFFFF).to_bytes(2, "big") + payload


def _two_parts(opcode: int, payload: bytes, fin: bool) -> bytes:
    half = len(payload) // 2
    first = encode_frame(opcode, payload[:half], fin=False)
    return first + encode_frame(opcode, payload[half:])


def _never_final(opcode: int, payload: bytes, fin: bool) -> bytes:
    return encode_frame(opcode, payload, fin=False)


class _Latin1(Wire):
    """Sends text that is no UTF-8."""

    def packed(self, data: str | bytes) -> tuple[int, bytes]:
        opcode, payload = super().packed(data)
        return opcode, payload[:-1] + b', "place": "K\xf6ln"}' if opcode == TEXT else payload


class _WrongOpcode(Wire):
    def packed(self, data: str | bytes) -> tuple[int, bytes]:
        return 3, super().packed(data)[1]


_SENT: Final = (
    wired(
        "rfc.sent.masked",
        "the agent masks its frames",
        _frames(lambda o, p, f: encode_frame(o, p, fin=f, mask=b"\x11\x22\x33\x44")),
    ),
    wired(
        "rfc.sent.rsv1",
        "a reserved bit is set without an extension",
        _frames(lambda o, p, f: encode_frame(o, p, fin=f, reserved=0x40)),
    ),
    wired(
        "rfc.sent.rsv3",
        "the third reserved bit is set",
        _frames(lambda o, p, f: encode_frame(o, p, fin=f, reserved=0x10)),
    ),
    wired("rfc.sent.length_not_minimal", "every length takes eight octets", _frames(_long_form)),
    wired(
        "rfc.sent.length_little_endian",
        "the length of a message of 126 octets or more has its octets in the wrong order",
        _when(lambda p: 126 <= len(p) < 65536, _little_endian),
    ),
    wired(
        "rfc.sent.length_126",
        "a message of 126 octets has its length in seven bits",
        _when(lambda p: len(p) == 126, _seven_bits),
    ),
    wired(
        "rfc.sent.length_65536",
        "the length of a message of 65536 octets or more is cut to two octets",
        _when(lambda p: len(p) > 0xFFFF, _sixteen_bits),
    ),
    wired("rfc.sent.opcode_reserved", "messages have the reserved opcode 3", _WrongOpcode),
    wired(
        "rfc.sent.two_text_frames", "the second fragment is no continuation", _frames(_two_parts)
    ),
    wired("rfc.sent.never_final", "no frame has FIN", _frames(_never_final)),
    wired("rfc.sent.not_utf8", "text frames hold Latin-1", _Latin1),
)

# Ping and close.


class _NoPong(Wire):
    async def ping(self, payload: bytes) -> None:
        pass


def _pong(change: Callable[[bytes], bytes]) -> type[Wire]:
    class Changed(Wire):
        async def ping(self, payload: bytes) -> None:
            await super().ping(change(payload))

    return Changed


class _FirstPongOnly(Wire):
    ponged = False

    async def ping(self, payload: bytes) -> None:
        if not self.ponged:
            self.ponged = True
            await super().ping(payload)


class _PingForPing(Wire):
    async def ping(self, payload: bytes) -> None:
        await self.write(encode_frame(PING, payload))


class _TextForPing(Wire):
    async def ping(self, payload: bytes) -> None:
        await self.write(encode_frame(TEXT, payload))


class _PingCloses(Wire):
    async def ping(self, payload: bytes) -> None:
        raise FramingError(1002)


class _PongCloses(Wire):
    async def take(self, frame: Frame) -> bool:
        if frame.opcode == PONG:
            raise FramingError(1002)
        return await super().take(frame)


class _LatePong(Wire):
    async def ping(self, payload: bytes) -> None:
        await asyncio.sleep(6)
        await super().ping(payload)


class _NoCloseEcho(Wire):
    async def closed_by_client(self, payload: bytes) -> None:
        self.closing = True


class _DeafToClose(Wire):
    async def take(self, frame: Frame) -> bool:
        return frame.opcode == CLOSE or await super().take(frame)


def _close_echo(change: Callable[[bytes], bytes]) -> type[Wire]:
    class Changed(Wire):
        async def closed_by_client(self, payload: bytes) -> None:
            if len(payload) == 1:
                raise FramingError(1002)
            self.closing = True
            await self.write(encode_frame(CLOSE, change(payload)))

    return Changed


class _StaysAfterClose(Wire):
    """Echoes the Close frame but keeps the line open."""

    async def closed_by_client(self, payload: bytes) -> None:
        await super().closed_by_client(payload)
        await asyncio.sleep(3600)


class _ServesAfterClose(Wire):
    """Goes on to serve after the closing handshake."""

    async def take(self, frame: Frame) -> bool:
        await super().take(frame)
        self.closing = False
        return True


class _DataAfterClose(Wire):
    """Sends a message after its Close frame."""

    async def closed_by_client(self, payload: bytes) -> None:
        await super().closed_by_client(payload)
        await self.write(encode_frame(TEXT, b'{"event": "bye"}'))


_CONTROL: Final = (
    wired("rfc.ping.unanswered", "a Ping is not answered", _NoPong),
    wired("rfc.ping.empty_pong", "a Pong is empty whatever the Ping", _pong(lambda _p: b"")),
    wired("rfc.ping.other_payload", "a Pong has a payload of its own", _pong(lambda _p: b"pong")),
    wired("rfc.ping.cut", "a Pong has 64 octets at most", _pong(lambda p: p[:64])),
    wired("rfc.ping.first_only", "only the first Ping is answered", _FirstPongOnly),
    wired("rfc.ping.ping_back", "a Ping is answered by a Ping", _PingForPing),
    wired("rfc.ping.text_back", "a Ping is answered by a text message", _TextForPing),
    wired("rfc.ping.closes", "a Ping closes the connection", _PingCloses),
    wired("rfc.ping.late", "a Pong takes six seconds", _LatePong, implied=True),
    wired("rfc.pong.closes", "an unsolicited Pong closes the connection", _PongCloses),
    wired("rfc.close.no_echo", "a Close is answered by the end of the line only", _NoCloseEcho),
    wired("rfc.close.ignored", "a Close is ignored", _DeafToClose),
    wired("rfc.close.stays_open", "after the Close frames the line stays open", _StaysAfterClose),
    wired("rfc.close.served_after", "commands after a Close are served", _ServesAfterClose),
    wired("rfc.close.data_after", "a message follows the agent's Close frame", _DataAfterClose),
    wired(
        "rfc.close.code_1005",
        "a Close is answered with code 1005",
        _close_echo(lambda _p: (1005).to_bytes(2, "big")),
    ),
    wired(
        "rfc.close.code_999",
        "a Close is answered with code 999",
        _close_echo(lambda _p: (999).to_bytes(2, "big")),
    ),
    wired(
        "rfc.close.one_octet", "a Close is answered with one octet", _close_echo(lambda _p: b"\x03")
    ),
    wired(
        "rfc.close.reason_not_utf8",
        "the reason of the answering Close is no UTF-8",
        _close_echo(lambda _p: b"\x03\xe8\xff\xfe"),
    ),
    wired(
        "rfc.close.code_1006_accepted",
        "codes that may not be sent are echoed",
        _close_echo(lambda p: p[:2]),
    ),
)

FRAME_FAULTS: Final = (*_SENT, *_CONTROL)
