"""gRPC: the same agents and messages, by another way."""

from __future__ import annotations

from typing import Any

import pytest

from mockserver.passage import Outcome
from tests.mockserver.conftest import START
from tests.mockserver.protocols.caxton_harbour import MODULE_TEXT, TOKEN, Harbour

DEPLOY, LIST = "AgentService.DeployAgent", "AgentService.ListAgents"
SEND, WAIT = "MessageService.SendMessage", "MessageService.SendMessageAndWait"
INVALID = (400, "INVALID_REQUEST")


@pytest.fixture
def harbour() -> Harbour:
    return Harbour()


def _deploy(name: str = "pilot", **config: Any) -> dict[str, Any]:
    return {"wasm_module": MODULE_TEXT, "config": {"name": name, **config}}


def _message(receiver: str, performative: str = "request", **fields: Any) -> dict[str, Any]:
    options = {"options": {"timeout_seconds": fields.pop("timeout")}} if "timeout" in fields else {}
    message = {"performative": performative, "receiver": receiver, "content": {"berth": 4}}
    return {"message": {**message, **fields}, **options}


def test_agent_is_deployed_and_listed_everywhere(harbour: Harbour) -> None:
    listener = harbour.listen()
    config: dict[str, Any] = {
        "resources": {"memory": "64MB"},
        "environment": {"A": "b"},
        "capabilities": ["x"],
    }
    said = harbour.call(DEPLOY, _deploy(**config))
    assert said["status"] == "AGENT_STATUS_RUNNING"
    assert said["deployed_at"] == "2026-11-21T08:15:30Z"
    agent = said["agent_id"]
    assert harbour.look(agent)["resources"]["limits"] == {"memory": "64MB", "cpu": "100000"}
    assert listener.kinds() == ["agent.deployed"]
    other = harbour.agent()
    listed = harbour.call(LIST, {})
    assert (listed["total"], [each["agent_id"] for each in listed["agents"]]) == (2, [agent, other])
    assert listed["agents"][0] == {
        "agent_id": agent,
        "name": "pilot",
        "status": "AGENT_STATUS_RUNNING",
        "created_at": said["deployed_at"],
    }
    (seen, _) = harbour.state["agents"]
    assert (seen["environment"], seen["capabilities"]) == ({"A": "b"}, ["x"])


def test_list_is_filtered_and_paged(harbour: Harbour) -> None:
    agents = [harbour.agent() for _ in range(5)]
    harbour("POST", f"/agents/{agents[4]}/stop")
    harbour.pass_time(1)
    page = harbour.call(LIST, {"limit": 2, "offset": 1})
    assert ([each["agent_id"] for each in page["agents"]], page["total"]) == (agents[1:3], 5)
    stopped = harbour.call(LIST, {"status_filter": "AGENT_STATUS_STOPPED"})
    assert ([each["agent_id"] for each in stopped["agents"]], stopped["total"]) == (agents[4:], 1)
    assert stopped["agents"][0]["status"] == "AGENT_STATUS_STOPPED"
    assert harbour.call(LIST, {"status_filter": "AGENT_STATUS_UNSPECIFIED"})["total"] == 5
    assert harbour.denied(LIST, {"limit": -1}) == INVALID
    assert harbour.denied(LIST, {"offset": -1}) == INVALID
    assert harbour.denied(LIST, {"status_filter": 77}) == INVALID


@pytest.mark.parametrize(
    ("body", "refusal"),
    [
        ({}, (400, "INVALID_WASM")),
        ({"wasm_module": MODULE_TEXT}, INVALID),
        ({"wasm_module": MODULE_TEXT, "config": {}}, INVALID),
        ({"config": {"name": "x"}}, (400, "INVALID_WASM")),
        ({"wasm_module": "AAAA", "config": {"name": "x"}}, (400, "INVALID_WASM")),
        (_deploy(resources={"memory": "much"}), INVALID),
        (_deploy(resources={"memory": "5GB"}), (429, "RESOURCE_LIMIT_EXCEEDED")),
        (_deploy("taken"), (409, "AGENT_ALREADY_EXISTS")),
    ],
)
def test_bad_deployment_is_refused(
    harbour: Harbour, body: dict[str, Any], refusal: tuple[int, str]
) -> None:
    harbour.agent("taken")
    assert harbour.denied(DEPLOY, body) == refusal
    assert harbour.call(LIST, {})["total"] == 1


def test_message_is_delivered(harbour: Harbour) -> None:
    agent = harbour.agent()
    listener = harbour.listen()
    said = harbour.call(SEND, _message(agent, sender="tower", conversation_id="c"))
    assert (said["status"], said["delivered_at"]) == ("delivered", "2026-11-21T08:15:30Z")
    (told,) = harbour.history("?conversation_id=c")
    assert told["message_id"] == said["message_id"]
    assert (told["sender"], told["content"]) == ("tower", {"berth": 4})
    assert listener.kinds() == ["message.sent"]


@pytest.mark.parametrize("name", [SEND, WAIT])
def test_bad_message_is_refused(harbour: Harbour, name: str) -> None:
    agent = harbour.agent()
    assert harbour.denied(name, {}) == INVALID
    assert harbour.denied(name, {"message": {}}) == INVALID
    assert harbour.denied(name, _message("")) == INVALID
    assert harbour.denied(name, _message(agent, "")) == INVALID
    assert harbour.denied(name, _message("nobody")) == (404, "AGENT_NOT_FOUND")
    harbour.command("fail_agent", agent=agent)
    assert harbour.denied(name, _message(agent)) == (500, "MESSAGE_DELIVERY_FAILED")
    assert harbour.history() == []


def test_message_of_a_status_is_short(harbour: Harbour) -> None:
    outcome = harbour.rpc(SEND, _message("x" * 20_000))
    assert len(outcome.headers["grpc-message"]) == 500


def test_token_is_a_bearers(harbour: Harbour) -> None:
    for name in (DEPLOY, LIST, SEND, WAIT):
        for token in (None, "wrong", "", TOKEN + "x"):
            assert harbour.denied(name, {}, token=token) == (401, "UNAUTHORIZED")


def test_limits_are_shared_with_rest(harbour: Harbour) -> None:
    for number in range(10):
        harbour.deploy()
        outcome = harbour.rpc(DEPLOY, _deploy(f"rpc-{number}"))
    assert outcome.headers["X-RateLimit-Remaining"] == "0"
    assert harbour.denied(DEPLOY, _deploy()) == (429, "RATE_LIMITED")
    assert harbour.read(harbour.deploy()) == (429, "RATE_LIMITED")


# Replies that are waited for


def test_reply_comes_at_once(harbour: Harbour) -> None:
    agent = harbour.agent("pilot")
    body = _message(agent, reply_with="q", conversation_id="c", language="json")
    outcome = harbour.rpc(WAIT, body)
    assert int(outcome.headers["X-RateLimit-Remaining"]) == 1999
    reply = harbour.call(WAIT, body)["message"]
    assert reply == {
        "performative": "inform",
        "sender": agent,
        "receiver": "client",
        "content": {"berth": 4, "status": "done", "answered_by": "pilot"},
        "conversation_id": "c",
        "reply_with": "",
        "in_reply_to": "q",
        "ontology": "",
        "language": "json",
    }
    told = harbour.history("?conversation_id=c")
    assert [each["performative"] for each in told] == ["request", "inform"] * 2


def test_own_words_are_waited_for_and_not_the_agreement() -> None:
    harbour = Harbour("deployed")
    agent = harbour.agent()
    assert harbour.call(WAIT, _message(agent))["message"]["performative"] == "inform"
    assert [each["performative"] for each in harbour.history()] == ["inform", "agree", "request"]


def test_scripted_reply_is_given(harbour: Harbour) -> None:
    agent = harbour.agent()
    harbour.command("reply", agent=agent, content={"no": True}, performative="refuse")
    reply = harbour.call(WAIT, _message(agent, "inform"))["message"]
    assert (reply["performative"], reply["content"]) == ("refuse", {"no": True})


def test_loaded_agent_replies_once_it_runs() -> None:
    harbour = Harbour("deployed")
    agent = harbour.call(DEPLOY, _deploy())["agent_id"]
    delivered = harbour.wait_for(WAIT, _message(agent))
    harbour.pass_time(0.5)
    assert delivered == []
    harbour.pass_time(0.5)
    (outcome,) = delivered
    assert harbour.decoded(WAIT, outcome)["message"]["sender"] == agent
    assert "X-RateLimit-Limit" in outcome.headers
    assert harbour.state["waiting"] == []


@pytest.mark.parametrize(("fields", "seconds"), [({}, 30), ({"timeout": 5}, 5)])
def test_silence_comes_to_an_end(harbour: Harbour, fields: dict[str, Any], seconds: float) -> None:
    agent = harbour.agent()
    harbour.command("silence", agent=agent)
    delivered = harbour.wait_for(WAIT, _message(agent, **fields))
    harbour.pass_time(seconds - 0.1)
    assert delivered == []
    harbour.pass_time(0.1)
    (outcome,) = delivered
    assert harbour.read(outcome) == (504, "REPLY_TIMEOUT")
    assert outcome.headers["x-error-code"] == "REPLY_TIMEOUT"
    assert harbour.state["waiting"] == []


def test_agent_that_ends_leaves_nobody_waiting(harbour: Harbour) -> None:
    agent, other = harbour.agent(), harbour.agent()
    for each in (agent, other):
        harbour.command("silence", agent=each)
    delivered = harbour.wait_for(WAIT, _message(agent))
    still = harbour.wait_for(WAIT, _message(other))
    harbour.command("fail_agent", agent=agent)
    (outcome,) = delivered
    assert harbour.read(outcome) == (500, "MESSAGE_DELIVERY_FAILED")
    harbour.pass_time(29)
    assert still == []
    assert len(harbour.state["waiting"]) == 1


def test_client_that_went_away_is_forgotten(harbour: Harbour) -> None:
    agent = harbour.agent()
    harbour.command("silence", agent=agent)
    pending = harbour.rpc(WAIT, _message(agent, timeout=3))
    assert not isinstance(pending, Outcome)
    pending.given_up()
    assert harbour.state["waiting"] == []
    harbour.pass_time(10)
    harbour.command("fail_agent", agent=agent)


def test_each_waits_for_its_own(harbour: Harbour) -> None:
    harbour = Harbour("deployed")
    agents = [harbour.call(DEPLOY, _deploy(f"p-{number}"))["agent_id"] for number in range(4)]
    waiting = [
        (agent, f"q-{number}", harbour.wait_for(WAIT, _message(agent, reply_with=f"q-{number}")))
        for number, agent in enumerate(agents * 5)
    ]
    harbour.pass_time(3)
    for agent, asked, delivered in waiting:
        (outcome,) = delivered
        reply = harbour.decoded(WAIT, outcome)["message"]
        assert (reply["sender"], reply["in_reply_to"]) == (agent, asked)


def test_restart_leaves_nobody_waiting(harbour: Harbour) -> None:
    agent = harbour.agent()
    harbour.command("silence", agent=agent)
    delivered = harbour.wait_for(WAIT, _message(agent))
    harbour.restart()
    (outcome,) = delivered
    assert outcome.status == 503
    harbour.pass_time(60)
    assert harbour.state["waiting"] == []
    assert harbour.now() == START + 60
