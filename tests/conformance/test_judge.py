"""Each requirement kept, broken, or not to be judged."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pytest

from conformance.exchange import Exchange
from conformance.judge import Judge, UndeclaredError, same
from conformance.witness import Rulebook
from mockserver.transcript import HttpExchange
from schemas import load, load_requirements
from schemas.validation import Validators

AITBC = load("aitbc")
ROWS = load_requirements(AITBC)

REG_ID = "AITBC-REG-008"
"""A MUST by example, judged by its place: /agent_id of the answer to a registration."""

IMPLIED = "AITBC-REG-020"
STATED = "AITBC-REG-001"


def book(only: Iterable[str] = (), *, role: str = "coordinator", strict: bool = False) -> Rulebook:
    rows = {row.id: row for row in ROWS.values() if row.role == role}
    chosen = {name: rows[name] for name in only} or rows
    return Rulebook(AITBC, chosen, strict=strict)


def judge(*declared: str, **options: Any) -> Judge:
    return Judge("test_it", declared, book(**options))


def exchange(operation: str, status: int | None, body: Any = None, **fields: Any) -> Exchange:
    known = AITBC.operations[operation]
    answer = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Exchange(
        **{
            "operation": operation,
            "method": known.method,
            "url": f"http://h{known.path}",
            "status": status,
            "answer": b"" if status is None else answer,
            "answer_headers": {"content-type": "application/json"},
            **fields,
        }
    )


def registered(**changes: Any) -> dict[str, Any]:
    body = {
        "status": "success",
        "message": "Agent a registered successfully",
        "agent_id": "a",
        "registered_at": "2026-11-21T08:15:30+00:00",
    }
    return {name: value for name, value in (body | changes).items() if value is not None}


def told(it: Judge) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for finding in it.findings():
        found.setdefault(finding.requirement, []).append(finding.verdict)
    return found


class TestHolds:
    def test_what_is_kept_passes(self) -> None:
        it = judge(STATED)
        assert it.holds(STATED, True, "never said")
        (finding,) = it.findings()
        assert (finding.verdict, finding.message, finding.check) == ("pass", "", "test_it")

    @pytest.mark.parametrize(
        ("row", "strict", "verdict"),
        [
            (STATED, False, "fail"),
            (REG_ID, False, "fail"),
            (IMPLIED, False, "warn"),
            (IMPLIED, True, "fail"),
        ],
    )
    def test_what_is_broken_counts_as_its_row_says(
        self, row: str, strict: bool, verdict: str
    ) -> None:
        it = judge(row, strict=strict)
        seen = exchange("registerAgent", 200, {})
        assert not it.holds(row, False, "it is not so", seen, pointer="/x", expected=1, actual=2)
        (finding,) = it.findings()
        assert (finding.verdict, finding.message) == (verdict, "it is not so")
        assert finding.evidence.exchanges == (seen,)
        assert finding.evidence.pointers == ("/x",)
        assert (finding.evidence.expected, finding.evidence.actual) == (1, 2)

    @pytest.mark.parametrize(
        ("because", "verdict"),
        [([], "fail"), ([IMPLIED], "warn"), ([IMPLIED, REG_ID], "fail"), (["NO-ROW"], "fail")],
    )
    def test_what_others_broke_weighs_no_more_than_they(
        self, because: list[str], verdict: str
    ) -> None:
        it = judge(STATED)
        it.holds(STATED, False, "it is not so", because=because)
        assert told(it) == {STATED: [verdict]}

    def test_a_check_judges_what_it_declares_and_what_is_selected(self) -> None:
        it = judge(STATED, REG_ID, only=[STATED])
        assert [it.judges(row) for row in (STATED, REG_ID, IMPLIED)] == [True, False, False]

    def test_an_undeclared_requirement_is_a_fault_of_ours(self) -> None:
        it = judge(STATED)
        for say in (
            lambda: it.holds(REG_ID, True, ""),
            lambda: it.status(REG_ID, exchange("registerAgent", 200), 200),
            lambda: it.inconclusive(REG_ID, "so"),
        ):
            with pytest.raises(UndeclaredError, match=f"test_it judges {REG_ID} but does not"):
                say()
        assert it.findings() == []

    @pytest.mark.parametrize("ok", [True, False])
    def test_a_row_that_is_not_selected_is_ignored(self, ok: bool) -> None:
        it = judge(STATED, REG_ID, only=[STATED])
        assert it.holds(REG_ID, ok, "broken") is ok
        it.inconclusive(REG_ID, "no")
        it.end("broke off")
        assert told(it) == {STATED: ["inconclusive"]}

    def test_the_first_of_a_kind_is_the_one_that_is_told(self) -> None:
        it = judge(STATED)
        it.holds(STATED, False, "first")
        it.holds(STATED, True, "")
        it.holds(STATED, False, "second")
        assert [(f.verdict, f.message) for f in it.findings()] == [("fail", "first"), ("pass", "")]


class TestStatus:
    @pytest.mark.parametrize(
        ("status", "accepted", "ok"),
        [
            (200, (200,), True),
            (201, (200,), False),
            (204, (range(200, 300),), True),
            (300, (range(200, 300),), False),
            (422, (400, 422), True),
            (400, (400, 422), True),
            (None, (200,), False),
        ],
    )
    def test_the_status_is_one_of_those_accepted(
        self, status: int | None, accepted: tuple[int | range, ...], ok: bool
    ) -> None:
        it = judge(STATED)
        seen = exchange("registerAgent", status, failure="" if status else "it hung")
        assert it.status(STATED, seen, *accepted) is ok
        assert told(it) == {STATED: ["pass" if ok else "fail"]}

    def test_the_message_names_what_was_wanted_and_what_came(self) -> None:
        it = judge(STATED)
        it.status(STATED, exchange("registerAgent", 500), 400, range(200, 300))
        (finding,) = it.findings()
        assert finding.message == (
            "POST registerAgent was to be answered 400 or 2XX, and was answered 500"
        )

    def test_a_documented_503_is_inconclusive(self) -> None:
        it = judge("AITBC-TASK-001")
        assert not it.status("AITBC-TASK-001", exchange("submitTask", 503), 200)
        (finding,) = it.findings()
        assert finding.verdict == "inconclusive"
        assert finding.message == "submitTask: the peer says 503, not now"

    def test_a_503_that_was_asked_for_passes(self) -> None:
        it = judge("AITBC-TASK-001")
        assert it.status("AITBC-TASK-001", exchange("submitTask", 503), 503)
        assert told(it) == {"AITBC-TASK-001": ["pass"]}

    def test_an_undocumented_503_fails(self) -> None:
        it = judge(STATED)
        assert not it.status(STATED, exchange("registerAgent", 503), 200)
        assert told(it) == {STATED: ["fail"]}


class TestEqual:
    @pytest.mark.parametrize(
        ("actual", "expected", "ok"),
        [
            (1, 1.0, True),
            (1.0, 1, True),
            (True, 1, False),
            (1, True, False),
            (0, False, False),
            (None, False, False),
            (False, False, True),
            (None, None, True),
            ("1", 1, False),
            (float("nan"), float("nan"), False),
            ([1, [2.0, {"a": 3}]], [1.0, [2, {"a": 3.0}]], True),
            ([1, 2], [2, 1], False),
            ([1], [1, 1], False),
            ([True], [1], False),
            ({"a": {"b": True}}, {"a": {"b": 1}}, False),
            ({"a": 1, "b": 2}, {"b": 2, "a": 1}, True),
            ({"a": 1}, {"a": 1, "b": None}, False),
            ({}, [], False),
            ("", None, False),
        ],
    )
    def test_same_is_equality_of_json(self, actual: Any, expected: Any, ok: bool) -> None:
        assert same(actual, expected) is ok
        assert same(expected, actual) is ok

    def test_the_value_at_the_pointer_is_compared(self) -> None:
        it = judge(REG_ID)
        seen = exchange("registerAgent", 200, {"a": [{"b": 1}]})
        assert it.equal(REG_ID, seen, "/a/0/b", 1)
        assert not it.equal(REG_ID, seen, "/a/0/b", True)
        finding = it.findings()[1]
        assert finding.message == "/a/0/b of registerAgent is 1, not True"
        assert finding.evidence.pointers == ("/a/0/b",)

    def test_a_missing_value_equals_nothing_not_even_null(self) -> None:
        it = judge(REG_ID)
        before = exchange("getHealth", 200, {})
        seen = exchange("registerAgent", 200, {"a": 1})
        assert not it.equal(REG_ID, seen, "/b", None, before)
        (finding,) = it.findings()
        assert finding.verdict == "fail"
        assert "(nothing there)" in finding.message
        assert finding.evidence.exchanges == (before, seen)

    def test_a_body_that_is_no_json_holds_nothing(self) -> None:
        it = judge(REG_ID)
        assert not it.equal(REG_ID, exchange("registerAgent", 200, b"<a>"), "", "<a>")
        assert told(it) == {REG_ID: ["fail"]}

    @pytest.mark.parametrize("status", [404, 422, 500, None])
    def test_a_lawful_request_that_is_refused_fails(self, status: int | None) -> None:
        it = judge(REG_ID)
        assert not it.equal(REG_ID, exchange("registerAgent", status), "/agent_id", "a")
        assert told(it) == {REG_ID: ["fail"]}

    def test_an_unlawful_request_that_is_refused_is_inconclusive(self) -> None:
        it = judge(REG_ID)
        seen = exchange("registerAgent", 422, lawful=False)
        assert not it.equal(REG_ID, seen, "/agent_id", "a")
        (finding,) = it.findings()
        assert finding.verdict == "inconclusive"
        assert finding.message == "registerAgent was answered 422"

    def test_a_documented_503_is_inconclusive(self) -> None:
        it = judge("AITBC-TASK-001")
        assert not it.equal("AITBC-TASK-001", exchange("submitTask", 503), "/status", "success")
        assert told(it) == {"AITBC-TASK-001": ["inconclusive"]}

    def test_long_values_are_cut_in_the_message(self) -> None:
        it = judge(REG_ID)
        it.equal(REG_ID, exchange("registerAgent", 200, {"a": "x" * 5000}), "/a", "y" * 5000)
        assert len(it.findings()[0].message) < 400


class TestSee:
    """Rows without a check of their own: whatever passes their place is judged."""

    PLACED = ("AITBC-REG-004", "AITBC-REG-005", "AITBC-REG-006", REG_ID, "AITBC-REG-010")

    def seen(self, body: Any, status: int = 200, **fields: Any) -> dict[str, list[str]]:
        it = judge(only=self.PLACED)
        it.see(exchange("registerAgent", status, body, **fields))
        return told(it)

    def test_each_row_that_is_touched_passes(self) -> None:
        assert self.seen(registered()) == {row: ["pass"] for row in self.PLACED}

    def test_a_violation_belongs_to_the_most_particular_row(self) -> None:
        found = self.seen(registered(agent_id=5))
        assert found == {row: ["fail" if row == REG_ID else "pass"] for row in self.PLACED}

    def test_a_missing_field_breaks_its_own_row(self) -> None:
        found = self.seen(registered(registered_at=None))
        assert found.pop("AITBC-REG-010") == ["fail"]
        assert set(found) == set(self.PLACED) - {"AITBC-REG-010"}
        assert all(verdicts == ["pass"] for verdicts in found.values())

    def test_a_violation_without_a_particular_row_falls_to_the_whole_body(self) -> None:
        it = judge(only=["AITBC-REG-004"])
        it.see(exchange("registerAgent", 200, registered(agent_id=5)))
        assert told(it) == {"AITBC-REG-004": ["fail"]}

    @pytest.mark.parametrize("body", [b"", b"<html>", b"{", b"\xff", b"NaN", b"[" * 100_000])
    def test_a_body_that_is_no_json_breaks_the_whole(self, body: bytes) -> None:
        it = judge(only=self.PLACED)
        it.see(exchange("registerAgent", 200, body))
        (finding,) = it.findings()
        assert (finding.requirement, finding.verdict) == ("AITBC-REG-004", "fail")
        assert "is not JSON" in finding.message
        assert finding.evidence.pointers == ("",)

    def test_a_body_of_another_type_breaks_the_whole(self) -> None:
        assert self.seen([1]) == {"AITBC-REG-004": ["fail"]}

    @pytest.mark.parametrize("depth", [150, 300, 900, 20_000])
    def test_a_deep_body_never_breaks_a_check(self, depth: int) -> None:
        text = json.dumps(registered())[:-1] + ', "x": ' + "[" * depth + "]" * depth + "}"
        found = self.seen(text.encode())
        assert found["AITBC-REG-004"] == ["pass" if depth == 150 else "fail"]

    def test_a_status_that_is_not_documented_judges_no_row_by_place(self) -> None:
        assert self.seen(registered(), status=418) == {}

    def test_a_server_error_after_hostile_input_is_not_judged(self) -> None:
        rows = ("AITBC-REG-031", "AITBC-REG-032")
        it = judge(only=rows)
        it.see(exchange("registerAgent", 500, {"oops": 1}, lawful=False))
        assert told(it) == {}
        it.see(exchange("registerAgent", 500, {"oops": 1}))
        assert told(it) == {"AITBC-REG-031": ["pass"], "AITBC-REG-032": ["fail"]}

    def test_a_refusal_of_hostile_input_is_judged_by_its_shape(self) -> None:
        it = judge(only=["AITBC-REG-024", "AITBC-REG-025", "AITBC-GEN-008"])
        it.see(exchange("registerAgent", 422, {"detail": "no"}, lawful=False))
        assert told(it) == {"AITBC-REG-024": ["pass"], "AITBC-REG-025": ["pass"]}

    @pytest.mark.parametrize(("status", "said"), [(422, {"AITBC-GEN-007": ["warn"]}), (500, {})])
    def test_a_refusal_of_hostile_input_is_judged_by_its_label(
        self, status: int, said: dict[str, list[str]]
    ) -> None:
        it = judge(only=["AITBC-GEN-007", "AITBC-GEN-008"])
        plain = {"content-type": "text/plain"}
        refusal = {"detail": "no"}
        it.see(exchange("registerAgent", status, refusal, lawful=False, answer_headers=plain))
        assert told(it) == said

    def test_details_of_an_error_are_missed_in_a_refusal_too(self) -> None:
        caxton, row = load("caxton"), "CAXTON-ERR-081"
        known = {row: load_requirements(caxton)[row]}
        it = Judge("test_it", [], Rulebook(caxton, known, strict=False))
        bare = {"error": {"code": "X", "message": "no", "trace_id": "t"}}
        refusal = exchange("registerAgent", 500, bare, lawful=False)
        hostile = replace(refusal, operation="deployAgent")
        it.see(hostile)
        assert told(it) == {}
        it.see(replace(hostile, status=400))
        assert told(it) == {"CAXTON-ERR-081": ["warn"]}

    def test_the_general_rules_judge_lawful_requests(self) -> None:
        it = judge(only=["AITBC-GEN-008", "AITBC-GEN-009", "AITBC-GEN-007"])
        it.see(exchange("getHealth", 500, {}, answer_headers={"content-type": "text/html"}))
        assert told(it) == {
            "AITBC-GEN-008": ["fail"],
            "AITBC-GEN-009": ["pass"],
            "AITBC-GEN-007": ["warn"],
        }
        assert {finding.check for finding in it.findings()} == {"answers of getHealth"}

    @pytest.mark.parametrize(("disclaimed", "said"), [((), ["fail"]), (("queues",), [])])
    def test_answers_about_what_is_disclaimed_are_nobodys_concern(
        self, disclaimed: tuple[str, ...], said: list[str]
    ) -> None:
        rows = {"AITBC-GEN-008": ROWS["AITBC-GEN-008"]}
        it = Judge("test_it", [], Rulebook(AITBC, rows, strict=False, disclaimed=disclaimed))
        it.see(exchange("getQueues", 404, {"detail": "Not Found"}))
        assert told(it).get("AITBC-GEN-008", []) == said

    def test_an_empty_list_touches_no_row_about_its_items(self) -> None:
        body = {"status": "success", "query": {}, "agents": [], "count": 0, "timestamp": "x"}
        it = judge(only=["AITBC-DISC-005", "AITBC-DISC-006", "AITBC-DISC-007"])
        it.see(exchange("discoverAgents", 200, body))
        assert told(it) == {"AITBC-DISC-005": ["pass"]}

    def test_one_bad_item_breaks_the_row_about_items(self) -> None:
        body = {"agents": [{"agent_id": "a"}, {"agent_id": 7}]}
        it = judge(only=["AITBC-DISC-007"])
        it.see(exchange("discoverAgents", 200, body))
        (finding,) = it.findings()
        assert finding.verdict == "fail"
        assert finding.evidence.pointers == ("/agents/1/agent_id",)
        assert finding.evidence.actual == 7


def heard(operation: str, body: Any = None, **fields: Any) -> HttpExchange:
    known = AITBC.operations[operation]
    raw = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
    shape = Validators(AITBC).request(operation)
    said: dict[str, Any] = {
        "number": 1,
        "at": 0.0,
        "real": 0.0,
        "took": 0.001,
        "method": known.method,
        "path": known.path,
        "query": "",
        "headers": {"Content-Type": "application/json"},
        "body": raw,
        "operation": operation,
        "parameters": {},
        "allowed": (),
        "violations": shape.explain(body) if shape and not isinstance(body, bytes) else (),
        "status": 200,
        "answer_headers": {},
        "answer": b"{}",
    }
    return HttpExchange(**(said | fields))


class TestSeeRequest:
    def test_a_lawful_request_passes_what_it_touches(self) -> None:
        it = judge(role="agent")
        it.see_request(heard("registerAgent", {"agent_id": "a", "agent_type": "worker"}))
        found = told(it)
        assert {row for row in found if "-REG-" in row} == {
            f"AITBC-AGENT-REG-{number:03}" for number in (1, 2, 3)
        }
        assert all(verdicts == ["pass"] for verdicts in found.values())

    def test_a_violation_breaks_its_own_row(self) -> None:
        it = judge(role="agent")
        it.see_request(heard("registerAgent", {"agent_id": "a", "agent_type": "boss"}))
        breaches = [finding for finding in it.findings() if finding.verdict == "fail"]
        assert [finding.requirement for finding in breaches] == ["AITBC-AGENT-REG-003"]
        assert breaches[0].check == "requests of registerAgent"
        assert breaches[0].evidence.actual == "boss"

    def test_a_body_that_is_no_json_is_judged_by_the_rules_alone(self) -> None:
        it = judge(role="agent", only=["AITBC-AGENT-REG-001", "AITBC-AGENT-GEN-006"])
        it.see_request(heard("registerAgent", b"{no"))
        assert told(it) == {"AITBC-AGENT-GEN-006": ["pass"]}

    def test_a_bad_path_parameter_is_no_violation_of_the_body(self) -> None:
        from schemas.validation import Violation

        wrong = Violation(pointer="/path/agent_id", keyword="minLength", message="!", value="")
        it = judge(role="agent", only=["AITBC-AGENT-STAT-001", "AITBC-AGENT-STAT-002"])
        it.see_request(heard("updateAgentStatus", {"status": "busy"}, violations=[wrong]))
        assert told(it) == {"AITBC-AGENT-STAT-001": ["pass"], "AITBC-AGENT-STAT-002": ["pass"]}


class TestEnd:
    def test_what_was_still_owed_is_inconclusive_with_the_cause(self) -> None:
        it = judge(STATED, REG_ID, "AITBC-REG-009")
        it.holds(STATED, True, "")
        it.holds(REG_ID, False, "wrong")
        it.end("the peer went away")
        assert told(it) == {
            STATED: ["pass"],
            REG_ID: ["fail"],
            "AITBC-REG-009": ["inconclusive"],
        }
        assert it.findings()[-1].message == "the peer went away"

    def test_without_an_end_nothing_is_owed(self) -> None:
        assert judge(STATED).findings() == []
