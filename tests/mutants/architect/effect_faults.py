"""Faults in what is done, as against what is told: they show in a notice that others can read."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import replace
from typing import Final

from . import shapes
from .agent import Agent
from .catalogue import Action, Param
from .fault import Fault
from .model import Json, MalformedError, Outcome, RefuseClose, Request, Session
from .reading import Reading

__all__ = ["EFFECT_FAULTS"]

_NOTICE: Final = Action(
    name="set_notice",
    text="The notice that scripts read",
    params=(Param(name="text", kind="str"), Param(name="seconds", kind="int")),
)


class _Noticed(Agent):
    """Has a notice, which `agent_info` tells."""

    def __init__(self, reading: Reading) -> None:
        super().__init__(reading)
        self.actions = {**self.actions, _NOTICE.name: _NOTICE}
        self.notice = "none"

    def perform(self, session: Session, request: Request) -> Outcome:
        if request.action == _NOTICE.name:
            self.note(request.parameters)
            return Outcome(result={"done": True})
        outcome = super().perform(session, request)
        if request.action == "agent_info":
            return replace(outcome, result={**outcome.result, "notice": self.notice})
        return outcome

    def note(self, given: Json) -> None:
        if isinstance(given, dict) and isinstance(given.get("text"), str):
            self.notice = given["text"]


class _Hasty(_Noticed):
    """Does first, and checks afterwards."""

    def problem(self, session: Session, request: Request) -> Outcome | None:
        if request.action == _NOTICE.name:
            self.note(request.parameters)
        return super().problem(session, request)


class _Obliging(_Noticed):
    """Does what strangers ask for while it turns them away."""

    async def turn_away(self, session: Session, how: RefuseClose) -> None:
        session.spawn(self._later(session, how))

    async def _later(self, session: Session, how: RefuseClose) -> None:
        await asyncio.sleep(0.2)
        await super().turn_away(session, how)

    async def received(self, session: Session, data: str | bytes) -> None:
        if session.refused is not None:
            with suppress(MalformedError):
                said = shapes.load(data)
                if isinstance(said, dict) and said.get("action") == _NOTICE.name:
                    self.note(said.get("parameters"))
        await super().received(session, data)


EFFECT_FAULTS: Final = (
    Fault(
        name="effect.before_the_check",
        summary="a call that is refused is done all the same",
        section="Commands",
        implied=True,
        make=_Hasty,
    ),
    Fault(
        name="effect.of_strangers",
        summary="what a stranger asks for is done without a word",
        section="Authentication",
        reading="policy_close",
        make=_Obliging,
    ),
)
