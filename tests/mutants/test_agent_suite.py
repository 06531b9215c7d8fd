"""The examination of agents, examined: lawful ones pass it, and each broken one is caught."""

from __future__ import annotations

import asyncio
import sys
from functools import cache
from pathlib import Path

import pytest
import yaml

from reports import Run
from schemas import Requirement, load, load_requirements
from tests.mutants.aitbc_agents import FAULTS, STYLES
from tests.suite import run_suite, verdicts

_HERE = Path(__file__).parent

CAUGHT: dict[str, str] = yaml.safe_load((_HERE / "aitbc_agents_caught.yaml").read_text("utf-8"))
"""For each requirement of an agent, a fault that it must catch."""

_AT_ONCE = 4
"""Examinations that go on side by side: they wait far more than they work."""


@cache
def _rows() -> dict[str, Requirement]:
    rows = load_requirements(load("aitbc"))
    return {row.id: row for row in rows.values() if row.role == "agent"}


async def _examined(folder: Path, style: str, fault: str = "", only: str = "*") -> Run:
    command = [sys.executable, str(_HERE / "aitbc_agents" / "agent.py")]
    command += ["--url", "{url}", "--name", "{name}", "--style", style]
    command += ["--fault", fault] if fault else []
    return await run_suite(folder, role="agent", command=command, only=only, patience=4.0)


async def _side_by_side(jobs: dict[str, tuple[str, str, str]], folder: Path) -> dict[str, Run]:
    """Runs each job (style, fault, glob over requirements), a few at a time."""
    room = asyncio.Semaphore(_AT_ONCE)

    async def one(job: tuple[str, str, str]) -> Run:
        async with room:
            return await _examined(folder, *job)

    runs = await asyncio.gather(*map(one, jobs.values()))
    return dict(zip(jobs, runs, strict=True))


@pytest.mark.parametrize("half", [0, 1])  # so that two workers share them
async def test_suite_passes_every_lawful_style(half: int, tmp_path: Path) -> None:
    jobs = {style: (style, "", "*") for style in [*STYLES][half::2]}
    for style, run in (await _side_by_side(jobs, tmp_path)).items():
        assert verdicts(run, "fail") == [], style
        assert verdicts(run, "warn") == [], style
        assert run.verdict == "conformant", (style, run.because)


@pytest.mark.parametrize("part", range(4))
async def test_fault_is_caught_by_its_requirement(part: int, tmp_path: Path) -> None:
    chosen = [*CAUGHT.items()][part::4]
    jobs = {row: (FAULTS[fault].style, fault, row) for row, fault in chosen}
    for row, run in (await _side_by_side(jobs, tmp_path)).items():
        requirement = _rows()[row]
        weak = requirement.basis == "implied" or requirement.level == "SHOULD"
        assert verdicts(run, "warn" if weak else "fail") == [row], (row, CAUGHT[row], run.because)


def test_every_requirement_has_a_broken_agent() -> None:
    assert set(_rows()) - set(CAUGHT) == set()
    assert set(CAUGHT) <= set(_rows())
