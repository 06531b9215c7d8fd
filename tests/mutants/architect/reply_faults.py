"""Faults in replies: none, too many, late, or to the wrong one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Final

from .agent import Agent
from .fault import AnswerRule, answers
from .model import MISSING, Json, Request, Session

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


async def _unknown_to_all(agent: Agent, session: Session, request: Request, message: Json) -> None:
    known = request.action in agent.actions
    for other in [session] if known else list(agent.sessions.values()):
        await agent.transmit(other, message)


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


async def _accepted_first(agent: Agent, session: Session, request: Request, message: Json) -> None:
    if request.action == "servers" and request.token is not MISSING:
        await agent.transmit(session, {**message, "parameters": {}})
    await agent.transmit(session, message)


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
    before: dict[str, Json] = session.notes.get("content") or message
    session.notes["content"] = message
    stale = {name: value for name, value in before.items() if name != "idempotence"}
    token = {name: value for name, value in message.items() if name == "idempotence"}
    await agent.transmit(session, stale | token)


async def _cached(agent: Agent, session: Session, request: Request, message: Json) -> None:
    cache = session.notes.setdefault("cache", {})
    stale = cache.setdefault(str(request.action), message)
    own = {name: value for name, value in message.items() if name == "idempotence"}
    await agent.transmit(session, {k: v for k, v in stale.items() if k != "idempotence"} | own)


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

REPLY_FAULTS: Final = (
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
    answers(
        "reply.servers.accepted_first",
        "the reply to `servers` comes behind an empty one",
        _accepted_first,
        implied=True,
    ),
    answers("reply.to_other", "a reply goes to another connection, if there is one", _to(_other)),
    answers("reply.to_oldest", "replies go to the oldest connection", _to(_first)),
    answers("reply.to_newest", "replies go to the newest connection", _to(_newest)),
    answers(
        "reply.to_all",
        "replies go to all connections",
        _to(lambda a, _s: list(a.sessions.values())),
    ),
    answers(
        "reply.unknown_to_all",
        "that an action is unknown is told on all connections",
        _unknown_to_all,
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
