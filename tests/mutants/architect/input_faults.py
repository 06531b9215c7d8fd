"""Faults brought out by messages that are odd, broken or large."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Final

from .agent import Agent
from .catalogue import actions_of
from .fault import Fault
from .model import MISSING, Json, MalformedError, Request, Session
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
        except MalformedError:
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
        lambda d, m: str(d).count("[") > 900 or _depth(m) > 900,
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
    return [
        Fault(
            name=f"input.{name}.{hurt}",
            summary=f"{summary} {_HURTS[hurt][0]}",
            section="Commands",
            implied=implied,
            make=partial(_Hurt, seen=seen, hurt=hurt),
        )
        for name, summary, hurts, implied, seen in _KINDS
        for hurt in hurts.split()
    ]


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


INPUT_FAULTS: Final = (*_hurts(), *_outcomes())
