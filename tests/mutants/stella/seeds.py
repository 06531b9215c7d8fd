"""Small pieces that many faults are made of."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from .fault import Push, Seed, Turn
from .model import Agent, Answer, Op, Refusal

if TYPE_CHECKING:
    from .desk import Desk

__all__ = [
    "allowing",
    "answering",
    "deafened",
    "neighbour",
    "no_body",
    "note_lines",
    "other_or_same",
    "refusing",
    "status_of",
    "swapped",
]


def neighbour(desk: Desk, agent: Agent) -> Agent | None:
    """Another agent, if there is one: the first of them."""
    return next((one for one in desk.agents.values() if one is not agent), None)


def other_or_same(desk: Desk, agent: Agent) -> Agent:
    """Another agent, or the same where it is alone."""
    return neighbour(desk, agent) or agent


def note_lines(desk: Desk, agent: Agent) -> None:
    """Remember the streams that an agent has now: `deafened` leaves these out from here on."""
    desk.memo["before", agent.id] = [line.nth for line in desk.lines if line.agent is agent]


def deafened(one: Push) -> None:
    """Nothing goes down the streams that were noted."""
    old = one.desk.memo.get(("before", one.agent.id), [])
    one.lines = [line for line in one.lines if line.nth not in old]


def answering(op: Op, change: Callable[[Turn], object]) -> Seed:
    """Change the answers of one operation that succeeded."""

    def spoil(turn: Turn) -> None:
        if turn.op == op and turn.answer.status in (200, 201):
            change(turn)

    return Seed(answer=spoil)


def swapped(was: int, op: Op | None, status: int, body: Any = None) -> Seed:
    """Another status in place of one; with a body where one is given."""

    def spoil(turn: Turn) -> None:
        if turn.answer.status == was and op in (None, turn.op):
            turn.answer.status = status
            if body is not None:
                turn.answer = Answer(status=status, body=body)
            turn.refusal = None if status < 400 else turn.refusal

    return Seed(answer=spoil)


def refusing(op: Op, when: Callable[[Turn], bool], status: int, words: str = "no") -> Seed:
    """Refuse what should have been done."""

    def judge(turn: Turn) -> None:
        if turn.op == op and turn.refusal is None and when(turn):
            turn.refusal = Refusal(status=status, words=words)

    return Seed(gate=judge)


def allowing(when: Callable[[Turn], bool]) -> Callable[[Turn], None]:
    """Let in whom the gate refused, as long as there is an agent of that id."""

    def judge(turn: Turn) -> None:
        if turn.refusal is not None and turn.agent is not None and when(turn):
            turn.refusal = None

    return judge


def status_of(op: Op, status: int) -> Seed:
    """Another status for what succeeded."""

    def spoil(turn: Turn) -> None:
        turn.answer.status = status

    return answering(op, spoil)


def no_body(op: Op) -> Seed:
    """Nothing in the answer to what succeeded."""

    def spoil(turn: Turn) -> None:
        turn.answer.status, turn.answer.text, turn.answer.media = 204, "", ""

    return answering(op, spoil)
