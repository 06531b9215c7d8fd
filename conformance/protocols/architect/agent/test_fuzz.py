"""Events and replies that nobody wrote down: whether a script goes on amid them."""

from __future__ import annotations

from functools import partial
from random import Random

import pytest

from conformance.examiner import Examiner
from conformance.fuzz.agents import put_through
from conformance.fuzz.budget import Budget
from conformance.judge import Judge
from conformance.marks import UnjudgeableError, from_profile, fuzzes, requirement
from conformance.protocols.architect.ordeals import ROWS, endure, look, taken_over
from conformance.protocols.architect.playbook import Playbook
from conformance.protocols.architect.situations import CALM


@requirement(*sorted(set(ROWS.values())))
@fuzzes
@from_profile("standard")
@pytest.mark.parametrize("situation", [CALM])
async def test_generated_messages_are_lived_through(
    situation: str,
    examiner: Examiner,
    judge: Judge,
    *,
    book: Playbook,
    rng: Random,
    budget: Budget,
) -> None:
    usual = await examiner.observe(situation)
    if usual.ending is not None and usual.ending.broke_down:
        raise UnjudgeableError("the script breaks down even when all is well")
    await put_through(
        examiner,
        judge,
        ROWS,
        partial(endure, book=book),
        rng=rng,
        budget=budget,
        situation=taken_over,
        after=partial(look, usual=usual, book=book),
    )
