"""Requests that nobody wrote down, one by one and in sequences."""

from __future__ import annotations

from random import Random
from typing import Literal

import pytest

from conformance.fuzz.budget import Budget
from conformance.fuzz.exploring_requests import explore
from conformance.fuzz.generator import Generator
from conformance.ids import IdSource
from conformance.judge import Judge
from conformance.marks import exclusive, from_profile, fuzzes, generates, requirement
from conformance.protocols.aitbc.dialogue import Dialogue
from conformance.protocols.aitbc.made_up import MENU, DialogueCaller


@fuzzes
@generates(MENU)
@exclusive("queues")
@from_profile("standard")
@requirement(*MENU.rows)
@pytest.mark.parametrize("what", ["requests", "sequences"])
async def test_flow_made_up(
    what: Literal["requests", "sequences"],
    generator: Generator,
    aitbc: Dialogue,
    ids: IdSource,
    judge: Judge,
    budget: Budget,
    rng: Random,
) -> None:
    caller = DialogueCaller(aitbc, ids)
    await explore(what, generator=generator, caller=caller, judge=judge, budget=budget, rng=rng)
