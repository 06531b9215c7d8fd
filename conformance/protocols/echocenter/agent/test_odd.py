"""What is no instruction: whether an agent lives on after it, and leaves it unanswered."""

from __future__ import annotations

import pytest

from conformance.examiner import Examiner, Observation
from conformance.judge import Judge
from conformance.marks import UnjudgeableError, case, requirement
from conformance.protocols.echocenter.odd import ODDITIES, Turn
from conformance.protocols.echocenter.replies import read_account
from conformance.protocols.echocenter.situations import NORMAL
from mockserver.transcript import Frame


@pytest.mark.parametrize(
    ("row", "situation", "turn"),
    [case(turn.requirement, odd.name, turn) for odd in ODDITIES for turn in odd.turns],
)
async def test_odd_messages_are_lived_through(
    row: str, situation: str, turn: Turn, examiner: Examiner, judge: Judge
) -> None:
    seen = await examiner.observe(situation)
    if read_account((await examiner.observe(NORMAL)).frames).unanswered:
        raise UnjudgeableError("the agent does not answer, even when all is well")
    said = _said(seen, turn)
    if not said:
        raise UnjudgeableError("the agent had gone before")
    account = read_account(seen.frames)
    kept = account.answered(turn.probe) and not _ended(seen, said[0], turn)
    judge.holds(row, kept, f"{_what(seen)} afterwards", *seen.shown(*said[:8]))


@requirement("ECHO-AGENT-ODD-002")
@pytest.mark.parametrize("situation", ["other messages"])
async def test_other_messages_are_not_answered(
    situation: str, examiner: Examiner, judge: Judge
) -> None:
    seen = await examiner.observe(situation)
    account = read_account(seen.frames)
    if not account.answers:
        raise UnjudgeableError("the agent answered nothing in this situation")
    usual = read_account((await examiner.observe(NORMAL)).frames)
    # One that always says more than one CHAT, a word of progress first, does so to the probes too.
    beyond = [] if usual.surplus else account.surplus
    more = [each.heard for each in (*account.strays, *beyond)]
    judge.holds(
        "ECHO-AGENT-ODD-002",
        not more,
        "the agent answers what is no CHAT by a CHAT",
        *seen.shown(*more[:2]),
    )


def _said(seen: Observation, turn: Turn) -> list[Frame]:
    """What was said in a turn, where it was. Turns may repeat each other, and probes do not."""
    probes = [each for each in read_account(seen.frames).instructions if each.sender == turn.probe]
    until = probes[0].heard.number if probes else float("inf")
    told = [
        heard
        for heard in seen.frames
        if heard.sender == "coordinator" and heard.data in turn.frames and heard.number < until
    ]
    return told[-len(turn.frames) :]


def _ended(seen: Observation, first: Frame, turn: Turn) -> bool:
    """Did the agent, before it answered, end the connection on which it was told?"""
    answers = [
        reply.heard.number
        for asked, reply in read_account(seen.frames).answers
        if asked.sender == turn.probe
    ]
    return any(
        heard.connection == first.connection
        and heard.kind in ("close", "lost")
        and first.number < heard.number < min(answers, default=0)
        for heard in seen.frames
    )


def _what(seen: Observation) -> str:
    if seen.ending is not None and not seen.ending.asked:
        return seen.ending.describe()
    return "the agent does not answer on the same connection"
