"""The Butler: EchoCenter's own agent, who gives directives and waits for their answers."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from mockserver.protocols.echocenter.accounts import Account
from mockserver.world import iso

__all__ = ["PATIENCE", "PREFIX", "Butler", "Directive"]

PREFIX = "[DIRECTIVE] "

PATIENCE = 30.0
"""Seconds in which the first CHAT of the agent is taken for the answer."""

_KEPT = 100
"""Directives that are remembered; older ones make room."""


@dataclass(slots=True, kw_only=True)
class Directive:
    """One directive. `status` is waiting, answered, unanswered, or undelivered where the agent
    was not connected; `given` and `answered` are seconds since 1970.
    """

    number: int
    agent: Account
    text: str
    given: float
    status: str
    answer: Any = None
    answered: float | None = None

    def view(self) -> dict[str, Any]:
        return {
            "number": self.number,
            "to": self.agent.username,
            "to_id": self.agent.id,
            "text": self.text,
            "given_at": iso(self.given),
            "status": self.status,
            "answer": self.answer,
            "answered_at": None if self.answered is None else iso(self.answered),
        }


class Butler:
    """The directives, in the order in which they were given."""

    def __init__(self) -> None:
        self._directives: deque[Directive] = deque(maxlen=_KEPT)
        self._given = 0

    def give(self, agent: Account, text: str, now: float, *, reached: bool) -> Directive:
        """Remember a directive, and wait for its answer where it `reached` the agent."""
        self._given += 1
        status = "waiting" if reached else "undelivered"
        directive = Directive(number=self._given, agent=agent, text=text, given=now, status=status)
        self._directives.append(directive)
        return directive

    def hear(self, sender: Account, payload: Any, now: float) -> None:
        """A CHAT for the Butler: it answers the oldest directive that its sender owes one for."""
        owed = (directive for directive in self._waiting() if directive.agent is sender)
        directive = next(owed, None)
        if directive is not None:
            directive.status, directive.answer, directive.answered = "answered", payload, now

    def due(self) -> float | None:
        """When the Butler gives up waiting next."""
        if not self._directives:
            return None  # as for most of a mock's life, and it is asked after every message
        return min((directive.given + PATIENCE for directive in self._waiting()), default=None)

    def give_up(self, now: float) -> None:
        for directive in self._waiting():
            if directive.given + PATIENCE <= now:
                directive.status = "unanswered"

    def view(self) -> list[dict[str, Any]]:
        return [directive.view() for directive in self._directives]

    def _waiting(self) -> Iterator[Directive]:
        return (each for each in self._directives if each.status == "waiting")
