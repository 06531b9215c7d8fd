"""RFC 6455 broken: pings, pongs and the closing handshake."""

from __future__ import annotations

import asyncio
from typing import Final

from .fault import wired
from .frames import CLOSE, CONT, PING, PONG, TEXT, Frame, build
from .wire import Wire

__all__ = ["CONTROL_FAULTS"]


class _PingCloses(Wire):
    def pong(self, payload: bytes) -> None:
        self.shut(1002)


class _NoPong(Wire):
    def pong(self, payload: bytes) -> None:
        """Silence."""


class _OtherPong(Wire):
    def pong(self, payload: bytes) -> None:
        self.control(PONG, b"pong")


class _EmptyPong(Wire):
    def pong(self, payload: bytes) -> None:
        self.control(PONG, b"")


class _CutPong(Wire):
    """The pong has only the first 16 bytes."""

    def pong(self, payload: bytes) -> None:
        self.control(PONG, payload[:16])


class _PingForPong(Wire):
    def pong(self, payload: bytes) -> None:
        self.control(PING, payload)


class _TextPong(Wire):
    def pong(self, payload: bytes) -> None:
        self.write(build(TEXT, b"pong"))


class _FirstPong(Wire):
    """Only the first ping is answered."""

    count = 0

    def pong(self, payload: bytes) -> None:
        self.count += 1
        if self.count == 1:
            super().pong(payload)


class _FragmentedPong(Wire):
    def pong(self, payload: bytes) -> None:
        self.write(build(PONG, payload, fin=False))
        self.write(build(CONT, b""))


class _MaskedPong(Wire):
    def pong(self, payload: bytes) -> None:
        self.write(build(PONG, payload, mask=b"abcd"))


class _LongPing(Wire):
    """A ping of 126 bytes as soon as something was heard."""

    async def took_data(self, frame: Frame) -> None:
        self.write(build(PING, b"p" * 126))
        await super().took_data(frame)


class _Closing(Wire):
    """A close is answered by other bytes."""

    reply: bytes | None = b""

    def took_close(self, payload: bytes) -> None:
        answered, self.closing = self.closing, True
        if self.reply is not None and not answered:
            self.control(CLOSE, self.reply)
        self.writer.close()


class _NoEcho(_Closing):
    reply = None


class _Close1005(_Closing):
    reply = (1005).to_bytes(2, "big")


class _Close1006(_Closing):
    reply = (1006).to_bytes(2, "big")


class _Close999(_Closing):
    reply = (999).to_bytes(2, "big")


class _Close0(_Closing):
    reply = (0).to_bytes(2, "big")


class _CloseByte(_Closing):
    reply = b"\x03"


class _CloseUtf8(_Closing):
    reply = (1000).to_bytes(2, "big") + b"bye \xff\xfe"


class _CloseLong(_Closing):
    reply = (1000).to_bytes(2, "big") + b"x" * 130


class _CloseFragment(Wire):
    def took_close(self, payload: bytes) -> None:
        self.closing = True
        self.write(build(CLOSE, payload[:2], fin=False))
        self.writer.close()


class _CloseIgnored(Wire):
    """A close frame changes nothing."""

    def took_close(self, payload: bytes) -> None:
        """Nothing."""


class _CloseStays(Wire):
    """A close is answered, but the connection stays."""

    def took_close(self, payload: bytes) -> None:
        self.closing = True
        self.control(CLOSE, payload[:2])


class _TalksAfterClose(Wire):
    """A message follows the close frame."""

    def took_close(self, payload: bytes) -> None:
        self.closing = True
        self.control(CLOSE, payload[:2])
        self.write(build(TEXT, b'{"type": "BYE"}'))
        self.writer.close()


class _LingersAddressed(Wire):
    """Who left with a close frame still takes messages for a second, which are lost."""

    def took_close(self, payload: bytes) -> None:
        self.closing = True
        self.control(CLOSE, payload[:2])
        asyncio.get_running_loop().call_later(1.0, self.writer.close)


_CONTROL: Final[tuple[tuple[str, str, type[Wire]], ...]] = (
    ("pong.none", "pings are not answered", _NoPong),
    ("pong.other", "the pong has another payload", _OtherPong),
    ("pong.empty", "the pong is empty", _EmptyPong),
    ("pong.cut", "the pong has 16 bytes at most", _CutPong),
    ("pong.ping", "a ping is answered by a ping", _PingForPong),
    ("pong.text", "a ping is answered by a text", _TextPong),
    ("pong.first", "only the first ping is answered", _FirstPong),
    ("pong.fragmented", "the pong is fragmented", _FragmentedPong),
    ("pong.masked", "the pong is masked", _MaskedPong),
    ("pong.closes", "a ping ends the connection", _PingCloses),
    ("ping.long", "the server pings with 126 bytes", _LongPing),
    ("~close.none", "a close frame is not answered", _NoEcho),
    ("close.1005", "a close is answered with code 1005", _Close1005),
    ("close.1006", "a close is answered with code 1006", _Close1006),
    ("close.999", "a close is answered with code 999", _Close999),
    ("close.0", "a close is answered with code 0", _Close0),
    ("close.byte", "the answer to a close is one byte long", _CloseByte),
    ("close.utf8", "the reason of a close is no UTF-8", _CloseUtf8),
    ("close.long", "the close frame is longer than 125 bytes", _CloseLong),
    ("close.fragment", "the close frame is not final", _CloseFragment),
    ("close.ignored", "a close frame changes nothing", _CloseIgnored),
    ("close.stays", "a close is answered, but the connection stays", _CloseStays),
    ("close.talks", "a message follows the close frame", _TalksAfterClose),
    ("~close.lingers", "after a close the connection ends a second late", _LingersAddressed),
)

CONTROL_FAULTS: Final = tuple(wired(_CONTROL))
