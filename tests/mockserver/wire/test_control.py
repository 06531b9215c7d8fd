"""The control interface: what may be asked of the mock itself."""

from __future__ import annotations

from typing import Any

import aiohttp
import pytest

import mockserver
from mockserver.world import iso
from tests.mockserver.wire.conftest import Client


async def test_ready_tells_what_runs(client: Client) -> None:
    assert await client("GET", "/_assay/ready") == (
        200,
        {
            "ready": True,
            "protocol": "aitbc",
            "version": "2026-05-07",
            "seed": 0,
            "sessions": [],
        },
    )


async def test_control_leaves_no_trace_in_the_transcript(client: Client) -> None:
    for path in ("ready", "state", "transcript", "verdicts", "clock", "faults", "nonsense"):
        await client("GET", f"/_assay/{path}")
    assert len(client.mock.session.transcript) == 0


async def test_transcript_is_told_since(client: Client) -> None:
    for path in ("/health", "/agents/nobody", "/tasks/queues"):
        await client("GET", path, headers={"X-Mine": "yes"})
    status, said = await client("GET", "/_assay/transcript")
    assert status == 200
    assert [each["number"] for each in said["exchanges"]] == [1, 2, 3]
    assert said["exchanges"][1]["response"]["status"] == 404
    assert said["exchanges"][0]["request"]["headers"]["X-Mine"] == "yes"
    _, later = await client("GET", "/_assay/transcript?since=2")
    assert later["exchanges"] == said["exchanges"][2:]
    assert (await client("GET", "/_assay/transcript?since=x"))[0] == 400


async def test_state_is_shown(client: Client) -> None:
    await client.register("a")
    body = {"task_data": {}, "priority": "low", "requirements": {"agent_type": "consumer"}}
    task = (await client("POST", "/tasks/submit", json=body))[1]["task_id"]
    _, state = await client("GET", "/_assay/state")
    assert [agent["agent_id"] for agent in state["agents"]] == ["a"]
    assert state["queues"]["low"] == [task]
    assert state["statistics"]["queue_sizes"]["low"] == 1


async def test_state_is_that_of_the_present(client: Client) -> None:
    await client.register("a")
    client.mock.session.world.clock.advance(90)  # type: ignore[attr-defined]  # virtual
    _, state = await client("GET", "/_assay/state")
    assert state["agents"][0]["status"] == "stale"


async def test_verdicts_are_live(client: Client) -> None:
    await client.register("a")
    _, said = await client("GET", "/_assay/verdicts")
    assert said["verdicts"]["AITBC-AGENT-REG-002"]["verdict"] == "pass"
    await client("POST", "/agents/register", json={"agent_id": 7, "agent_type": "worker"})
    _, said = await client("GET", "/_assay/verdicts")
    assert said["verdicts"]["AITBC-AGENT-REG-002"]["verdict"] == "fail"


async def test_virtual_clock_is_advanced(client: Client) -> None:
    _, before = await client("GET", "/_assay/clock")
    assert before["clock"] == "virtual"
    status, after = await client("POST", "/_assay/clock/advance", json={"seconds": 89.5})
    assert status == 200
    assert after["seconds"] == before["seconds"] + 89.5
    assert after["now"] == iso(before["seconds"] + 89.5)


async def test_virtual_time_makes_an_agent_stale(client: Client) -> None:
    await client.register("a")
    await client("POST", "/_assay/clock/advance", json={"seconds": 90})
    assert (await client("GET", "/agents/a"))[1]["agent"]["status"] == "stale"


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ({}, '"seconds" is a number, not None'),
        ({"seconds": "5"}, "not '5'"),
        ({"seconds": True}, "not True"),
        ({"seconds": -1}, "time does not go back"),
        ({"seconds": 1e30}, "time ends with the year 9999"),
        ([], "the body is not a JSON object"),
    ],
)
async def test_clock_is_not_advanced_by_nonsense(client: Client, body: Any, says: str) -> None:
    before = await client("GET", "/_assay/clock")
    status, said = await client("POST", "/_assay/clock/advance", json=body)
    assert status == 400
    assert says in said["error"]
    assert await client("GET", "/_assay/clock") == before
    assert (await client("GET", "/health"))[0] == 200


async def test_real_clock_is_not_advanced() -> None:
    async with mockserver.start("aitbc") as mock, aiohttp.ClientSession() as http:
        client = Client(http, mock)
        assert (await client("GET", "/_assay/clock"))[1]["clock"] == "real"
        status, said = await client("POST", "/_assay/clock/advance", json={"seconds": 1})
        assert (status, "real clock" in said["error"]) == (400, True)


async def test_reset_begins_anew(client: Client) -> None:
    await client.register("a")
    await client("POST", "/_assay/faults", json={"kind": "status", "operation": "getQueues"})
    assert await client("POST", "/_assay/reset") == (200, {"reset": True})
    assert (await client("GET", "/agents/a"))[0] == 404
    assert (await client("GET", "/_assay/faults"))[1] == {"faults": []}
    assert len(client.mock.session.transcript) == 1


async def test_restart_forgets_and_goes_on_writing(client: Client) -> None:
    await client.register("a")
    assert await client("POST", "/_assay/restart") == (200, {"restarted": True})
    assert (await client("GET", "/agents/a"))[0] == 404
    assert len(client.mock.session.transcript) == 2


async def test_reset_is_of_one_session(client: Client) -> None:
    await client.register("a")
    await client("POST", "/_assay/sessions/other/_assay/reset")
    assert (await client("GET", "/agents/a"))[0] == 200


async def test_faults_are_added_listed_and_cleared(client: Client) -> None:
    first = {"kind": "status", "operation": "get*", "times": 2, "status": 500}
    status, said = await client("POST", "/_assay/faults", json=first)
    assert status == 200
    assert said["faults"] == [{**first, "skip": 0, "every": 1, "chance": 1.0}]
    await client("POST", "/_assay/faults", json={"kind": "extra", "times": None})
    assert (await client("GET", "/health"))[0] == 500
    _, said = await client("GET", "/_assay/faults")
    assert [(each["kind"], each["times"]) for each in said["faults"]] == [
        ("status", 1),
        ("extra", None),
    ]
    assert (await client("DELETE", "/_assay/faults"))[1] == {"faults": []}
    assert (await client("GET", "/health"))[0] == 200


async def test_list_of_faults_is_added_at_once_and_can_be_given_again(client: Client) -> None:
    told = [{"kind": "delay", "seconds": 0.5}, {"kind": "corrupt_field", "value": None}]
    status, said = await client("POST", "/_assay/faults", json=told)
    assert status == 200
    assert [each["kind"] for each in said["faults"]] == ["delay", "corrupt_field"]
    assert said["faults"][1]["value"] is None
    await client("DELETE", "/_assay/faults")
    assert (await client("POST", "/_assay/faults", json=said["faults"]))[1] == said


async def test_list_with_one_wrong_fault_adds_none(client: Client) -> None:
    told = [{"kind": "drop"}, {"kind": "drop", "times": 0}]
    status, said = await client("POST", "/_assay/faults", json=told)
    assert (status, said["error"]) == (400, "/1: times is from 1 to 1000000, not 0")
    assert not client.mock.session.faults


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"{", "unexpected"),
        (b"[]", "the body is not a JSON object, nor a list of some"),
        (b"5", "the body is not a JSON object"),
        (b"[[]]", "/0: a fault is a JSON object, not []"),
        (b'{"kind": "duplicate"}', "duplicate cannot strike an answer over HTTP"),
        (b'{"kind": "drop", "operation": "getagent"}', "did you mean 'getAgent'?"),
        (b"{}", "kind is one of"),
        (b'{"kind": "drop", "operation": 5}', "operation is a text"),
        (b'{"kind": "delay", "seconds": null}', "seconds is a number"),
        (b'{"kind": "drop", "seconds": 1}', "drop takes no seconds"),
        (b'{"kind": "drop", "when": "now"}', "a fault has no when"),
    ],
)
async def test_faults_that_are_none_are_refused(client: Client, body: bytes, says: str) -> None:
    status, said = await client("POST", "/_assay/faults", data=body)
    assert status == 400
    assert says in said["error"]
    assert not client.mock.session.faults


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/_assay/"),
        ("GET", "/_assay/reset"),
        ("PUT", "/_assay/faults"),
        ("POST", "/_assay/x"),
    ],
)
async def test_unknown_command_is_a_404_that_lists_the_known(
    client: Client, method: str, path: str
) -> None:
    status, said = await client(method, path)
    assert status == 404
    assert said["error"] == f"no {method} {path} here"
    assert "POST /_assay/clock/advance" in said["commands"]
