"""Answers and events that nobody wrote down: whether a client goes on amid them."""

from __future__ import annotations

from functools import partial

import pytest

from conformance.examiner import Examiner
from conformance.fuzz.agents import Trials
from conformance.marks import from_profile, fuzzes, requirement
from conformance.protocols.caxton.bearing import healthy
from conformance.protocols.caxton.notes import NORMAL, Notebook
from conformance.protocols.caxton.ordeals import ROWS, endure, look


@requirement(*sorted(set(ROWS.values())))
@fuzzes
@from_profile("standard")
@pytest.mark.parametrize("situation", [NORMAL])
async def test_generated_answers_are_lived_through(
    situation: str, examiner: Examiner, trials: Trials, book: Notebook
) -> None:
    del situation  # it is what a healthy client is known by
    normal = await healthy(examiner)
    await trials.put_through(
        ROWS,
        partial(endure, book=book),
        after=partial(look, normal=normal, book=book),
    )
