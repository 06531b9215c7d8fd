"""The machines of AITBC, Stella and Caxton: they find what only an order of things shows."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conformance.fuzz.exploring_machines import explored
from tests.conformance.fuzz.planted import PLANTED, planted
from tests.mutants.coordinators import served
from tests.suite import run_suite, verdicts

FOUND = {
    "types of old": {"AITBC-DISC-025", "AITBC-DISC-031"},
    "offended by refusals": {"AITBC-STAT-014", "AITBC-STAT-016", "AITBC-DISC-037"},
    "cancelled no more": {"STELLA-TASK-027", "STELLA-TASK-028"},
    "deaf beside the stopped": {"CAXTON-XTR-012"},
}
"""For each planted bug the rows of which one must fail."""


@pytest.mark.parametrize("name", PLANTED)
async def test_an_order_of_things_is_found_and_made_short(name: str) -> None:
    protocol, _ = PLANTED[name]
    async with planted(name) as target:
        found = await explored(protocol, target, cases=60)
    failed = {each.requirement: each for each in found if each.verdict == "fail"}
    assert FOUND[name] & failed.keys(), failed.keys()
    for each in failed.values():
        assert "(after: " in each.message


@pytest.mark.parametrize(
    ("protocol", "reading"),
    [
        ("aitbc", "other"),
        ("aitbc", "keeper"),
        ("stella", "once"),
        ("stella", "lively"),
        ("caxton", "natural"),
    ],
)
async def test_lawful_peers_are_left_alone(protocol: str, reading: str) -> None:
    async with served(protocol, reading) as target:
        found = await explored(protocol, target, cases=8)
    assert [each for each in found if each.verdict in ("fail", "warn")] == []


async def test_the_suite_explores_within_its_seconds(tmp_path: Path) -> None:
    async with served("aitbc", "natural") as target:
        row = "AITBC-DISC-03[1567]"
        run = await run_suite(tmp_path, target=target, only=row, library=False, fuzz=0.5)
    assert verdicts(run, "fail") == []
    checks = {check.name for outcome in run.requirements for check in outcome.checks}
    assert "test_conversations_in_any_order" in checks
