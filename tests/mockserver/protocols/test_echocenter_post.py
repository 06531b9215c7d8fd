"""What becomes of messages: whom they reach, with whose name on them, and how dialects differ."""

from __future__ import annotations

from typing import Any

import pytest

from mockserver.faults import Fault
from mockserver.sockets import Ending
from mockserver.world import iso
from tests.mockserver.conftest import START
from tests.mockserver.protocols.echocenter_room import Center


@pytest.fixture
def center() -> Center:
    return Center()


@pytest.fixture
def deployed() -> Center:
    return Center("deployed")


def test_chat_reaches_its_target_and_nobody_else(center: Center) -> None:
    person = center.person()
    (scout, scout_id), (other, _) = center.agent("scout"), center.agent("other")
    person.chat(scout_id, "look around")
    assert scout.heard == [
        {
            "type": "CHAT",
            "sender_id": 1,
            "sender_name": "admin",
            "target_id": scout_id,
            "payload": "look around",
            "timestamp": iso(START),
        }
    ]
    scout.chat(1, "nothing there")
    assert (person.payloads, other.heard) == (["nothing there"], [])
    assert person.heard[0]["sender_id"] == scout_id
    assert center.state["messages"] == {"delivered": 2}


def test_chat_reaches_every_connection_of_its_target(center: Center) -> None:
    first, agent_id = center.agent("scout")
    second, _ = center.agent("scout")
    center.person().chat(agent_id, "both")
    assert first.payloads == second.payloads == ["both"]
    first.chat(agent_id, "me")
    assert first.payloads == second.payloads == ["both", "me"]
    second.leave()
    first.chat(agent_id, "alone")
    assert (first.payloads[2:], second.payloads[2:]) == (["alone"], [])


@pytest.mark.parametrize("dialect", ["documented", "deployed"])
def test_sender_is_the_true_one_whatever_is_claimed(dialect: str) -> None:
    center = Center(dialect)
    person = center.person()
    scout, scout_id = center.agent("scout")
    claims = {"sender_id": 1, "sender_name": "admin", "sender_role": "ADMIN", "timestamp": "never"}
    scout.chat(1, "x", **claims)
    scout.say("SYSTEM_LOG", payload={"level": "INFO", "content": "x"}, **claims)
    for said in person.heard:
        assert (said["sender_id"], said["sender_name"]) == (scout_id, "scout")
        assert said["timestamp"] == iso(START)
        assert said.get("sender_role") in (None, "AGENT")


def test_payload_is_untouched(center: Center) -> None:
    person = center.person()
    scout, _ = center.agent("scout")
    texts = ["", 'ä\n"€😀\u0000', "<b>&amp;</b>", "x" * 100_000, " "]
    for text in texts:
        scout.chat(1, text)
    assert person.payloads == texts


def test_stream_is_passed_on_in_order(center: Center) -> None:
    person = center.person()
    scout, _ = center.agent("scout")
    for piece in ("No", "thing ", ""):
        scout.say("CHAT_STREAM", target_id=1, payload=piece, stream_id="s-1")
    scout.chat(1, "Nothing ", stream_id="s-1")
    scout.say("CHAT_STREAM_END", target_id=1, stream_id="s-1")
    scout.say("CHAT_STREAM_END", target_id=1, stream_id=7, payload={"whole": True})
    assert [(said["type"], said.get("payload")) for said in person.heard] == [
        ("CHAT_STREAM", "No"),
        ("CHAT_STREAM", "thing "),
        ("CHAT_STREAM", ""),
        ("CHAT", "Nothing "),
        ("CHAT_STREAM_END", None),
        ("CHAT_STREAM_END", {"whole": True}),
    ]
    assert [said["stream_id"] for said in person.heard] == ["s-1"] * 5 + [7]
    assert "payload" not in person.heard[4]


def test_log_goes_to_every_dashboard_and_is_kept(center: Center) -> None:
    one, two = center.person(), center.person()
    (scout, scout_id), (other, _) = center.agent("scout"), center.agent("other")
    scout.log("SUCCESS", "online")
    said = {
        "type": "SYSTEM_LOG",
        "sender_id": scout_id,
        "sender_name": "scout",
        "payload": {"level": "SUCCESS", "content": "online"},
        "timestamp": iso(START),
    }
    assert one.heard == two.heard == [said]
    assert scout.heard == other.heard == []
    assert center.state["logs"] == [
        {
            "sender_id": scout_id,
            "sender_name": "scout",
            "level": "SUCCESS",
            "content": "online",
            "timestamp": iso(START),
        }
    ]


def test_logs_are_kept_within_bounds(center: Center) -> None:
    scout, _ = center.agent("scout")
    for number in range(250):
        scout.log("INFO", str(number))
    assert [log["content"] for log in center.state["logs"]] == [str(n) for n in range(50, 250)]
    assert center.state["messages"] == {"logs": 250}


def test_message_for_who_is_not_there_is_dropped(center: Center) -> None:
    scout, _ = center.agent("scout")
    gone, gone_id = center.agent("gone")
    gone.leave()
    for target in (gone_id, 1, 99, 0, -1):
        scout.chat(target, "hello?")
    assert [(each["target_id"], each["reason"]) for each in center.state["undelivered"]] == [
        (gone_id, "offline"),
        (1, "offline"),
        (99, "unknown"),
        (0, "unknown"),
        (-1, "unknown"),
    ]
    assert center.state["messages"] == {"undelivered": 5}
    back, _ = center.agent("gone")
    assert back.heard == scout.heard == []
    assert scout.endings == []


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"{", "it is not well-formed JSON"),
        (b"", "it is not well-formed JSON"),
        (b"[" * 2000, "it is not well-formed JSON"),
        (b"[" * 300 + b"]" * 300, "it is not well-formed JSON"),
        (b"[1]", "type"),
        (b"{}", "type"),
        (b'{"type": 5}', "type"),
        (b'{"type": "DANCE", "target_id": 1}', "its type is unknown"),
        (b'{"type": "CHAT", "payload": "to nobody"}', "target_id"),
        (b'{"type": "CHAT", "target_id": "1", "payload": "x"}', "target_id"),
        (b'{"type": "CHAT", "target_id": true, "payload": "x"}', "target_id"),
        (b'{"type": "CHAT", "target_id": 1, "payload": {}}', "payload"),
        (b'{"type": "CHAT_STREAM", "target_id": 1, "payload": "x"}', "stream_id"),
        (b'{"type": "SYSTEM_LOG", "payload": {"level": "LOUD", "content": "x"}}', "level"),
        (b'{"type": "SYSTEM_LOG", "payload": "x"}', "payload"),
    ],
)
def test_what_the_guide_does_not_know_is_ignored(center: Center, data: bytes, reason: str) -> None:
    person = center.person()
    scout, _ = center.agent("scout")
    scout.raw(data)
    assert (person.heard, scout.heard, scout.endings) == ([], [], [])
    (ignored,) = center.state["ignored"]
    assert ignored["sender"] == "scout"
    assert reason in ignored["reason"]
    scout.chat(1, "still here")
    assert person.payloads == ["still here"]


def test_whole_number_may_have_a_point(center: Center) -> None:
    person = center.person()
    scout, _ = center.agent("scout")
    scout.raw(b'{"type": "CHAT", "target_id": 1.0, "payload": "x"}')
    assert person.payloads == ["x"]


def test_people_do_not_hear_themselves(center: Center) -> None:
    person = center.person()
    _, scout_id = center.agent("scout")
    person.chat(scout_id, "x")
    assert person.heard == []


def test_faults_strike_what_is_delivered(center: Center) -> None:
    person = center.person()
    scout, _ = center.agent("scout")
    center.session.faults.add(Fault(kind="duplicate", operation="deliveredChat"))
    center.session.faults.add(Fault(kind="drop", operation="serverMessage"))
    scout.log("INFO", "lost")
    scout.chat(1, "twice")
    assert person.payloads == ["twice", "twice"]


# Deployed


def test_deployed_uses_the_full_envelope(deployed: Center) -> None:
    person = deployed.person()
    scout, scout_id = deployed.agent("scout")
    scout.chat(1, "x", local_id="mine", stream_id="s")
    scout.log("INFO", "y")
    assert person.heard == [
        {
            "id": 1,
            "local_id": "mine",
            "type": "CHAT",
            "sender_id": scout_id,
            "sender_name": "scout",
            "sender_role": "AGENT",
            "target_id": 1,
            "payload": "x",
            "timestamp": iso(START),
            "stream_id": "s",
        },
        {
            "id": 2,
            "type": "SYSTEM_LOG",
            "sender_id": scout_id,
            "sender_name": "scout",
            "sender_role": "AGENT",
            "target_id": 0,
            "payload": {"level": "INFO", "content": "y"},
            "timestamp": iso(START),
        },
    ]


def test_deployed_echoes_to_people_alone(deployed: Center) -> None:
    one, two = deployed.person(), deployed.person()
    scout, scout_id = deployed.agent("scout")
    one.chat(scout_id, "x")
    one.chat(99, "y")
    scout.chat(1, "z")
    one.chat(1, "self")
    assert one.payloads == two.payloads == ["x", "y", "z", "self"]
    assert scout.payloads == ["x"]


@pytest.mark.parametrize("target", [{}, {"target_id": 0}, {"target_id": None}])
def test_deployed_broadcasts_what_has_no_target(deployed: Center, target: dict[str, Any]) -> None:
    person = deployed.person()
    (scout, _), (other, _) = deployed.agent("scout"), deployed.agent("other")
    scout.say("CHAT", payload="to all", **target)
    person.say("CHAT", payload="too", **target)
    assert other.payloads == person.payloads == ["to all", "too"]
    assert scout.payloads == ["too"]
    assert other.heard[0]["target_id"] == 0
    assert deployed.state["messages"] == {"broadcast": 2}


def test_deployed_relays_unknown_types_and_any_payload(deployed: Center) -> None:
    person = deployed.person()
    scout, scout_id = deployed.agent("scout")
    person.say("AUTH_RESPONSE", target_id=scout_id, payload={"action_id": "a", "approved": True})
    scout.log("LOUD", 5)
    scout.chat(1, [1, {"deep": None}])
    assert (scout.heard[0]["type"], scout.heard[0]["payload"]["approved"]) == (
        "AUTH_RESPONSE",
        True,
    )
    assert person.payloads[1:] == [{"level": "LOUD", "content": 5}, [1, {"deep": None}]]


@pytest.mark.parametrize("data", [b"[1]", b"{}", b'{"type": "CHAT", "target_id": "1"}'])
def test_deployed_ignores_what_it_cannot_route(deployed: Center, data: bytes) -> None:
    scout, _ = deployed.agent("scout")
    scout.raw(data)
    assert deployed.state["messages"] == {"ignored": 1}
    assert scout.endings == []


def test_deployed_reads_targets_of_any_size(deployed: Center) -> None:
    person = deployed.person()
    person.raw(b'{"type": "CHAT", "target_id": 1e300, "payload": "far"}')
    assert person.payloads == ["far"]
    assert deployed.state["undelivered"][0]["reason"] == "unknown"


def test_deployed_ends_the_connection_of_who_sends_no_json(deployed: Center) -> None:
    scout, _ = deployed.agent("scout")
    scout.raw(b"{")
    assert scout.endings == [Ending(None)]


def test_dialects_differ_in_their_limits(center: Center, deployed: Center) -> None:
    limits = [
        (each.largest_message, each.ping_every, each.pong_within)
        for each in (center.coordinator, deployed.coordinator)
    ]
    assert limits == [(1 << 20, 20.0, 20.0), (1 << 16, 54.0, 6.0)]
