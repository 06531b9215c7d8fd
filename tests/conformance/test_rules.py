"""The general rules, each as a table."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from conformance.exchange import Exchange
from conformance.frame_rules import FRAME_RULES
from conformance.frames import Frame, Kind
from conformance.rules import ANSWER_RULES, REQUEST_RULES
from mockserver.transcript import HttpExchange
from schemas import Violation, load, load_requirements, protocol_ids

AITBC = load("aitbc")
KEPT, BROKEN, SILENT = [True], [False], list[bool]()

HEALTH = Exchange(
    operation="getHealth",
    method="GET",
    url="http://h/health",
    status=200,
    answer=b"{}",
    answer_headers={"content-type": "application/json"},
)
SUBMIT = replace(HEALTH, operation="submitTask", method="POST")
BEAT = replace(HEALTH, operation="sendHeartbeat", method="POST")
ALIEN = replace(HEALTH, operation="")
LOST = replace(HEALTH, status=None, answer=b"", answer_headers={}, failure="it hung")


def labelled(label: str, answer: bytes = b"{}") -> Exchange:
    return replace(HEALTH, answer=answer, answer_headers={"content-type": label} if label else {})


def told(body: object) -> Exchange:
    return replace(HEALTH, answer=json.dumps(body).encode())


def refused(body: object) -> Exchange:
    return replace(HEALTH, status=404, answer=json.dumps(body).encode())


@pytest.mark.parametrize(
    ("rule", "exchange", "said"),
    [
        ("answered", HEALTH, KEPT),
        ("answered", replace(HEALTH, status=500), KEPT),
        ("answered", LOST, BROKEN),
        ("served", HEALTH, KEPT),
        ("served", LOST, SILENT),
        ("served", ALIEN, SILENT),
        ("served", replace(HEALTH, status=204), BROKEN),  # success, yet not the documented one
        ("served", replace(HEALTH, status=302), BROKEN),
        ("served", replace(HEALTH, status=422), BROKEN),
        ("served", replace(HEALTH, status=503), BROKEN),
        ("served", replace(SUBMIT, status=503), SILENT),
        ("served", replace(SUBMIT, status=500), BROKEN),
        ("served", replace(SUBMIT, status=404, served=False), SILENT),
        ("served", replace(BEAT, status=204), KEPT),  # 2XX: any success will do
        ("labelled-json", HEALTH, KEPT),
        ("labelled-json", labelled("Application/JSON ; charset=utf-8"), KEPT),
        ("labelled-json", labelled("application/problem+json"), KEPT),
        ("labelled-json", labelled("text/html"), BROKEN),
        ("labelled-json", labelled("application/jsonp"), BROKEN),
        ("labelled-json", labelled(""), BROKEN),
        ("labelled-json", labelled("text/html", b"<html>"), SILENT),
        ("labelled-json", labelled("", b""), SILENT),
        ("labelled-json", labelled("application/json", b""), SILENT),
        ("labelled-json", labelled("application/json", b'{"queue": '), BROKEN),
        ("labelled-json", replace(labelled("text/plain"), status=422, lawful=False), BROKEN),
        ("labelled-json", replace(labelled("text/plain", b"404"), lawful=False), SILENT),
        ("labelled-json", replace(labelled("text/html"), operation=""), SILENT),
        ("detailed-errors", HEALTH, SILENT),
        ("detailed-errors", LOST, SILENT),
        ("detailed-errors", refused({"error": {"code": "X", "details": {}}}), KEPT),
        ("detailed-errors", refused({"error": {"code": "X"}}), BROKEN),
        ("detailed-errors", refused({"error": {"code": "X", "details": None}}), KEPT),
        ("detailed-errors", replace(refused({"error": {"code": "X"}}), lawful=False), BROKEN),
        ("detailed-errors", refused({"error": {"code": "X", "details": "none"}}), BROKEN),
        ("detailed-errors", refused({"error": "X"}), SILENT),
        ("detailed-errors", replace(refused({"error": {}}), operation=""), SILENT),
        ("detailed-errors", replace(refused({"error": {}}), method="RPC"), SILENT),
        ("small-statuses", HEALTH, SILENT),
        ("small-statuses", told({"status": "in_progress"}), KEPT),
        ("small-statuses", told({"status": "RUNNING"}), BROKEN),
        ("small-statuses", told({"status": 7, "stages": [7, {"status": "Done"}]}), BROKEN),
        ("small-statuses", told({"stages": [{"status": "done"}]}), KEPT),
        ("small-statuses", told(["RUNNING"]), SILENT),
        ("small-statuses", replace(told({"status": "RUNNING"}), method="RPC"), SILENT),
        ("small-statuses", replace(told({"status": "RUNNING"}), status=500), SILENT),
        ("unthrottled", HEALTH, KEPT),
        ("unthrottled", replace(HEALTH, throttled=True), BROKEN),
        ("unthrottled", replace(LOST, throttled=True), SILENT),
        ("kept-alive", HEALTH, KEPT),
        ("kept-alive", replace(HEALTH, reconnected=True), BROKEN),
        ("kept-alive", replace(LOST, reconnected=True), SILENT),
    ],
)
def test_answer_rules_say(rule: str, exchange: Exchange, said: list[bool]) -> None:
    words = list(ANSWER_RULES[rule](exchange, AITBC))
    assert [word.kept for word in words] == said
    assert all(word.message for word in words if not word.kept), "a breach says what is wrong"


def test_a_breach_of_served_names_what_was_wanted() -> None:
    (word,) = ANSWER_RULES["served"](replace(HEALTH, status=418), AITBC)
    assert word.message == "a lawful getHealth was answered 418, not 200"


def heard(
    call: str, body: bytes = b"", label: str | None = None, wrong: Violation | None = None
) -> HttpExchange:
    """As the mock hears it: `call` is method and path; the operation is found as a router would."""
    method, _, path = call.partition(" ")
    steps = path.split("/")
    matching = [
        known
        for known in AITBC
        if known.method == method
        and len(shape := known.path.split("/")) == len(steps)
        and all(w[:1] == "{" or w == h for w, h in zip(shape, steps, strict=True))
    ]
    matching.sort(key=lambda known: "{" in known.path)
    violations = [wrong] if wrong else []
    if body:
        try:
            json.loads(body)
        except ValueError as error:
            violations = [Violation(pointer="", keyword="json", message=str(error), value=None)]
    return HttpExchange(
        number=1,
        at=0.0,
        real=0.0,
        took=0.0,
        method=method,
        path=path,
        query="",
        headers={} if label is None else {"Content-Type": label},
        body=body,
        operation=matching[0].id if matching else "",
        parameters={},
        allowed=(),
        violations=violations,
        status=200,
        answer_headers={},
        answer=b"",
    )


def words(rule: str, call: HttpExchange) -> list[bool]:
    said = list(REQUEST_RULES[rule](call, AITBC))
    assert all(word.message for word in said if not word.kept)
    return [word.kept for word in said]


@pytest.mark.parametrize(
    ("call", "method", "path", "known"),
    [
        # call                              documented-method  exact-path  documented-path
        ("POST /agents/register", KEPT, KEPT, KEPT),
        ("GET /agents/a-1", KEPT, KEPT, KEPT),
        ("PUT /agents/a%20b/status", KEPT, KEPT, KEPT),
        ("POST /tasks/queues/urgent/clear", KEPT, KEPT, KEPT),
        # wrong methods
        ("PUT /agents/register", BROKEN, KEPT, SILENT),
        ("POST /agents/a-1/status", BROKEN, KEPT, SILENT),
        ("get /health", BROKEN, KEPT, SILENT),
        ("POST /health", BROKEN, KEPT, SILENT),
        # of its own, which the document does not know
        ("DELETE /agents/a-1", SILENT, KEPT, BROKEN),
        ("POST /agents/unregister", SILENT, KEPT, BROKEN),
        ("HEAD /health", SILENT, KEPT, BROKEN),
        ("DELETE /tasks/submit", BROKEN, KEPT, SILENT),
        # of these the document gives the path alone
        ("DELETE /agents/a-1/heartbeat", SILENT, KEPT, BROKEN),
        ("POST /tasks/queues/stats", SILENT, KEPT, BROKEN),
        # an id that equals a documented word is still an id
        ("GET /agents/status", KEPT, KEPT, KEPT),
        ("PUT /agents/register/status", KEPT, KEPT, KEPT),
        # misspelt
        ("POST /agents/registr", BROKEN, KEPT, SILENT),  # it may be an id
        ("POST /agent/register", SILENT, BROKEN, BROKEN),
        ("PUT /agents/a-1/mood", SILENT, SILENT, BROKEN),
        ("POST /tasks/unsubmit", SILENT, SILENT, BROKEN),  # another word, and not misspelt
        ("PUT /agents/a-1/statuss", SILENT, BROKEN, BROKEN),
        ("POST /tasks/submitt", SILENT, BROKEN, BROKEN),
        ("GET /heath", SILENT, BROKEN, BROKEN),
        # capital letters
        ("POST /Agents/Register", SILENT, BROKEN, BROKEN),
        ("GET /HEALTH", SILENT, BROKEN, BROKEN),
        # slashes
        ("POST //agents/register", SILENT, BROKEN, BROKEN),
        ("POST /agents//register", SILENT, BROKEN, BROKEN),
        ("POST /agents/register/", SILENT, SILENT, BROKEN),
        ("GET /health/", SILENT, SILENT, BROKEN),
        # a prefix
        ("POST /v1/agents/register", SILENT, BROKEN, BROKEN),
        ("POST /api/v1/agents/register", SILENT, BROKEN, BROKEN),
        ("POST /a/b/c/agents/register", SILENT, SILENT, BROKEN),
        # nothing that we know
        ("GET /metrics", SILENT, SILENT, BROKEN),
        ("GET /", SILENT, SILENT, BROKEN),
        ("GET ", SILENT, SILENT, SILENT),  # it was no HTTP
        ("OPTIONS *", SILENT, SILENT, BROKEN),
    ],
)
def test_paths_and_methods_are_told_apart(
    call: str, method: list[bool], path: list[bool], known: list[bool]
) -> None:
    asked = heard(call)
    assert words("documented-method", asked) == method
    assert words("exact-path", asked) == path
    assert words("documented-path", asked) == known


def test_a_wrong_method_is_told_with_the_right_one() -> None:
    (word,) = REQUEST_RULES["documented-method"](heard("PATCH /agents/a/status"), AITBC)
    assert word.message == "PATCH /agents/a/status: the document says PUT"


def test_a_misspelt_path_is_told_with_the_one_that_was_meant() -> None:
    (word,) = REQUEST_RULES["exact-path"](heard("POST /api/agents/registre"), AITBC)
    assert word.message == (
        "/api/agents/registre is called, and the document says /agents/register"
    )


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/agents/a-b_c.d~e", KEPT),
        ("/agents/a:b@c!$&'()*+,;=", KEPT),
        ("/agents/%20%C3%BC%2f", KEPT),
        ("/agents/a|b[c]^d", KEPT),
        ("/agents/a b", BROKEN),
        ("/agents/ü", BROKEN),
        ("/agents/%zz", BROKEN),
        ("/agents/50%", BROKEN),
        ('/agents/"a"', BROKEN),
        ("/agents/{agent_id}", BROKEN),
        ("/agents/a\\b", BROKEN),
        ("/agents/a\n", BROKEN),
        ("", KEPT),
    ],
)
def test_encoded_path_wants_what_a_path_may_hold(path: str, said: list[bool]) -> None:
    assert words("encoded-path", heard(f"GET {path}")) == said


@pytest.mark.parametrize(
    ("call", "body", "label", "as_json", "labelled", "present"),
    [
        ("POST /agents/register", b"{}", "application/json", KEPT, KEPT, KEPT),
        ("POST /agents/register", b"{}", "Application/Json;charset=utf-8", KEPT, KEPT, KEPT),
        ("POST /agents/register", b"{}", "text/plain", KEPT, BROKEN, KEPT),
        ("POST /agents/register", b"{}", "application/x-www-form-urlencoded", KEPT, BROKEN, KEPT),
        ("POST /agents/register", b"{}", "", KEPT, BROKEN, KEPT),
        ("POST /agents/register", b"{}", None, KEPT, BROKEN, KEPT),
        ("POST /agents/register", b"a=b", "application/json", BROKEN, KEPT, KEPT),
        ("POST /agents/register", b"", "application/json", SILENT, SILENT, BROKEN),
        ("POST /agents/register", b"", None, SILENT, SILENT, BROKEN),
        ("POST /agents/discover", b"", None, SILENT, SILENT, SILENT),  # its body is optional
        ("GET /health", b"", None, SILENT, SILENT, SILENT),
        ("GET /health", b"x", "text/plain", SILENT, SILENT, SILENT),
        ("POST /nowhere", b"x", None, SILENT, SILENT, SILENT),
    ],
)
def test_bodies_are_json_labelled_and_there(
    call: str,
    body: bytes,
    label: str | None,
    as_json: list[bool],
    labelled: list[bool],
    present: list[bool],
) -> None:
    asked = heard(call, body, label)
    assert words("json-body", asked) == as_json
    assert words("labelled-body", asked) == labelled
    assert words("body-present", asked) == present


def test_what_is_no_http_is_told_in_the_words_of_its_reader() -> None:
    assert words("well-formed-http", heard("GET /health")) == KEPT
    garbled = Violation(pointer="", keyword="http", message="bad request line", value=None)
    (word,) = REQUEST_RULES["well-formed-http"](heard("GET ", wrong=garbled), AITBC)
    assert (word.kept, word.message) == (False, "bad request line")


@pytest.mark.parametrize(
    ("kind", "reason", "lawful", "said"),
    [
        ("close", "", True, KEPT),
        ("lost", "the connection ended without a close frame", True, BROKEN),
        ("lost", "the connection ended without a close frame", False, BROKEN),
        ("lost", "the connection broke: [Errno 104] Connection reset by peer", True, BROKEN),
        ("lost", "the connection broke: [Errno 104] Connection reset by peer", False, SILENT),
    ],
)
def test_a_reset_after_an_unlawful_message_tells_nothing(
    kind: Kind, reason: str, lawful: bool, said: list[bool]
) -> None:
    frame = Frame(
        connection="a", sender="peer", kind=kind, at=0, seconds=0, reason=reason, lawful=lawful
    )
    assert [word.kept for word in FRAME_RULES["closed-in-order"](frame, AITBC)] == said


def test_every_rule_is_wanted_by_a_row_and_every_row_finds_its_rule() -> None:
    rows = [row for each in protocol_ids() for row in load_requirements(load(each)).values()]
    wanted = {(row.role, row.rule) for row in rows if row.rule}
    known = {
        "coordinator": {*ANSWER_RULES, *FRAME_RULES},
        "agent": {*REQUEST_RULES, *FRAME_RULES},
    }
    assert all(rule in known[role] for role, rule in wanted)
    assert {rule for _, rule in wanted} == known["coordinator"] | known["agent"]
