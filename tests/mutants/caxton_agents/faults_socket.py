"""Faults on the WebSocket: frames, messages as a whole, subscriptions, connections."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from tests.mutants.caxton_agents.bugs import Bug, Cue
from tests.mutants.caxton_agents.edits import instead, on, path, put, raw
from tests.mutants.caxton_agents.model import Edit, Fault, Item, Json, Memory, Say, What
from tests.mutants.caxton_agents.seeds import bugged, habit, spoilt

__all__ = ["SOCKET_FAULTS"]

_SECTION: Final = "Subscription Management"


def _binary(item: Item, _memory: Memory) -> list[Item]:
    assert isinstance(item, Say)
    return [replace(item, raw=json.dumps(item.body).encode())]


def _before(message: Json) -> Edit:
    """Something else is said first."""

    def edit(item: Item, _memory: Memory) -> list[Item]:
        assert isinstance(item, Say)
        return [replace(item, body=message), item]

    return edit


def _messages() -> Iterator[Fault]:
    rows: tuple[tuple[str, str, Edit, bool], ...] = (
        ("binary", "messages in binary frames", _binary, True),
        (
            "no_json",
            "messages that are no JSON",
            raw(lambda body: f"subscribe {body!r}"),
            False,
        ),
        ("list", "messages in a list", raw(lambda body: json.dumps([body])), False),
        ("twice", "JSON in a JSON text", raw(lambda b: json.dumps(json.dumps(b))), False),
        ("two", "two messages in one", raw(lambda b: f"{json.dumps(b)}\n" * 2), False),
        ("cut", "messages that break off", raw(lambda b: json.dumps(b)[:-4]), False),
        ("single_quotes", "JavaScript in place of JSON", raw(str), False),
        ("empty", "nothing in a message", raw(lambda _body: ""), False),
        ("null", "null in place of messages", instead(None), False),
        ("wrapped", "messages in a data member", raw(_in_data), False),
        ("unknown", "a message of an unknown type first", _before({"type": "hello"}), True),
        ("auth", "its credentials in a message", _before({"type": "auth", "user": "x"}), True),
        ("untyped", "a message without a type first", _before({"ping": 1}), False),
        ("list_first", "an empty list first", _before([]), False),
    )
    for word, summary, edit, implied in rows:
        yield Fault(
            name=f"message.{word}",
            summary=summary,
            section=_SECTION,
            implied=implied,
            edit=on(What.SUBSCRIBE, edit=edit),
        )
    for word, kind in (("dotted", "events.subscribe"), ("sub", "sub"), ("listen", "listen")):
        edit = put("type", kind)
        yield spoilt(What.SUBSCRIBE, f"type.{word}", f"type is {kind}", edit, implied=True)
    for word, address in (("root", "/"), ("api", "/api/v1/ws"), ("events", "/ws/events")):
        yield spoilt(What.CONNECT, f"path.{word}", f"goes to {address}", _at(address))


def _at(address: str) -> Edit:
    def edit(item: Item, memory: Memory) -> list[Item]:
        path_ = getattr(item, "path", "").removesuffix("/ws") + address
        return list(path(path_)(item, memory))

    return edit


def _in_data(body: Json) -> str:
    return json.dumps({"event": "subscribe", "data": body})


_FRAMES: Final = (
    habit("frame.unmasked", "frames without a mask", masked=False),
    habit("frame.rsv1", "frames with a reserved bit", rsv=4),
    habit("frame.rsv3", "frames with another reserved bit", rsv=1),
    habit("frame.opcode", "frames of an unknown opcode", opcode=3),
    habit("frame.continuation", "messages that begin in the middle", opcode=0),
    habit("frame.no_end", "messages that never end", no_end=True),
    habit("frame.interrupted", "a message within a message", fragment=20, interrupted=True),
    habit("frame.long_lengths", "lengths in more bytes than needed", long_lengths=True),
    habit("frame.long_ping", "a ping that is too long", control=b"." * 130),
    habit("frame.close_1005", "closes with a code not for the wire", close=b"\x03\xed"),
    habit("frame.close_999", "closes with a code below all codes", close=b"\x03\xe7"),
    habit("frame.close_short", "closes with half a code", close=b"\x03"),
    habit("frame.close_reason", "closes with a reason that is no text", close=b"\x03\xe8\xff\xfe"),
    habit("frame.after_close", "talks after its close frame", talks_after_close=True),
    habit("frame.no_pong", "no pong for a ping", cue=Cue.ODD, pongs=False),
    habit("frame.no_close_answer", "no answer to a close", cue=Cue.CLOSE, answers_close=False),
    habit("shake.version_8", "asks for an old version of WebSocket", version="8"),
    habit(
        "shake.same_key",
        "asks for each WebSocket with the same key",
        cue=Cue.CLOSE,
        implied=True,
        same_key=True,
    ),
    habit(
        "frame.takes_forbidden",
        "goes on after frames that are forbidden",
        cue=Cue.BAD_FRAME,
        implied=True,
        strict=False,
    ),
    habit("shake.no_key", "asks for a WebSocket without a key", key=False),
    *(
        habit(
            f"socket.deaf_after_{word}",
            f"hears nothing after {summary}",
            cue=Cue.ODD,
            implied=True,
            loses=frozenset({word}),
        )
        for word, summary in (
            ("ping", "a ping"),
            ("fragments", "a message in fragments"),
            ("large", "a large message"),
        )
    ),
)


def _subscriptions() -> Iterator[Fault]:
    for name, bug, cue in (
        ("socket.never_subscribes", Bug.NEVER_SUBSCRIBES, Cue.PLAIN),
        ("socket.subscribes_twice", Bug.SUBSCRIBES_TWICE, Cue.PLAIN),
        ("socket.subscribes_on", Bug.SUBSCRIBES_ON, Cue.PLAIN),
        ("socket.never_unsubscribes", Bug.NEVER_UNSUBSCRIBES, Cue.PLAIN),
        ("socket.unsubscribes_other", Bug.UNSUBSCRIBES_OTHER, Cue.PLAIN),
        ("socket.unsubscribes_twice", Bug.UNSUBSCRIBES_TWICE, Cue.PLAIN),
        ("socket.unsubscribes_first", Bug.UNSUBSCRIBES_FIRST, Cue.PLAIN),
        ("socket.two", Bug.TWO_SOCKETS, Cue.PLAIN),
        ("socket.no_resubscribe", Bug.NO_RESUBSCRIBE, Cue.CLOSE),
        ("socket.no_reconnect", Bug.NO_RECONNECT, Cue.CLOSE),
        ("socket.reconnects_at_once", Bug.RECONNECTS_AT_ONCE, Cue.CLOSE),
        ("socket.reconnects_once", Bug.RECONNECTS_ONCE, Cue.CLOSE),
    ):
        yield bugged(name, bug, _SECTION, cue=cue)


SOCKET_FAULTS: Final = (*_messages(), *_FRAMES, *_subscriptions())
