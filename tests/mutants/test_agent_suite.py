"""The examination of agents, examined: lawful ones pass it, and each broken one is caught."""

from __future__ import annotations

import asyncio
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from reports import Run
from schemas import Requirement, load, load_requirements, protocol_ids
from tests.mutants.agents import STYLES, examined, style_of
from tests.mutants.sample import sampled
from tests.suite import verdicts

_HERE = Path(__file__).parent

TABLE: dict[str, dict[str, str | None]] = {
    protocol: yaml.safe_load((_HERE / f"{protocol}_agents_caught.yaml").read_text("utf-8"))
    for protocol in STYLES
}
"""For each requirement of an agent, a fault that it must catch; with `@ situation` behind it, where
one situation is enough to show it. None where no agent of ours breaks it.
"""

CAUGHT: dict[str, dict[str, str]] = {
    protocol: {row: told for row, told in table.items() if told is not None}
    for protocol, table in TABLE.items()
}

_AT_ONCE = 4
"""Examinations that go on side by side: they wait far more than they work."""

_PARTS = 4
"""Tests that share the examinations of a protocol, so that workers can share them."""


@cache
def _rows(protocol: str) -> dict[str, Requirement]:
    rows = load_requirements(load(protocol))
    return {row.id: row for row in rows.values() if row.role == "agent"}


async def _side_by_side(
    jobs: dict[str, dict[str, Any]], folder: Path, protocol: str
) -> dict[str, Run]:
    """Runs each job (its style, fault and glob over requirements), a few at a time."""
    room = asyncio.Semaphore(_AT_ONCE)

    async def one(job: dict[str, Any]) -> Run:
        async with room:
            return await examined(folder, protocol, **job)

    runs = await asyncio.gather(*map(one, jobs.values()))
    return dict(zip(jobs, runs, strict=True))


@pytest.mark.parametrize("part", range(_PARTS))
@pytest.mark.parametrize("protocol", STYLES)
async def test_suite_passes_every_lawful_style(protocol: str, part: int, tmp_path: Path) -> None:
    jobs = {style: {"style": style} for style in sampled([*STYLES[protocol]], 40)[part::_PARTS]}
    for style, run in (await _side_by_side(jobs, tmp_path, protocol)).items():
        assert verdicts(run, "fail") == [], style
        warned = [row for row in verdicts(run, "warn") if _rows(protocol)[row].silence is None]
        assert warned == [], style
        assert run.verdict == "conformant", (style, run.because)


@pytest.mark.parametrize("part", range(_PARTS))
@pytest.mark.parametrize("protocol", STYLES)
async def test_fault_is_caught_by_its_requirement(protocol: str, part: int, tmp_path: Path) -> None:
    jobs = {
        row: _job(protocol, row, *told.split(" @ "))
        for row, told in sampled([*CAUGHT[protocol].items()], 80)[part::_PARTS]
    }
    for row, run in (await _side_by_side(jobs, tmp_path, protocol)).items():
        requirement = _rows(protocol)[row]
        weak = requirement.basis == "implied" or requirement.level == "SHOULD"
        told = (row, CAUGHT[protocol][row], run.because)
        assert verdicts(run, "warn" if weak else "fail") == [row], told


def _job(protocol: str, row: str, fault: str, situation: str = "") -> dict[str, str]:
    style = style_of(protocol, fault)
    return {"style": style, "fault": fault, "only": row, "situation": situation}


@pytest.mark.parametrize("protocol", STYLES)
def test_every_requirement_has_its_line(protocol: str) -> None:
    rows = _rows(protocol)
    assert {row.id for row in rows.values() if not row.untestable} - set(TABLE[protocol]) == set()
    assert set(TABLE[protocol]) <= set(rows)


def test_every_protocol_has_its_agents() -> None:
    assert set(STYLES) == set(protocol_ids())
