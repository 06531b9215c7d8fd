"""`assay run`: its exit codes, what it says, and what it leaves."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import orjson
import pytest
import yaml

import mockserver
from mockserver import RunningMock
from tests.conformance.children import Done, assay
from tests.conformance.peers import Line, answer, closed_port, listening


@pytest.fixture
async def mock() -> AsyncIterator[RunningMock]:
    async with mockserver.start("aitbc") as running:
        yield running


def _register(**more: Any) -> dict[str, Any]:
    return {
        "stepId": "register",
        "operationId": "registerAgent",
        "requestBody": {"payload": {"agent_id": "$inputs.agent_id", "agent_type": "worker"}},
        "successCriteria": [
            {"condition": "$statusCode == 200", "x-requirements": ["AITBC-REG-001"]}
        ],
        **more,
    }


def _look(**more: Any) -> dict[str, Any]:
    return {
        "stepId": "look",
        "operationId": "getAgent",
        "parameters": [{"name": "agent_id", "in": "path", "value": "$inputs.agent_id"}],
        "successCriteria": [
            {"condition": "$statusCode == 200", "x-requirements": ["AITBC-GET-001"]}
        ],
        **more,
    }


FRESH: dict[str, Any] = {
    "type": "object",
    "properties": {"agent_id": {"type": "string", "x-fresh": "run"}},
}


def write(folder: Path, *steps: dict[str, Any], **workflow: Any) -> None:
    """A scenario of one workflow, in `s.arazzo.yaml`."""
    document = {
        "arazzo": "1.1.0",
        "info": {"title": "Made for a test", "version": "1.0.0"},
        "sourceDescriptions": [
            {"name": "rest", "type": "openapi", "url": "assay:aitbc/openapi.yaml"}
        ],
        "workflows": [{"workflowId": "main", "inputs": FRESH, "steps": steps, **workflow}],
    }
    (folder / "s.arazzo.yaml").write_text(yaml.safe_dump(document, sort_keys=False))


async def run(folder: Path, *words: str, **env: str) -> Done:
    return await assay(folder, "run", "s.arazzo.yaml", "--profile", "quick", *words, **env)


def rows(done: Done) -> dict[str, tuple[str, str]]:
    """Verdict and cause of each requirement."""
    found = orjson.loads((done.folder / "assay-report" / "results.json").read_bytes())
    return {
        row["id"]: (row["verdict"], orjson.dumps(row).decode()) for row in found["requirements"]
    }


async def test_coordinator_that_keeps_it_is_0(tmp_path: Path, mock: RunningMock) -> None:
    write(tmp_path, _register(), _look())
    done = await run(tmp_path, "--url", mock.url)
    assert done.code == 0, done.said
    found = rows(done)
    assert found["SCENARIO-S-MAIN"][0] == "pass"
    assert found["AITBC-REG-001"][0] == found["AITBC-GET-001"][0] == "pass"


async def test_several_clients_go_through_it_at_once(tmp_path: Path, mock: RunningMock) -> None:
    named = _register(
        requestBody={
            "payload": {"agent_id": "{$inputs.agent_id}-{$inputs.client}", "agent_type": "worker"}
        }
    )
    inputs = {**FRESH, "properties": {**FRESH["properties"], "client": {"type": "integer"}}}
    write(tmp_path, named, inputs=inputs, **{"x-clients": 3})
    done = await run(tmp_path, "--url", mock.url)
    assert done.code == 0, done.said
    assert len(mock.session.coordinator.state()["agents"]) == 3
    ends = {agent["agent_id"][-2:] for agent in mock.session.coordinator.state()["agents"]}
    assert ends == {"-0", "-1", "-2"}


async def test_coordinator_that_breaks_it_is_1(tmp_path: Path, mock: RunningMock) -> None:
    write(tmp_path, _look(), _register())
    done = await run(tmp_path, "--url", mock.url)
    assert done.code == 1, done.said
    found = rows(done)
    assert found["AITBC-GET-001"][0] == "fail"
    assert found["SCENARIO-S-MAIN"][0] == "fail"
    assert (
        "look: $statusCode == 200 does not hold: $statusCode is 404" in found["SCENARIO-S-MAIN"][1]
    )
    assert found["AITBC-REG-001"][0] == "inconclusive"


async def test_hook_that_is_missing_is_named(tmp_path: Path, mock: RunningMock) -> None:
    """A scenario that was not played to its end vouches for nothing."""
    write(tmp_path, _register(), _look(**{"x-before": [{"advance": 95}]}))
    done = await run(tmp_path, "--url", mock.url)
    assert done.code == 1, done.said
    assert "SCENARIO-S-MAIN was not played to its end" in " ".join(done.said.split())
    found = rows(done)
    for row in ("SCENARIO-S-MAIN", "AITBC-GET-001"):
        assert found[row][0] == "inconclusive"
        assert "the target has no hook 'advance'" in found[row][1]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--workflow", "mane"], ["--workflow", "'mane'", "did you mean 'main'"]),
        (["--input", "agent"], ["--input", "is not NAME=VALUE"]),
        (["--input", "agent_ids=x"], ["--input", "agent_ids", "did you mean 'agent_id'"]),
        (["--input", "agent_id=5"], ["--input", "agent_id"]),
        (["--protocol", "stella"], ["stella"]),
    ],
)
async def test_bad_words_are_2(tmp_path: Path, words: list[str], told: list[str]) -> None:
    write(tmp_path, _register())
    done = await run(tmp_path, "--url", "http://127.0.0.1:9", *words)
    assert done.code == 2, done.said
    assert "Traceback" not in done.said
    for word in told:
        assert word in done.err, done.err


async def test_input_that_is_wanted_is_2(tmp_path: Path) -> None:
    inputs = {
        "type": "object",
        "properties": {"agent_id": {"type": "string"}},
        "required": ["agent_id"],
    }
    write(tmp_path, _register(), inputs=inputs)
    done = await run(tmp_path, "--url", "http://127.0.0.1:9")
    assert done.code == 2, done.said
    assert "wants the input 'agent_id': give --input agent_id=VALUE" in done.err


async def test_broken_file_is_2_with_its_place(tmp_path: Path) -> None:
    write(tmp_path, _look(operationId="getAgents"))
    done = await run(tmp_path, "--url", "http://127.0.0.1:9")
    assert done.code == 2, done.said
    assert "s.arazzo.yaml" in done.err
    assert "getAgents" in done.err
    (tmp_path / "s.arazzo.yaml").write_text("arazzo: [")
    done = await run(tmp_path, "--url", "http://127.0.0.1:9")
    assert done.code == 2, done.said


async def test_peer_that_cannot_be_reached_is_3(tmp_path: Path) -> None:
    write(tmp_path, _register())
    done = await run(tmp_path, "--url", f"http://127.0.0.1:{await closed_port()}")
    assert done.code == 3, done.said


async def test_secrets_are_masked_in_what_it_leaves(tmp_path: Path) -> None:
    """The peer repeats all that it hears; the token goes into a payload as well."""
    heard: list[bytes] = []

    async def serve(line: Line) -> None:
        while data := await line.heard():
            heard.append(data)
            echo = {"detail": data.decode("utf-8", "replace"), "status": "registered"}
            await line.say(answer(orjson.dumps(echo)))

    inputs = {**FRESH, "properties": {**FRESH["properties"], "token": {"type": "string"}}}
    said = [{"name": "X-Own", "in": "header", "value": "$inputs.token"}]
    noted = _register(parameters=said, outputs={"said": "$response.body#/detail"})
    noted["successCriteria"].append({"condition": "$response.body#/detail == 'none'"})
    write(tmp_path, noted, inputs=inputs)
    (tmp_path / "target.yaml").write_text("headers:\n  Authorization: Bearer ${ASSAY_CANARY}\n")
    async with listening(serve) as url:
        done = await run(
            tmp_path, "--target", "target.yaml", "--url", url,
            "--input", "token=canary-0815", ASSAY_CANARY="canary-4711",
        )  # fmt: skip
    assert done.code == 1, done.said
    assert any(b"canary-4711" in data and b"canary-0815" in data for data in heard)
    for path in (tmp_path / "assay-report").iterdir():
        text = path.read_text("utf-8")
        assert "canary-4711" not in text, path.name
        assert "canary-0815" not in text, path.name
    assert "canary" not in done.said
