"""Faults in the text of messages, and in events."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from typing import Final

from .agent import Agent
from .fault import Fault
from .model import MISSING, Json, Outcome, Request, Session
from .reading import Reading

__all__ = ["EVENT_FAULTS"]


class _Encodes(Agent):
    """Writes its messages otherwise."""

    def __init__(self, reading: Reading, *, rule: Callable[[str], str | bytes]) -> None:
        super().__init__(reading)
        self.rule = rule

    def encode(self, message: Json) -> str | bytes:
        text = super().encode(message)
        assert isinstance(text, str)
        return self.rule(text)


def _encodes(
    name: str,
    summary: str,
    rule: Callable[[str], str | bytes],
    *,
    implied: bool = False,
    reading: str = "natural",
) -> Fault:
    return Fault(
        name=f"reply.{name}",
        summary=summary,
        section="Commands",
        reading=reading,
        implied=implied,
        make=partial(_Encodes, rule=rule),
    )


def _key_twice(text: str) -> str:
    return '{"idempotence": "first", ' + text[1:]


_TEXTS: Final = (
    _encodes("binary", "messages are binary frames", str.encode, implied=True),
    _encodes("truncated", "the last character is missing", lambda t: t[:-1]),
    _encodes("single_quotes", "single quotes instead of double", lambda t: t.replace('"', "'")),
    _encodes("comma", "a comma before the last bracket", lambda t: t[:-1] + ",}"),
    _encodes("garbage_after", "text after the JSON", lambda t: t + " OK"),
    _encodes("prefixed", "text before the JSON", lambda t: "data: " + t),
    _encodes("byte_order_mark", "a byte order mark before the JSON", lambda t: "\ufeff" + t),
    _encodes("text_in_text", "the JSON is wrapped into a JSON text", json.dumps),
    _encodes("in_list", "the map is wrapped into a list", lambda t: f"[{t}]"),
    _encodes("nan", "a NaN, which JSON does not have", lambda t: t[:-1] + ', "load": NaN}'),
    _encodes("key_twice", "the token's member stands twice", _key_twice, implied=True),
    _encodes("cut_at_1024", "messages are cut at 1024 characters", lambda t: t[:1024]),
    _encodes(
        "cut_at_16384",
        "messages are cut at 16384 characters",
        lambda t: t[:16384],
        reading="deployed",
    ),
    _encodes("python", "messages are written as Python prints them", lambda t: str(json.loads(t))),
    _encodes(
        "cr", "a raw line break stands inside a JSON text", lambda t: t.replace(': "', ': "\n', 1)
    ),
)


class _Events(Agent):
    """Sends something besides each reply; the rule tells what, and to whom."""

    def __init__(
        self, reading: Reading, *, rule: Callable[[Request], Json], first: bool, others: bool
    ) -> None:
        super().__init__(reading)
        self.rule = rule
        self.first = first
        self.others = others

    async def command(self, session: Session, message: dict[str, Json]) -> None:
        await super().command(session, message)
        if self.first and session.tail is not None:
            token = message.get("idempotence", MISSING)
            asked = Request(
                action="", parameters={}, token=token, order=session.count, message=message
            )
            await self.notify(session, asked)

    async def afterwards(self, session: Session, request: Request, outcome: Outcome) -> None:
        await super().afterwards(session, request, outcome)
        if not self.first:
            await self.notify(session, request)

    async def notify(self, session: Session, request: Request) -> None:
        """Send it."""
        if request.token is MISSING:
            return
        for one in list(self.sessions.values()) if self.others else [session]:
            if one is not session or not self.others:
                await self.transmit(one, self.rule(request))


def _events(
    name: str,
    summary: str,
    rule: Callable[[Request], Json],
    *,
    first: bool = False,
    others: bool = False,
) -> Fault:
    return Fault(
        name=f"event.{name}",
        summary=summary,
        section="Example",
        make=partial(_Events, rule=rule, first=first, others=others),
    )


def _event(token: Json) -> Json:
    return {"event": "note", "parameters": {}, "idempotence": token}


class _OthersTokens(Agent):
    """Tells each other connection an event with the token that it waits for itself."""

    async def command(self, session: Session, message: dict[str, Json]) -> None:
        await super().command(session, message)
        for one in list(self.sessions.values()):
            if one is not session and one.tokens and one.tasks:
                await self.transmit(one, _event(one.tokens[-1]))


class _ChangeTokens(Agent):
    """Puts the newest waiting token of the receiver into events about changes."""

    async def send_event(self, session: Session, name: str, payload: Json) -> None:
        message = self.event(name, payload)
        if session.tokens and session.tokens[-1] is not MISSING and session.tasks:
            message = message | {"idempotence": session.tokens[-1]}
        await self.transmit(session, message)


_EVENTS: Final = (
    _events(
        "waiting_token",
        "an event with the token of a command comes before its reply",
        lambda r: _event(r.token),
        first=True,
    ),
    _events("list", "an event is a list", lambda r: ["note", {}]),
    _events("text", "an event is a JSON text", lambda r: "note"),
    _events("number", "an event is a number", lambda r: r.order),
    _events("null", "an event is null", lambda r: None),
    Fault(
        name="event.others_waiting_token",
        summary="an event has the token that its receiver waits for, when somebody else is served",
        section="Example",
        make=_OthersTokens,
    ),
    Fault(
        name="event.stream_steals",
        summary="the events of a stream carry the newest waiting token",
        section="Example",
        reading="busy",
        make=_ChangeTokens,
    ),
)


class _CutEvents(Agent):
    """Closes a connection that has received three events."""

    async def send_event(self, session: Session, name: str, payload: Json) -> None:
        await super().send_event(session, name, payload)
        session.notes["events"] = session.notes.get("events", 0) + 1
        if session.notes["events"] == 3:
            await session.link.close(1011, "too many events")


_STREAM: Final = (
    Fault(
        name="event.third_closes",
        summary="the third event is followed by a close",
        section="Connection",
        reading="busy",
        implied=True,
        make=_CutEvents,
    ),
)

EVENT_FAULTS: Final = (*_TEXTS, *_EVENTS, *_STREAM)
