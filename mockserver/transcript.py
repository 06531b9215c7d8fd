"""What was said, in order. Kept as it came, and turned into JSON only when somebody asks."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import orjson

from mockserver.world import iso
from schemas.validation import Violation

__all__ = ["Entry", "Frame", "HttpExchange", "Transcript"]

KEPT = 10_000
"""Entries that one session keeps; older ones make room."""


class HttpExchange(NamedTuple):
    """One request and its answer. A tuple, for it is made for every request.

    `at` is the coordinator's time when the request came (seconds since 1970), `real` the same on
    the machine's monotonic clock, `took` the seconds until the answer was ready. `status` is 0
    where the connection was ended without an answer.
    """

    number: int
    at: float
    real: float
    took: float
    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes
    operation: str
    parameters: Mapping[str, str]
    allowed: Sequence[str]
    violations: Sequence[Violation]
    status: int
    answer_headers: Mapping[str, str]
    answer: bytes
    faults: Sequence[str] = ()
    connection: int = 0
    """The number of the WebSocket that this handshake opened, or 0."""
    certificate: bytes = b""
    """The client's own (DER), where it showed one that TLS took."""
    dialled: float = 0.0
    """When its connection was made, on the clock of `real`; 0 where nobody looked."""
    said: Any = None
    """What the body says, where it came in another form than JSON."""

    def json(self) -> Any:
        """The request's body as JSON. Raises `ValueError` where it is not."""
        return orjson.loads(self.body) if self.said is None else self.said

    def view(self) -> dict[str, Any]:
        """As the control interface shows it."""
        return {
            "number": self.number,
            "at": iso(self.at),
            "took_ms": round(self.took * 1000, 3),
            "operation": self.operation or None,
            "request": {
                "method": self.method,
                "path": self.path,
                "query": self.query,
                "headers": {escaped(name): escaped(self.headers[name]) for name in self.headers},
                "body": shown(self.body) if self.said is None else self.said,
            },
            "violations": [
                {"pointer": v.pointer, "keyword": v.keyword, "message": v.message}
                for v in self.violations
            ],
            "response": {
                "status": self.status,
                "headers": dict(self.answer_headers),
                "body": shown(self.answer),
            },
            "faults": list(self.faults),
        }


class Frame(NamedTuple):
    """One thing said on a WebSocket, or its end.

    `sender` is `agent` or `coordinator`; `kind` is text, binary, ping, pong, close, lost where a
    connection ended without a close frame, or raw for what broke RFC 6455 beside them, in words.
    A message in fragments is one frame here, with their number in `fragments`. `message` is the id
    of the message in the AsyncAPI document, or empty.
    """

    number: int
    at: float
    real: float
    connection: int
    principal: str
    sender: str
    kind: str
    data: bytes
    message: str = ""
    violations: Sequence[Violation] = ()
    fragments: int = 1
    code: int | None = None
    faults: Sequence[str] = ()

    def json(self) -> Any:
        """What was said, as JSON. Raises `ValueError` where it is none."""
        return orjson.loads(self.data)

    def view(self) -> dict[str, Any]:
        """As the control interface shows it."""
        view = {
            "number": self.number,
            "at": iso(self.at),
            "connection": self.connection,
            "principal": escaped(self.principal),
            "sender": self.sender,
            "kind": self.kind,
            "message": self.message or None,
            "body": shown(self.data),
            "violations": [
                {"pointer": v.pointer, "keyword": v.keyword, "message": v.message}
                for v in self.violations
            ],
            "faults": list(self.faults),
        }
        if self.code is not None:
            view["code"] = self.code
        return view


Entry = HttpExchange | Frame


class Transcript:
    """The latest `KEPT` exchanges and frames, numbered together from 1 without gaps."""

    def __init__(self) -> None:
        self._entries: deque[Entry] = deque(maxlen=KEPT)
        self.count = 0

    def __iter__(self) -> Iterator[HttpExchange]:
        """The exchanges alone."""
        return (entry for entry in self._entries if isinstance(entry, HttpExchange))

    @property
    def entries(self) -> Sequence[Entry]:
        """Everything, in order."""
        return self._entries

    @property
    def frames(self) -> list[Frame]:
        """The frames alone."""
        return [entry for entry in self._entries if isinstance(entry, Frame)]

    def __len__(self) -> int:
        return len(self._entries)

    def number(self) -> int:
        """The number of the next entry."""
        self.count += 1
        return self.count

    def add(self, entry: Entry) -> None:
        self._entries.append(entry)

    def since(self, number: int) -> list[Entry]:
        """The entries after that number."""
        return [entry for entry in self._entries if entry.number > number]


def escaped(text: str) -> str:
    """As plain text: what came off the wire as bytes beyond UTF-8 shows as escapes."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def shown(body: bytes) -> Any:
    """A body for people: JSON where it is JSON, else text, with bytes that are no text escaped.

    JSON that is nested too deeply to be written again shows as the text that it is.
    """
    if not body:
        return None
    try:
        said = orjson.loads(body)
        orjson.dumps([[[[[[[[said]]]]]]]])  # with room for the view around it
    except (orjson.JSONDecodeError, TypeError):
        return body.decode("utf-8", "backslashreplace")
    return said
