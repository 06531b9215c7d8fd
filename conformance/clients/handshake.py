"""The HTTP half of a WebSocket: what was asked and answered, and why nothing came of it."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from websockets.exceptions import InvalidHandshake, InvalidMessage, InvalidStatus
from websockets.http11 import Response

from conformance.conversation import Refused
from conformance.exchange import Exchange

__all__ = ["AGENT", "Asked", "joined", "lost", "mended"]

AGENT = "assay"
"""What we call ourselves in the header User-Agent."""

_STATUS_LINE = re.compile(rb"\AHTTP/1\.[01] (\d{3})(?: |(?=\r\n))")


@dataclass(kw_only=True)
class Asked:
    """A handshake that is being made. `timeout` is in seconds; `answer` is what came so far."""

    label: str
    url: str
    timeout: float
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict)
    lawful: bool = True
    response: Response | None = None
    answer: bytes = b""
    began: float = field(default_factory=time.monotonic)

    def exchange(self, failure: str = "") -> Exchange:
        """What was asked and answered until now. `failure` says why no answer came."""
        response = self.response
        return Exchange(
            operation="",
            method=self.method,
            url=self.url,
            headers=self.headers,
            status=None if response is None else response.status_code,
            answer_headers={} if response is None else joined(response.headers.raw_items()),
            answer=self.answer if response is None else bytes(response.body or b""),
            failure=failure if response is None or response.status_code == 101 else "",
            seconds=time.monotonic() - self.began,
            lawful=self.lawful,
            served=self.lawful,
        )

    def refused(self, error: Exception) -> Refused:
        """Nothing came of it, because of `error`."""
        reason = self._why(error)
        return Refused(label=self.label, reason=reason, exchange=self.exchange(reason))

    def _why(self, error: Exception) -> str:
        if isinstance(error, TimeoutError):
            return f"no answer within {self.timeout:g} s"
        if isinstance(error, OSError) and not self.headers:  # nothing was asked yet
            return f"cannot connect: {error.strerror or error}"
        return next(say(error) for kind, say in _FAILURES if isinstance(error, kind))


def _answered(error: InvalidStatus) -> str:
    response = error.response
    return f"answered with {response.status_code} {response.reason_phrase}".strip()


def _garbled(error: InvalidMessage) -> str:
    cause = error.__cause__
    if isinstance(cause, EOFError):
        return "the connection ended without a whole answer"
    return f"the answer is not HTTP: {str(cause or error)[:200]}"


_FAILURES: tuple[tuple[type[Exception], Callable[[Any], str]], ...] = (
    (InvalidStatus, _answered),
    (InvalidMessage, _garbled),
    (InvalidHandshake, lambda e: f"the handshake is not sound: {e}"),
    (Exception, lambda e: f"the connection broke: {e}"),
)
"""What each way of failing is called, the particular before the general."""


def joined(headers: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Headers by their names in lower case; what is there more than once, with commas between."""
    found: dict[str, str] = {}
    for name, value in headers:
        key = name.lower()
        found[key] = f"{found[key]}, {value}" if key in found else value
    return found


def mended(beginning: bytes) -> bytes:
    """The beginning of an answer, with HTTP/1.0 and a missing space made good.

    The library takes neither, and both are common in a refusal.
    """
    return _STATUS_LINE.sub(rb"HTTP/1.1 \1 ", beginning, count=1)


def lost(error: Exception | None) -> str:
    """How a connection ended that nobody closed."""
    if error is None:
        return "the connection ended without a close frame"
    return f"the connection broke: {error}"
