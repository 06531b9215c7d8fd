"""Evidence made ready: which side is judged, what offends, and the conversation as text."""

from __future__ import annotations

from typing import Any

from reports.body import LIMIT
from reports.evidence import fair_limit, proof, proof_text
from tests.reports.builders import exchange, frame, handshake


def offences(evidence: dict[str, Any], role: str = "coordinator") -> list[str]:
    return [str(offence) for offence in proof(evidence, role).offences]


def test_coordinator_is_judged_by_its_last_answer() -> None:
    talk = [exchange({"a": 0}, {"a": 1}), exchange({"a": 2}, {"a": 3})]
    evidence = {"exchanges": talk, "pointers": ["/a", "/b"]}
    assert offences(evidence) == ["/a = 3", "/b is missing"]
    found = proof(evidence, "coordinator")
    hit = [[line.hit for line in step.answer.body.lines] for step in found.exchanges if step.answer]
    assert hit == [[False] * 3, [False, True, False, False]]


def test_agent_is_judged_by_its_last_request() -> None:
    evidence = {"exchanges": [exchange({"a": 2}, {"a": 3})], "pointers": ["/a"]}
    assert offences(evidence, "agent") == ["/a = 2"]
    step = proof(evidence, "agent").exchanges[0]
    assert any(line.hit for line in step.body.lines)
    assert step.answer
    assert not any(line.hit for line in step.answer.body.lines)


def test_nothing_is_said_of_a_value_that_nobody_sent() -> None:
    assert offences({"pointers": ["/a"]}) == ["/a"]
    assert offences({"exchanges": [exchange(status=None)], "pointers": ["/a"]}) == ["/a"]
    assert offences({"exchanges": [exchange(None, "cut {")], "pointers": ["/a"]}) == ["/a"]


def test_expected_null_is_not_the_same_as_nothing_expected() -> None:
    assert str(proof({"expected": None}, "agent").expected) == "null"
    assert proof({}, "agent").expected.lines == ()
    assert str(proof({"expected": "5"}, "agent").expected) == '"5"'


def test_procedures_are_answered_in_words_of_their_own() -> None:
    called = exchange({"id": "a"}, {"message": "none"}, status=404)
    called["request"].update(method="RPC", url="caxton.Agents/Get", identity="mate")
    called["response"]["code"] = "NOT_FOUND"
    step = proof({"exchanges": [called]}, "coordinator").exchanges[0]
    assert step.answer
    assert step.answer.status == "NOT_FOUND (404 as HTTP has it)"
    assert (step.asker, step.answerer, step.identity) == ("assay", "coordinator", "mate")
    asked = proof({"exchanges": [called]}, "agent").exchanges[0]
    assert (asked.asker, asked.answerer) == ("agent", "assay")


def test_failure_stands_where_the_answer_would() -> None:
    step = proof({"exchanges": [exchange(status=None)]}, "coordinator").exchanges[0]
    assert step.answer is None
    assert step.failure == "the connection was closed"


def test_pointers_point_into_frames_where_there_are_any() -> None:
    for role in ("coordinator", "agent"):
        evidence = {
            "exchanges": [exchange({"a": 1}, {"a": 2})],
            "frames": [frame({"a": 3}), frame({"a": 4}, "assay")],
            "pointers": ["/a", "/b"],
        }
        assert offences(evidence, role) == ["/a = 3", "/b is missing"]
        step = proof(evidence, role).exchanges[0]
        assert step.answer
        lines = [*step.body.lines, *step.answer.body.lines]
        assert not any(line.hit or line.missing for line in lines)


def test_nothing_is_said_of_a_message_that_never_came() -> None:
    silent = [frame({"a": 1}, "assay"), frame("", kind="ping"), frame("{}", kind="raw")]
    assert offences({"frames": silent, "pointers": ["/a"]}) == ["/a"]


def test_handshake_is_an_exchange() -> None:
    answer = proof({"exchanges": [handshake()]}, "coordinator").exchanges[0].answer
    assert answer
    assert answer.status == "101 Switching Protocols"


def test_unusual_status_and_headers() -> None:
    raw = exchange(None, "x", status=799)
    raw["response"]["headers"] = {"set-cookie": ["a=1", "b=2"], "age": 5}
    answer = proof({"exchanges": [raw]}, "coordinator").exchanges[0].answer
    assert answer
    assert answer.status == "799"
    assert answer.headers == [("set-cookie", "a=1"), ("set-cookie", "b=2"), ("age", "5")]


def test_proof_as_text_tells_everything() -> None:
    evidence = {
        "exchanges": [exchange({"a": 1}, {"b": 2})],
        "pointers": ["/b"],
        "expected": 3,
        "actual": 2,
        "reproduce": "curl x",
    }
    text = proof_text(proof(evidence, "coordinator"))
    for part in (
        "at: /b = 2",
        "expected: 3",
        "actual: 2",
        "POST http://127.0.0.1:9001/agents/register",
        "content-type: application/json",
        "--- answer: 200 OK",
        '"b": 2    <-- /b',
        "curl x",
    ):
        assert part in text


def test_bodies_share_a_budget() -> None:
    large = {"exchanges": [exchange("x" * 50_000, "y" * 50_000)]}
    small = {"exchanges": [exchange("x" * 900, status=None)]}
    assert fair_limit([]) == fair_limit([None, small]) == LIMIT
    assert fair_limit([large] * 50) == LIMIT
    assert fair_limit([large] * 51) == LIMIT // 2
    assert fair_limit([small] * 2_000) == LIMIT  # small ones never suffer
    assert fair_limit([large] * 501) == LIMIT // 20


def test_conversations_share_the_budget() -> None:
    small = {"frames": [frame("x" * 300) for _ in range(10)]}
    endless = {"frames": [frame("x" * 300) for _ in range(50_000)]}
    assert fair_limit([small] * 100) == LIMIT
    assert fair_limit([endless] * 20) == LIMIT
    assert fair_limit([endless] * 21) == LIMIT // 2
