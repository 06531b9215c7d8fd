"""Answers that nobody wrote down: whether an agent goes on amid them."""

from __future__ import annotations

from functools import partial

import pytest

from conformance.examiner import Examiner
from conformance.fuzz.agents import Trials
from conformance.marks import UnjudgeableError, from_profile, fuzzes, requirement
from conformance.protocols.aitbc.ordeals import ROWS, endure, silence_of
from conformance.protocols.aitbc.situations import NORMAL


@requirement(*sorted(set(ROWS.values())))
@fuzzes
@from_profile("standard")
@pytest.mark.parametrize("situation", [NORMAL])
async def test_generated_answers_are_lived_through(
    situation: str, examiner: Examiner, trials: Trials
) -> None:
    normal = await examiner.observe(situation)
    if normal.ending is not None and normal.ending.broke_down:
        raise UnjudgeableError("the agent breaks down even when all is well")
    play = partial(endure, silence=silence_of(normal))
    await trials.put_through(ROWS, play)
