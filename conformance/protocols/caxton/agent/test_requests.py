"""Everything that a client sends, in every situation, held against the document."""

from __future__ import annotations

import pytest

from conformance.examiner import Examiner
from conformance.judge import Judge
from conformance.marks import requirement
from conformance.plugin import Suite
from conformance.protocols.caxton.situations import NAMES, NORMAL, WELL
from conformance.sent import judge_keys, judge_sent

_EVERY_SITUATION = pytest.mark.parametrize("situation", NAMES)


@requirement("CAXTON-AGENT-LIFE-001")
@_EVERY_SITUATION
async def test_flow_what_is_sent_is_lawful(
    situation: str, examiner: Examiner, judge: Judge, suite: Suite
) -> None:
    seen = await examiner.observe(situation)
    if situation == NORMAL:
        judge.holds(
            "CAXTON-AGENT-LIFE-001",
            bool(seen.exchanges),
            f"the client said nothing within {seen.seconds:.0f} s; "
            + (seen.ending.describe() if seen.ending else "it runs elsewhere"),
        )
    judge_sent(judge, seen, suite.protocol.channels["events"], well=situation in WELL)


@requirement("CAXTON-AGENT-WIRE-014")
@_EVERY_SITUATION
async def test_handshakes_have_keys_of_their_own(
    situation: str, examiner: Examiner, judge: Judge, suite: Suite
) -> None:
    seen = await examiner.observe(situation)
    judge_keys(judge, seen, suite.protocol.channels["events"], "CAXTON-AGENT-WIRE-014")
