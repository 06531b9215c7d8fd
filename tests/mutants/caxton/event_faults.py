"""Faults in events and subscriptions."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from . import events
from .fault import Fault, Row, Seed, Spot, at, table
from .model import Event, Line, Raw, Refusal, Subscription
from .seeds import always

__all__ = ["EVENT_FAULTS"]

_TYPES: Final = ("agent.deployed", "message.sent", "task.completed", "system.alert", "agent.failed")
_LIFE: Final = 4.0
"""Seconds for which a hasty coordinator keeps a connection in mind."""


def _occurs(kind: str, times: int) -> Seed:
    return at("events", lambda v, s: v * times if s["event"].type == kind else v)


def _retyped(kind: str, to: str) -> Seed:
    def bend(body: Any, spot: Spot) -> Any:
        return {**body, "type": to} if body["type"] == kind else body

    return at("event.body", bend)


def _late(kind: str) -> Seed:
    """An event comes only when the next one does."""

    def bend(events: Any, spot: Spot) -> Any:
        held = spot.memo.pop("held", [])
        if spot["event"].type == kind:
            spot.memo["held"] = events
            return held
        return [*events, *held]

    return at("events", bend)


def _in_pairs(events_of: Any, spot: Spot) -> Any:
    """Of two messages the second is told first."""
    if spot["event"].type != "message.sent":
        return events_of
    if "waits" in spot.memo:
        return [*events_of, *spot.memo.pop("waits")]
    spot.memo["waits"] = events_of
    return []


def _refused_too(refusal: Any, spot: Spot) -> Any:
    """A message that is refused is told as sent."""
    turn = spot["turn"]
    if turn.op == "send" and refusal.status != 401:
        said = json.loads(turn.call.body)
        body = {"type": "message.sent", "message_id": "msg_0", "from": said.get("sender")}
        body |= {"to": said.get("receiver"), "performative": said.get("performative")}
        events.tell(spot.desk, Event(body=body))
    return refusal


def _remembered(told: Any, spot: Spot) -> Any:
    spot.memo.setdefault("past", []).extend(told)
    return told


def _replayed(asked: Any, spot: Spot) -> Any:
    """A new subscription brings what has been before."""
    for event in spot.memo.get("past", []):
        if events.fits(spot.desk, event, asked):
            events.say(spot.desk, spot["line"], dict(event.body))
    return asked


def _reserved(frame: Any, spot: Spot) -> Any:
    """A frame with a reserved bit that nobody has agreed on."""
    raw = frame.encode()
    size = len(raw)
    return Raw(b"\xc1" + (bytes([size]) if size < 126 else b"\x7e" + size.to_bytes(2)) + raw)


def _by_type() -> tuple[Fault, ...]:
    faults: list[Fault] = []
    for kind in _TYPES:
        mark = "~" if kind == "agent.failed" else ""
        rows: list[Row] = [
            (f"{mark}lost", f"{kind} is never told", _occurs(kind, 0)),
            (f"{mark}twice", f"{kind} is told twice", _occurs(kind, 2)),
            (f"{mark}renamed", f"{kind} has another type", _retyped(kind, kind.replace(".", "_"))),
            (f"{mark}upper", f"the type of {kind} is in capitals", _retyped(kind, kind.upper())),
            (f"{mark}late", f"{kind} waits for the next event", _late(kind)),
        ]
        faults += table("WebSocket Events", rows, prefix=f"event.{kind}.")
    return tuple(faults)


def _wrapped(body: Any, spot: Spot) -> Any:
    return {"event": body}


def _swap_ends(body: Any, spot: Spot) -> Any:
    return {**body, "from": body["to"], "to": body["from"]} if "from" in body else body


def _other_id(body: Any, spot: Spot) -> Any:
    return {**body, "message_id": f"{body['message_id']}0"} if "message_id" in body else body


def _first_agent(body: Any, spot: Spot) -> Any:
    first = spot.memo.setdefault("agent", body.get("agent_id"))
    return {**body, "agent_id": first} if "agent_id" in body else body


def _shape(words: Any) -> Seed:
    return at("event.frame", lambda frame, s: words(frame, s["body"]))


def _all_lines(fitting: Any, spot: Spot) -> Any:
    """Whoever has any subscription gets everything."""
    return fitting or [*spot["line"].subscriptions.values()][:1]


def _only_first_line(fitting: Any, spot: Spot) -> Any:
    lines = [one for one in spot.desk.lines if one.subscriptions]
    return fitting if spot["line"] is lines[0] else []


def _old_lines_only(fitting: Any, spot: Spot) -> Any:
    return fitting if spot["line"].number <= 6 else []


def _first_events(fitting: Any, spot: Spot) -> Any:
    """A connection hears no more than five."""
    if fitting:
        count = spot.memo[spot["line"].number] = spot.memo.get(spot["line"].number, 0) + 1
        return fitting if count <= 5 else []
    return fitting


def _age(spot: Spot) -> float:
    """Seconds since a connection was first looked at, which is when it was there."""
    now: float = spot.desk.clock.now()
    return now - float(spot.memo.setdefault(spot["line"].number, now))


def _aged(change: Callable[[Any, Spot], Any]) -> Seed:
    return at("event.fitting", change, ws_joined=lambda nothing, spot: (_age(spot), nothing)[1])


def _lapsed(fitting: Any, spot: Spot) -> Any:
    return fitting if _age(spot) < _LIFE else []


def _hung_up_on(fitting: Any, spot: Spot) -> Any:
    line: Line = spot["line"]
    if _age(spot) >= _LIFE:
        line.close(1001)
        return []
    return fitting


def _latest_only(fitting: Any, spot: Spot) -> Any:
    latest = [*spot["line"].subscriptions.values()][-1:]
    return [one for one in fitting if one in latest]


_TOLD: Final[tuple[Row, ...]] = (
    ("wrapped", "events are wrapped", at("event.body", _wrapped)),
    ("message.sent.pairs", "messages are told in pairs, backwards", at("events", _in_pairs)),
    ("~message.sent.refused", "a refused message is told as sent", at("refused", _refused_too)),
    (
        "~replayed",
        "a new subscription brings what has been before",
        at("events", _remembered, ws_asked=_replayed),
    ),
    ("reserved", "events have a reserved bit set", at("event.frame", _reserved)),
    ("~binary", "events are binary frames", _shape(lambda frame, body: frame.encode())),
    ("listed", "events come in lists", _shape(lambda frame, body: json.dumps([body]))),
    ("quoted", "events are strings of JSON", _shape(lambda frame, body: json.dumps(frame))),
    ("broken", "events are no JSON", _shape(lambda frame, body: frame[:-1])),
    ("python", "events are written as Python", _shape(lambda frame, body: str(body))),
    ("ends_swapped", "`from` and `to` are swapped", at("event.body", _swap_ends)),
    ("message_id.other", "the message has another id than its answer", at("event.body", _other_id)),
    ("agent_id.first", "all events are about one agent", at("event.body", _first_agent)),
    (
        "everybody",
        "whoever subscribed to anything gets everything",
        at("event.fitting", _all_lines),
    ),
    ("first_line", "only the first connection is told", at("event.fitting", _only_first_line)),
    ("reconnected", "a new connection is told nothing", at("event.fitting", _old_lines_only)),
    ("dries_up", "a connection is told five events", at("event.fitting", _first_events)),
    ("lapses", "after some seconds a connection is told nothing more", _aged(_lapsed)),
    ("~hangs_up", "after some seconds a connection is ended", _aged(_hung_up_on)),
    ("latest_only", "only the latest subscription counts", at("event.fitting", _latest_only)),
)


def _asked(change: Callable[[Any, Spot], Any]) -> Seed:
    return at("ws.asked", change)


def _fits(judge: Callable[[Any, Any, bool, bool], bool]) -> Seed:
    """`judge` gets the event, the subscription, whether the type fits, and the lawful verdict."""
    return at("event.fits", lambda v, s: judge(s["event"], s["asked"], s["typed"], v))


def _exact(event: Any, asked: Any, typed: bool, verdict: bool) -> bool:
    return verdict and (asked.events is None or event.type in asked.events)


def _family(event: Any, asked: Any, typed: bool, verdict: bool) -> bool:
    return verdict or any(
        one.split(".")[0] == event.type.split(".")[0] for one in asked.events or ()
    )


def _first_pattern(event: Any, asked: Any, typed: bool, verdict: bool) -> bool:
    cut = None if asked.events is None else asked.events[:1]
    return verdict and (cut is None or event.type.split(".")[0] in cut[0] or cut[0] == "*")


def _in_vain(swallowed: Any, spot: Spot) -> Any:
    return '"unsubscribe"' in str(spot["frame"])


def _everywhere(victims: Any, spot: Spot) -> Any:
    """The subscriptions of all connections end."""
    return [(line, one) for line in spot.desk.lines for one in [*line.subscriptions]]


def _own_all(victims: Any, spot: Spot) -> Any:
    return [(spot["line"], one) for one in [*spot["line"].subscriptions]]


def _first(victims: Any, spot: Spot) -> Any:
    """The oldest of its own ends, whichever is named."""
    return [(spot["line"], one) for one in [*spot["line"].subscriptions][:1]]


def _neighbours(victims: Any, spot: Spot) -> Any:
    """Those of another connection end instead."""
    return [
        (line, one)
        for line in spot.desk.lines
        if line is not spot["line"]
        for one in [*line.subscriptions][:1]
    ]


def _same_sub(number: Any, spot: Spot) -> Any:
    return "sub_1"


def _replaces(asked: Any, spot: Spot) -> Any:
    spot["line"].subscriptions.clear()
    return asked


def _unsubscribed_by_others(asked: Any, spot: Spot) -> Any:
    """A new subscription takes that of the connection before."""
    for line in spot.desk.lines:
        if line is not spot["line"]:
            line.subscriptions.clear()
    return asked


def _born_subscribed(nothing: Any, spot: Spot) -> Any:
    every = Subscription(id="sub_0", events=("*",), agents=None, performatives=None, ids=None)
    spot["line"].subscriptions["sub_0"] = every
    return nothing


def _noted(asked: Any, spot: Spot) -> Any:
    spot.memo.setdefault("asked", []).append((spot["line"], asked))
    return asked


def _inherits(nothing: Any, spot: Spot) -> Any:
    """A new connection goes on with the subscriptions of those that ended."""
    for line, asked in spot.memo.get("asked", []):
        if line not in spot.desk.lines:
            spot["line"].subscriptions[asked.id] = asked
    return nothing


def _cuts(swallowed: Any, spot: Spot) -> Any:
    spot["line"].close(0)
    return False


def _closes(swallowed: Any, spot: Spot) -> Any:
    line: Line = spot["line"]
    line.close(1000)
    return False


_SUBSCRIBED: Final[tuple[Row, ...]] = (
    ("ignored", "a subscription has no effect", _asked(lambda a, s: replace(a, events=()))),
    (
        "everything",
        "a subscription always asks for everything",
        _asked(lambda a, s: replace(a, events=None, agents=None, performatives=None, ids=None)),
    ),
    ("replaces", "a subscription replaces the one before", _asked(_replaces)),
    ("steals", "a subscription ends those of other connections", _asked(_unsubscribed_by_others)),
    ("unasked", "events come without a subscription", at("ws.joined", _born_subscribed)),
    ("glob.exact", "`agent.*` fits nothing", _fits(_exact)),
    ("glob.family", "any event of a family fits", _fits(_family)),
    ("glob.anything", "every event fits", _fits(lambda e, a, t, v: True if a.events else v)),
    ("glob.first", "only the first pattern counts", _fits(_first_pattern)),
    ("~closes", "the connection is closed after a message", at("ws.swallowed", _closes)),
    ("~cuts", "the connection is cut after a message", at("ws.swallowed", _cuts)),
    (
        "~inherited",
        "a new connection goes on with the subscriptions of those that ended",
        at("ws.asked", _noted, ws_joined=_inherits),
    ),
    ("~deaf", "what is said is not heard", at("ws.swallowed", always(True))),
    ("~sub_id.same", "all subscriptions have one id", at("sub.id", _same_sub)),
    (
        "~ack.without_id",
        "acknowledgements name no subscription",
        at("ws.ack", lambda b, s: {"type": b["type"]}),
    ),
    (
        "~ack.other_id",
        "acknowledgements name another subscription",
        at("ws.ack", lambda b, s: {**b, "subscription_id": "sub_0"}),
    ),
)

_ENDED: Final[tuple[Row, ...]] = (
    ("~ignored", "it has no effect", at("unsubscribe", always([]))),
    ("~unheard", "it is not heard", at("ws.swallowed", _in_vain)),
    ("~everywhere", "it ends the subscriptions of everybody", at("unsubscribe", _everywhere)),
    ("~earliest", "it ends the first of the connection's subscriptions", at("unsubscribe", _first)),
    ("~all_own", "it ends all of the connection's subscriptions", at("unsubscribe", _own_all)),
    ("~neighbour", "it ends one of another connection", at("unsubscribe", _neighbours)),
)


def _refusal(status: int) -> Refusal:
    return Refusal(status=status, code="NOT_FOUND", words="nothing here")


def _one_only(refusal: Any, spot: Spot) -> Any:
    return _refusal(503) if spot.desk.lines else refusal


def _hung_up(nothing: Any, spot: Spot) -> Any:
    spot["line"].close(1000)
    return nothing


_SOCKET: Final[tuple[Row, ...]] = (
    ("absent", "nothing answers at the path", at("ws.auth", lambda r, s: _refusal(404))),
    ("forbidden", "nobody is let in", at("ws.auth", lambda r, s: _refusal(403))),
    ("one_only", "a second connection is refused", at("ws.auth", _one_only)),
    (
        "once",
        "only the first connection is let in",
        at("ws.auth", lambda r, s: _refusal(404) if s.nth > 1 else r),
    ),
    ("bare", "the 101 has none of its headers", at("ws.auth", lambda r, s: _refusal(101))),
    ("hangs_up", "the connection is closed at once", at("ws.joined", _hung_up)),
    ("~post", "a handshake may be a POST", at("ws.method", always(True))),
    ("~unmasked", "frames need no mask", at("ws.bare", always(True))),
)

EVENT_FAULTS: Final[tuple[Fault, ...]] = (
    *_by_type(),
    *table("WebSocket Events", _TOLD, prefix="event."),
    *table("Subscribe to Messages", _SOCKET, prefix="socket."),
    *table("Subscription Management", _SUBSCRIBED, prefix="subscribe."),
    *table("Subscription Management", _ENDED, prefix="unsubscribe."),
)
