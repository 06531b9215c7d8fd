"""A coordinator that says the same in other bytes is no other coordinator."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance.mutation.breaking import standing_before
from conformance.own_mock import own_mock
from schemas import load, protocol_ids
from tests.mutants.respelled import Respelled, respelled
from tests.mutants.sample import sampled
from tests.suite import run_suite, verdicts

_OF_SPELLING = {"ECHO-CHAT-012"}
"""What is implied of how something is written."""


@pytest.mark.parametrize("name", sampled([*protocol_ids()], 5))
async def test_other_bytes_are_lawful(name: str, tmp_path: Path) -> None:
    async with (
        own_mock(name) as plain,
        standing_before(load(name), plain, Respelled()) as target,
    ):
        run = await run_suite(tmp_path, protocol=name, target=target, profile="quick", fuzz=0)
    assert verdicts(run, "fail") == []
    assert {*verdicts(run, "warn")} <= _OF_SPELLING
    assert len(verdicts(run, "pass")) > len(run.requirements) * 0.8


def test_the_bytes_are_others() -> None:
    said = respelled({"a": 7, "b": [True, "7", {"c": None, "d": 0.5}]})
    assert [*said] == ["b", "a"]
    assert said == {"a": 7, "b": [True, "7", {"c": None, "d": 0.5}]}
    assert type(said["a"]) is float
