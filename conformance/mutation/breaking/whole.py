"""A request or an answer that is held until it is whole, and written anew where it is changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from conformance.proxy.http_stream import Data, Event, Head
from conformance.proxy.reading import plain_body

__all__ = ["Whole"]

_FRAMING = ("content-length", "transfer-encoding", "trailer")


@dataclass(eq=False, slots=True)
class Whole:
    """Its head, and what came behind it."""

    head: Head
    behind: list[Event] = field(default_factory=list)

    def add(self, event: Event) -> None:
        self.behind.append(event)

    @property
    def raw(self) -> bytes:
        """As it came."""
        return self.head.raw + b"".join(event.raw for event in self.behind)

    @property
    def carried(self) -> bytes:
        """The body without what frames it, but in its content coding."""
        return b"".join(each.payload for each in self.behind if isinstance(each, Data))

    @property
    def body(self) -> bytes | None:
        """The body in the clear; `None` where its coding cannot be undone."""
        return plain_body(self.carried, ",".join(self.head.values("content-encoding")))

    def header(self, name: str) -> str:
        """The value of a header, or an empty text."""
        return next(iter(self.head.values(name.lower())), "")

    def with_body(self, body: bytes) -> bytes:
        """The same with another body in the clear."""
        return self._written(self._start, self._lines((*_FRAMING, "content-encoding")), body)

    def with_status(self, status: int) -> bytes:
        """The same answer under another status."""
        start = f"HTTP/1.{self.head.minor} {status} Changed".encode()
        return self._written(start, self._lines(_FRAMING), self.carried)

    def with_start(self, method: str, target: str) -> bytes:
        """The same request for something else."""
        start = f"{method} {target} HTTP/1.{self.head.minor}"
        raw = start.encode("utf-8", "surrogateescape")
        if method == self.head.method:
            return raw + b"\r\n" + b"".join([*self._lines(()), b"\r\n", *self._rest])
        return self._written(raw, self._lines(_FRAMING), self.carried)

    def with_headers(self, changed: Mapping[str, str | None]) -> bytes:
        """The same with some headers in other words, or without them where these are `None`."""
        gone = [name.lower() for name in changed]
        lines = self._lines(gone)
        lines += [
            f"{name}: {value}\r\n".encode("utf-8", "surrogateescape")
            for name, value in changed.items()
            if value is not None
        ]
        return self._start + b"\r\n" + b"".join([*lines, b"\r\n", *self._rest])

    @property
    def _rest(self) -> list[bytes]:
        return [event.raw for event in self.behind]

    @property
    def _start(self) -> bytes:
        return self.head.raw.lstrip(b"\r\n").splitlines()[0]

    def _lines(self, gone: Sequence[str]) -> list[bytes]:
        kept = [each for each in self.head.fields if each.name.lower() not in gone]
        return [each.raw.rstrip(b"\r\n") + b"\r\n" for each in kept]

    def _written(self, start: bytes, lines: list[bytes], body: bytes) -> bytes:
        length = f"Content-Length: {len(body)}\r\n\r\n".encode()
        return start + b"\r\n" + b"".join(lines) + length + body
