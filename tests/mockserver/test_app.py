"""The chain that every request passes, in memory."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from mockserver.faults import Fault
from mockserver.faults.manner import PLAIN
from mockserver.passage import Outcome
from mockserver.protocols.aitbc import AitbcCoordinator
from mockserver.transcript import Entry, HttpExchange
from schemas import Protocol
from tests.mockserver.conftest import Talk

REGISTRATION = {"agent_id": "a", "agent_type": "worker"}
STATUS = "/agents/a/status"


def _body(outcome: Outcome) -> Any:
    return orjson.loads(outcome.body)


def test_lawful_request_is_answered(talk: Talk) -> None:
    outcome = talk("POST", "/agents/register", REGISTRATION)
    assert (outcome.status, outcome.manner) == (200, PLAIN)
    assert outcome.headers == {"Content-Type": "application/json"}
    assert _body(outcome)["agent_id"] == "a"


@pytest.mark.parametrize(
    ("method", "path", "body", "pointers"),
    [
        ("POST", "/agents/register", {}, ["/agent_id", "/agent_type"]),
        ("POST", "/agents/register", [], [""]),
        ("POST", "/agents/register", {**REGISTRATION, "services": ["x", 1]}, ["/services/1"]),
        ("POST", "/agents/register", {**REGISTRATION, "metadata": None}, ["/metadata"]),
        ("POST", "/agents/discover", {"status": "gone"}, ["/status"]),
        ("POST", "/agents/discover", b"null", [""]),
        (
            "PUT",
            STATUS,
            {"status": "busy", "load_metrics": {"a~/b": "x"}},
            ["/load_metrics/a~0~1b"],
        ),
        ("PUT", STATUS, {}, ["/status"]),
        ("POST", "/tasks/submit", {"priority": "low"}, ["/task_data"]),
        ("POST", "/tasks/submit", {"task_data": {}, "priority": 3}, ["/priority"]),
    ],
)
def test_unlawful_request_is_refused_with_its_places(
    talk: Talk, method: str, path: str, body: Any, pointers: list[str]
) -> None:
    outcome = talk(method, path, body)
    assert outcome.status == 422
    assert {violation.pointer for violation in outcome.exchange.violations} == set(pointers)
    detail = _body(outcome)["detail"]
    assert all((pointer or "(whole body)") in detail for pointer in pointers)
    assert talk.session.coordinator.state()["agents"] == []


def test_unlawful_path_parameter_is_told_from_the_body(talk: Talk) -> None:
    (violation,) = talk("POST", "/tasks/queues/soonest/clear").exchange.violations
    assert (violation.pointer, violation.value) == ("/path/priority", "soonest")


@pytest.mark.parametrize("raw", [b"{", b"{'a': 1}", b"\xff\xfe", b'{"a": NaN}', b"{}{}", b" "])
@pytest.mark.parametrize("path", ["/agents/register", "/agents/discover", "/tasks/submit"])
def test_malformed_json_is_refused(talk: Talk, path: str, raw: bytes) -> None:
    outcome = talk("POST", path, raw)
    assert outcome.status == 422
    assert "is not well-formed JSON" in _body(outcome)["detail"]
    (violation,) = outcome.exchange.violations
    assert (violation.pointer, violation.keyword) == ("", "json")


@pytest.mark.parametrize("path", ["/agents/register", "/tasks/submit"])
def test_missing_body_is_refused_where_one_is_required(talk: Talk, path: str) -> None:
    assert talk.detail("POST", path) == (422, "(whole body): is missing")


def test_missing_body_is_lawful_where_it_is_optional(talk: Talk) -> None:
    assert _body(talk("POST", "/agents/discover"))["query"] == {}
    talk("POST", "/agents/register", REGISTRATION)
    assert talk("POST", "/agents/a/heartbeat").status == 200
    assert talk("POST", "/agents/a/heartbeat", {"at": 1}).status == 200
    assert talk("POST", "/agents/a/heartbeat", b"null").status == 200


def test_body_where_none_belongs_is_ignored(talk: Talk) -> None:
    assert talk("GET", "/health", b"{").status == 200


def test_unknown_path_is_a_404(talk: Talk) -> None:
    outcome = talk("GET", "/agents/a/b/c")
    assert (outcome.status, _body(outcome)) == (404, {"detail": "no such path"})
    assert "Allow" not in outcome.headers


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("DELETE", "/health", "GET"),
        ("POST", "/agents/a/status", "PUT"),
        ("PATCH", "/agents/register", "POST"),
    ],
)
def test_unknown_method_is_a_405_that_tells_the_known(
    talk: Talk, method: str, path: str, allow: str
) -> None:
    outcome = talk(method, path)
    assert (outcome.status, outcome.headers["Allow"]) == (405, allow)


def test_body_that_is_too_large_is_a_413(talk: Talk) -> None:
    outcome = talk("POST", "/agents/register", too_large=True)
    assert (outcome.status, _body(outcome)) == (413, {"detail": "the body is too large"})


@pytest.mark.parametrize(
    ("status", "operation", "path", "detail"),
    [
        (500, "getTaskStatus", "/tasks/status", "Error getting task status: as it was told to"),
        (503, "getTaskStatus", "/tasks/status", "Task distributor not available"),
        (404, "getTaskStatus", "/tasks/status", "as it was told to"),
        (500, "getHealth", "/health", "as it was told to"),
    ],
)
def test_forced_status_is_worded_as_the_document_words_it(
    talk: Talk, status: int, operation: str, path: str, detail: str
) -> None:
    talk.session.faults.add(Fault(kind="status", operation=operation, status=status))
    assert talk.detail("GET", path) == (status, detail)
    assert talk("GET", path).status == 200


FAILING: list[tuple[str, str, str, Any]] = [
    ("registerAgent", "POST", "/agents/register", REGISTRATION),
    ("discoverAgents", "POST", "/agents/discover", {}),
    ("getAgent", "GET", "/agents/a", None),
    ("updateAgentStatus", "PUT", STATUS, {"status": "busy"}),
    ("submitTask", "POST", "/tasks/submit", {"task_data": {}, "priority": "low"}),
    ("getTaskStatus", "GET", "/tasks/status", None),
]


@pytest.mark.parametrize(("operation", "method", "path", "body"), FAILING)
@pytest.mark.parametrize("status", [404, 422, 500, 503])
def test_forced_documented_failure_keeps_its_schema(
    talk: Talk, operation: str, method: str, path: str, body: Any, status: int
) -> None:
    talk.session.faults.add(Fault(kind="status", operation=operation, status=status))
    outcome = talk(method, path, body)
    assert outcome.status == status
    shape = talk.mock.validators.answer(operation, status)
    assert shape is None or shape.explain(_body(outcome)) == []
    assert _body(outcome)["detail"]


def test_forced_status_does_nothing(talk: Talk) -> None:
    talk.session.faults.add(Fault(kind="status", operation="registerAgent"))
    talk("POST", "/agents/register", REGISTRATION)
    assert talk.session.coordinator.state()["agents"] == []


def test_forced_status_strikes_lawful_requests_only(talk: Talk) -> None:
    talk.session.faults.add(Fault(kind="status", status=503, times=None))
    assert talk("POST", "/agents/register", {}).status == 422
    assert talk("GET", "/nowhere").status == 404
    assert talk("GET", "/health").status == 503
    assert [each.faults for each in talk.session.transcript] == [(), (), ("status",)]


def test_extra_field_comes_with_an_answer_that_is_otherwise_the_same(talk: Talk) -> None:
    plain = _body(talk("GET", "/health"))
    talk.session.faults.add(Fault(kind="extra"))
    outcome = talk("GET", "/health")
    extra = _body(outcome)
    assert extra.pop("x_unheard_of") == {"since": "a later version"}
    assert extra == plain
    assert outcome.exchange.faults == ("extra",)


def test_extra_field_leaves_a_page_alone(talk: Talk) -> None:
    talk.session.faults.add(Fault(kind="extra"))
    assert b"x_unheard_of" not in talk("GET", "/docs").body


def test_drop_serves_the_call_and_writes_down_that_nothing_was_heard(talk: Talk) -> None:
    talk.session.faults.add(Fault(kind="drop", operation="registerAgent"))
    outcome = talk("POST", "/agents/register", REGISTRATION)
    assert outcome.manner.end == "drop"
    assert outcome.exchange.status == 0
    assert talk("GET", "/agents/a").status == 200


def test_delays_add_up(talk: Talk) -> None:
    for seconds in (0.25, 0.5):
        talk.session.faults.add(Fault(kind="delay", seconds=seconds))
    outcome = talk("GET", "/health")
    assert (outcome.manner.delay, outcome.status) == (0.75, 200)
    assert talk("GET", "/health").manner.delay == 0


def test_faults_strike_one_request_together(talk: Talk) -> None:
    for fault in (Fault(kind="delay", seconds=0.5), Fault(kind="status", status=500)):
        talk.session.faults.add(fault)
    outcome = talk("GET", "/health")
    assert (outcome.manner.delay, outcome.status, outcome.exchange.faults) == (
        0.5,
        500,
        ("delay", "status"),
    )


def test_operation_without_handler_is_a_501(talk: Talk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(AitbcCoordinator, "_handlers", {})
    assert talk.detail("GET", "/health") == (501, "getHealth is not implemented")


def test_listener_hears_every_exchange_in_order(talk: Talk) -> None:
    heard: list[Entry] = []
    talk.mock.listener = heard.append
    talk("GET", "/health")
    talk("GET", "/nowhere")
    assert heard == list(talk.session.transcript)
    assert [each.status for each in heard if isinstance(each, HttpExchange)] == [200, 404]


def test_same_seed_and_requests_give_the_same_answers(aitbc: Protocol) -> None:
    def conversation(seed: int) -> list[bytes]:
        talk = Talk(aitbc, seed)
        talk("POST", "/agents/register", REGISTRATION)
        for _ in range(5):
            talk("POST", "/tasks/submit", {"task_data": {}, "priority": "low"})
            talk.session.advance(1)
        talk("GET", "/tasks/status")
        return [exchange.answer for exchange in talk.session.transcript]

    assert conversation(3) == conversation(3)
    assert conversation(3) != conversation(4)


def test_agent_id_is_any_text(talk: Talk) -> None:
    for agent_id, path in {
        "a/b": "a%2Fb",
        "é 世\U0001f701": "%C3%A9%20%E4%B8%96%F0%9F%9C%81",
    }.items():
        talk("POST", "/agents/register", {**REGISTRATION, "agent_id": agent_id})
        assert _body(talk("GET", f"/agents/{path}"))["agent"]["agent_id"] == agent_id


def test_documents_are_served(talk: Talk, aitbc: Protocol) -> None:
    assert _body(talk("GET", "/openapi.json")) == aitbc.openapi
    page = talk("GET", "/docs")
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    assert page.body.startswith(b"<!doctype html>")
