"""What is said on a WebSocket connection, the same for what we say and for what the peer says."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

from conformance.exchange import MISSING, read_json, shown, value_at
from conformance.masking import Masker

__all__ = ["Frame", "Kind", "Sender"]

Sender = Literal["peer", "assay"]

Kind = Literal["text", "binary", "ping", "pong", "close", "lost", "raw"]
"""`lost`: the connection ended without a close frame. `raw`: what is no frame of RFC 6455, or no
whole message; its `reason` says what it is.
"""


@dataclass(frozen=True, kw_only=True)
class Frame:
    """One thing said on a WebSocket connection; a message in fragments is one too.

    `connection` says whose connection, `data` is the payload (of `raw`: the bytes, as many as are
    kept). `at` is `time.monotonic()`, `seconds` the time since the connection opened.
    `code` is a close frame's: 1005 where it has none (RFC 6455, 7.1.5).

    `lawful` says of our own frame that it keeps the protocol, and of a peer's that we kept it
    until then, so that what the peer does can be held against it.
    A connection that we ended ourselves, without a close frame, is `lost` by `assay`.
    """

    connection: str
    sender: Sender
    kind: Kind
    data: bytes = b""
    at: float
    seconds: float
    code: int | None = None
    reason: str = ""
    lawful: bool = True

    @cached_property
    def json(self) -> Any:
        """A text message as JSON, or `MISSING`."""
        return read_json(self.data) if self.kind == "text" else MISSING

    def value(self, pointer: str) -> Any:
        """What stands at a JSON Pointer of the message, or `MISSING`."""
        return value_at(self.json, pointer)

    def record(self, mask: Masker) -> dict[str, Any]:
        """As it stands in run.jsonl, with secrets masked and long bodies cut."""
        return {
            "connection": self.connection,
            "sender": self.sender,
            "kind": self.kind,
            "seconds": round(max(self.seconds, 0.0), 6),
            "body": self._body(mask),
        }

    def _body(self, mask: Masker) -> Any:
        body = shown(self.data, mask) if self.data else ""
        if self.kind not in ("close", "lost", "raw"):
            return body
        said = body if isinstance(body, str) else json.dumps(body, ensure_ascii=False)
        code = "" if self.code is None else str(self.code)
        between = ": " if self.kind == "raw" else " "
        return between.join(filter(None, (code, mask.text(self.reason), said)))
