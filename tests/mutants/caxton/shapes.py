"""How answers look."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

from .model import Answer, Obj, Refusal
from .reading import Reading

if TYPE_CHECKING:
    from .desk import Desk

__all__ = ["encode", "good", "refused", "stamp"]


def stamp(seconds: float, reading: Reading) -> str:
    """A moment as RFC 3339 writes it."""
    zone = timezone(timedelta(hours=2)) if reading.zone == "+02:00" else UTC
    moment = datetime.fromtimestamp(seconds, zone)
    kind = {0: "seconds", 3: "milliseconds", 6: "microseconds"}[reading.digits]
    text = moment.isoformat(timespec=kind)
    return text.replace("+00:00", "Z") if reading.zone == "Z" else text


def good(desk: Desk, status: int, body: Obj) -> Answer:
    """An answer to what succeeded."""
    if desk.reading.extras:
        body = {"node": "caxton-1", **body, "_links": {"docs": "/docs"}}
    return Answer(status=status, body=body)


def refused(desk: Desk, refusal: Refusal) -> Answer:
    """The envelope that all errors share."""
    error: Obj = {
        "code": refusal.code,
        "message": refusal.words,
        "details": dict(refusal.details),
        "trace_id": desk.new_id("trace"),
    }
    if desk.reading.extras:
        error["documentation"] = "/docs/errors"
    headers = {}
    if refusal.wait and desk.reading.retry_after:
        headers["Retry-After"] = str(max(1, int(refusal.wait + 0.999)))
    return Answer(status=refusal.status, body={"error": error}, headers=headers)


def encode(body: Any, reading: Reading) -> bytes:
    """JSON as the reading writes it."""
    indent = 2 if reading.pretty else None
    text = json.dumps(body, indent=indent, ensure_ascii=reading.ascii_only)
    try:
        return text.encode()
    except UnicodeEncodeError:  # half a surrogate pair can be quoted only as an escape
        return json.dumps(body, indent=indent).encode()
