"""Who may ask, and how often."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import limits
from .model import Call, Refusal, RefusedError, Turn
from .reading import Reading

if TYPE_CHECKING:
    from .desk import Desk

__all__ = ["TOKENS", "admit", "bearer", "forced", "joining", "judged"]

TOKENS = ("caxton-main-7f3a91", "caxton-second-20c4de")
"""Who may use the interfaces; two, since limits may be counted for each."""

_HEADER = "x-caxton-token"

_FORCED = {
    400: "INVALID_REQUEST",
    401: "UNAUTHORIZED",
    403: "FORBIDDEN",
    404: "AGENT_NOT_FOUND",
    409: "AGENT_ALREADY_EXISTS",
    429: "RATE_LIMITED",
}

_OWN_FAILURE = {
    "deploy": "DEPLOYMENT_FAILED",
    "update": "DEPLOYMENT_FAILED",
    "reload": "DEPLOYMENT_FAILED",
    "create_deployment": "DEPLOYMENT_FAILED",
    "send": "MESSAGE_DELIVERY_FAILED",
}


def admit(turn: Turn) -> None:
    """Let a request in, or raise `RefusedError`."""
    if turn.op in ("none", "method"):
        return
    token = _token(turn.call, turn.desk.reading)
    refusal = judged(turn.desk, token)
    refusal = turn.desk.bent("auth", refusal, turn=turn, token=token)
    if refusal is not None:
        raise RefusedError(refusal)
    turn.token = token or ""
    refusal = limits.take(turn.desk, turn.op, turn.token, "rest")
    if refusal is None:
        refusal = forced(turn.desk, turn.op)
    if refusal is not None:
        raise RefusedError(refusal)


def _token(call: Call, reading: Reading) -> str | None:
    token = call.headers.get(_HEADER)
    if token is None and reading.rest_bearer:
        token = bearer(call.headers.get("authorization", ""))
    return token


def bearer(header: str) -> str | None:
    """The token of an `Authorization` header; None where it holds none."""
    scheme, _, token = header.partition(" ")
    return token.strip() if scheme.lower() == "bearer" and token else None


def judged(desk: Desk, token: str | None) -> Refusal | None:
    """Why a token does not open the door; None where it does."""
    if token in TOKENS:
        return None
    words = "no token was given" if token is None else "the token is not valid"
    return Refusal(status=401, code="UNAUTHORIZED", words=words)


def joining(desk: Desk, call: Call) -> Refusal | None:
    """Whether a WebSocket connection is let in."""
    if not desk.bent("ws.method", call.method == "GET"):
        return Refusal(status=405, code="METHOD_NOT_ALLOWED", words="a handshake is a GET")
    if "origin" in call.headers and not desk.reading.origins:
        return Refusal(status=403, code="FORBIDDEN", words="no pages, please")
    query = desk.reading.ws_auth == "query"
    token = call.query.get("token") if query else _token(call, desk.reading)
    refusal = None if desk.reading.ws_auth == "open" else judged(desk, token)
    return desk.bent("ws.auth", refusal, call=call, token=token)


def forced(desk: Desk, op: str) -> Refusal | None:
    """The failure that a test has asked for."""
    status = desk.forced.pop(op, None)
    if status is None:
        return None
    code = _FORCED.get(status) or _OWN_FAILURE.get(op, "INTERNAL_ERROR")
    return Refusal(status=status, code=code, words="this failure was asked for")
