"""What was said, in order."""

from __future__ import annotations

import orjson
import pytest
from multidict import CIMultiDict

from mockserver.transcript import KEPT, Transcript, shown
from tests.mockserver.conftest import START, Talk


def test_transcript_numbers_from_one_without_gaps(talk: Talk) -> None:
    for _ in range(3):
        talk("GET", "/health")
    assert [exchange.number for exchange in talk.session.transcript] == [1, 2, 3]
    assert [each.number for each in talk.session.transcript.since(1)] == [2, 3]
    assert talk.session.transcript.since(3) == []
    assert len(talk.session.transcript.since(-5)) == 3


def test_transcript_keeps_the_latest(talk: Talk) -> None:
    (exchange,) = [talk("GET", "/health").exchange]
    transcript = Transcript()
    for _ in range(KEPT + 5):
        transcript.number()
        transcript.add(exchange)
    assert len(transcript) == KEPT
    assert transcript.count == KEPT + 5


def test_exchange_holds_request_and_answer(talk: Talk) -> None:
    body = {"agent_id": "a", "agent_type": "worker"}
    exchange = talk(
        "POST", "/agents/register", body, query="x=1", headers={"Accept": "*/*"}
    ).exchange
    assert exchange.json() == body
    assert exchange.at == START
    assert 0 <= exchange.took < 1
    assert exchange.view() == {
        "number": 1,
        "at": "2026-11-21T08:15:30.000Z",
        "took_ms": round(exchange.took * 1000, 3),
        "operation": "registerAgent",
        "request": {
            "method": "POST",
            "path": "/agents/register",
            "query": "x=1",
            "headers": {"Accept": "*/*"},
            "body": body,
        },
        "violations": [],
        "response": {
            "status": 200,
            "headers": {"Content-Type": "application/json"},
            "body": orjson.loads(exchange.answer),
        },
        "faults": [],
    }


def test_exchange_holds_the_violations_of_a_request(talk: Talk) -> None:
    view = talk("POST", "/agents/register", {"agent_id": 1, "agent_type": "worker"}).exchange.view()
    (violation,) = view["violations"]
    assert (violation["pointer"], violation["keyword"]) == ("/agent_id", "type")
    assert view["response"]["status"] == 422


def test_exchange_of_an_unknown_path_has_no_operation(talk: Talk) -> None:
    assert talk("GET", "/nowhere").exchange.view()["operation"] is None


def test_exchange_shows_headers_as_they_come_off_the_wire(talk: Talk) -> None:
    # aiohttp's names are a kind of str that orjson refuses; bytes beyond UTF-8 are surrogates
    headers = CIMultiDict(
        [("X-Plain", "a"), ("X-Strange", b"\xff\xc3\xa9".decode("utf-8", "surrogateescape"))]
    )
    view = talk("GET", "/health", headers=headers).exchange.view()
    assert orjson.loads(orjson.dumps(view))["request"]["headers"] == {
        "X-Plain": "a",
        "X-Strange": "\\xffé",
    }


def test_exchange_whose_body_is_no_json_says_so(talk: Talk) -> None:
    exchange = talk("POST", "/agents/register", b"{").exchange
    with pytest.raises(ValueError, match="unexpected end"):
        exchange.json()


@pytest.mark.parametrize(
    ("body", "seen"),
    [
        (b"", None),
        (b'{"a": 1}', {"a": 1}),
        (b"null", None),
        (b"{", "{"),
        ("grün".encode(), "grün"),
        (b"\xff\x00a", "\\xff\x00a"),
        (b"[" * 300 + b"]" * 300, "[" * 300 + "]" * 300),
    ],
)
def test_bodies_are_shown_to_people(body: bytes, seen: object) -> None:
    assert shown(body) == seen
