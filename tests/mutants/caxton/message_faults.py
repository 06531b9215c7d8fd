"""Faults in what becomes of a message."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from .fault import Fault, Row, Seed, Spot, at, table
from .model import Answer
from .seeds import always, on_body, other_agent

__all__ = ["MESSAGE_FAULTS"]


def _content(change: Callable[[Any], Any]) -> Seed:
    """Change what is kept, at every depth."""
    return at("message.kept", lambda one, spot: replace(one, content=_deep(one.content, change)))


def _deep(value: Any, change: Callable[[Any], Any]) -> Any:
    if isinstance(value, dict):
        return change({key: _deep(one, change) for key, one in value.items()})
    if isinstance(value, list):
        return change([_deep(one, change) for one in value])
    return change(value)


def _when(kind: type, act: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda value: act(value) if type(value) is kind else value


def _pruned(value: dict[str, Any]) -> dict[str, Any]:
    return {key: one for key, one in value.items() if one is not None}


def _kept(**change: Any) -> Seed:
    return at("message.kept", lambda one, spot: replace(one, **change))


def _row(change: Callable[[Any], object]) -> Seed:
    def bend(row: Any, spot: Spot) -> Any:
        change(row)
        return row

    return at("history.row", bend)


def _moved(row: dict[str, Any], name: str, to: str) -> None:
    if name in row:
        row[to] = row.pop(name)


def _mixed(one: Any, spot: Spot) -> Any:
    before = spot.memo.get("conversation", one.conversation_id)
    spot.memo["conversation"] = one.conversation_id
    return replace(one, conversation_id=before)


def _every(nth: int) -> Callable[[Any, Spot], Any]:
    return lambda one, spot: None if spot.nth % nth == 0 else one


def _again(one: Any, spot: Spot) -> Any:
    if spot.nth % 2 == 0:
        spot.desk.messages.append(one)
    return one


def _overwrites(one: Any, spot: Spot) -> Any:
    spot.desk.messages[:] = [
        old for old in spot.desk.messages if old.conversation_id != one.conversation_id
    ]
    return one


def _repeats(number: Any, spot: Spot) -> Any:
    if spot.nth % 3 == 0:
        return spot.memo.get("number", number)
    spot.memo["number"] = number
    return number


def _anybody(agent: Any, spot: Spot) -> Any:
    return agent or next(iter(spot.desk.agents.values()), None)


def _once(receiver: Any, spot: Spot) -> Any:
    """Only the first message to an agent arrives."""
    met = spot.memo.setdefault("met", set())
    new = receiver.id not in met
    met.add(receiver.id)
    return receiver if new else None


def _both(receiver: Any, spot: Spot) -> Any:
    other = other_agent(spot, receiver)
    if other is not receiver:
        other.worked.append(spot.desk.now())
    return receiver


def _backwards(one: Any, spot: Spot) -> Any:
    return replace(one, sender=one.receiver, receiver=one.sender)


_SENT: Final[tuple[Row, ...]] = (
    ("elsewhere", "another agent gets it", at("send.receiver", lambda r, s: other_agent(s, r))),
    ("nowhere", "it is reported as delivered and gets lost", at("send.receiver", always(None))),
    ("first_only", "only the first one to an agent arrives", at("send.receiver", _once)),
    ("~to_both", "another agent gets it too", at("send.receiver", _both)),
    ("unknown_taken", "an unknown receiver is replaced by any agent", at("send.found", _anybody)),
    ("refused_running", "a running agent gets nothing", at("send.able", lambda able, spot: False)),
    ("id.same", "all have one id", at("message.id", always("msg_1"))),
    ("id.repeated", "every third has the id of the one before", at("message.id", _repeats)),
    (
        "id.other",
        "the answer names another id than the history",
        on_body("send", lambda b, s: b.update(message_id=b["message_id"] + "0")),
    ),
    ("status.failed", "the answer says failed", at("send.status", always("failed"))),
    ("status.true", "the answer says true", at("send.status", always(True))),
)

_KEPT: Final[tuple[Row, ...]] = (
    ("none", "messages are not kept", at("message.kept", always(None))),
    ("every_third", "every third message is not kept", at("message.kept", _every(3))),
    ("again", "every other message is kept twice", at("message.kept", _again)),
    (
        "latest_only",
        "only the latest message of a conversation is kept",
        at("message.kept", _overwrites),
    ),
    ("mixed", "a message is kept under the conversation before", at("message.kept", _mixed)),
    ("one_conversation", "all messages are of one conversation", _kept(conversation_id="c")),
    ("no_conversation", "the conversation is not kept", _kept(conversation_id=None)),
    ("backwards", "sender and receiver are swapped", at("message.kept", _backwards)),
    ("sender.anonymous", "the sender is not kept", _kept(sender="anonymous")),
    ("sender.client", "everybody is one client", _kept(sender="client")),
    ("performative.inform", "everything is an inform", _kept(performative="inform")),
    (
        "performative.upper",
        "performatives are written in capitals",
        at("message.kept", lambda one, s: replace(one, performative=one.performative.upper())),
    ),
    ("content.null", "the content is not kept", _kept(content=None)),
    ("content.emptied", "the content is emptied", _kept(content={})),
    (
        "content.text",
        "the content is JSON in a string",
        at("message.kept", lambda one, s: replace(one, content=json.dumps(one.content))),
    ),
    (
        "content.ascii",
        "letters beyond ASCII are lost",
        _content(_when(str, lambda v: v.encode("ascii", "replace").decode())),
    ),
    (
        "content.bmp",
        "letters beyond the BMP are lost",
        _content(_when(str, lambda v: "".join(c for c in v if ord(c) < 0x10000))),
    ),
    (
        "content.trimmed",
        "strings are cut after eight letters",
        _content(_when(str, lambda v: v[:8])),
    ),
    ("content.lower", "strings are in small letters", _content(_when(str, str.upper))),
    ("content.numbers", "numbers become strings", _content(_when(int, str))),
    ("content.int32", "numbers are cut to 32 bits", _content(_when(int, lambda v: v & 0x7FFFFFFF))),
    ("content.rounded", "fractions are rounded", _content(_when(float, round))),
    ("content.bools", "true becomes 1", _content(_when(bool, int))),
    ("content.nulls", "members that are null are dropped", _content(_when(dict, _pruned))),
    ("content.none_text", "null becomes a string", _content(_when(type(None), lambda v: "null"))),
    ("content.reversed", "lists are reversed", _content(_when(list, lambda v: v[::-1]))),
    (
        "content.flat",
        "lists within lists are dissolved",
        _content(
            _when(list, lambda v: [*v[:-1], *(v[-1] if v and isinstance(v[-1], list) else v[-1:])])
        ),
    ),
    ("content.empties", "empty objects become null", _content(_when(dict, lambda v: v or None))),
    (
        "content.keys",
        "keys are in capitals",
        _content(_when(dict, lambda v: {key.upper(): one for key, one in v.items()})),
    ),
)

_LINKS: Final[tuple[Row, ...]] = (
    (
        "~reply_with.moved",
        "reply_with becomes in_reply_to",
        _row(lambda row: _moved(row, "reply_with", "in_reply_to")),
    ),
    (
        "~conversation.changed",
        "the conversation reads otherwise",
        _row(lambda row: row.update(conversation_id="c-0")),
    ),
    (
        "~forgets.old",
        "what is older than an hour is forgotten",
        at("history.chosen", lambda v, s: [one for one in v if one.at > s.desk.now() - 3600]),
    ),
    (
        "~timestamp.now",
        "the timestamp is that of the look",
        at("history.row", lambda row, s: {**row, "timestamp": s.desk.stamp(s.desk.now() + s.nth)}),
    ),
)


def _needed(nothing: Any, spot: Spot) -> Any:
    turn = spot["turn"]
    if turn.op != "send" or b"conversation_id" in turn.call.body:
        return nothing
    error = {"code": "INVALID_REQUEST", "message": "?", "details": {}, "trace_id": "trace_0"}
    return Answer(status=400, body={"error": error})


_BARE: Final[tuple[Row, ...]] = (
    ("conversation_needed", "a message must name its conversation", at("early", _needed)),
)

MESSAGE_FAULTS: Final[tuple[Fault, ...]] = (
    *table("Send Message", _SENT, prefix="send."),
    *table("Send Message", _BARE, prefix="send."),
    *table("Query Message History", _KEPT, prefix="kept."),
    *table("Query Message History", _LINKS, prefix="kept."),
)
