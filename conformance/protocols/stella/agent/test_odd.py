"""What is odd, though it may come: whether an agent goes on after it."""

from __future__ import annotations

import pytest

from conformance.examiner import Examiner
from conformance.exchange import Exchange
from conformance.frames import Frame
from conformance.judge import Judge
from conformance.marks import UnjudgeableError, case
from conformance.protocols.stella.biography import Life
from conformance.protocols.stella.coping import exchanges, goes_on, left_with_words, lived, wrecked
from conformance.protocols.stella.notes import Notebook, Strike
from conformance.protocols.stella.situations import NORMAL

_MAY_LEAVE = {"STELLA-AGENT-ODD-003"}
"""Where the coordinator itself is wrong, an agent may end, if only it says why."""

_FROM_THE_FIRST = ("unknown fields", "null renewal", "other times")
"""Where the very first answers are odd."""

_STREAM = "stream: {}".format


@pytest.mark.parametrize(
    ("row", "situation"),
    [
        case("STELLA-AGENT-ODD-001", "unknown fields"),
        case("STELLA-AGENT-ODD-001", _STREAM("more on the stream")),
        case("STELLA-AGENT-ODD-002", "null renewal"),
        case("STELLA-AGENT-ODD-003", "garbled answers"),
        case("STELLA-AGENT-ODD-004", "other times"),
        case("STELLA-AGENT-ODD-005", _STREAM("untyped")),
        case("STELLA-AGENT-ODD-006", _STREAM("no JSON")),
        case("STELLA-AGENT-ODD-007", _STREAM("binary")),
        case("STELLA-AGENT-ODD-008", _STREAM("large")),
        case("STELLA-AGENT-ODD-009", _STREAM("wrong tasks")),
    ],
)
async def test_what_is_odd_is_lived_through(
    row: str, situation: str, examiner: Examiner, judge: Judge, book: Notebook
) -> None:
    if wrecked(await examiner.observe(NORMAL)):
        raise UnjudgeableError("the agent breaks down even when all is well")
    if situation.startswith("stream") and not book.streams:
        return
    life, notes = await lived(examiner, situation), book.of(situation)
    if not notes.strikes and situation in _FROM_THE_FIRST:
        ending = life.seen.ending
        told = ending.describe() if ending else "it says nothing"
        judge.holds(row, False, f"the agent was registered, and then: {told}", *_said(life, None))
        return
    if not notes.strikes:
        raise UnjudgeableError("the agent had gone before")
    strike = notes.strikes[0]
    if row in _MAY_LEAVE and left_with_words(life.seen) and not wrecked(life.seen):
        judge.holds(row, True, "")
        return
    wrong = goes_on(life, notes, strike)
    judge.holds(row, not wrong, wrong, *_said(life, strike))


def _said(life: Life, strike: Strike | None) -> list[Exchange | Frame]:
    """What was said to it from the strike on."""
    if strike is None:
        return [*exchanges(life.seen.exchanges[:2])]
    told = [
        frame
        for frame in life.seen.frames
        if frame.sender == "coordinator" and frame.number > strike.number and frame.kind != "ping"
    ]
    asked = [heard for heard in life.heartbeats if heard.real > strike.real]
    return [*exchanges(asked[:2]), *life.seen.shown(*told[:8])]
