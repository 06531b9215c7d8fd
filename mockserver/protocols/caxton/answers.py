"""How the coordinator words what it refuses: one envelope on every transport."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mockserver.coordinator import Answer, Wrong
from mockserver.world import World

__all__ = ["CODE_OF", "INVALID", "STATUS_OF", "WRONG_STATUS", "RefusedError", "envelope", "refusal"]

INVALID = "INVALID_REQUEST"
"""Silence 2: no code of the table says that a request is wrong, so this is one of our own."""

STATUS_OF: Mapping[str, int] = {
    "AGENT_NOT_FOUND": 404,
    "AGENT_ALREADY_EXISTS": 409,
    "INVALID_WASM": 400,
    "RESOURCE_LIMIT_EXCEEDED": 429,
    "DEPLOYMENT_FAILED": 500,
    "MESSAGE_DELIVERY_FAILED": 500,
    "UNAUTHORIZED": 401,
    "FORBIDDEN": 403,
    "RATE_LIMITED": 429,
    "INTERNAL_ERROR": 500,
    # Silence 2: our own, for what the table has no word for.
    INVALID: 400,
    "TASK_NOT_FOUND": 404,
    "DEPLOYMENT_NOT_FOUND": 404,
    "NO_PROPOSALS": 409,
    "REPLY_TIMEOUT": 504,
    "NOT_FOUND": 404,
    "METHOD_NOT_ALLOWED": 405,
    "CONFLICT": 409,
    "PAYLOAD_TOO_LARGE": 413,
    "NOT_IMPLEMENTED": 501,
    "UNAVAILABLE": 503,
}
"""The table of error codes, and what was added to it."""

CODE_OF: Mapping[int, str] = {
    400: INVALID,
    401: "UNAUTHORIZED",
    403: "FORBIDDEN",
    404: "NOT_FOUND",
    405: "METHOD_NOT_ALLOWED",
    409: "CONFLICT",
    413: "PAYLOAD_TOO_LARGE",
    429: "RATE_LIMITED",
    500: "INTERNAL_ERROR",
    501: "NOT_IMPLEMENTED",
    503: "UNAVAILABLE",
    504: "REPLY_TIMEOUT",
}
"""What a bare status is called, where nothing more is known."""

WRONG_STATUS: Mapping[Wrong, int] = {
    Wrong.UNKNOWN_PATH: 404,
    Wrong.UNKNOWN_METHOD: 405,
    Wrong.MALFORMED: 400,
    Wrong.INVALID: 400,
    Wrong.TOO_LARGE: 413,
    Wrong.GARBLED: 400,
}


class RefusedError(Exception):
    """What was asked for is not done. `status` follows from the code; `details` are free JSON."""

    def __init__(self, code: str, message: str, **details: Any) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.details = details


def envelope(world: World, code: str, message: str, details: Mapping[str, Any]) -> dict[str, Any]:
    """`{"error": {code, message, details, trace_id}}`."""
    trace = f"trace_{world.random.getrandbits(48):012x}"
    told = {"code": code, "message": message, "details": dict(details), "trace_id": trace}
    return {"error": told}


def refusal(
    world: World,
    code: str,
    message: str,
    details: Mapping[str, Any],
    *,
    status: int = 0,
    headers: Mapping[str, str] | None = None,
) -> Answer:
    """An answer that refuses; its status is that of the code where none is given."""
    body = envelope(world, code, message, details)
    return Answer(status=status or STATUS_OF[code], body=body, headers=headers or {})
