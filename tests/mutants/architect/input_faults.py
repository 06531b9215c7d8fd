"""Faults brought out by messages that are odd, broken, large or many."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Final

from .agent import Agent
from .catalogue import actions_of
from .fault import Fault, Section
from .model import MISSING, Json, Malformed, Outcome, Request, Session
from .reading import Reading
from .shapes import load

__all__ = ["INPUT_FAULTS"]

_Seen = Callable[[str | bytes, Json], bool]
"""Whether a message is of the kind that hurts: its text, and its JSON or MISSING."""


async def _close(agent: Agent, session: Session) -> None:
    await session.link.close(1003, "bad message")


async def _drop(agent: Agent, session: Session) -> None:
    session.link.abort()


async def _kill(agent: Agent, session: Session) -> None:
    agent.die()


async def _close_all(agent: Agent, session: Session) -> None:
    for other in list(agent.sessions.values()):
        await other.link.close(1011, "internal error")


async def _deafen(agent: Agent, session: Session) -> None:
    session.notes["deaf"] = True


async def _ignore(agent: Agent, session: Session) -> None:
    """Do nothing at all."""


_HURTS: Final[dict[str, tuple[str, Callable[[Agent, Session], Awaitable[None]]]]] = {
    "closes": ("closes the connection", _close),
    "drops": ("drops the connection", _drop),
    "kills": ("stops the whole server", _kill),
    "closes_all": ("closes all connections", _close_all),
    "deafens": ("is followed by silence for good", _deafen),
    "unanswered": ("is not answered", _ignore),
}


class _Hurt(Agent):
    """Suffers from one kind of message."""

    def __init__(self, reading: Reading, *, seen: _Seen, hurt: str) -> None:
        super().__init__(reading)
        self.seen = seen
        self.hurt = hurt

    async def received(self, session: Session, data: str | bytes) -> None:
        if session.refused is not None:
            await super().received(session, data)
            return
        if session.notes.get("deaf"):
            return
        try:
            message = load(data)
        except Malformed:
            message = MISSING
        if self.seen(data, message):
            await _HURTS[self.hurt][1](self, session)
        else:
            await super().received(session, data)


def _action_is(check: Callable[[Json], bool]) -> _Seen:
    return lambda _d, m: isinstance(m, dict) and check(m.get("action", MISSING))


def _parameters_are(check: Callable[[Json], bool]) -> _Seen:
    return lambda _d, m: isinstance(m, dict) and check(m.get("parameters", MISSING))


def _token_is(check: Callable[[Json], bool]) -> _Seen:
    return lambda _d, m: isinstance(m, dict) and check(m.get("idempotence", MISSING))


def _depth(value: Json) -> int:
    deepest, level = 0, [value]
    while level and deepest < 1000:
        deepest += 1
        inner = [one for one in level if isinstance(one, dict | list)]
        level = [x for one in inner for x in (one.values() if isinstance(one, dict) else one)]
    return deepest


def _long(limit: int) -> _Seen:
    return lambda d, _m: len(d) > limit


_PARAMETERS: Final = frozenset(
    param.name for action in actions_of(Reading()).values() for param in action.params
)


def _is(kind: type) -> Callable[[Json], bool]:
    return lambda value: isinstance(value, kind)


_KINDS: Final[tuple[tuple[str, str, str, bool, _Seen], ...]] = (
    (
        "malformed",
        "a message that is no JSON",
        "closes drops kills closes_all deafens",
        True,
        lambda d, m: m is MISSING,
    ),
    ("empty", "an empty message", "closes", True, lambda d, m: len(d) == 0),
    ("blank", "a message of spaces", "closes", True, lambda d, m: len(d) > 0 and not d.strip()),
    (
        "deep",
        "JSON a thousand levels deep",
        "closes kills",
        True,
        lambda d, m: d.count("[" if isinstance(d, str) else b"[") > 900 or _depth(m) > 900,
    ),
    (
        "huge_number",
        "a number that no double holds",
        "closes",
        True,
        lambda d, m: m is MISSING and "e999" in str(d).lower(),
    ),
    ("list", "a JSON list", "closes kills", True, lambda d, m: isinstance(m, list)),
    ("number", "a JSON number", "closes", True, lambda d, m: isinstance(m, int | float)),
    ("text", "a JSON text", "closes", True, lambda d, m: isinstance(m, str)),
    ("null", "a JSON null", "closes kills", True, lambda d, m: m is None),
    ("empty_map", "an empty map", "closes", True, lambda d, m: m == {}),
    ("binary", "a binary message", "closes kills", True, lambda d, m: isinstance(d, bytes)),
    (
        "lone_surrogate",
        "an escaped lone surrogate",
        "closes drops",
        True,
        lambda d, m: "\\ud800" in str(d).lower(),
    ),
    (
        "null_character",
        "an escaped null character",
        "closes",
        True,
        lambda d, m: "\\u0000" in str(d),
    ),
    (
        "beyond_ascii",
        "a character beyond ASCII",
        "closes unanswered",
        True,
        lambda d, m: isinstance(d, str) and not d.isascii(),
    ),
    (
        "emoji",
        "a character beyond the basic plane",
        "closes unanswered",
        True,
        lambda d, m: isinstance(d, str) and any(c > "\uffff" for c in d),
    ),
    (
        "pretty",
        "JSON with line breaks",
        "closes unanswered",
        True,
        lambda d, m: isinstance(m, dict) and "\n" in str(d),
    ),
    (
        "compact",
        "JSON without spaces",
        "unanswered",
        True,
        lambda d, m: isinstance(m, dict) and bool(m) and isinstance(d, str) and ": " not in d,
    ),
    ("above_1_kib", "a message above 1 KiB", "closes unanswered", True, _long(1024)),
    ("above_4_kib", "a message above 4 KiB", "closes", True, _long(4096)),
    ("above_64_kib", "a message above 64 KiB", "closes unanswered", True, _long(65536)),
    (
        "action_missing",
        "a command without `action`",
        "closes",
        True,
        _action_is(lambda a: a is MISSING),
    ),
    ("action_null", "a null `action`", "closes unanswered", True, _action_is(lambda a: a is None)),
    (
        "action_number",
        "a number as `action`",
        "closes",
        True,
        _action_is(lambda a: isinstance(a, int | float)),
    ),
    ("action_list", "a list as `action`", "closes kills", True, _action_is(_is(list))),
    ("action_map", "a map as `action`", "drops", True, _action_is(_is(dict))),
    ("action_empty", "an empty `action`", "closes", True, _action_is(lambda a: a == "")),
    (
        "action_long",
        "an `action` of more than 255 characters",
        "drops",
        True,
        _action_is(lambda a: isinstance(a, str) and len(a) > 255),
    ),
    (
        "parameters_missing",
        "a command without `parameters`",
        "closes drops",
        True,
        _parameters_are(lambda p: p is MISSING),
    ),
    ("parameters_null", "null `parameters`", "closes", True, _parameters_are(lambda p: p is None)),
    ("parameters_list", "a list of `parameters`", "closes kills", True, _parameters_are(_is(list))),
    ("parameters_text", "text `parameters`", "closes", True, _parameters_are(_is(str))),
    (
        "parameters_number",
        "a number as `parameters`",
        "drops",
        True,
        _parameters_are(lambda p: isinstance(p, int | float)),
    ),
    (
        "parameters_extra",
        "a parameter that no action has",
        "closes drops",
        True,
        _parameters_are(lambda p: isinstance(p, dict) and not _PARAMETERS.issuperset(p)),
    ),
    (
        "token_missing",
        "a command without `idempotence`",
        "closes drops deafens",
        False,
        lambda d, m: isinstance(m, dict) and "action" in m and "idempotence" not in m,
    ),
    ("token_null", "a null `idempotence`", "closes", True, _token_is(lambda t: t is None)),
    (
        "token_number",
        "a number as `idempotence`",
        "closes unanswered",
        True,
        _token_is(lambda t: isinstance(t, int | float)),
    ),
    ("token_list", "a list as `idempotence`", "drops", True, _token_is(_is(list))),
    ("token_map", "a map as `idempotence`", "closes", True, _token_is(_is(dict))),
    ("token_empty", "an empty `idempotence`", "closes", True, _token_is(lambda t: t == "")),
)


def _hurts() -> list[Fault]:
    found = []
    for name, summary, hurts, implied, seen in _KINDS:
        for hurt in hurts.split():
            found.append(
                Fault(
                    name=f"input.{name}.{hurt}",
                    summary=f"{summary} {_HURTS[hurt][0]}",
                    section="Commands",
                    implied=implied,
                    make=partial(_Hurt, seen=seen, hurt=hurt),
                )
            )
    return found


class _HurtByOutcome(Agent):
    """Suffers from one kind of outcome."""

    def __init__(self, reading: Reading, *, code: str, hurt: str, answers: bool) -> None:
        super().__init__(reading)
        self.code = code
        self.hurt = hurt
        self.answers = answers

    async def received(self, session: Session, data: str | bytes) -> None:
        if not session.notes.get("deaf"):
            await super().received(session, data)

    async def process(
        self, session: Session, request: Request, before: asyncio.Task[None] | None
    ) -> None:
        problem = self.problem(session, request)
        if problem is None or problem.code != self.code:
            await super().process(session, request, before)
            return
        if self.answers:
            await super().process(session, request, before)
        await _HURTS[self.hurt][1](self, session)


def _outcomes() -> list[Fault]:
    kinds = (
        ("unknown_action", "an unknown action"),
        ("missing_parameter", "a missing parameter"),
        ("bad_type", "an ill-typed parameter"),
    )
    return [
        Fault(
            name=f"error.{code}.{hurt}{'_after_reply' if answers else ''}",
            summary=f"{summary} {_HURTS[hurt][0]}{', after its reply' if answers else ''}",
            section="Commands",
            implied=True,
            make=partial(_HurtByOutcome, code=code, hurt=hurt, answers=answers),
        )
        for code, summary in kinds
        for hurt, answers in (
            ("closes", False),
            ("closes", True),
            ("kills", False),
            ("deafens", True),
        )
    ]


class _Counted(Agent):
    """Breaks after so many messages or errors."""

    def __init__(self, reading: Reading, *, messages: int = 0, errors: int = 0) -> None:
        super().__init__(reading)
        self.messages = messages
        self.errors = errors

    async def received(self, session: Session, data: str | bytes) -> None:
        await super().received(session, data)
        if session.count == self.messages:
            await session.link.close(1000, "enough")

    async def afterwards(self, session: Session, request: Request, outcome: Outcome) -> None:
        await super().afterwards(session, request, outcome)
        session.notes["errors"] = session.notes.get("errors", 0) + (not outcome.ok)
        if not outcome.ok and session.notes["errors"] == self.errors:
            await session.link.close(1008, "too many errors")


class _Crowded(Agent):
    """Loses commands while more than so many are in work."""

    def __init__(self, reading: Reading, *, limit: int, everywhere: bool = False) -> None:
        super().__init__(reading)
        self.limit = limit
        self.everywhere = everywhere

    async def command(self, session: Session, message: dict[str, Json]) -> None:
        crowd = list(self.sessions.values()) if self.everywhere else [session]
        if sum(len(one.tasks) for one in crowd) < self.limit:
            await super().command(session, message)
        else:
            session.tokens.append(message.get("idempotence", MISSING))


class _OneAtATime(Agent):
    """Ends the command in work when the next one comes."""

    async def command(self, session: Session, message: dict[str, Json]) -> None:
        if session.tail is not None:
            session.tail.cancel()
        await super().command(session, message)


class _Blocking(Agent):
    """A slow command of one connection holds up all others for two seconds."""

    def __init__(self, reading: Reading) -> None:
        super().__init__(reading)
        self.lock = asyncio.Lock()

    async def decide(self, session: Session, request: Request) -> Outcome:
        async with self.lock:
            if request.action == "list_actions":
                await asyncio.sleep(2.0)
            return await super().decide(session, request)


class _Lenient(Agent):
    """Reads what is not quite JSON."""

    async def unreadable(self, session: Session, data: str | bytes) -> None:
        text = str(data).strip().replace("'", '"').replace(",}", "}")
        try:
            message = json.loads(text)
        except ValueError:
            message = None
        if isinstance(message, dict) and "action" in message:
            await self.command(session, message)
        else:
            await super().unreadable(session, data)


class _Goodbye(Agent):
    """The end of one connection ends all others."""

    def ended(self, session: Session) -> None:
        super().ended(session)
        for other in list(self.sessions.values()):
            other.link.abort()


class _CancelsOthers(Agent):
    """The end of one connection loses the commands that others wait for."""

    def ended(self, session: Session) -> None:
        super().ended(session)
        for other in list(self.sessions.values()):
            for task in list(other.tasks):
                task.cancel()
            other.notes["deaf"] = True

    async def received(self, session: Session, data: str | bytes) -> None:
        if not session.notes.get("deaf"):
            await super().received(session, data)


class _Abrupt(Agent):
    """A connection that ends while a command is in work stops the server."""

    def ended(self, session: Session) -> None:
        if session.tasks and session.refused is None:
            self.die()
        super().ended(session)


def _load(
    name: str,
    summary: str,
    make: Callable[[Reading], Agent],
    *,
    implied: bool = True,
    section: Section = "Commands",
) -> Fault:
    return Fault(name=name, summary=summary, section=section, implied=implied, make=make)


_LOADS: Final = (
    _load("load.eleventh_closes", "the eleventh message closes", partial(_Counted, messages=11)),
    _load("load.fiftieth_closes", "the fiftieth message closes", partial(_Counted, messages=50)),
    _load("load.hundredth_closes", "the hundredth message closes", partial(_Counted, messages=100)),
    _load("error.third_closes", "the third error closes", partial(_Counted, errors=3)),
    _load("error.tenth_closes", "the tenth error closes", partial(_Counted, errors=10)),
    _load("load.two_in_work", "a third command in work is lost", partial(_Crowded, limit=2)),
    _load("load.eight_in_work", "a ninth command in work is lost", partial(_Crowded, limit=8)),
    _load("load.32_in_work", "the 33rd command in work is lost", partial(_Crowded, limit=32)),
    _load(
        "load.four_in_work_everywhere",
        "a fifth command in work on all connections together is lost",
        partial(_Crowded, limit=4, everywhere=True),
    ),
    _load("load.newest_only", "a new command cancels the one in work", _OneAtATime),
    _load("load.blocking", "one slow command holds up every connection for seconds", _Blocking),
    _load("input.malformed.served", "single quotes and a last comma are read", _Lenient),
    _load("leave.drops_others", "the end of one connection ends all", _Goodbye, implied=False),
    _load(
        "leave.deafens_others",
        "the end of one connection deafens all",
        _CancelsOthers,
        implied=False,
    ),
    _load("leave.kills", "leaving with a command in work stops the server", _Abrupt, implied=False),
)

INPUT_FAULTS: Final = (*_hurts(), *_outcomes(), *_LOADS)
