"""What is said to Caxton's agents, what they say, and what the history keeps."""

from __future__ import annotations

import random
from typing import Any

import pytest

from mockserver.protocols.caxton.players import ANSWERS, KNOWN
from mockserver.world import iso
from tests.mockserver.conftest import START
from tests.mockserver.protocols.caxton_harbour import Harbour

UNDELIVERED = (500, "MESSAGE_DELIVERY_FAILED")
INVALID = (400, "INVALID_REQUEST")


@pytest.fixture
def harbour() -> Harbour:
    return Harbour()


@pytest.fixture
def agent(harbour: Harbour) -> str:
    return harbour.agent("pilot")


def _answers(harbour: Harbour, agent: str) -> list[dict[str, Any]]:
    harbour.pass_time(2)
    return [each for each in harbour.history("?limit=1000") if each["sender"] == agent]


def test_message_is_delivered_and_answered(harbour: Harbour, agent: str) -> None:
    said = harbour.say(agent, conversation_id="c-1", reply_with="q-1", ontology="harbour")
    assert said == {
        "message_id": said["message_id"],
        "status": "delivered",
        "delivered_at": iso(START),
    }
    (first,) = harbour.history("?conversation_id=c-1")
    assert first == {
        "message_id": said["message_id"],
        "performative": "request",
        "sender": "tower",
        "receiver": agent,
        "content": {"berth": 4},
        "conversation_id": "c-1",
        "reply_with": "q-1",
        "ontology": "harbour",
        "timestamp": iso(START),
    }
    (answer,) = _answers(harbour, agent)
    assert answer["performative"] == "inform"
    assert answer["receiver"] == "tower"
    assert (answer["conversation_id"], answer["in_reply_to"]) == ("c-1", "q-1")
    assert answer["content"] == {"berth": 4, "status": "done", "answered_by": "pilot"}
    assert iso(START) < answer["timestamp"] < iso(START + 0.3)


@pytest.mark.parametrize("performative", sorted(KNOWN))
def test_agent_answers_each_performative(harbour: Harbour, agent: str, performative: str) -> None:
    harbour.say(agent, performative)
    usual = [ANSWERS[performative]] if performative in ANSWERS else []
    assert [each["performative"] for each in _answers(harbour, agent)] == usual


def test_unknown_performative_is_not_understood(harbour: Harbour, agent: str) -> None:
    harbour.say(agent, "yodel")
    assert [each["performative"] for each in _answers(harbour, agent)] == ["not-understood"]


def test_answers_come_in_the_order_of_the_questions(harbour: Harbour, agent: str) -> None:
    wanted = [f"q-{number}" for number in range(50)]
    for each in wanted:
        harbour.say(agent, reply_with=each)
    assert [each["in_reply_to"] for each in _answers(harbour, agent)] == wanted
    assert harbour("GET", "/messages?limit=1")["total"] == 100


def test_answer_wants_no_answer(harbour: Harbour, agent: str) -> None:
    other = harbour.agent()
    harbour.say(agent, "cfp", sender=other, reply_with="q")
    harbour.pass_time(5)
    said = [(each["sender"], each["performative"]) for each in harbour.history()]
    assert said == [(other, "cfp"), (agent, "propose")]
    assert harbour.look(other)["metrics"]["messages_processed"] == 1


def test_request_that_answers_something_is_a_request_all_the_same(
    harbour: Harbour, agent: str
) -> None:
    harbour.say(agent, "request", in_reply_to="x")
    harbour.pass_time(5)
    said = [(each["sender"], each["performative"]) for each in harbour.history()]
    assert said == [("tower", "request"), (agent, "inform")]


def test_message_without_sender_is_taken_and_not_answered(harbour: Harbour, agent: str) -> None:
    harbour("POST", "/messages", {"performative": "request", "receiver": agent, "content": {}})
    harbour.pass_time(1)
    (only,) = harbour.history()
    assert only["sender"] is None
    assert only["conversation_id"].startswith("conv_")


@pytest.mark.parametrize(
    "change",
    [
        {"performative": None},
        {"performative": ""},
        {"performative": 3},
        {"receiver": None},
        {"receiver": ""},
        {"receiver": 4},
        {"content": "words"},
        {"conversation_id": 5},
        {"sender": {}},
    ],
)
def test_bad_message_is_refused(harbour: Harbour, agent: str, change: dict[str, Any]) -> None:
    message = {"performative": "inform", "receiver": agent, "content": {}}
    merged = {**message, **change}
    wrong = {name: value for name, value in merged.items() if value is not None}
    assert harbour.refused("POST", "/messages", wrong) == INVALID
    assert harbour.history() == []


def test_undeliverable_message_is_not_in_the_history(harbour: Harbour, agent: str) -> None:
    harbour.command("fail_agent", agent=agent)
    message = {"performative": "inform", "receiver": agent, "content": {}}
    assert harbour.refused("POST", "/messages", message) == UNDELIVERED
    nobody = {**message, "receiver": "nobody"}
    assert harbour.refused("POST", "/messages", nobody) == (404, "AGENT_NOT_FOUND")
    assert harbour.history() == []
    metrics = harbour("GET", f"/metrics/agents/{agent}?period=5m")["metrics"]
    assert (metrics["messages_processed"], metrics["messages_failed"]) == (0, 1)
    assert [each["error"] for each in metrics["errors"]] == ["undeliverable"]


def test_content_comes_back_as_it_was_sent(harbour: Harbour, agent: str) -> None:
    deep: dict[str, Any] = {}
    for _ in range(150):
        deep = {"in": deep}
    odd = {
        "ü": "\u0000é😀",
        "big": 2**60 + 1,
        "small": 1e-9,
        "none": None,
        "list": [1, {}],
        "deep": deep,
    }
    harbour.say(agent, content=odd)
    answer = _answers(harbour, agent)[0]
    assert harbour.history()[0]["content"] == odd
    assert answer["content"] == {**odd, "status": "done", "answered_by": "pilot"}


# History


def test_history_is_walked_to_its_end(harbour: Harbour, agent: str) -> None:
    for number in range(23):
        harbour.say(
            agent, "inform", conversation_id="a" if number % 2 else "A", content={"n": number}
        )
    for limit in (1, 4, 11, 12, 99):
        found: list[int] = []
        cursor: Any = ""
        pages = 0
        while cursor is not None:
            query = f"?conversation_id=a&limit={limit}" + (f"&cursor={cursor}" if cursor else "")
            page = harbour("GET", f"/messages{query}")
            assert page["total"] == 11
            assert len(page["messages"]) <= limit
            found += [each["content"]["n"] for each in page["messages"]]
            cursor, pages = page["next_cursor"], pages + 1
        assert found == list(range(1, 23, 2))
        assert pages == -(-11 // limit)
    empty = harbour("GET", "/messages?conversation_id=nobody")
    assert empty == {"messages": [], "total": 0, "next_cursor": None}


@pytest.mark.parametrize(
    ("dialect", "expected"), [("documented", [0, 1, 2, 3, 4]), ("deployed", [3, 2, 1, 0])]
)
def test_page_goes_on_where_it_was_though_messages_come(dialect: str, expected: list[int]) -> None:
    harbour = Harbour(dialect)
    agent = harbour.agent()
    for number in range(4):
        harbour.say(agent, "inform", content={"n": number}, conversation_id="c")
    page = harbour("GET", "/messages?limit=2&conversation_id=c")
    harbour.say(agent, "inform", content={"n": 4}, conversation_id="c")
    rest = harbour("GET", f"/messages?conversation_id=c&cursor={page['next_cursor']}")
    found = [each["content"]["n"] for each in page["messages"] + rest["messages"]]
    assert found == expected
    assert rest["next_cursor"] is None


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "x",
        "cursor_",
        "cursor_!!",
        "cursor_bQ",
        "cursor_eDE",
        "page_bTE",
        "cursor_bWE",
        "cursor_w6k",
        "cursor_a",
    ],
)
def test_cursor_that_was_never_given_is_refused(harbour: Harbour, cursor: str) -> None:
    assert harbour.refused("GET", f"/messages?cursor={cursor}") == INVALID


@pytest.mark.parametrize("limit", ["0", "-3", "many", "9" * 30])
def test_bad_limit_is_refused(harbour: Harbour, limit: str) -> None:
    assert harbour.refused("GET", f"/messages?limit={limit}") == INVALID


def test_history_keeps_no_more_than_it_can(
    harbour: Harbour, agent: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mockserver.protocols.caxton.messages._KEPT", 10)
    for number in range(15):
        harbour.say(agent, "inform", conversation_id=f"c{number % 3}", content={"n": number})
    assert [each["content"]["n"] for each in harbour.history()] == list(range(5, 15))
    assert [each["content"]["n"] for each in harbour.history("?conversation_id=c0")] == [6, 9, 12]


def test_conversations_never_mix(harbour: Harbour) -> None:
    """Many clients and agents at once: each conversation is what was said in it, in order."""
    chance = random.Random(7)
    agents = [harbour.agent() for _ in range(4)]
    asked: dict[str, list[str]] = {}
    for number in range(200):
        conversation = f"talk-{chance.randrange(12)}"
        asked.setdefault(conversation, []).append(f"q-{number}")
        harbour.say(chance.choice(agents), reply_with=f"q-{number}", conversation_id=conversation)
        harbour.pass_time(chance.random() / 50)
    harbour.pass_time(5)
    for conversation, questions in asked.items():
        history = harbour.history(f"?conversation_id={conversation}&limit=1000")
        assert [each["reply_with"] for each in history if "reply_with" in each] == questions
        answered = [each["in_reply_to"] for each in history if "in_reply_to" in each]
        assert sorted(answered) == sorted(questions)


# What agents are told to do


def test_scripted_answers_come_once_and_in_order(harbour: Harbour, agent: str) -> None:
    harbour.command("reply", agent="pilot", content={"berth": 9}, performative="refuse")
    harbour.command("reply", agent=agent, content=None)
    harbour.command("reply", agent=agent, content={"ok": True})
    for name, performative in (
        ("a", "request"),
        ("b", "request"),
        ("c", "inform"),
        ("d", "query-if"),
    ):
        harbour.say(agent, performative, reply_with=name)
    told = [
        (each["in_reply_to"], each["performative"], each["content"].get("berth"))
        for each in _answers(harbour, agent)
    ]
    assert told == [("a", "refuse", 9), ("c", "inform", None), ("d", "inform", 4)]


def test_silent_agent_says_nothing(harbour: Harbour, agent: str) -> None:
    assert harbour.command("silence", agent="pilot") == {"agent_id": agent, "silent": True}
    harbour.say(agent)
    assert _answers(harbour, agent) == []
    assert harbour.look(agent)["metrics"]["messages_processed"] == 1


def test_other_dialect_agrees_first_and_knows_no_404() -> None:
    harbour = Harbour("deployed")
    agent = harbour.agent()
    harbour.say(agent, reply_with="q")
    assert [each["performative"] for each in harbour.history()] == ["agree", "request"]
    harbour.pass_time(1)
    history = harbour.history()
    assert [each["performative"] for each in history] == ["inform", "agree", "request"]
    assert [each.get("in_reply_to") for each in history] == ["q", "q", None]
    message = {"performative": "inform", "receiver": "nobody", "content": {}}
    assert harbour.refused("POST", "/messages", message) == UNDELIVERED
