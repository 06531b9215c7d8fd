"""Faults in replies and events: none, too many, to the wrong one, unreadable."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from functools import partial
from typing import Final

from .agent import Agent
from .fault import AnswerRule, Fault, answers
from .model import MISSING, Json, Outcome, Request, Session
from .reading import Reading

__all__ = ["REPLY_FAULTS"]


def _lost(when: Callable[[Session, Request, Json], bool]) -> AnswerRule:
    async def rule(agent: Agent, session: Session, request: Request, message: Json) -> None:
        if not when(session, request, message):
            await agent.transmit(session, message)

    return rule


def _to(choose: Callable[[Agent, Session], list[Session]]) -> AnswerRule:
    async def rule(agent: Agent, session: Session, request: Request, message: Json) -> None:
        for other in choose(agent, session):
            await agent.transmit(other, message)

    return rule


def _other(agent: Agent, session: Session) -> list[Session]:
    return [one for one in agent.sessions.values() if one is not session][:1] or [session]


def _first(agent: Agent, session: Session) -> list[Session]:
    return list(agent.sessions.values())[:1]


def _newest(agent: Agent, session: Session) -> list[Session]:
    return list(agent.sessions.values())[-1:]


def _before(lead: Callable[[Request, Json], Json]) -> AnswerRule:
    """Send another message with the same token first."""

    async def rule(agent: Agent, session: Session, request: Request, message: Json) -> None:
        if request.token is not MISSING:
            await agent.transmit(session, lead(request, message))
        await agent.transmit(session, message)

    return rule


def _late(seconds: float, action: str = "") -> AnswerRule:
    async def rule(agent: Agent, session: Session, request: Request, message: Json) -> None:
        if not action or request.action == action:
            await asyncio.sleep(seconds)
        await agent.transmit(session, message)

    return rule


async def _held(agent: Agent, session: Session, request: Request, message: Json) -> None:
    held = session.notes.get("held")
    session.notes["held"] = message
    if held is not None:
        await agent.transmit(session, held)


async def _in_pairs(agent: Agent, session: Session, request: Request, message: Json) -> None:
    held = session.notes.pop("pair", None)
    if held is None:
        session.notes["pair"] = message
        return
    await session.link.send(f"{agent.encode(held)!s}\n{agent.encode(message)!s}")


async def _previous_content(
    agent: Agent, session: Session, request: Request, message: Json
) -> None:
    before = session.notes.get("content", message)
    session.notes["content"] = message
    stale = {name: value for name, value in before.items() if name != "idempotence"}
    token = {name: value for name, value in message.items() if name == "idempotence"}
    await agent.transmit(session, stale | token)


async def _cached(agent: Agent, session: Session, request: Request, message: Json) -> None:
    cache = session.notes.setdefault("cache", {})
    stale = cache.setdefault(str(request.action), message)
    await agent.transmit(session, stale | {"idempotence": request.token})


async def _crossed(agent: Agent, session: Session, request: Request, message: Json) -> None:
    """Two replies that are ready within 30 ms exchange what is in them."""
    waiting = session.notes.pop("waiting", None)
    if waiting is not None:
        waiting.set_result(message)
        return
    other: asyncio.Future[Json] = asyncio.get_running_loop().create_future()
    session.notes["waiting"] = other
    await asyncio.wait({other}, timeout=0.03)
    if not other.done():
        session.notes.pop("waiting", None)
        await agent.transmit(session, message)
        return
    second = other.result()
    token, twin = message.get("idempotence"), second.get("idempotence")
    await agent.transmit(session, second | {"idempotence": token})
    await agent.transmit(session, message | {"idempotence": twin})


_one_action: Final = partial(_lost, lambda s, r, m: r.action == "servers")

_ANSWERS: Final = (
    answers("reply.none", "no command is answered", _lost(lambda *_: True)),
    answers("reply.none.servers", "`servers` is never answered", _one_action(), implied=True),
    answers(
        "reply.none.list_actions",
        "`list_actions` is never answered",
        _lost(lambda s, r, m: r.action == "list_actions"),
    ),
    answers(
        "reply.none.every_third",
        "every third command is lost",
        _lost(lambda s, r, m: not r.order % 3),
    ),
    answers(
        "reply.none.from_eleventh",
        "from the eleventh message on nothing is answered",
        _lost(lambda s, r, m: r.order > 10),
    ),
    answers(
        "reply.none.hundredth",
        "the hundredth command is lost",
        _lost(lambda s, r, m: r.order == 100),
    ),
    answers(
        "reply.none.on_error",
        "errors are not told",
        _lost(lambda s, r, m: m.get("status") == "error"),
        implied=True,
    ),
    answers(
        "reply.none.unknown_action",
        "an unknown action is not answered",
        _lost(lambda s, r, m: "no such action" in str(m.get("message"))),
        implied=True,
    ),
    answers(
        "reply.none.missing_parameter",
        "a command that lacks a parameter is not answered",
        _lost(lambda s, r, m: "missing:" in str(m.get("message"))),
        implied=True,
    ),
    answers(
        "reply.none.bad_type",
        "an ill-typed command is not answered",
        _lost(lambda s, r, m: "another type" in str(m.get("message"))),
        implied=True,
    ),
    answers(
        "reply.none.repeated_token",
        "a command with a token that was used before is not answered",
        _lost(lambda s, r, m: s.tokens.count(r.token) > 1 and r.token is not MISSING),
        implied=True,
    ),
    answers(
        "reply.none.when_busy",
        "only the newest of the commands in work is answered",
        _lost(lambda s, r, m: r.order < s.count),
    ),
    answers(
        "reply.none.long_token",
        "a command with a token of more than 64 characters is not answered",
        _lost(lambda s, r, m: len(str(r.token)) > 64),
        implied=True,
    ),
    answers(
        "reply.twice.other_first",
        "a message with the token and nothing done comes before the reply",
        _before(lambda r, m: {"status": "accepted", "idempotence": r.token}),
    ),
    answers(
        "reply.twice.empty_first",
        "an empty success comes before the reply",
        _before(lambda r, m: m | {"parameters": {}}),
    ),
    answers(
        "reply.twice.error_first",
        "an error with the token comes before the right reply",
        _before(lambda r, m: {"status": "error", "message": "busy", "idempotence": r.token}),
    ),
    answers(
        "reply.twice.progress_first",
        "a progress message with the token comes before the reply",
        _before(lambda r, m: {"event": "progress", "parameters": {}, "idempotence": r.token}),
        reading="progress",
    ),
    answers("reply.to_other", "a reply goes to another connection, if there is one", _to(_other)),
    answers("reply.to_oldest", "replies go to the oldest connection", _to(_first)),
    answers("reply.to_newest", "replies go to the newest connection", _to(_newest)),
    answers(
        "reply.to_all",
        "replies go to all connections",
        _to(lambda a, _s: list(a.sessions.values())),
    ),
    answers("reply.one_behind", "a reply comes with the next command only", _held),
    answers(
        "reply.two_in_one_frame", "two replies wait for each other and share a frame", _in_pairs
    ),
    answers(
        "reply.previous_content", "a reply has the content of the reply before", _previous_content
    ),
    answers(
        "reply.cached",
        "an action's first reply is repeated for ever, whatever the parameters",
        _cached,
        implied=True,
        section="Commands",
    ),
    answers("reply.crossed", "two replies that meet exchange their content", _crossed),
    answers("reply.late", "every reply takes eleven seconds", _late(11.0), implied=True),
    answers(
        "reply.late.list_actions",
        "`list_actions` takes eleven seconds",
        _late(11.0, "list_actions"),
        implied=True,
    ),
)


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
    _encodes("cut_at_4096", "messages are cut at 4096 characters", lambda t: t[:4096]),
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

REPLY_FAULTS: Final = (*_ANSWERS, *_TEXTS, *_EVENTS, *_STREAM)
