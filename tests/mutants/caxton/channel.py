"""What clients say on a WebSocket."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from . import events
from .model import Line, Obj, Subscription

if TYPE_CHECKING:
    from .desk import Desk

__all__ = ["bare", "hear", "join", "leave"]

_PROTOCOL, _UNSUPPORTED, _POLICY = 1002, 1003, 1008


class _OddError(Exception):
    """A frame that is not understood; says what is wrong."""


def join(desk: Desk, line: Line) -> None:
    """A connection was opened."""
    desk.lines.append(line)
    if desk.reading.greets:
        events.say(desk, line, {"type": "connected", "connection_id": desk.new_id("conn")})
    desk.bent("ws.joined", None, line=line)


def leave(desk: Desk, line: Line) -> None:
    """A connection was closed."""
    if line in desk.lines:
        desk.lines.remove(line)


def bare(desk: Desk, line: Line) -> bool:
    """A frame without a mask has come. Is it taken?"""
    taken: bool = desk.bent("ws.bare", False, line=line)
    if not taken:
        line.close(_PROTOCOL)
    return taken


def hear(desk: Desk, line: Line, frame: str | bytes) -> None:
    """One frame."""
    desk.clock.settle()
    if desk.bent("ws.swallowed", False, line=line, frame=frame):
        return
    try:
        _heard(desk, line, frame)
    except _OddError as odd:
        _complain(desk, line, str(odd), binary=isinstance(frame, bytes))


def _complain(desk: Desk, line: Line, words: str, *, binary: bool) -> None:
    match desk.reading.odd_frames:
        case "error":
            error = {"code": "INVALID_REQUEST", "message": words, "details": {}}
            error["trace_id"] = desk.new_id("trace")
            events.say(desk, line, {"type": "error", "error": error})
        case "close":
            line.close(_UNSUPPORTED if binary else _POLICY)


def _heard(desk: Desk, line: Line, frame: str | bytes) -> None:
    if isinstance(frame, bytes):
        raise _OddError("text frames are spoken here")
    try:
        said = json.loads(frame)
    except (ValueError, RecursionError):
        raise _OddError("the frame is no JSON") from None
    if not isinstance(said, dict):
        raise _OddError("the frame is no JSON object")
    match said.get("type"):
        case "subscribe":
            _subscribe(desk, line, said)
        case "unsubscribe":
            _unsubscribe(desk, line, said)
        case other:
            raise _OddError(f"'{other!s:.40}' is no type of ours")


def _subscribe(desk: Desk, line: Line, said: Obj) -> None:
    first, second = _object(said, "filter"), _object(said, "filters")
    asked = Subscription(
        id=desk.bent("sub.id", desk.new_id("sub"), line=line),
        events=_texts(said, "events"),
        agents=_texts(first, "agents"),
        performatives=_texts(first, "performatives"),
        ids=_texts(second, "agent_ids"),
    )
    asked = desk.bent("ws.asked", asked, line=line, said=said)
    line.subscriptions[asked.id] = asked
    kinds = {"subscribed": "subscribed", "subscription_ack": "subscription_ack", "ack": "ack"}
    kind = kinds.get(desk.reading.ack)
    if kind is not None:
        body = {"type": kind, "subscription_id": asked.id}
        body |= {"status": "ok"} if kind == "ack" else {}
        events.say(desk, line, desk.bent("ws.ack", body, line=line))


def _unsubscribe(desk: Desk, line: Line, said: Obj) -> None:
    number = said.get("subscription_id")
    if not isinstance(number, str) or number not in line.subscriptions:
        raise _OddError("there is no such subscription")
    victims: list[tuple[Line, str]] = desk.bent("unsubscribe", [(line, number)], line=line)
    for whose, one in victims:
        whose.subscriptions.pop(one, None)
    if desk.reading.ack != "none":
        kind = "ack" if desk.reading.ack == "ack" else "unsubscribed"
        events.say(desk, line, {"type": kind, "subscription_id": number})


def _object(said: Obj, name: str) -> Obj:
    value = said.get(name)
    if value is not None and not isinstance(value, dict):
        raise _OddError(f"{name} must be an object")
    return value or {}


def _texts(host: Obj, name: str) -> tuple[str, ...] | None:
    value: Any = host.get(name)
    if value is None:
        return None
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise _OddError(f"{name} must be a list of strings")
    return tuple(value)
