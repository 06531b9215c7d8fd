"""How agents come to Caxton, change, and go."""

from __future__ import annotations

import base64
from typing import Any

import orjson
import pytest

from mockserver.faults import Fault
from mockserver.protocols.caxton.answers import RefusedError
from mockserver.protocols.caxton.host import module_of
from mockserver.protocols.caxton.lifecycle import AGENT
from mockserver.world import iso
from tests.mockserver.conftest import START
from tests.mockserver.protocols.caxton_harbour import MODULE, MODULE_TEXT, TOKEN, Harbour, form

NOBODY = (404, "AGENT_NOT_FOUND")
INVALID = (400, "INVALID_REQUEST")
FORBIDDEN = (403, "FORBIDDEN")


@pytest.fixture
def harbour() -> Harbour:
    return Harbour()


# Deploying


def test_receipt_tells_the_new_agent(harbour: Harbour) -> None:
    outcome = harbour.deploy("pilot", resources={"memory": "64MB", "cpu": "250000"})
    said = orjson.loads(outcome.body)
    agent_id, deployment_id = said["agent_id"], said["deployment_id"]
    assert said == {
        "agent_id": agent_id,
        "name": "pilot",
        "status": "running",
        "deployed_at": iso(START),
        "version": "1.0.0",
        "deployment_id": deployment_id,
        "lifecycle_state": "running",
        "resource_limits": {"memory": "64MB", "cpu_fuel": 250000},
    }
    deployment = harbour("GET", f"/deployments/{deployment_id}")
    assert (deployment["status"], deployment["current_percentage"]) == ("completed", 100)
    assert harbour.look(agent_id)["resources"]["limits"] == {"memory": "64MB", "cpu": "250000"}


@pytest.mark.parametrize(
    "wasm",
    [b"", b"\0asm", MODULE[:7], b"\0asm\2\0\0\0", b"\0asm\1\0\0\1", b"#!/bin/sh", MODULE[1:]],
)
def test_what_is_no_module_is_refused(harbour: Harbour, wasm: bytes) -> None:
    assert harbour.read(harbour.deploy(wasm=wasm)) == (400, "INVALID_WASM")
    agent_id = harbour.agent()
    assert harbour.read(harbour.reload(agent_id, wasm)) == (400, "INVALID_WASM")
    assert harbour.listed() == [agent_id]


def test_module_with_more_than_its_header_is_taken(harbour: Harbour) -> None:
    assert harbour.deploy(wasm=MODULE + bytes(range(256))).status == 201


@pytest.mark.parametrize(
    "config",
    [
        {},
        {"name": ""},
        {"name": 4},
        {"name": "x", "strategy": "yolo"},
        {"name": "x", "resources": {"memory": "much"}},
        {"name": "x", "resources": {"memory": "64 parsecs"}},
        {"name": "x", "resources": {"cpu": "fast"}},
        {"name": "x", "capabilities": "all"},
    ],
)
def test_bad_configuration_is_refused(harbour: Harbour, config: dict[str, Any]) -> None:
    body, label = form(wasm=MODULE, config=config)
    assert harbour.refused("POST", "/agents", body, label=label) == INVALID
    assert harbour.listed() == []


def test_bad_form_is_refused(harbour: Harbour) -> None:
    body, label = form(wasm=MODULE)
    assert harbour.refused("POST", "/agents", body, label=label) == INVALID
    body, label = form(config={"name": "x"})
    assert harbour.refused("POST", "/agents", body, label=label) == INVALID
    assert harbour.refused("POST", "/agents", body, label="multipart/form-data") == INVALID
    assert harbour.refused("POST", "/agents", b"", label=label) == INVALID
    assert harbour.refused("POST", "/agents", {"name": "x"}) == INVALID


def test_name_is_there_only_once_and_free_again(harbour: Harbour) -> None:
    agent_id = harbour.agent("pilot")
    assert harbour.read(harbour.deploy("pilot")) == (409, "AGENT_ALREADY_EXISTS")
    assert harbour.deploy("pilot-2").status == 201
    harbour("POST", f"/agents/{agent_id}/stop")
    assert harbour.read(harbour.deploy("pilot")) == (409, "AGENT_ALREADY_EXISTS")
    harbour("DELETE", f"/agents/{agent_id}")
    assert harbour.agent("pilot") != agent_id


@pytest.mark.parametrize("memory", ["4001MB", "4.1GB", "5GiB", "999999999999TB"])
def test_more_than_the_host_has_is_refused(harbour: Harbour, memory: str) -> None:
    refusal = (429, "RESOURCE_LIMIT_EXCEEDED")
    wanted = {"memory": memory}
    if memory == "4001MB":  # a little less than the most
        assert harbour.deploy(resources=wanted).status == 201
        return
    assert harbour.read(harbour.deploy(resources=wanted)) == refusal
    agent_id = harbour.agent()
    change = {"config": {"resources": wanted}}
    assert harbour.refused("PUT", f"/agents/{agent_id}", change) == refusal


@pytest.mark.parametrize(
    ("cpu", "fuel"), [("100000", 100000), (100000, 100000), ("100m", "100m"), ("0.5", 0.5)]
)
def test_cpu_is_shown_as_it_was_asked_for(harbour: Harbour, cpu: Any, fuel: Any) -> None:
    said = orjson.loads(harbour.deploy(resources={"cpu": cpu}).body)
    assert said["resource_limits"]["cpu_fuel"] == fuel
    assert harbour.look(said["agent_id"])["resources"]["limits"]["cpu"] == cpu


@pytest.mark.parametrize(
    ("memory", "most"), [("64MB", 64e6), ("900B", 900), ("1.5GB", 1.5e9), ("10KiB", 10240)]
)
def test_usage_stays_within_the_limits(harbour: Harbour, memory: str, most: float) -> None:
    agent_id = harbour.agent(resources={"memory": memory, "cpu": "100m"})
    units = {"MB": 1e6, "KB": 1e3, "B": 1}
    for _ in range(20):
        harbour.pass_time(17)
        usage = harbour.look(agent_id)["resources"]["usage"]
        unit = next(unit for unit in units if usage["memory"].endswith(unit))
        assert 0 < float(usage["memory"].removesuffix(unit)) * units[unit] <= most
        assert 0 <= int(usage["cpu"].removesuffix("m")) <= 100
        (entry,) = harbour("GET", "/agents")["agents"]
        assert 0 <= entry["resources"]["cpu_usage"] <= 1


# Lists


def test_list_is_walked_to_its_end(harbour: Harbour) -> None:
    agents = [harbour.agent() for _ in range(7)]
    for limit in (1, 3, 7, 8, 5000):
        found: list[str] = []
        offset: int | None = 0
        while offset is not None:
            page = harbour("GET", f"/agents?limit={limit}&offset={offset}")
            assert page["total"] == 7
            assert len(page["agents"]) <= limit
            found += [each["agent_id"] for each in page["agents"]]
            offset = page["next_offset"]
        assert found == agents
    assert harbour("GET", "/agents?offset=99") == {"agents": [], "total": 7, "next_offset": None}


def test_list_is_filtered_by_each_state(harbour: Harbour) -> None:
    ids = {state: harbour.agent() for state in ("running", "draining", "stopped", "failed")}
    harbour("POST", f"/agents/{ids['stopped']}/stop")
    harbour.pass_time(1)
    harbour("POST", f"/agents/{ids['draining']}/stop")
    harbour.command("fail_agent", agent=ids["failed"])
    for state in ("unloaded", "loaded", "running", "draining", "stopped", "failed"):
        page = harbour("GET", f"/agents?status={state}")
        found = [each["agent_id"] for each in page["agents"]]
        assert found == ([ids[state]] if state in ids else [])
        assert page["total"] == len(found)
    assert harbour("GET", "/agents?status=running&limit=1&offset=1")["agents"] == []


@pytest.mark.parametrize(
    "query",
    [
        "limit=0",
        "limit=-1",
        "limit=x",
        "limit=",
        "limit=1.5",
        "offset=-1",
        "limit=" + "9" * 40,
        "offset=٣",
        "status=asleep",
        "status=",
    ],
)
def test_bad_query_is_refused(harbour: Harbour, query: str) -> None:
    assert harbour.refused("GET", f"/agents?{query}") == INVALID


# Details


def test_details_follow_what_happens(harbour: Harbour) -> None:
    agent_id = harbour.agent("pilot", strategy="canary")
    harbour.pass_time(60)
    details = harbour.look(agent_id)
    assert details["deployment"]["strategy"] == "canary"
    assert details["deployment"]["deployed_at"] == iso(START)
    assert details["metrics"] == {
        "messages_processed": 0,
        "messages_failed": 0,
        "average_latency_ms": 0.0,
        "uptime_seconds": 60.0,
    }
    harbour.say(agent_id)
    metrics = harbour.look(agent_id)["metrics"]
    assert metrics["messages_processed"] == 1
    assert metrics["average_latency_ms"] > 0


def test_unknown_agent_is_not_found(harbour: Harbour) -> None:
    body, label = form(wasm=MODULE, config={})
    assert harbour.refused("PUT", "/agents/nobody/reload", body, label=label) == NOBODY
    said: Any
    for method, path, said in [
        ("GET", "/agents/nobody", None),
        ("PUT", "/agents/nobody", {"config": {}}),
        ("DELETE", "/agents/nobody", None),
        ("POST", "/agents/nobody/stop", {}),
        ("GET", "/metrics/agents/nobody", None),
        ("POST", "/messages", {"performative": "inform", "receiver": "nobody", "content": {}}),
    ]:
        assert harbour.refused(method, path, said) == NOBODY
    outcome = harbour.send("GET", "/agents/no%2Fbody%20%C3%BC")
    details = orjson.loads(outcome.body)["error"]["details"]
    assert details == {"agent_id": "no/body ü", "searched_at": iso(START)}


# Changes


def test_reload_brings_a_new_version(harbour: Harbour) -> None:
    agent_id = harbour.agent()
    said = orjson.loads(harbour.reload(agent_id, strategy="rolling", traffic_split=10).body)
    assert said == {
        "hot_reload_id": said["hot_reload_id"],
        "status": "in_progress",
        "from_version": "1.0.0",
        "to_version": "2.0.0",
        "strategy": "rolling",
        "started_at": iso(START),
    }
    assert (harbour.status(agent_id), harbour.look(agent_id)["version"]) == ("running", "1.0.0")
    harbour.say(agent_id)
    harbour.pass_time(1)
    deployment = harbour("GET", f"/deployments/{said['hot_reload_id']}")
    assert [each["percentage"] for each in deployment["stages"]] == [10, 100]
    assert deployment["current_percentage"] == 10
    harbour.pass_time(1)
    assert (harbour.status(agent_id), harbour.look(agent_id)["version"]) == ("running", "2.0.0")
    assert orjson.loads(harbour.reload(agent_id).body)["strategy"] == "graceful"


def test_update_changes_what_it_names_and_nothing_else(harbour: Harbour) -> None:
    agent_id = harbour.agent("pilot", resources={"memory": "64MB", "cpu": "300m"})
    before = harbour.look(agent_id)
    change = {"config": {"resources": {"memory": "96MB"}, "capabilities": ["towing"]}}
    said = harbour("PUT", f"/agents/{agent_id}", change)
    assert said == {
        "agent_id": agent_id,
        "status": "updating",
        "deployment_id": said["deployment_id"],
    }
    harbour.pass_time(1)
    after = harbour.look(agent_id)
    assert after["resources"]["limits"] == {"memory": "96MB", "cpu": "300m"}
    assert (after["name"], after["version"]) == (before["name"], before["version"])
    (seen,) = harbour.state["agents"]
    assert seen["capabilities"] == ["towing"]
    assert harbour("GET", f"/deployments/{said['deployment_id']}")["status"] == "completed"


def test_update_of_the_code_brings_a_new_version(harbour: Harbour) -> None:
    agent_id = harbour.agent()
    harbour("PUT", f"/agents/{agent_id}", {"wasm_module": MODULE_TEXT, "strategy": "blue_green"})
    harbour.pass_time(2)
    assert harbour.look(agent_id)["version"] == "1.0.0"
    harbour.pass_time(1)
    assert harbour.look(agent_id)["version"] == "2.0.0"
    assert harbour.look(agent_id)["deployment"]["strategy"] == "blue_green"


def test_update_gives_another_name(harbour: Harbour) -> None:
    agent_id, other = harbour.agent("pilot"), harbour.agent("tug")
    taken = (409, "AGENT_ALREADY_EXISTS")
    assert harbour.refused("PUT", f"/agents/{agent_id}", {"config": {"name": "tug"}}) == taken
    harbour("PUT", f"/agents/{other}", {"config": {"name": "tug"}})
    harbour("PUT", f"/agents/{agent_id}", {"config": {"name": "lighter"}})
    assert harbour.look(agent_id)["name"] == "lighter"
    assert harbour.read(harbour.deploy("lighter")) == taken
    assert harbour.deploy("pilot").status == 201


def test_bad_update_changes_nothing(harbour: Harbour) -> None:
    agent_id = harbour.agent()
    before = harbour.look(agent_id)
    path = f"/agents/{agent_id}"
    for wrong in ("AAAA", "AGFzbQEAAAE=", "AGFzbQEAAAA", "not base64", 5):
        assert harbour.refused("PUT", path, {"wasm_module": wrong}) == (400, "INVALID_WASM")
    bad: Any
    for bad in (b"{", [], {"config": []}, {"config": {"resources": {"memory": "x"}}}):
        assert harbour.refused("PUT", path, bad) == INVALID
    harbour.pass_time(5)
    after = harbour.look(agent_id)
    assert {**after, "metrics": 0, "resources": after["resources"]["limits"]} == {
        **before,
        "metrics": 0,
        "resources": before["resources"]["limits"],
    }


# The end


def test_stop_drains_and_stops(harbour: Harbour) -> None:
    agent_id = harbour.agent()
    said = harbour("POST", f"/agents/{agent_id}/stop", {"grace_period_seconds": 12})
    assert said == {
        "agent_id": agent_id,
        "status": "draining",
        "estimated_completion": iso(START + 0.2),
    }
    assert harbour("POST", f"/agents/{agent_id}/stop") == said
    assert harbour.status(agent_id) == "draining"
    harbour.pass_time(0.2)
    assert harbour.status(agent_id) == "stopped"
    assert harbour("POST", f"/agents/{agent_id}/stop") == {**said, "status": "stopped"}
    assert harbour.listed("?status=stopped") == [agent_id]
    uptime = harbour.look(agent_id)["metrics"]["uptime_seconds"]
    harbour.pass_time(5)
    assert harbour.look(agent_id)["metrics"]["uptime_seconds"] == uptime == 0.2


def test_draining_agent_works_off_what_it_has(harbour: Harbour) -> None:
    agent_id = harbour.agent()
    for number in range(5):
        harbour.say(agent_id, conversation_id="c", reply_with=f"q{number}")
    harbour("POST", f"/agents/{agent_id}/stop", {"drain_messages": True})
    refusal = (500, "MESSAGE_DELIVERY_FAILED")
    message = {"performative": "inform", "receiver": agent_id, "content": {}}
    assert harbour.refused("POST", "/messages", message) == refusal
    harbour.pass_time(1)
    assert harbour.status(agent_id) == "stopped"
    assert harbour.refused("POST", "/messages", message) == refusal
    answers = [each for each in harbour.history() if each["sender"] == agent_id]
    assert [each["in_reply_to"] for each in answers] == ["q0", "q1", "q2", "q3", "q4"]
    assert harbour.look(agent_id)["metrics"]["messages_failed"] == 2


def test_stop_without_draining_drops_what_waits(harbour: Harbour) -> None:
    agent_id = harbour.agent()
    harbour.say(agent_id)
    harbour("POST", f"/agents/{agent_id}/stop", {"drain_messages": False})
    harbour.pass_time(1)
    assert len(harbour.history()) == 1
    assert harbour.look(agent_id)["metrics"]["messages_failed"] == 1


def test_grace_ends_what_takes_too_long(harbour: Harbour) -> None:
    agent_id = harbour.agent()
    harbour.say(agent_id)
    harbour("POST", f"/agents/{agent_id}/stop", {"grace_period_seconds": 0})
    assert harbour.status(agent_id) == "stopped"
    assert len(harbour.history()) == 1


@pytest.mark.parametrize(
    "order",
    [b"{", [], {"grace_period_seconds": -1}, {"grace_period_seconds": "30"}, {"drain_messages": 1}],
)
def test_bad_stop_is_refused(harbour: Harbour, order: Any) -> None:
    agent_id = harbour.agent()
    assert harbour.refused("POST", f"/agents/{agent_id}/stop", order) == INVALID
    assert harbour.status(agent_id) == "running"


def test_removal_takes_an_agent_away(harbour: Harbour) -> None:
    agent_id, other = harbour.agent(), harbour.agent()
    harbour.pass_time(3)
    said = harbour("DELETE", f"/agents/{agent_id}")
    assert said == {"agent_id": agent_id, "status": "removed", "removed_at": iso(START + 3)}
    assert harbour.listed() == [other]
    assert harbour.refused("GET", f"/agents/{agent_id}") == NOBODY
    assert harbour.refused("DELETE", f"/agents/{agent_id}") == NOBODY


def test_failed_agent_stays_and_does_nothing(harbour: Harbour) -> None:
    agent_id = harbour.agent("pilot")
    harbour.say(agent_id)
    harbour.command("fail_agent", agent="pilot")
    harbour.pass_time(10)
    assert harbour.status(agent_id) == "failed"
    assert len(harbour.history()) == 1
    assert harbour.refused("POST", f"/agents/{agent_id}/stop") == FORBIDDEN
    assert harbour.refused("PUT", f"/agents/{agent_id}", {"config": {}}) == FORBIDDEN
    assert harbour.read(harbour.reload(agent_id)) == FORBIDDEN
    usage = harbour.look(agent_id)["resources"]["usage"]
    assert usage == {"memory": "0B", "cpu": "0m"}
    with pytest.raises(ValueError, match="failed agent"):
        harbour.command("fail_agent", agent=agent_id)
    assert harbour("DELETE", f"/agents/{agent_id}")["status"] == "removed"


def _bring_to(harbour: Harbour, state: str) -> str:
    agent_id = harbour.agent()
    if state in ("draining", "stopped"):
        harbour("POST", f"/agents/{agent_id}/stop")
    if state == "stopped":
        harbour.pass_time(60)
    if state == "failed":
        harbour.command("fail_agent", agent=agent_id)
    return agent_id


@pytest.mark.parametrize("state", ["loaded", "running", "draining", "stopped", "failed"])
@pytest.mark.parametrize("event", ["stop", "crash", "remove"])
def test_every_transition_is_that_of_the_table(state: str, event: str) -> None:
    harbour = Harbour("deployed" if state == "loaded" else "documented")
    agent_id = (
        orjson.loads(harbour.deploy().body)["agent_id"]
        if state == "loaded"
        else _bring_to(harbour, state)
    )
    assert harbour.status(agent_id) == state
    agent = harbour.coordinator.realm.host.agents.find(agent_id)
    if event == "crash":
        allowed = harbour.coordinator.realm.host.lives.can(agent, "crash")
        if allowed:
            harbour.command("fail_agent", agent=agent_id)
    elif event == "stop":
        harbour.send("POST", f"/agents/{agent_id}/stop")
    else:
        harbour("DELETE", f"/agents/{agent_id}")
    expected = AGENT[state, event].state if (state, event) in AGENT else state
    assert agent.state == expected


def test_loaded_agent_starts_after_a_moment() -> None:
    harbour = Harbour("deployed")
    said = orjson.loads(harbour.deploy().body)
    assert (said["status"], said["id"]) == ("loaded", said["agent_id"])
    harbour.say(said["agent_id"])
    harbour.pass_time(0.49)
    assert harbour.status(said["agent_id"]) == "loaded"
    assert [each["performative"] for each in harbour.history()] == ["agree", "request"]
    harbour.pass_time(0.26)
    assert harbour.status(said["agent_id"]) == "running"
    assert harbour.look(said["agent_id"])["metrics"]["uptime_seconds"] == 0.25
    assert [each["performative"] for each in harbour.history()] == ["inform", "agree", "request"]


def test_other_dialect_takes_all_of_the_grace() -> None:
    harbour = Harbour("deployed")
    agent_id = harbour.agent()
    harbour("POST", f"/agents/{agent_id}/stop", {"grace_period_seconds": 20})
    harbour.pass_time(19.9)
    assert harbour.status(agent_id) == "draining"
    harbour.pass_time(0.1)
    assert harbour.status(agent_id) == "stopped"
    other = harbour.agent()
    assert harbour.listed() == [other, agent_id]
    said = harbour("POST", f"/agents/{other}/stop", {"grace_period_seconds": 1e308})
    assert said["estimated_completion"].startswith("9999-12-31")


# Who may ask, and what is nothing at all

OPERATIONS = [
    ("POST", "/agents"),
    ("GET", "/agents"),
    ("GET", "/agents/x"),
    ("PUT", "/agents/x"),
    ("DELETE", "/agents/x"),
    ("PUT", "/agents/x/reload"),
    ("POST", "/agents/x/stop"),
    ("POST", "/messages"),
    ("GET", "/messages"),
    ("POST", "/tasks"),
    ("POST", "/tasks/x/distribute"),
    ("GET", "/tasks/x"),
    ("POST", "/deployments"),
    ("GET", "/deployments/x"),
    ("POST", "/deployments/x/rollback"),
    ("GET", "/metrics/system"),
    ("GET", "/metrics/agents/x"),
]


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
@pytest.mark.parametrize("token", [None, "", "wrong", TOKEN[:-1], TOKEN.upper(), f"Bearer {TOKEN}"])
def test_token_comes_before_all_else(
    harbour: Harbour, method: str, path: str, token: str | None
) -> None:
    unauthorized = (401, "UNAUTHORIZED")
    assert harbour.refused(method, path, token=token) == unauthorized
    assert harbour.refused(method, path, b"{", token=token) == unauthorized


def test_granted_token_is_taken(harbour: Harbour) -> None:
    harbour.command("grant", token="second")
    assert harbour("GET", "/agents", token="second")["total"] == 0
    assert harbour.coordinator.enrol("anybody") == {"token": TOKEN}


def test_refusals_of_http_have_the_envelope(harbour: Harbour) -> None:
    assert harbour.refused("GET", "/nowhere") == (404, "NOT_FOUND")
    assert harbour.refused("GET", "/agents/") == (404, "NOT_FOUND")
    assert harbour.refused("PATCH", "/agents") == (405, "METHOD_NOT_ALLOWED")
    assert harbour.send("PATCH", "/agents").headers["Allow"] == "GET, POST"


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (400, "INVALID_REQUEST"),
        (401, "UNAUTHORIZED"),
        (403, "FORBIDDEN"),
        (404, "NOT_FOUND"),
        (418, "HTTP_418"),
        (429, "RATE_LIMITED"),
        (500, "INTERNAL_ERROR"),
        (502, "INTERNAL_ERROR"),
        (503, "UNAVAILABLE"),
    ],
)
def test_forced_status_has_the_envelope(harbour: Harbour, status: int, code: str) -> None:
    harbour.session.faults.add(Fault(kind="status", operation="listAgents", status=status))
    outcome = harbour.send("GET", "/agents")
    assert harbour.read(outcome) == (status, code)
    assert ("Retry-After" in outcome.headers) == (status == 429)


def test_module_may_come_in_lines_and_in_nothing_else() -> None:
    module = MODULE + bytes(200)
    assert module_of(base64.encodebytes(module).decode()) == module
    with pytest.raises(RefusedError):
        module_of(base64.b64encode(module).decode().replace("A", " A", 1))
