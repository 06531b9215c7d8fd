"""How the orchestrator words a refusal: one shape for all of them."""

from __future__ import annotations

from collections.abc import Mapping

from mockserver.coordinator import Answer, Wrong

__all__ = ["CODES", "STATUS_OF", "refused"]

STATUS_OF = {
    Wrong.UNKNOWN_PATH: 404,
    Wrong.UNKNOWN_METHOD: 405,
    Wrong.MALFORMED: 400,
    Wrong.INVALID: 400,
    Wrong.TOO_LARGE: 413,
    Wrong.GARBLED: 400,
}

CODES = {
    400: "invalid_request",
    401: "unauthorized",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    409: "name_taken",
    413: "too_large",
    501: "not_implemented",
    503: "agent_unreachable",
}


def refused(status: int, message: str, headers: Mapping[str, str] | None = None) -> Answer:
    """`{"error": {"code", "message"}}`: the document fixes statuses, and no body."""
    error = {"code": CODES.get(status, "failure"), "message": message}
    return Answer(status=status, body={"error": error}, headers=headers or {})
