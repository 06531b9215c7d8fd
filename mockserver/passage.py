"""What crosses between the core and its wire: a request, and what comes of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple
from urllib.parse import parse_qsl

from mockserver.coordinator import Handshake
from mockserver.faults.manner import PLAIN, Manner
from mockserver.sockets import Line
from mockserver.transcript import Frame, HttpExchange
from schemas.validation import Violation

__all__ = ["Joined", "Outcome", "Pending", "Request", "first_of_each"]


@dataclass(slots=True, kw_only=True)
class Request:
    """A request as it came off the wire. `path` is still percent-encoded."""

    method: str
    path: str
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    too_large: bool = False
    certificate: bytes = b""
    """The client's own (DER), where it showed one that TLS took."""
    dialled: float = 0.0
    """When its connection was made (the machine's monotonic clock); 0 where nobody looked."""
    unread: Violation | None = None
    """Why nothing of it was read, not even its method and path: it is no HTTP (`http`), or TLS
    would not have the client's certificate (`certificate`), and then nobody is answered.
    """

    @property
    def is_answered(self) -> bool:
        return self.unread is None or self.unread.keyword != "certificate"


class Outcome(NamedTuple):
    """What goes back on the wire, and in which manner where a fault struck."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    exchange: HttpExchange
    manner: Manner = PLAIN


@dataclass(eq=False, slots=True, kw_only=True)
class Pending:
    """An outcome that is still to come. A wire `take`s it, or says that its client no longer waits
    with `given_up`.
    """

    given_up: Callable[[], None]
    _outcome: Outcome | None = None
    _taker: Callable[[Outcome], None] | None = None

    def deliver(self, outcome: Outcome) -> None:
        """It is there: whether the wire waits for it already or not."""
        self._outcome = outcome
        if self._taker is not None:
            self._taker(outcome)

    def take(self, taker: Callable[[Outcome], None]) -> None:
        """Have it handed over, now or when it is there."""
        self._taker = taker
        if self._outcome is not None:
            taker(self._outcome)


class Joined(NamedTuple):
    """A handshake that is granted: the line that it opens, once the wire has said so.

    `delay` is in seconds. `replayed` are messages of an earlier connection that are said again
    before anything else.
    """

    line: Line
    handshake: Handshake
    subprotocol: str
    delay: float = 0.0
    replayed: Sequence[Frame] = ()


def first_of_each(query: str) -> dict[str, str]:
    """A query's values by name; of several of the same name the first one counts."""
    return dict(reversed(parse_qsl(query, keep_blank_values=True)))
