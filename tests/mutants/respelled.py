"""A lawful coordinator that says the same in other bytes, whatever the protocol.

JSON and HTTP may be written in many ways that mean one thing, and servers differ in them: 7.0 for
7, members in another order, escapes and blanks, headers in capitals, bodies in chunks, messages in
fragments with pings between them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

from websockets.frames import Opcode

from conformance.clients.rfc6455 import frame_bytes
from conformance.exchange import MISSING, read_json
from conformance.mutation.breaking.whole import Whole
from conformance.proxy.changing import Answered, Piece
from conformance.proxy.frame_stream import Deflate, FrameStream, Spoken, negotiated
from conformance.proxy.http_stream import Data, End, Head, HttpStream

__all__ = ["Respelled", "respelled"]

_CHUNK = 100
_EXACT = 2**53
_FRAMING = ("content-length", "transfer-encoding")
_NO_CODE = 1005


def respelled(value: Any) -> Any:
    """The same JSON: integers with a fraction of nothing, members the other way round."""
    if isinstance(value, dict):
        return {name: respelled(each) for name, each in reversed(value.items())}
    if isinstance(value, list):
        return [respelled(each) for each in value]
    whole = isinstance(value, int) and not isinstance(value, bool)
    return float(value) if whole and abs(value) < _EXACT else value


def _written(data: bytes) -> bytes | None:
    """JSON in other bytes; `None` where it is none."""
    said = read_json(data, float)
    if said is MISSING:
        return None
    text = json.dumps(respelled(said), separators=(" ,\t", " : "))
    return f"\n{text} ".encode()


class Respelled:
    """What a proxy asks of whoever changes what passes."""

    def connection(self) -> _Line:
        return _Line()

    def holds(self, path: str) -> bool:
        del path
        return False

    def asked(self, path: str, message: bytes) -> bytes:
        del path
        return message

    def answered(self, path: str, answered: Answered) -> Answered:
        del path
        return answered


class _Line:
    """One connection."""

    def __init__(self) -> None:
        self._requests = HttpStream("request")
        self._responses = HttpStream("response")
        self._whole: Whole | None = None
        self._upgrading = False
        self._frames: _Frames | None = None

    def joined(self, to_client: Callable[[bytes], bool]) -> None:
        del to_client

    def left(self) -> None:
        pass

    def from_client(self, data: bytes) -> Sequence[Piece]:
        if not self._upgrading:
            self._requests.receive(data)
            while (event := self._requests.next()) is not None:
                if isinstance(event, Head):
                    self._responses.expect(event.method)
                    self._upgrading = event.upgrades
        return (data,)

    def from_coordinator(self, data: bytes) -> Sequence[Piece]:
        if self._frames is not None:
            return self._frames.feed(data)
        self._responses.receive(data)
        pieces: list[Piece] = []
        while self._frames is None and (event := self._responses.next()) is not None:
            if isinstance(event, Head):
                pieces += self._begin(event)
            elif self._whole is None:
                pieces.append(event.raw)
            else:
                self._whole.add(event)
                if isinstance(event, End):
                    pieces += _answer(self._whole)
                    self._whole = None
        return [*pieces, *self._following()]

    def _following(self) -> Sequence[Piece]:
        """What came behind the answer that begins a WebSocket."""
        return () if self._frames is None else self._frames.feed(self._responses.rest())

    def _begin(self, head: Head) -> Sequence[Piece]:
        if head.upgrades:
            _, deflate = negotiated(head.values("sec-websocket-extensions"))
            self._frames = _Frames(deflate)
            return (_head(head, head.fields),)
        if head.status < 200:
            return (head.raw,)
        self._upgrading = False
        self._whole = Whole(head)
        return ()

    def coordinator_left(self) -> Sequence[Piece]:
        return (self._whole.raw,) if self._whole is not None else ()


def _head(head: Head, fields: Sequence[Any], more: bytes = b"") -> bytes:
    start = head.raw.lstrip(b"\r\n").splitlines()[0] + b"\r\n"
    lines = [
        f"{field.name.upper()}:{field.value}  \r\n".encode("utf-8", "surrogateescape")
        for field in fields
    ]
    return start + b"".join(lines) + b"X-SERVED-BY: node-7\r\n" + more + b"\r\n"


def _answer(whole: Whole) -> Sequence[Piece]:
    head = whole.head
    if not any(isinstance(each, Data) for each in whole.behind):
        return (_head(head, head.fields), *(each.raw for each in whole.behind))
    coded = whole.header("content-encoding")
    body = whole.carried if coded else _written(whole.carried) or whole.carried
    fields = [each for each in head.fields if each.name.lower() not in _FRAMING]
    chunks = [body[at : at + _CHUNK] for at in range(0, len(body), _CHUNK)]
    return (
        _head(head, fields, b"TRANSFER-ENCODING: chunked\r\n"),
        *(f"{len(chunk):X}\r\n".encode() + chunk + b"\r\n" for chunk in chunks),
        b"0\r\n\r\n",
    )


class _Frames:
    """What the coordinator says on a WebSocket."""

    def __init__(self, deflate: Deflate | None) -> None:
        self._stream = FrameStream(masked=False, deflate=deflate)

    def feed(self, data: bytes) -> list[Piece]:
        pieces: list[Piece] = []
        for said in self._stream.feed(data):
            if said.kind == "text":
                pieces += _cut(_written(said.data) or said.data)
            else:
                pieces.append(frame_bytes(Opcode[said.kind.upper()], _payload(said), masked=False))
        return pieces


def _payload(said: Spoken) -> bytes:
    if said.kind != "close" or said.code in (None, _NO_CODE):
        return said.data
    return said.code.to_bytes(2, "big") + said.data


def _cut(data: bytes) -> list[Piece]:
    """A message in three fragments, and a ping between them."""
    near, far = len(data) // 3, len(data) // 2
    return [
        frame_bytes(Opcode.TEXT, data[:near], fin=False, masked=False),
        frame_bytes(Opcode.PING, b"still there?", masked=False),
        frame_bytes(Opcode.CONT, data[near:far], fin=False, masked=False),
        frame_bytes(Opcode.CONT, data[far:], masked=False),
    ]
