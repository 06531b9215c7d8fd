"""What can be told only once much was asked: these come behind all that asks."""

from __future__ import annotations

import pytest

from conformance.judge import Judge
from conformance.marks import UnjudgeableError, requirement
from conformance.protocols.architect.catalogue import read_catalogue
from conformance.protocols.architect.coordinator.listings import (
    judge_again,
    judge_requirements,
    judge_types,
)
from conformance.protocols.architect.dialogue import Dialogue
from conformance.protocols.architect.survey import survey_of

pytestmark = pytest.mark.exhausts


@requirement("ARCH-CAT-011", "ARCH-CAT-012", "ARCH-CAT-013", "ARCH-CAT-017", "ARCH-CAT-018")
async def test_flow_every_catalogue_of_the_run(script: Dialogue, judge: Judge) -> None:
    """However late it was asked for, in whatever company, under whatever token."""
    first, others = script.lore.first, script.lore.others
    if first is None:
        raise UnjudgeableError("the agent's catalogue could not be read")
    if not others:
        judge.holds("ARCH-CAT-017", True, "")
        return
    survey = await survey_of(script)
    await judge_again(first, others, await script.connect(), script, judge)
    judge_requirements([first, *others], survey, judge)
    for each in (first, *others):
        judge_types(each, read_catalogue(each.listed), judge)
