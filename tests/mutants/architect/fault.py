"""What a fault is, and the bent agents that most of them stand on."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import Literal

from .agent import Agent
from .handmade import Wire
from .model import Json, Outcome, Request, Session, Upgrade
from .reading import Reading

__all__ = ["Fault", "Section", "answers", "catalogue", "decides", "knows", "tokens", "wired"]

Section = Literal[
    "Connection", "Authentication", "Commands", "Supported actions", "Example", "RFC 6455"
]
"""The part of the document that a fault offends."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Fault:
    """A single seeded bug.

    `implied` says that only plain reading forbids it. `reading` names the lawful peer that it
    deviates from. `by_hand` says that it needs a reading whose frames are written by hand.
    """

    name: str
    summary: str
    section: Section
    reading: str = "natural"
    implied: bool = False
    make: Callable[[Reading], Agent] = Agent
    wire: type[Wire] = Wire
    by_hand: bool = False


def wired(
    name: str,
    summary: str,
    wire: type[Wire],
    *,
    implied: bool = False,
    section: Section = "RFC 6455",
    reading: str = "handmade",
) -> Fault:
    """A fault of the handshake's or the frames' octets."""
    return Fault(
        name=name,
        summary=summary,
        section=section,
        reading=reading,
        implied=implied,
        wire=wire,
        by_hand=True,
    )


class _Knows(Agent):
    """Lets other headers in."""

    def __init__(self, reading: Reading, *, rule: Callable[[Agent, tuple[str, ...]], bool]) -> None:
        super().__init__(reading)
        self.rule = rule

    def knows(self, upgrade: Upgrade) -> bool:
        return super().knows(upgrade) or self.rule(self, upgrade.offers)


def knows(
    name: str,
    summary: str,
    rule: Callable[[Agent, tuple[str, ...]], bool],
    *,
    implied: bool = False,
    reading: str = "natural",
) -> Fault:
    """A fault that lets in whom the rule names, besides the right ones."""
    return Fault(
        name=name,
        summary=summary,
        section="Authentication",
        implied=implied,
        reading=reading,
        make=partial(_Knows, rule=rule),
    )


TokenRule = Callable[[Agent, Session, Request, Outcome], Json]


class _Tokens(Agent):
    """Echoes another token."""

    def __init__(self, reading: Reading, *, rule: TokenRule) -> None:
        super().__init__(reading)
        self.rule = rule

    def token(self, session: Session, request: Request, outcome: Outcome) -> Json:
        return self.rule(self, session, request, outcome)


def tokens(
    name: str, summary: str, rule: TokenRule, *, implied: bool = False, reading: str = "natural"
) -> Fault:
    """A fault in the token that a reply echoes."""
    return Fault(
        name=name,
        summary=summary,
        section="Example",
        implied=implied,
        reading=reading,
        make=partial(_Tokens, rule=rule),
    )


AnswerRule = Callable[[Agent, Session, Request, Json], Awaitable[None]]


class _Answers(Agent):
    """Sends its replies in another way."""

    def __init__(self, reading: Reading, *, rule: AnswerRule) -> None:
        super().__init__(reading)
        self.rule = rule

    async def answer(self, session: Session, request: Request, message: Json) -> None:
        await self.rule(self, session, request, message)


def answers(
    name: str,
    summary: str,
    rule: AnswerRule,
    *,
    implied: bool = False,
    section: Section = "Example",
    reading: str = "natural",
) -> Fault:
    """A fault in how a reply is sent."""
    return Fault(
        name=name,
        summary=summary,
        section=section,
        implied=implied,
        reading=reading,
        make=partial(_Answers, rule=rule),
    )


CatalogueRule = Callable[[dict[str, Json], int], Json]


class _Catalogue(Agent):
    """Tells another catalogue; the rule gets the lawful one and the number of the call."""

    def __init__(self, reading: Reading, *, rule: CatalogueRule) -> None:
        super().__init__(reading)
        self.rule = rule
        self.calls = 0

    def catalogue(self, session: Session) -> Json:
        self.calls += 1
        return self.rule(super().catalogue(session), self.calls)


def catalogue(
    name: str,
    summary: str,
    rule: CatalogueRule,
    *,
    implied: bool = False,
    reading: str = "natural",
    section: Section = "Supported actions",
) -> Fault:
    """A fault in `parameters.actions`."""
    return Fault(
        name=name,
        summary=summary,
        section=section,
        implied=implied,
        reading=reading,
        make=partial(_Catalogue, rule=rule),
    )


DecideRule = Callable[[Agent, Session, Request, Outcome], Awaitable[Outcome]]


class _Decides(Agent):
    """Comes to other outcomes; the rule gets the lawful one."""

    def __init__(self, reading: Reading, *, rule: DecideRule) -> None:
        super().__init__(reading)
        self.rule = rule

    async def decide(self, session: Session, request: Request) -> Outcome:
        return await self.rule(self, session, request, await super().decide(session, request))


def decides(
    name: str,
    summary: str,
    rule: DecideRule,
    *,
    implied: bool = False,
    reading: str = "natural",
    section: Section = "Commands",
) -> Fault:
    """A fault in what becomes of a command."""
    return Fault(
        name=name,
        summary=summary,
        section=section,
        implied=implied,
        reading=reading,
        make=partial(_Decides, rule=rule),
    )
