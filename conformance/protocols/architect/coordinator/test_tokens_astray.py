"""Tokens that get lost on the way, or come where nobody waits for them, whatever is called."""

from __future__ import annotations

import pytest

from conformance.exchange import MISSING
from conformance.judge import Judge
from conformance.marks import case, requirement
from conformance.protocols.architect.coordinator.astray import (
    events_first,
    heard_elsewhere,
    lost_replies,
    told_later,
)
from conformance.protocols.architect.dialogue import Dialogue, last
from conformance.protocols.architect.replies import Request
from conformance.protocols.architect.survey import Survey, survey_of

_UNANSWERED = 4


@pytest.mark.parametrize("row", [case(f"ARCH-CORR-00{n}") for n in (5, 6, 7)])
async def test_token_of_an_error(row: str, script: Dialogue, judge: Judge) -> None:
    """Whether such an error is told is judged elsewhere: here, that it does not come without."""
    wrong = _wrong_call(row, await survey_of(script), script)
    if wrong is None:
        judge.holds(row, True, "")  # nothing is required
        return
    line = await script.connect()
    lost = await lost_replies(line, wrong, script)
    told = "the reply to a call with an error comes without its token"
    judge.holds(row, not lost, told, *last(line, 2), *lost[:2])


def _wrong_call(row: str, survey: Survey, script: Dialogue) -> Request | None:
    if row == "ARCH-CORR-005":
        return Request(action=script.new("no-such-action"))
    calls = survey.lacking if row == "ARCH-CORR-006" else survey.illtyped
    return calls[0].asked.request if calls else None


@requirement("ARCH-CORR-016")
async def test_token_of_what_is_no_command(script: Dialogue, judge: Judge) -> None:
    line = await script.connect()
    for what, request in (
        ("without an action", Request(action=MISSING)),
        ("whose action is a number", Request(action=7)),
        ("whose parameters are a text", Request(action="list_actions", parameters="assay")),
        ("whose parameters are a list", Request(action="list_actions", parameters=["assay"])),
    ):
        lost = await lost_replies(line, request, script)
        told = f"the error for a command {what} comes without its token"
        judge.holds("ARCH-CORR-016", not lost, told, *last(line, 2), *lost[:2])


@requirement("ARCH-CORR-001")
async def test_token_of_every_action(script: Dialogue, judge: Judge) -> None:
    """What seems to have no reply at all may have one without its token."""
    survey = await survey_of(script)
    line = await script.connect()
    mute = [each for each in survey.full.values() if not each.answered]
    for call in mute[:_UNANSWERED]:
        lost = await lost_replies(line, call.asked.request, script)
        told = f"the reply to {call.action.name} comes without its token"
        judge.holds("ARCH-CORR-001", not lost, told, call.asked.sent, *lost[:2])
    judge.holds("ARCH-CORR-001", True, "")


@requirement("ARCH-CORR-009", "ARCH-EVENT-002", "ARCH-CORR-017")
async def test_flow_first_with_its_token(script: Dialogue, judge: Judge) -> None:
    """Whatever was called: who else hears the token, and what comes with it first."""
    survey = await survey_of(script)
    for sent, astray in heard_elsewhere(survey.lines):
        told = "a token that is waited for comes on another connection than its own"
        judge.holds("ARCH-CORR-009", False, told, sent, astray)
        judge.holds("ARCH-EVENT-002", False, told, sent, astray)
    for sent, event, reply in events_first(survey.lines, survey):
        told = "an event carries a token that is waited for, and comes before the reply"
        judge.holds("ARCH-EVENT-002", False, told, sent, event, reply)
    for sent, empty, full in told_later(survey.lines):
        told = "the first message with a token is empty, and a later one tells what was asked for"
        judge.holds("ARCH-CORR-017", False, told, sent, empty, full)
    for row in ("ARCH-CORR-009", "ARCH-EVENT-002", "ARCH-CORR-017"):
        judge.holds(row, True, "")
