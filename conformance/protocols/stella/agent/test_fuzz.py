"""Tasks, answers and messages that nobody wrote down: whether an agent goes on amid them."""

from __future__ import annotations

from functools import partial

import pytest

from conformance.examiner import Examiner
from conformance.fuzz.agents import Trials, stays
from conformance.marks import UnjudgeableError, from_profile, fuzzes, requirement
from conformance.protocols.stella.coping import wrecked
from conformance.protocols.stella.notes import NORMAL, Notebook
from conformance.protocols.stella.ordeals import ROWS, at_usual_pace, endure


@requirement(*sorted(set(ROWS.values())))
@fuzzes
@from_profile("standard")
@pytest.mark.parametrize("situation", [NORMAL])
async def test_generated_tasks_are_done(
    situation: str, examiner: Examiner, trials: Trials, book: Notebook
) -> None:
    if wrecked(await examiner.observe(situation)):
        raise UnjudgeableError("the agent breaks down even when all is well")
    await trials.put_through(
        ROWS,
        partial(endure, book=book),
        situation=at_usual_pace,
        after=stays,
    )
