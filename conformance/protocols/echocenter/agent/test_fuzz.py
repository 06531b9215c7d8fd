"""Messages that nobody wrote down: whether an agent answers what it is asked amid them."""

from __future__ import annotations

import pytest

from conformance.examiner import Examiner
from conformance.fuzz.agents import Trials, stays
from conformance.marks import UnjudgeableError, from_profile, fuzzes, requirement
from conformance.protocols.echocenter.ordeals import ROWS, endure
from conformance.protocols.echocenter.replies import read_account
from conformance.protocols.echocenter.situations import NORMAL


@requirement(*sorted(set(ROWS.values())))
@fuzzes
@from_profile("standard")
@pytest.mark.parametrize("situation", [NORMAL])
async def test_generated_messages_are_lived_through(
    situation: str, examiner: Examiner, trials: Trials
) -> None:
    if read_account((await examiner.observe(situation)).frames).unanswered:
        raise UnjudgeableError("the agent does not answer, even when all is well")
    await trials.put_through(ROWS, endure, after=stays)
