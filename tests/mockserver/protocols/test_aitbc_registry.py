"""The AITBC coordinator's registry, as a pure object on virtual time."""

from __future__ import annotations

from itertools import chain, combinations, product
from typing import Any

import orjson
import pytest

from mockserver.protocols.aitbc.registry import STALE_AFTER
from mockserver.world import iso
from tests.mockserver.conftest import START, Office, Talk

FULL = {
    "agent_type": "provider",
    "capabilities": ["ocr", "translation"],
    "services": ["documents"],
    "endpoints": {"http": "http://127.0.0.1:7007"},
    "metadata": {"version": "2.3.0", "tags": ["north"], "deep": {"list": [1, None, "é"]}},
}


def test_registration_is_confirmed(office: Office) -> None:
    assert office.register("a") == {
        "status": "success",
        "message": "Agent a registered successfully",
        "agent_id": "a",
        "registered_at": iso(START),
    }


def test_agent_is_shown_as_it_registered(office: Office) -> None:
    office.register("a", **FULL)
    agent = office.agent("a")
    assert {key: agent[key] for key in FULL} == FULL
    assert agent["agent_id"] == "a"
    assert agent["status"] == "active"
    assert agent["version"] == "2.3.0"
    assert agent["tags"] == ["north"]
    assert agent["registration_time"] == agent["last_heartbeat"] == iso(START)
    assert agent["health_score"] == 1.0


def test_agent_that_says_little_is_shown_whole(office: Office) -> None:
    office.register("a")
    agent = office.agent("a")
    assert (agent["capabilities"], agent["services"], agent["tags"]) == ([], [], [])
    assert (agent["endpoints"], agent["metadata"]) == ({}, {})
    assert agent["load_metrics"] == {
        "active_connections": 0,
        "pending_tasks": 0,
        "cpu_usage": 0.0,
        "memory_usage": 0.0,
    }


@pytest.mark.parametrize("metadata", [{"version": 3}, {"tags": "x"}, {"tags": [1]}, {"tags": None}])
def test_metadata_of_other_kinds_makes_no_illegal_agent(
    office: Office, metadata: dict[str, Any]
) -> None:
    office.register("a", metadata=metadata)
    agent = office.agent("a")
    assert (agent["version"], agent["tags"], agent["metadata"]) == ("1.0.0", [], metadata)


def test_unknown_agent_is_a_404(office: Office) -> None:
    for operation, body in (
        ("getAgent", None),
        ("updateAgentStatus", {"status": "busy"}),
        ("sendHeartbeat", None),
    ):
        said = office.answer(operation, body, agent_id="nobody")
        assert (said.status, said.body) == (404, {"detail": "Agent not found"})


def test_second_registration_replaces_the_first(office: Office) -> None:
    office.register("a", **FULL)
    office.update("a", "busy", cpu_usage=0.5)
    office.register("b")
    office.pass_time(10)
    office.register("a", agent_type="consumer", capabilities=["new"])
    agent = office.agent("a")
    assert (agent["agent_type"], agent["capabilities"], agent["status"]) == (
        "consumer",
        ["new"],
        "active",
    )
    assert (agent["services"], agent["metadata"]) == ([], {})
    assert agent["load_metrics"]["cpu_usage"] == 0.0
    assert agent["registration_time"] == iso(START + 10)
    assert office.find() == ["b", "a"]


def test_second_registration_keeps_the_tasks(office: Office) -> None:
    office.register("a")
    office.submit()
    office.register("a")
    assert office.running() == {"a": 1}
    office.pass_time(5)
    assert office.running() == {"a": 0}
    assert office.stats()["tasks_completed"] == 1


TYPES = ("worker", "general")
STATUSES = ("active", "inactive", "busy")
LISTS = ((), ("x",), ("y",), ("x", "y"))


@pytest.fixture(scope="module")
def shapes() -> list[dict[str, Any]]:
    return [
        {"agent_type": kind, "status": status, "capabilities": list(can), "services": list(offers)}
        for kind, status, can, offers in product(TYPES, STATUSES, LISTS, LISTS)
    ]


def test_search_passes_every_filter_alone_and_combined(
    office: Office, shapes: list[dict[str, Any]]
) -> None:
    known: dict[str, dict[str, Any]] = {}
    for number, shape in enumerate(shapes):
        known[str(number)] = shape
        said = {key: value for key, value in shape.items() if key != "status"}
        office.register(str(number), **said)
        office.update(str(number), shape["status"])
    filters: dict[str, list[Any]] = {
        "status": [*STATUSES, "stale"],
        "agent_type": [*TYPES, "consumer"],
        "capabilities": [[], ["x"], ["y", "x"], ["z"]],
        "services": [[], ["y"], ["x", "y"], ["y", "z"]],
    }
    asked = 0
    for names in chain.from_iterable(combinations(filters, size) for size in range(5)):
        for values in product(*(filters[name] for name in names)):
            query = dict(zip(names, values, strict=True))
            wanted = [name for name, shape in known.items() if _passes(shape, query)]
            assert office.find(**query) == wanted, query
            asked += 1
    assert asked == 5 * 4 * 5 * 5


def _passes(shape: dict[str, Any], query: dict[str, Any]) -> bool:
    for name, wanted in query.items():
        if isinstance(wanted, list):
            if not all(each in shape[name] for each in wanted):
                return False
        elif shape[name] != wanted:
            return False
    return True


def test_search_repeats_the_query_and_tells_the_time(office: Office) -> None:
    query = {"status": "active", "capabilities": ["x"], "x_later": 1}
    found = office("discoverAgents", query)
    assert found == {
        "status": "success",
        "query": query,
        "agents": [],
        "count": 0,
        "timestamp": iso(START),
    }


def test_status_update_is_confirmed_and_merged(office: Office) -> None:
    office.register("a")
    office.pass_time(3)
    assert office.update("a", "busy", cpu_usage=0.25) == {
        "status": "success",
        "message": "Agent a status updated",
        "agent_id": "a",
        "new_status": "busy",
        "updated_at": iso(START + 3),
    }
    office.update("a", "active", queue_length=7)
    load = office.agent("a")["load_metrics"]
    assert (load["cpu_usage"], load["queue_length"], load["memory_usage"]) == (0.25, 7, 0.0)


def test_every_status_can_be_set_and_is_found(office: Office) -> None:
    office.register("a")
    for status in ("busy", "stale", "inactive", "active"):
        office.update("a", status)
        assert office.agent("a")["status"] == status
        assert office.find(status=status) == ["a"]


def test_heartbeat_is_confirmed_and_noted(office: Office) -> None:
    office.register("a")
    office.pass_time(7)
    assert office.beat("a") == {
        "status": "success",
        "message": "Heartbeat of a received",
        "agent_id": "a",
        "heartbeat_at": iso(START + 7),
    }
    agent = office.agent("a")
    assert agent["last_heartbeat"] == iso(START + 7)
    assert agent["registration_time"] == iso(START)


def test_looking_at_an_agent_is_no_sign_of_its_life(office: Office) -> None:
    office.register("a")
    office.pass_time(5)
    office.find()
    assert office.agent("a")["last_heartbeat"] == iso(START)


@pytest.mark.parametrize("status", ["active", "busy"])
def test_agent_turns_stale_after_silence_and_not_before(office: Office, status: str) -> None:
    office.register("a")
    office.update("a", status)
    office.pass_time(STALE_AFTER - 0.001)
    assert office.agent("a")["status"] == status
    office.pass_time(0.001)
    assert office.agent("a")["status"] == "stale"
    assert office.agent("a")["last_heartbeat"] == iso(START)


def test_stale_agent_is_back_with_a_heartbeat_and_can_be_lost_again(office: Office) -> None:
    office.register("a")
    for _ in range(3):
        office.pass_time(STALE_AFTER)
        assert office.find(status="stale") == ["a"]
        office.beat("a")
        assert office.find(status="active") == ["a"]


def test_stale_agent_is_back_with_a_status_update_and_can_be_lost_again(office: Office) -> None:
    office.register("a")
    office.pass_time(STALE_AFTER)
    office.update("a", "busy")
    office.pass_time(STALE_AFTER)
    assert office.agent("a")["status"] == "stale"


def test_inactive_agent_is_not_expected_to_speak(office: Office) -> None:
    office.register("a")
    office.update("a", "inactive")
    office.pass_time(10 * STALE_AFTER)
    assert office.agent("a")["status"] == "inactive"
    office.beat("a")
    assert office.agent("a")["status"] == "inactive"


def test_silence_is_counted_for_each_agent_alone(office: Office) -> None:
    office.register("a")
    office.pass_time(60)
    office.register("b")
    office.pass_time(20)
    office.beat("a")
    office.pass_time(70)  # b is silent for 90 s, a for 70 s
    assert (office.find(status="stale"), office.find(status="active")) == (["b"], ["a"])


@pytest.mark.parametrize(
    ("load", "score"),
    [
        ({"cpu_usage": 0.0}, 1.0),
        ({"cpu_usage": 0.5}, 0.75),
        ({"cpu_usage": 0.2, "memory_usage": 0.6}, 0.7),
        ({"cpu_usage": 1.0}, 0.5),
        ({"cpu_usage": 97.5}, 0.5),
        ({"cpu_usage": -3.0, "memory_usage": -1e300}, 1.0),
        ({"cpu_usage": 1e308, "memory_usage": 1e308}, 0.5),
    ],
)
def test_health_score_keeps_its_bounds(
    office: Office, load: dict[str, float], score: float
) -> None:
    office.register("a")
    office.update("a", "active", **load)
    assert office.agent("a")["health_score"] == pytest.approx(score)
    office.pass_time(STALE_AFTER)
    assert office.agent("a")["health_score"] == pytest.approx(score - 0.5)


REFUSED: list[tuple[str, str, Any, int, str]] = [
    (
        "POST",
        "/tasks/submit",
        {"task_data": {}, "priority": "soonest"},
        400,
        "Invalid priority: soonest",
    ),
    ("POST", "/tasks/submit", {"task_data": {}, "priority": ""}, 400, "Invalid priority: "),
    (
        "POST",
        "/tasks/submit",
        {"task_data": {}, "priority": "URGENT"},
        400,
        "Invalid priority: URGENT",
    ),
    ("POST", "/tasks/queues/soonest/clear", None, 400, "Invalid priority: soonest"),
    ("POST", "/tasks/queues/so%6Fnest/clear", None, 400, "Invalid priority: soonest"),
    ("POST", "/tasks/submit", {"task_data": {}}, 422, "/priority: is missing"),
    ("POST", "/tasks/submit", {"task_data": {}, "priority": None}, 422, "/priority: "),
    ("POST", "/tasks/submit", {"task_data": [], "priority": "soonest"}, 422, "/task_data: "),
    ("POST", "/agents/register", {"agent_type": "worker"}, 422, "/agent_id: is missing"),
    ("POST", "/agents/register", {"agent_id": "a"}, 422, "/agent_type: is missing"),
    ("POST", "/agents/register", {"agent_id": "a", "agent_type": "miner"}, 422, "/agent_type: "),
    ("PUT", "/agents/a/status", {"status": "flying"}, 422, "/status: "),
    ("PUT", "/agents/a/status", {"status": "busy", "load_metrics": []}, 422, "/load_metrics: "),
    ("GET", "/agents/nobody", None, 404, "Agent not found"),
    ("PUT", "/agents/nobody/status", {"status": "busy"}, 404, "Agent not found"),
    ("POST", "/agents/nobody/heartbeat", None, 404, "Agent not found"),
    ("GET", "/nowhere", None, 404, "no such path"),
    ("POST", "/health", None, 405, "no such method here"),
]


@pytest.mark.parametrize(("method", "path", "body", "status", "detail"), REFUSED)
def test_refusal_is_worded_as_the_document_words_it(
    talk: Talk, method: str, path: str, body: Any, status: int, detail: str
) -> None:
    before = orjson.dumps(talk.session.coordinator.state())
    found, said = talk.detail(method, path, body)
    assert found == status
    assert said.startswith(detail)
    assert orjson.dumps(talk.session.coordinator.state()) == before
