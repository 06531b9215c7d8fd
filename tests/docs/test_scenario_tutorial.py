"""The files of the tutorial do what it says: forward against the mock, backward with a worker."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import aiohttp
import pytest

import mockserver
from schemas import PackError, load
from schemas.arazzo.document import read_scenario
from tests.suite import run_suite

_TEXT = (Path(__file__).parents[2] / "docs" / "scenario-tutorial.md").read_text("utf-8")
_FILES = re.findall(r"```yaml\n(arazzo:.*?)```", _TEXT, re.DOTALL)


@pytest.fixture(params=range(len(_FILES)), ids=["smallest", "values", "owes"])
def file(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    path = tmp_path / "worker.arazzo.yaml"
    path.write_text(_FILES[request.param], "utf-8")
    return path


async def test_each_file_runs_forward(file: Path, tmp_path: Path) -> None:
    async with mockserver.start("aitbc") as mock:
        run = await run_suite(tmp_path, url=mock.url, scenario=file)
    verdicts = {outcome.id: outcome.verdict for outcome in run.requirements}
    (own,) = (name for name in verdicts if name.startswith("SCENARIO-"))
    assert (run.verdict, verdicts[own]) == ("conformant", "pass")
    assert "AITBC-REG-004" in verdicts, "what it did not name is judged as well"


async def test_worker_of_ones_own_plays_it_backward(tmp_path: Path) -> None:
    path = tmp_path / "worker.arazzo.yaml"
    path.write_text(_FILES[1], "utf-8")
    told: list[str] = []
    async with mockserver.start("aitbc") as mock, aiohttp.ClientSession() as http:
        plays = mock.plays()
        plays.tell = told.append
        playlist = plays.put(mock.session, read_scenario(path, load("aitbc")))
        body = {"agent_id": "mine", "agent_type": "general"}
        async with http.post(f"{mock.url}/agents/register", json=body) as answer:
            assert answer.status == 200
        async with http.get(f"{mock.url}/_assay/scenario") as answer:
            view: Any = await answer.json()
        playlist.tick()
    assert view["workflows"][0]["finished"]["kept"] is True
    assert told[0] == "worker: awaits register (registerAgent)"
    assert told[-1] == "worker: comes to its end"


def test_misspelt_operation_is_told_as_shown(tmp_path: Path) -> None:
    path = tmp_path / "worker.arazzo.yaml"
    path.write_text(_FILES[0].replace("registerAgent", "registerAgnet"), "utf-8")
    with pytest.raises(PackError) as refused:
        read_scenario(path)
    shown = _TEXT.rpartition("```console\n$ assay lint worker.arazzo.yaml\n")[2].partition("```")[0]
    assert str(refused.value).replace(f"{tmp_path}/", "") == shown.strip()
