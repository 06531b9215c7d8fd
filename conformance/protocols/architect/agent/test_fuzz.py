"""Events and replies that nobody wrote down: whether a script goes on amid them."""

from __future__ import annotations

from functools import partial

import pytest

from conformance.examiner import Examiner
from conformance.fuzz.agents import Trials
from conformance.marks import UnjudgeableError, from_profile, fuzzes, requirement
from conformance.protocols.architect.ordeals import ROWS, endure, look, taken_over
from conformance.protocols.architect.playbook import Playbook
from conformance.protocols.architect.situations import CALM


@requirement(*sorted(set(ROWS.values())))
@fuzzes
@from_profile("standard")
@pytest.mark.parametrize("situation", [CALM])
async def test_generated_messages_are_lived_through(
    situation: str, examiner: Examiner, trials: Trials, book: Playbook
) -> None:
    usual = await examiner.observe(situation)
    if usual.ending is not None and usual.ending.broke_down:
        raise UnjudgeableError("the script breaks down even when all is well")
    await trials.put_through(
        ROWS,
        partial(endure, book=book),
        situation=taken_over,
        after=partial(look, usual=usual, book=book),
    )
