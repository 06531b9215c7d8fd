"""A recording is played in both directions, and changes nobody's mind."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

import mockserver
from schemas.arazzo.document import read_scenario
from tests.conformance.children import Done, assay
from tests.conformance.test_cli_record import CLIENT as WITH_SECRET
from tests.conformance.test_cli_record import led

CLIENT = WITH_SECRET.replace('"password": "CANARY-5"', '"version": "2.3.0"')


@pytest.fixture
async def recorded(tmp_path: Path) -> Path:
    """The scenario of a client of AITBC."""
    async with mockserver.start("aitbc") as mock:
        done = await led(tmp_path, mock, "--out", "life.arazzo.yaml", code=CLIENT)
    assert done.code == 0, done.said
    return tmp_path / "life.arazzo.yaml"


def test_recording_is_a_sound_scenario(recorded: Path) -> None:
    scenario = read_scenario(recorded)
    assert [step.name for step in scenario.workflows["recorded"].steps] == [
        "registerAgent",
        "getAgent",
    ]


async def test_forward_a_coordinator_is_asked_the_same(recorded: Path) -> None:
    async with mockserver.start("aitbc", seed=8) as mock:
        word = await assay(recorded.parent, "run", recorded.name, "--url", mock.url)
    assert word.code == 0, word.said


async def examined(recorded: Path, code: str) -> Done:
    folder = recorded.parent
    (folder / "again.py").write_text(code, "utf-8")
    command = ["test", "aitbc", "--role", "agent", "--scenario", recorded.name]
    return await assay(folder, *command, "--", sys.executable, "again.py", "{url}")


async def test_backward_another_agent_of_the_same_ways_is_recognised(recorded: Path) -> None:
    """It takes another name: that was the client's to make up."""
    said = await examined(recorded, CLIENT.replace("Crane-1", "Heron-77"))
    assert said.code == 0, said.said


async def test_backward_an_agent_that_stops_half_way_has_not_done_it(recorded: Path) -> None:
    half = "\n".join(line for line in CLIENT.splitlines() if "registered" not in line)
    said = await examined(recorded, half)
    assert "getAgent" in said.said
