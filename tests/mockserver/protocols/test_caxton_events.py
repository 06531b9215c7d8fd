"""Who hears what on Caxton's WebSocket."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from mockserver.coordinator import Connection
from mockserver.passage import Outcome
from mockserver.protocols.caxton.events import Subscription, matches
from mockserver.world import iso
from tests.mockserver.conftest import START
from tests.mockserver.protocols.caxton_harbour import TOKEN, Harbour


@pytest.fixture
def harbour() -> Harbour:
    return Harbour()


def test_events_tell_an_agents_whole_life(harbour: Harbour) -> None:
    listener = harbour.listen("agent.*")
    agent = harbour.agent("pilot")
    harbour("PUT", f"/agents/{agent}", {"config": {}})
    harbour.pass_time(1)
    harbour("POST", f"/agents/{agent}/stop")
    harbour.pass_time(1)
    harbour("DELETE", f"/agents/{agent}")
    events = listener.take()
    assert [each["type"] for each in events] == [
        "agent.deployed",
        "agent.updated",
        "agent.draining",
        "agent.stopped",
        "agent.removed",
    ]
    assert {each["agent_id"] for each in events} == {agent}
    assert events[0]["timestamp"] == iso(START)
    broken = harbour.agent()
    harbour.command("fail_agent", agent=broken)
    assert listener.kinds() == ["agent.deployed", "agent.failed"]


def test_message_is_told_with_its_answer(harbour: Harbour) -> None:
    agent = harbour.agent()
    listener = harbour.listen()
    said = harbour.say(agent, "query-if", reply_with="q")
    harbour.pass_time(1)
    asked, answered = listener.take()
    assert asked == {
        "type": "message.sent",
        "message_id": said["message_id"],
        "from": "tower",
        "to": agent,
        "performative": "query-if",
        "conversation_id": asked["conversation_id"],
        "timestamp": iso(START),
        "subscription_id": "sub_1",
    }
    assert (answered["from"], answered["to"]) == (agent, "tower")
    assert answered["message_id"] == harbour.history()[1]["message_id"]


def test_refused_things_are_not_told(harbour: Harbour) -> None:
    harbour.agent("pilot")
    listener = harbour.listen()
    harbour.deploy("pilot")
    harbour.deploy(wasm=b"nothing")
    harbour.refused(
        "POST", "/messages", {"performative": "inform", "receiver": "nobody", "content": {}}
    )
    harbour.refused("POST", "/tasks", {"name": "x"}, token="wrong")
    assert listener.take() == []


def test_task_is_told_from_first_to_last(harbour: Harbour) -> None:
    agent = harbour.agent()
    listener = harbour.listen("task.*")
    task = harbour("POST", "/tasks", {"name": "weigh"})["task_id"]
    harbour("POST", f"/tasks/{task}/distribute", {"strategy": "best_bid"})
    harbour.pass_time(100)
    events = listener.take()
    assert [each["type"] for each in events] == [
        "task.created",
        "task.distributed",
        "task.completed",
    ]
    assert [each.get("agent_id") for each in events] == [None, agent, agent]
    assert events[2]["result"] == "success"
    assert {each["task_id"] for each in events} == {task}


def test_alert_is_told(harbour: Harbour) -> None:
    listener = harbour.listen("system.alert")
    harbour.command("alert")
    harbour.command("alert", severity="critical", message="the disk is full", details={"gb": 0})
    first, second = listener.take()
    assert (first["severity"], first["details"]) == ("warning", {"memory_percent": 91})
    assert (second["severity"], second["message"]) == ("critical", "the disk is full")
    wrong: dict[str, Any]
    for wrong in ({"severity": 3}, {"message": []}, {"details": "none"}):
        with pytest.raises(TypeError):
            harbour.command("alert", **wrong)


# What a subscription selects


@pytest.mark.parametrize(
    ("pattern", "kind", "does"),
    [
        ("agent.*", "agent.deployed", True),
        ("agent.*", "agent", False),
        ("agent.*", "agents.deployed", False),
        ("*", "system.alert", True),
        ("*.deployed", "agent.deployed", True),
        ("*.deployed", "agent.deployed.x", False),
        ("a*d", "agent.deployed", True),
        ("a*t.d*d", "agent.deployed", True),
        ("a*x*d", "agent.deployed", False),
        ("agent.deployed", "agent.deployed", True),
        ("agent.deployed", "agent.deployed2", False),
        ("agent.deploye?", "agent.deployed", False),
        ("agent.[d]*", "agent.deployed", False),
        ("Agent.*", "agent.deployed", False),
        ("ab*ba", "aba", False),
        ("**", "x", True),
    ],
)
def test_star_stands_for_anything(pattern: str, kind: str, does: bool) -> None:
    assert matches(pattern, kind) is does


_MESSAGE = {"type": "message.sent", "from": "a", "to": "b", "performative": "inform"}
_DEPLOYED = {"type": "agent.deployed", "agent_id": "a"}
_ALERT = {"type": "system.alert", "severity": "warning", "message": "x"}


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        ({"events": ["*"]}, [_MESSAGE, _DEPLOYED, _ALERT]),
        ({"events": []}, [_MESSAGE, _DEPLOYED, _ALERT]),
        ({"events": ["agent.*", "system.alert"]}, [_DEPLOYED, _ALERT]),
        ({"events": ["*"], "filters": {"agent_ids": ["a"]}}, [_MESSAGE, _DEPLOYED]),
        ({"events": ["*"], "filters": {"agent_ids": ["b"]}}, [_MESSAGE]),
        ({"events": ["*"], "filters": {}}, [_MESSAGE, _DEPLOYED, _ALERT]),
        ({"filters": {"agent_ids": ["a"]}}, [_MESSAGE, _DEPLOYED]),
        ({"filter": {}}, [_MESSAGE]),
        ({"filter": {"agents": ["a"]}}, [_MESSAGE]),
        ({"filter": {"agents": ["b", "c"]}}, [_MESSAGE]),
        ({"filter": {"agents": ["c"]}}, []),
        ({"filter": {"performatives": ["inform", "cfp"]}}, [_MESSAGE]),
        ({"filter": {"performatives": ["cfp"]}}, []),
        ({"filter": {"agents": ["a"], "performatives": ["cfp"]}}, []),
        ({"filter": {"agents": ["a"]}, "events": ["agent.*"]}, []),
        ({"filter": {"agents": ["a"]}, "filters": {"agent_ids": ["c"]}}, []),
    ],
)
def test_subscription_selects(said: dict[str, Any], wanted: list[Any]) -> None:
    subscription = Subscription.of("s", Connection(number=1, channel="events"), said)
    assert [each for each in (_MESSAGE, _DEPLOYED, _ALERT) if subscription.wants(each)] == wanted


def test_each_subscription_is_told_once(harbour: Harbour) -> None:
    twice = harbour.listen("agent.*")
    second = twice.subscribe(events=["agent.deployed"])
    once = harbour.listen()
    nothing = harbour.join()
    harbour.agent()
    assert [each["subscription_id"] for each in twice.take()] == ["sub_1", second]
    assert once.kinds() == ["agent.deployed"]
    assert nothing.take() == []


def test_other_dialect_tells_a_connection_once() -> None:
    harbour = Harbour("deployed")
    twice, other = harbour.listen("agent.*"), harbour.listen("agent.*")
    twice.subscribe(events=["*"])
    harbour.agent()
    assert (twice.kinds(), other.kinds()) == (["agent.deployed"], ["agent.deployed"])


def test_unsubscription_ends_one_subscription(harbour: Harbour) -> None:
    mine, other = harbour.listen("agent.*"), harbour.listen("agent.*")
    second = mine.subscribe(events=["*"])
    assert mine.say("unsubscribe", subscription_id="sub_2")["error"]["code"] == (
        "SUBSCRIPTION_NOT_FOUND"
    )
    ended = mine.say("unsubscribe", subscription_id="sub_1")
    assert ended == {"type": "unsubscribed", "subscription_id": "sub_1"}
    again = mine.say("unsubscribe", subscription_id="sub_1")
    assert again["error"]["details"] == {"subscription_id": "sub_1"}
    mine.heard.clear()
    harbour.agent()
    assert [each["subscription_id"] for each in mine.take()] == [second]
    assert other.kinds() == ["agent.deployed"]


def test_subscriptions_end_with_their_connection(harbour: Harbour) -> None:
    gone, stays = harbour.listen(), harbour.listen()
    gone.leave()
    assert [each["connection"] for each in harbour.state["subscriptions"]] == [2]
    harbour.agent()
    assert gone.take() == []
    assert stays.kinds() == ["agent.deployed"]


def test_burst_is_told_in_full_and_in_order(harbour: Harbour) -> None:
    agent = harbour.agent()
    listeners = [harbour.listen("message.sent") for _ in range(3)]
    sent = [harbour.say(agent, "inform")["message_id"] for _ in range(300)]
    for listener in listeners:
        assert [each["message_id"] for each in listener.take()] == sent


def test_any_event_can_be_pushed(harbour: Harbour) -> None:
    listener = harbour.listen("tide.*")
    event = {"type": "tide.high", "metres": 4}
    assert harbour.command("push", event=event) == {"subscriptions": 1}
    assert harbour.command("push", event={"type": "ebb"}) == {"subscriptions": 0}
    assert listener.take() == [{**event, "subscription_id": "sub_1"}]
    wrong: dict[str, Any]
    for wrong in ({}, {"event": []}, {"event": {}}, {"event": {"type": 4}}):
        with pytest.raises(TypeError):
            harbour.command("push", **wrong)


# What is no subscription


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"hello", "MALFORMED_MESSAGE"),
        (b"", "MALFORMED_MESSAGE"),
        (b"[" * 300 + b"]" * 300, "MALFORMED_MESSAGE"),
        (b"[]", "INVALID_REQUEST"),
        (b"{}", "INVALID_REQUEST"),
        (b'{"type": 5}', "INVALID_REQUEST"),
        (b'{"type": "sing"}', "UNKNOWN_MESSAGE"),
        (b'{"type": "subscribe"}', "INVALID_REQUEST"),
        (b'{"type": "subscribe", "events": "agent.*"}', "INVALID_REQUEST"),
        (b'{"type": "subscribe", "filter": {"agents": [5]}}', "INVALID_REQUEST"),
        (b'{"type": "unsubscribe"}', "INVALID_REQUEST"),
        (b'{"type": "unsubscribe", "subscription_id": "none"}', "SUBSCRIPTION_NOT_FOUND"),
    ],
)
def test_what_is_wrong_is_said_and_the_connection_stays(
    harbour: Harbour, data: bytes, code: str
) -> None:
    listener = harbour.listen()
    said = listener.raw(data)
    assert (said["type"], said["error"]["code"]) == ("error", code)
    assert said["error"].keys() == {"code", "message", "details", "trace_id"}
    assert listener.endings == []
    harbour.agent()
    assert listener.kinds() == ["agent.deployed"]


# Who comes in


def test_door_is_open_but_not_to_a_wrong_token(harbour: Harbour) -> None:
    harbour.join()
    harbour.join(headers={"X-Caxton-Token": TOKEN})
    harbour.join(headers={"authorization": f"Bearer {TOKEN}"})
    harbour.join(token=TOKEN)
    wrong: list[dict[str, Any]] = [
        {"headers": {"X-Caxton-Token": "wrong"}},
        {"headers": {"X-Caxton-Token": ""}},
        {"headers": {"authorization": "Bearer wrong"}},
        {"token": "wrong"},
        {"token": "wrong", "headers": {"X-Caxton-Token": TOKEN}},
    ]
    for each in wrong:
        refused = harbour.knock(**each)
        assert isinstance(refused, Outcome)
        assert refused.status == 401
        assert orjson.loads(refused.body)["error"]["code"] == "UNAUTHORIZED"


# Restarts


def test_all_but_subscriptions_outlives_a_restart(harbour: Harbour) -> None:
    agent = harbour.agent("pilot")
    harbour.command("grant", token="second")
    listener = harbour.listen()
    task = harbour("POST", "/tasks", {"name": "weigh"})["task_id"]
    harbour("POST", f"/tasks/{task}/distribute", {"strategy": "best_bid"})
    harbour.say(agent)
    before = harbour.state
    harbour.restart()
    after = harbour.state
    for what in ("agents", "messages", "tasks", "deployments"):
        assert after[what] == before[what]
    assert after["subscriptions"] == []
    assert [ending.code for ending in listener.endings] == [1012]
    listener = harbour.listen("task.completed")
    harbour.pass_time(100)
    assert listener.kinds() == ["task.completed"]
    assert harbour("GET", f"/tasks/{task}", token="second")["status"] == "completed"
    other = harbour.agent()
    assert other not in (agent, task)
