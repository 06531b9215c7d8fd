"""RFC 6455 broken: the handshake and the frames that go out."""

from __future__ import annotations

from typing import ClassVar, Final

from .fault import wired
from .frames import CONT, build
from .wire import Wire, accept_key

__all__ = ["WIRE_FAULTS"]


class _Greeting(Wire):
    """A 101 with other headers; `status` is its first line."""

    status = "HTTP/1.1 101 Switching Protocols"
    add: ClassVar[dict[str, str]] = {}
    drop = ""

    def greet(self) -> None:
        headers = {**self.greeting(), **self.add}
        headers.pop(self.drop, None)
        lines = [self.status, *(f"{name}: {value}" for name, value in headers.items())]
        self.write("\r\n".join([*lines, "", ""]).encode())


class _WrongKey(Wire):
    def proof(self, key: str) -> str:
        return accept_key(key[::-1])


class _ConstantKey(Wire):
    def proof(self, key: str) -> str:
        return "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="


class _EchoedKey(Wire):
    def proof(self, key: str) -> str:
        return key


class _LowerKey(Wire):
    def proof(self, key: str) -> str:
        return accept_key(key).lower()


class _SecondKey(Wire):
    """The right proof for the first connection only."""

    def proof(self, key: str) -> str:
        first = self.hub.memo.setdefault("key", key)
        return accept_key(str(first))


class _NoAccept(_Greeting):
    drop = "Sec-WebSocket-Accept"


class _NoUpgrade(_Greeting):
    drop = "Upgrade"


class _NoConnection(_Greeting):
    drop = "Connection"


class _Status200(_Greeting):
    status = "HTTP/1.1 200 OK"


class _OldHttp(_Greeting):
    status = "HTTP/1.0 101 Switching Protocols"


class _Protocol(_Greeting):
    add: ClassVar[dict[str, str]] = {"Sec-WebSocket-Protocol": "echo.v1"}


class _Extension(_Greeting):
    add: ClassVar[dict[str, str]] = {"Sec-WebSocket-Extensions": "permessage-deflate"}


class _OddExtension(_Greeting):
    add: ClassVar[dict[str, str]] = {"Sec-WebSocket-Extensions": "x-echo-frames"}


class _Masked(Wire):
    def framed(self, opcode: int, raw: bytes) -> list[bytes]:
        return [build(opcode, raw, mask=b"\x01\x02\x03\x04")]


class _Reserved(Wire):
    rsv = 4

    def framed(self, opcode: int, raw: bytes) -> list[bytes]:
        return [build(opcode, raw, rsv=self.rsv)]


class _Reserved2(_Reserved):
    rsv = 2


class _LateReserved(Wire):
    """The fifth message has a reserved bit."""

    count = 0

    def framed(self, opcode: int, raw: bytes) -> list[bytes]:
        self.count += 1
        return [build(opcode, raw, rsv=1 if self.count == 5 else 0)]


class _OddOpcode(Wire):
    def framed(self, opcode: int, raw: bytes) -> list[bytes]:
        return [build(3, raw)]


class _Unfinished(Wire):
    def framed(self, opcode: int, raw: bytes) -> list[bytes]:
        return [build(opcode, raw, fin=False)]


class _NewOpcodes(Wire):
    """Fragments that all claim to be the first."""

    def framed(self, opcode: int, raw: bytes) -> list[bytes]:
        half = len(raw) // 2
        return [build(opcode, raw[:half], fin=False), build(opcode, raw[half:])]


class _OnlyContinued(Wire):
    def framed(self, opcode: int, raw: bytes) -> list[bytes]:
        return [build(CONT, raw)]


class _LostFragment(Wire):
    """The second fragment of a long message is never sent."""

    def framed(self, opcode: int, raw: bytes) -> list[bytes]:
        if len(raw) < 1000:
            return super().framed(opcode, raw)
        return [build(opcode, raw[:500], fin=False), build(CONT, raw[900:])]


class _Latin(Wire):
    def framed(self, opcode: int, raw: bytes) -> list[bytes]:
        # JSON escapes what is not ASCII; undo that, then write it wrongly.
        text = raw.decode().encode().decode("unicode_escape") if b"\\u00" in raw else raw.decode()
        return [build(opcode, text.encode("latin-1", "replace"))]


class _CutUtf8(Wire):
    """A text ends in the middle of a letter."""

    def framed(self, opcode: int, raw: bytes) -> list[bytes]:
        return [build(opcode, raw[:-1] + b"\xc3" if len(raw) > 300 else raw)]


class _LongForm(Wire):
    """Lengths in more bytes than needed."""

    def framed(self, opcode: int, raw: bytes) -> list[bytes]:
        return [build(opcode, raw, long_form=True)]


class _Sized(Wire):
    """A message of certain sizes has a wrong length."""

    low, high, error = 100, 125, 1

    def framed(self, opcode: int, raw: bytes) -> list[bytes]:
        wrong = self.low <= len(raw) <= self.high
        return [build(opcode, raw, declared=len(raw) + (self.error if wrong else 0))]


class _Sized126(_Sized):
    low, high = 126, 0xFFFF


class _Sized64k(_Sized):
    low, high = 0x10000, 1 << 40


class _SizedShort(_Sized):
    low, high, error = 126, 1 << 40, -1


_OUT: Final[tuple[tuple[str, str, type[Wire]], ...]] = (
    ("accept.wrong", "Sec-WebSocket-Accept is that of another key", _WrongKey),
    ("accept.constant", "Sec-WebSocket-Accept is always the RFC's example", _ConstantKey),
    ("accept.echoed", "Sec-WebSocket-Accept is the key itself", _EchoedKey),
    ("accept.lower", "Sec-WebSocket-Accept is in lower case", _LowerKey),
    ("accept.first", "Sec-WebSocket-Accept fits the first connection only", _SecondKey),
    ("accept.missing", "there is no Sec-WebSocket-Accept", _NoAccept),
    ("greeting.no_upgrade", "the 101 has no Upgrade", _NoUpgrade),
    ("greeting.no_connection", "the 101 has no Connection", _NoConnection),
    ("greeting.200", "the upgrade is answered with 200", _Status200),
    ("~greeting.http_1_0", "the upgrade is answered in HTTP/1.0", _OldHttp),
    ("greeting.protocol", "a sub-protocol is chosen that nobody offered", _Protocol),
    ("greeting.deflate", "compression is agreed to that nobody offered", _Extension),
    ("greeting.extension", "an extension is agreed to that nobody offered", _OddExtension),
    ("out.masked", "the server masks its frames", _Masked),
    ("out.rsv1", "a reserved bit is set", _Reserved),
    ("out.rsv2", "another reserved bit is set", _Reserved2),
    ("out.rsv_late", "the fifth message has a reserved bit", _LateReserved),
    ("out.opcode", "messages have the reserved opcode 3", _OddOpcode),
    ("out.unfinished", "messages are never finished", _Unfinished),
    ("out.new_opcodes", "later fragments have the opcode of the first", _NewOpcodes),
    ("out.only_continued", "messages begin with a continuation", _OnlyContinued),
    ("out.lost_fragment", "long messages lack a part of their middle", _LostFragment),
    ("out.latin", "text frames hold Latin-1", _Latin),
    ("out.cut_utf8", "long texts end in the middle of a letter", _CutUtf8),
    ("~out.long_form", "lengths are written in 8 bytes always", _LongForm),
    ("out.size_125", "messages of 100 to 125 bytes have a wrong length", _Sized),
    ("out.size_126", "messages of 126 bytes and more have a wrong length", _Sized126),
    ("out.size_64k", "messages of 64 KiB and more have a wrong length", _Sized64k),
    ("out.size_short", "messages of 126 bytes and more are declared too short", _SizedShort),
)

WIRE_FAULTS: Final = tuple(wired(_OUT))
