"""HTTP/1.1 in passing, one direction at a time: where heads, bodies and messages begin and end.

Every byte that is received comes back in exactly one event, in order, so that what is passed on is
what came. A stream that stops to be HTTP is `Garbage` from there on, and is passed on unseen.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal, TypeAlias

__all__ = ["Data", "End", "Event", "Field", "Garbage", "Head", "HttpStream"]

_LONGEST_HEAD = 256 * 1024
"""Bytes of a head that are waited for; longer than any server takes."""

_LONGEST_LINE = 16 * 1024
"""The same of the line that says how long a chunk is, and of a trailer."""

_TOKEN = rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"
_REQUEST = re.compile(rb"(" + _TOKEN + rb") (\S+) HTTP/1\.([01])")
_RESPONSE = re.compile(rb"HTTP/1\.([01]) ([1-9][0-9]{2})(?: (.*))?", re.DOTALL)
_BEGINNING = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z\r\n]")
_END_OF_HEAD = re.compile(rb"\r?\n\r?\n")
_CHUNK = re.compile(rb"[ \t]*([0-9A-Fa-f]{1,15})[ \t]*(?:;.*)?")


@dataclass(frozen=True, slots=True)
class Field:
    """One header as it stands on the wire: `raw` is its lines with their ends."""

    name: str
    value: str
    raw: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """The beginning of a request (`method`, `target`) or of an answer (`status`)."""

    raw: bytes
    fields: Sequence[Field]
    method: str = ""
    target: str = ""
    status: int = 0
    minor: int = 1
    """The second number of HTTP's version."""

    def values(self, name: str) -> list[str]:
        """The values of all headers of that name (in lower case)."""
        return [field.value for field in self.fields if field.name.lower() == name]

    def tokens(self, name: str) -> list[str]:
        """What a header that is a list holds, in lower case."""
        said = ",".join(self.values(name)).lower()
        return [word.strip() for word in said.split(",") if word.strip()]

    @property
    def upgrades(self) -> bool:
        """Does it ask for a WebSocket, or grant one?"""
        asked = "websocket" in self.tokens("upgrade") and "upgrade" in self.tokens("connection")
        return asked and (self.status == 101 or not self.status)


@dataclass(frozen=True, slots=True)
class Data:
    """A piece of a body: `payload` is what it holds, `raw` how it came."""

    raw: bytes
    payload: bytes


@dataclass(frozen=True, slots=True)
class End:
    """The end of a message. `raw` are the last chunk and the trailers, where there are any."""

    raw: bytes = b""


@dataclass(frozen=True, slots=True)
class Garbage:
    """Bytes that are no HTTP; `why` is said once, with the first of them."""

    raw: bytes
    why: str = ""


Event: TypeAlias = Head | Data | End | Garbage

_State = Literal["head", "counted", "chunk", "chunk-data", "chunk-end", "trailers", "rest", "blind"]


class HttpStream:
    """Reads one direction of a connection. `receive` gives it bytes, `next` takes events.

    Of answers it must be told, by `expect`, the method of each request, since the end of an answer
    depends on it.
    """

    def __init__(self, side: Literal["request", "response"]) -> None:
        self._side = side
        self._buffer = bytearray()
        self._state: _State = "head"
        self._left = 0
        self._asked: list[str] = []

    def expect(self, method: str) -> None:
        """A request was passed on: its answer follows those that are still to come."""
        self._asked.append(method)

    @property
    def between(self) -> bool:
        """Is no message begun?"""
        return self._state == "head" and not self._buffer

    @property
    def until_end(self) -> bool:
        """Does the message last as long as the connection?"""
        return self._state in ("rest", "blind")

    @property
    def held(self) -> int:
        """Bytes that are in no event yet."""
        return len(self._buffer)

    def receive(self, data: bytes) -> None:
        self._buffer += data

    def rest(self) -> bytes:
        """What was received and is in no event yet: it belongs to another protocol."""
        return self._take(len(self._buffer))

    def next(self) -> Event | None:
        """The next event, or `None` where more bytes are needed."""
        if self._state == "counted" and not self._left:
            self._state = "head"
            return End()
        if not self._buffer:
            return None
        return self._readers[self._state](self)

    # The states

    def _head(self) -> Event | None:
        if not _BEGINNING.match(self._buffer):
            return self._give_up("it begins like no HTTP/1.1")
        at = len(self._buffer) - len(self._buffer.lstrip(b"\r\n"))
        found = _END_OF_HEAD.search(self._buffer, at)
        if found is None:
            if len(self._buffer) > _LONGEST_HEAD:
                return self._give_up(f"its head is longer than {_LONGEST_HEAD} bytes")
            return None
        raw = self._take(found.end())
        head = self._read_head(raw, at)
        if isinstance(head, str):
            return self._give_up(head, raw)
        why = self._begin_body(head)
        return self._give_up(why, raw) if why else head

    def _read_head(self, raw: bytes, at: int) -> Head | str:
        start, *lines = raw[at:].splitlines(keepends=True)
        fields: list[Field] = []
        for line in lines:
            if line[:1] in b" \t" and fields and line.strip():  # a header goes on: obsolete, known
                last = fields.pop()
                value = f"{last.value} {_text(line.strip())}"
                fields.append(Field(last.name, value, last.raw + line))
            elif line.strip(b"\r\n"):
                name, colon, value_ = line.partition(b":")
                if not colon:
                    return f"a header is {_text(line.strip()[:80])!r}"
                fields.append(Field(_text(name.strip()), _text(value_.strip()), line))
        return self._start(start.rstrip(b"\r\n"), raw, fields)

    def _start(self, line: bytes, raw: bytes, fields: Sequence[Field]) -> Head | str:
        if self._side == "request":
            asked = _REQUEST.fullmatch(line)
            if asked is None:
                return f"{_text(line[:80])!r} is no request"
            method, target = _text(asked[1]), _text(asked[2])
            return Head(raw=raw, fields=fields, method=method, target=target, minor=int(asked[3]))
        said = _RESPONSE.fullmatch(line)
        if said is None:
            return f"{_text(line[:80])!r} is no answer"
        return Head(raw=raw, fields=fields, status=int(said[2]), minor=int(said[1]))

    def _begin_body(self, head: Head) -> str:
        """Find out how the message ends (RFC 9112, 6.3). Returns what makes that impossible."""
        self._state, self._left = "counted", 0
        if head.status and self._is_bodiless(head):
            return ""
        if "chunked" in head.tokens("transfer-encoding")[-1:]:
            self._state = "chunk"
            return ""
        lengths = set(head.tokens("content-length"))
        if len(lengths) > 1 or not all(re.fullmatch("[0-9]{1,18}", each) for each in lengths):
            return f"its length is {', '.join(sorted(lengths))}"
        if lengths:
            self._left = int(lengths.pop())
        elif head.status:
            self._state = "rest"
        return ""

    def _is_bodiless(self, head: Head) -> bool:
        if 100 <= head.status < 200:
            self._state = "head" if head.status != 101 else "counted"
            if head.status == 101 and self._asked:
                self._asked.pop(0)
            return True
        method = self._asked.pop(0) if self._asked else "GET"
        return head.status in (204, 304) or method == "HEAD"

    def _counted(self) -> Event:
        raw = self._take(min(self._left, len(self._buffer)))
        self._left -= len(raw)
        return Data(raw, raw)

    def _rest(self) -> Event:
        raw = self.rest()
        return Data(raw, raw)

    def _chunk(self) -> Event | None:
        line = self._line()
        if not isinstance(line, bytes):
            return line
        found = _CHUNK.fullmatch(line.rstrip(b"\r\n"))
        if found is None:
            return self._give_up(f"a chunk begins with {_text(line[:80])!r}", line)
        self._left = int(found[1], 16)
        self._state = "chunk-data" if self._left else "trailers"
        return Data(line, b"")

    def _chunk_data(self) -> Event:
        raw = self._take(min(self._left, len(self._buffer)))
        self._left -= len(raw)
        if not self._left:
            self._state = "chunk-end"
        return Data(raw, raw)

    def _chunk_end(self) -> Event | None:
        line = self._line()
        if not isinstance(line, bytes):
            return line
        if line.strip(b"\r\n"):
            return self._give_up("a chunk is longer than it says", line)
        self._state = "chunk"
        return Data(line, b"")

    def _trailers(self) -> Event | None:
        line = self._line()
        if not isinstance(line, bytes):
            return line
        if line.strip(b"\r\n"):
            return Data(line, b"")
        self._state = "head"
        return End(line)

    def _blind(self) -> Event:
        return Garbage(self.rest())

    # What they share

    def _line(self) -> bytes | Event | None:
        at = self._buffer.find(b"\n")
        if at >= 0:
            return self._take(at + 1)
        if len(self._buffer) > _LONGEST_LINE:
            return self._give_up("a line of its body is too long")
        return None

    def _take(self, size: int) -> bytes:
        taken = bytes(self._buffer[:size])
        del self._buffer[:size]
        return taken

    def _give_up(self, why: str, taken: bytes = b"") -> Garbage:
        self._state = "blind"
        return Garbage(taken + self.rest(), why)

    _readers: ClassVar[Mapping[_State, Callable[[HttpStream], Event | None]]] = {
        "head": _head,
        "counted": _counted,
        "rest": _rest,
        "chunk": _chunk,
        "chunk-data": _chunk_data,
        "chunk-end": _chunk_end,
        "trailers": _trailers,
        "blind": _blind,
    }


def _text(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")
