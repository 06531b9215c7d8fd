"""The scenarios of AITBC: lawful peers keep them both ways, and each catches broken ones."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import replace
from itertools import cycle, islice
from pathlib import Path

import pytest
import yaml

from schemas.arazzo.document import read_scenario
from schemas.arazzo.library import scenarios
from tests.mutants import agents, coordinators
from tests.mutants.sample import EVERYTHING, sampled
from tests.scenarios.playing import backward, examine, forward

_HERE = Path(__file__).parent
_AGENT = _HERE.parent / "mutants" / "aitbc_agents" / "agent.py"

PATHS: Mapping[str, Path] = {read_scenario(path).name: path for path in scenarios("aitbc")}

CAUGHT: Mapping[str, Mapping[str, str]] = yaml.safe_load((_HERE / "aitbc.yaml").read_text("utf-8"))

READINGS = [*coordinators.LAWFUL["aitbc"]]

_MET = [
    (name, reading)
    for at, name in enumerate(PATHS)
    for reading in (READINGS if EVERYTHING else islice(cycle(READINGS), at, at + 2))
]
"""Which lawful coordinators play which scenario: all of them in a sweep, else two in turn."""

_HURRY = 2.0
"""Seconds that a broken coordinator is waited for."""


def _command(style: str, fault: str = "") -> list[str]:
    words = [sys.executable, str(_AGENT), "--url", "{url}", "--name", "{name}", "--style", style]
    return [*words, "--fault", fault] if fault else words


def test_every_scenario_has_its_line() -> None:
    assert len(PATHS) >= 8
    assert list(CAUGHT) == sorted(PATHS)


@pytest.mark.parametrize("name", PATHS)
async def test_the_mock_keeps_it(name: str) -> None:
    async with coordinators.served_mock("aitbc") as target:
        told = await forward(PATHS[name], target)
    assert told.rows("fail", "warn", "inconclusive") == {}
    assert told.rows("pass")


@pytest.mark.parametrize("name", PATHS)
async def test_its_own_client_keeps_it(name: str) -> None:
    told = await backward(PATHS[name])
    assert told.rows("fail", "warn", "inconclusive") == {}
    assert told.rows("pass")


@pytest.mark.parametrize(("name", "reading"), _MET)
async def test_lawful_coordinator_keeps_it(name: str, reading: str) -> None:
    async with coordinators.served("aitbc", reading) as target:
        told = await forward(PATHS[name], target)
    assert told.rows("fail", "warn", "inconclusive") == {}


@pytest.mark.parametrize("name", PATHS)
async def test_without_hooks_nothing_fails(name: str) -> None:
    async with coordinators.served("aitbc", "natural") as target:
        told = await forward(PATHS[name], replace(target, hooks={}))
    assert told.rows("fail", "warn") == {}


@pytest.mark.parametrize("style", sampled([*agents.STYLES["aitbc"]], 7))
async def test_lawful_agent_breaks_none(style: str) -> None:
    told = await examine(PATHS.values(), _command(style))
    assert told.rows("fail", "warn") == {}


@pytest.mark.parametrize("name", PATHS)
async def test_broken_coordinator_is_caught(name: str) -> None:
    fault = CAUGHT[name]["coordinator"]
    async with coordinators.served("aitbc", fault=fault, patience=_HURRY) as target:
        told = await forward(PATHS[name], target)
    named = {*read_scenario(PATHS[name]).requirements}
    assert named & told.broken.keys(), told.broken


@pytest.mark.parametrize("name", sampled([*PATHS], 5))
async def test_broken_agent_is_caught(name: str) -> None:
    fault = CAUGHT[name]["agent"]
    told = await examine([PATHS[name]], _command(agents.style_of("aitbc", fault), fault))
    assert told.broken
