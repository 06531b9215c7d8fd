"""Scenarios on a mock that is served: by the control interface, and from files that change."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mockserver.scenario.inputs import InputError
from schemas.arazzo.document import read_scenario
from tests.mockserver.wire.conftest import Client

_SCENARIO = """\
arazzo: 1.1.0
info: {title: Somebody comes, version: 1.0.0}
sourceDescriptions:
  - {name: rest, type: openapi, url: assay:aitbc/openapi.yaml}
workflows:
  - workflowId: comes
    inputs: {type: object, properties: {agent_type: {type: string}}}
    steps:
      - stepId: register
        operationId: registerAgent
        requestBody: {payload: {agent_id: somebody, agent_type: $inputs.agent_type}}
        successCriteria: [{condition: $statusCode == 200}]
  - workflowId: looks
    steps:
      - stepId: look
        operationId: getAgent
        parameters: [{name: agent_id, in: path, value: ghost}]
        x-reply: {status: 500, body: {detail: "Error getting agent: tired"}}
"""


async def _until(seen: Callable[[], Any]) -> None:
    for _ in range(2000):
        if seen():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it never came")


def _document() -> Any:
    from schemas.files import parse

    return parse(_SCENARIO.encode(), "scenario", as_json=False)


async def test_shipped_one_is_played_by_name(client: Client) -> None:
    assert (await client("GET", "/_assay/scenario")) == (200, {"scenario": None})
    status, said = await client("PUT", "/_assay/scenario", json={"name": "life"})
    assert (status, said["scenario"]) == (200, "life")
    assert said["workflows"][0]["awaits"][0]["what"] == "registerAgent"
    status, said = await client("PUT", "/_assay/scenario", json={"name": "lief"})
    assert status == 400
    assert "did you mean aitbc/life?" in said["error"]


async def test_workflows_are_played_in_turn_and_then_the_state_answers(client: Client) -> None:
    body = {"document": _document()}
    assert (await client("PUT", "/_assay/scenario", json=body))[0] == 200
    assert (await client("GET", "/agents/ghost"))[0] == 404, "its turn has not come"
    await client.register("a")
    await _until(lambda: client.mock.plays().get(client.mock.session).view()["to come"] == [])  # type: ignore[union-attr]
    assert (await client("GET", "/agents/ghost")) == (500, {"detail": "Error getting agent: tired"})
    assert (await client("GET", "/agents/ghost"))[0] == 404
    _, said = await client("GET", "/_assay/scenario")
    assert [each["finished"]["kept"] for each in said["workflows"]] == [True, True]


async def test_sessions_play_scenarios_of_their_own(client: Client) -> None:
    mine, theirs = ({"X-Assay-Session": name} for name in ("mine", "theirs"))
    await client("PUT", "/_assay/scenario", json={"name": "life"}, headers=mine)
    more = {"document": _document(), "workflow": "looks"}
    await client("PUT", "/_assay/scenario", json=more, headers=theirs)
    assert (await client("GET", "/agents/ghost", headers=mine))[0] == 404
    assert (await client("GET", "/agents/ghost", headers=theirs))[0] == 500
    assert (await client("GET", "/agents/ghost"))[0] == 404
    names = [
        (await client("GET", "/_assay/scenario", headers=who))[1]["scenario"]
        for who in (mine, theirs)
    ]
    assert names == ["life", "scenario"]


async def test_dropped_one_is_played_no_more(client: Client) -> None:
    await client("PUT", "/_assay/scenario", json={"document": _document(), "workflow": "looks"})
    assert (await client("DELETE", "/_assay/scenario")) == (200, {"scenario": None})
    assert (await client("GET", "/agents/ghost"))[0] == 404


async def test_reset_begins_it_anew(client: Client) -> None:
    await client("PUT", "/_assay/scenario", json={"document": _document(), "workflow": "looks"})
    assert (await client("GET", "/agents/ghost"))[0] == 500
    await client("POST", "/_assay/reset")
    await _until(lambda: client.mock.session.script is not None)
    assert (await client("GET", "/agents/ghost"))[0] == 500


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({}, 'give either "name"'),
        ({"name": "life", "document": {}}, 'give either "name"'),
        ({"name": "life", "inputs": 3}, '"inputs" is an object'),
        ({"name": "life", "workflow": "death"}, "has no workflow"),
        ({"name": "life", "inputs": {"colour": "red"}}, "an input 'colour'"),
        ({"document": {"arazzo": "1.1.0"}}, "sourceDescriptions"),
    ],
)
async def test_what_is_wrong_is_said_and_nothing_is_played(
    client: Client, body: Any, words: str
) -> None:
    status, said = await client("PUT", "/_assay/scenario", json=body)
    assert status == 400
    assert words in said["error"]
    assert (await client("GET", "/_assay/scenario"))[1] == {"scenario": None}


async def test_file_that_changes_is_played_anew(client: Client, tmp_path: Path) -> None:
    path = tmp_path / "comes.arazzo.yaml"
    path.write_text(_SCENARIO, "utf-8")
    told: list[str] = []
    plays = client.mock.plays()
    plays.tell = told.append
    scenario = read_scenario(path)
    plays.put(client.mock.session, scenario, workflow="looks", watched=True)
    assert (await client("GET", "/agents/ghost"))[1] == {"detail": "Error getting agent: tired"}

    _rewrite(path, _SCENARIO.replace("tired", "asleep"))
    await _until(lambda: "comes.arazzo.yaml has changed: it begins anew" in told)
    assert (await client("GET", "/agents/ghost"))[1] == {"detail": "Error getting agent: asleep"}

    _rewrite(path, _SCENARIO.replace("getAgent", "getAgnet"))
    await _until(lambda: any("cannot be played" in words for words in told))
    assert "did you mean 'getAgent'?" in told[-1]
    assert (await client("GET", "/_assay/scenario"))[1]["scenario"] == "comes"


def _rewrite(path: Path, text: str) -> None:
    """Some clocks of files are coarse: it must be seen to be newer."""
    before = path.stat().st_mtime_ns
    path.write_text(text, "utf-8")
    os.utime(path, ns=(before + 10**9, before + 10**9))


async def test_input_that_is_not_there_is_refused(client: Client, tmp_path: Path) -> None:
    path = tmp_path / "comes.arazzo.yaml"
    path.write_text(_SCENARIO, "utf-8")
    with pytest.raises(InputError, match="colour"):
        client.mock.plays().put(client.mock.session, read_scenario(path), inputs={"colour": 1})
