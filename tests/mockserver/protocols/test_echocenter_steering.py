"""What can be steered: the Butler's directives, messages of anybody, tokens, and restarts."""

from __future__ import annotations

from typing import Any

import pytest

from mockserver.passage import Joined
from mockserver.sockets import Ending
from mockserver.world import iso
from tests.mockserver.conftest import START
from tests.mockserver.protocols.echocenter_room import Center, Guest


@pytest.fixture
def center() -> Center:
    return Center()


def _directives(center: Center) -> list[Any]:
    told: list[Any] = center.command("directives")["directives"]
    assert center.state["directives"] == told
    return told


def test_directive_is_a_chat_of_the_butler(center: Center) -> None:
    scout, scout_id = center.agent("scout")
    given = center.command("directive", to="scout", text="report")
    assert scout.heard == [
        {
            "type": "CHAT",
            "sender_id": 2,
            "sender_name": "Butler",
            "target_id": scout_id,
            "payload": "[DIRECTIVE] report",
            "timestamp": iso(START),
        }
    ]
    assert given == {
        "number": 1,
        "to": "scout",
        "to_id": scout_id,
        "text": "report",
        "given_at": iso(START),
        "status": "waiting",
        "answer": None,
        "answered_at": None,
    }


def test_first_chat_back_is_the_answer(center: Center) -> None:
    (scout, scout_id), (other, _) = center.agent("scout"), center.agent("other")
    center.command("directive", to=scout_id, text="report")
    center.pass_time(29.5)
    scout.chat(1, "not for the Butler")
    scout.say("CHAT_STREAM", target_id=2, payload="all ", stream_id="s")
    other.chat(2, "not asked")
    scout.chat(2, "all quiet", stream_id="s")
    scout.chat(2, "and more")
    (told,) = _directives(center)
    assert (told["status"], told["answer"]) == ("answered", "all quiet")
    assert told["answered_at"] == iso(START + 29.5)


def test_answer_that_comes_too_late_is_none(center: Center) -> None:
    scout, _ = center.agent("scout")
    center.command("directive", to="scout", text="report")
    assert center.coordinator.due() == START + 30
    center.pass_time(30)
    scout.chat(2, "late")
    (told,) = _directives(center)
    assert (told["status"], told["answer"]) == ("unanswered", None)
    assert center.coordinator.due() is None


def test_directives_are_answered_in_turn(center: Center) -> None:
    scout, _ = center.agent("scout")
    for text in ("one", "two"):
        center.command("directive", to="scout", text=text)
    for answer in ("first", "second"):
        scout.chat(2, answer)
    assert [(each["text"], each["answer"]) for each in _directives(center)] == [
        ("one", "first"),
        ("two", "second"),
    ]


def test_directive_for_who_is_not_there_is_undelivered(center: Center) -> None:
    center.coordinator.enrol("scout")
    assert center.command("directive", to="scout", text="x")["status"] == "undelivered"
    assert center.coordinator.due() is None


def test_deployed_butler_hears_broadcasts() -> None:
    center = Center("deployed")
    scout, _ = center.agent("scout")
    center.command("directive", to="scout", text="report")
    scout.say("CHAT", payload="all quiet")
    assert _directives(center)[0]["answer"] == "all quiet"


@pytest.mark.parametrize(
    ("command", "said", "reason"),
    [
        ("directive", {"to": "nobody", "text": "x"}, '"to" is the name or the id of somebody'),
        ("directive", {"to": "admin", "text": "x"}, "directives are for agents, not for admin"),
        ("directive", {"to": "scout"}, '"text" is a text, not None'),
        ("chat", {"text": "x"}, "not None"),
        ("chat", {"to": True, "text": "x"}, "not True"),
        ("chat", {"from": 99, "to": "scout", "text": "x"}, '"from" is the name'),
        ("chat", {"to": "scout", "text": 5}, '"text" is a text, not 5'),
        ("revoke", {}, '"username" is the name'),
        ("revoke", {"username": "Butler"}, "only agents have tokens"),
    ],
)
def test_command_that_makes_no_sense_is_refused(
    center: Center, command: str, said: dict[str, Any], reason: str
) -> None:
    scout, _ = center.agent("scout")
    with pytest.raises((ValueError, TypeError), match=reason):
        center.command(command, **said)
    assert scout.heard == []


def test_anybody_can_be_made_to_say_something(center: Center) -> None:
    (scout, scout_id), (other, other_id) = center.agent("scout"), center.agent("other")
    said = center.command("chat", to="scout", text="look around")
    assert said == {"sender_id": 1, "target_id": scout_id, "connections": 1}
    center.command("chat", **{"from": other_id, "to": scout_id, "text": "hi"})
    assert [(each["sender_name"], each["payload"]) for each in scout.heard] == [
        ("admin", "look around"),
        ("other", "hi"),
    ]
    assert other.heard == []
    assert center.command("chat", to=1, text="nobody there")["connections"] == 0


def test_enrolled_agent_is_found_again(center: Center) -> None:
    known = center.coordinator.enrol("scout")
    assert known == {"token": known["token"], "username": "scout", "id": "3"}
    assert center.coordinator.enrol("scout") == known
    for name in ("admin", "Butler"):
        with pytest.raises(ValueError, match="is no agent"):
            center.coordinator.enrol(name)


def test_revoked_token_is_void_and_its_connections_end(center: Center) -> None:
    token = center.coordinator.enrol("scout")["token"]
    person, scout, again = center.person(), center.join(token), center.join(token)
    assert center.command("revoke", username="scout") == {"username": "scout", "closed": [2, 3]}
    ending = Ending(1008, "the token was revoked")
    assert scout.endings == again.endings == [ending]
    scout.chat(1, "too late")
    assert (person.heard, person.endings) == ([], [])
    assert center.refused(token=token)[0] == 401
    assert center("GET", "/api/dev/mock/agent-token/scout")[0] == 404
    assert center.state["agents"][0]["token_hint"] == ""
    assert center.state["online"] == [
        {"id": 1, "username": "admin", "role": "ADMIN", "connections": 1}
    ]
    assert center.command("revoke", username="scout")["closed"] == []


def test_revoked_agent_that_is_enrolled_anew_gets_another_token(center: Center) -> None:
    before = center.coordinator.enrol("scout")
    center.command("revoke", username="scout")
    after = center.coordinator.enrol("scout")
    assert after["id"] == before["id"]
    assert after["token"] != before["token"]
    center.join(after["token"])


def test_token_that_is_revoked_while_the_wire_opens_leads_nowhere(center: Center) -> None:
    token = center.coordinator.enrol("scout")["token"]
    joined = center.knock(token=token)
    assert isinstance(joined, Joined)
    guest = Guest(center, joined.line)
    center.command("revoke", username="scout")
    center.mock.opened(joined)
    assert [ending.code for ending in guest.endings] == [1008]
    assert center.state["online"] == []


def test_tokens_outlive_a_restart(center: Center) -> None:
    token, pass_ = center.coordinator.enrol("scout")["token"], center.log_in()
    center.join(token).log("INFO", "before")
    center.command("directive", to="scout", text="report")
    center.session.forget()
    assert center.state["online"] == []
    assert (center.state["logs"], center.state["directives"]) == ([], [])
    scout, person = center.join(token), center.join(pass_)
    scout.chat(1, "back")
    assert person.payloads == ["back"]


def test_tokens_are_unique_across_restarts(center: Center) -> None:
    tokens = []
    for name in ("a", "b", "c"):
        tokens.append(center.coordinator.enrol(name)["token"])
        center.session.forget()
    assert len(set(tokens)) == 3


def test_deployed_numbers_go_on_after_a_restart() -> None:
    center = Center("deployed")
    center.agent("scout")[0].log("INFO", "one")
    center.session.forget()
    person = center.person()
    center.agent("scout")[0].log("INFO", "two")
    assert [said["id"] for said in person.heard] == [2]


def test_agent_is_told_as_it_is_and_registered_where_nobody_has_the_name(center: Center) -> None:
    told = center.command("agent", username="scout")
    assert told == center.command("agent", username="scout")
    guest = center.knock(token=told["token"])
    assert isinstance(guest, Joined)
    assert guest.line.connection.principal == "scout"
    assert [each["id"] for each in center.state["agents"]] == [told["id"]]


@pytest.mark.parametrize("name", ["", " ", None, 7])
def test_agent_wants_a_name(center: Center, name: Any) -> None:
    with pytest.raises(TypeError, match='"username" is the name of an agent'):
        center.command("agent", username=name)


def test_person_is_told_with_a_pass_that_opens(center: Center) -> None:
    told = center.command("person")
    guest = center.knock(token=told["token"])
    assert isinstance(guest, Joined)
    assert guest.line.connection.principal == told["username"]
    assert told["id"] == center.state["people"][0]["id"]


def test_reset_forgets_everybody(center: Center) -> None:
    token = center.coordinator.enrol("scout")["token"]
    center.session.reset()
    assert center.refused(token=token)[0] == 401
    assert center.coordinator.enrol("scout")["token"] == token  # the same seed once more


def test_handshake_that_a_restart_overtakes_is_ended(center: Center) -> None:
    joined = center.knock(token=center.coordinator.enrol("scout")["token"])
    assert isinstance(joined, Joined)
    guest = Guest(center, joined.line)
    center.session.forget()
    center.mock.opened(joined)
    assert [ending.code for ending in guest.endings] == [1012]
    assert center.session.lines == {}
    assert center.state["online"] == []
