"""A script that speaks for the coordinator: whom it lets in, whom it turns away, and who is silent
meanwhile.
"""

from __future__ import annotations

from typing import Any

import orjson

from mockserver.passage import Outcome
from schemas.arazzo.criteria import read_value
from schemas.arazzo.model import Parameter, Reply, Step
from tests.mockserver.scenario.building import known, step, workflow
from tests.mockserver.scenario.scene import Scene

ECHO = known("echocenter")
SOCKET = ECHO.channels["socket"]
CHAT = {"type": "CHAT", "sender_id": 7, "payload": "hello"}
PERSON = {"id": 7, "username": "ann", "role": "ADMIN", "created_at": "2026-01-01T00:00:00Z"}


def asks(name: str, does: str, *criteria: str, **fields: Any) -> Step:
    return step(name, *criteria, action="", operation=ECHO.operations[does], **fields)


def logs_in() -> Step:
    reply = Reply(body=read_value({"token": "handed-out-1", "user": PERSON}))
    outputs = {"token": "$response.body#/token"}
    return asks("log-in", "logIn", "$statusCode == 200", reply=reply, outputs=outputs)


def connects(**fields: Any) -> Step:
    shown = {"parameters": [shows("token", "query", "$steps.log-in.outputs.token")]}
    return step(
        "connect",
        "$statusCode == 101",
        action="send",
        channel=SOCKET,
        opens=True,
        **shown | fields,
    )


def shows(name: str, place: Any, value: str) -> Parameter:
    return Parameter(name=name, place=place, value=read_value(value))


def creates() -> Step:
    header = shows("Authorization", "header", "Bearer {$steps.log-in.outputs.token}")
    reply = Reply(status=201, body=read_value({"id": 8}))
    return asks("create", "createAgent", reply=reply, parameters=[header])


def hears() -> Step:
    return step(
        "chat", action="receive", channel=SOCKET, message="deliveredChat", push=CHAT, has_push=True
    )


def scene(*steps: Step, **fields: Any) -> Scene:
    return Scene(workflow(*steps, **fields), protocol="echocenter").begin()


def enter(scene: Scene) -> None:
    said = {"username": "ann", "password": "x"}
    assert scene("POST", "/api/auth/login", said)[1]["token"] == "handed-out-1"


def create(scene: Scene, **headers: str) -> Any:
    return scene("POST", "/api/users/agents", {"username": "bot"}, **headers)


def test_token_that_the_script_handed_out_opens_a_connection() -> None:
    here = scene(logs_in(), connects(), hears())
    enter(here)
    client = here.connect(SOCKET.path, "token=handed-out-1")
    assert client.heard == [CHAT]
    assert here.kept is True


def test_what_is_said_there_is_none_of_the_coordinators_business() -> None:
    here = scene(logs_in(), connects(), hears())
    enter(here)
    client = here.connect(SOCKET.path, "token=handed-out-1")
    client.say({"type": "CHAT", "target_id": 1, "payload": "hi"})
    client.leave()
    assert client.heard == [CHAT]
    assert here.session.lines == {}


def test_who_was_let_in_may_come_back() -> None:
    here = scene(logs_in(), connects(), hears())
    enter(here)
    here.connect(SOCKET.path, "token=handed-out-1").leave(None)
    assert here.kept is True
    assert here.connect(SOCKET.path, "token=handed-out-1").endings == []
    assert isinstance(here.knock(SOCKET.path, "token=handed-out-2"), Outcome)


def test_any_other_token_does_not() -> None:
    here = scene(logs_in(), connects(), hears())
    enter(here)
    refused = here.knock(SOCKET.path, "token=handed-out-2")
    assert isinstance(refused, Outcome)
    assert refused.status == 401


def test_it_opens_none_before_it_is_awaited() -> None:
    here = scene(logs_in(), creates(), connects())
    enter(here)
    assert isinstance(here.knock(SOCKET.path, "token=handed-out-1"), Outcome)


def test_step_that_shows_nothing_of_the_scripts_vouches_for_nobody() -> None:
    here = scene(logs_in(), connects(parameters=[]))
    enter(here)
    assert isinstance(here.knock(SOCKET.path, "token=handed-out-1"), Outcome)


def test_token_that_the_script_handed_out_is_good_for_requests() -> None:
    here = scene(logs_in(), creates())
    enter(here)
    assert create(here, authorization="bearer handed-out-1") == (201, {"id": 8})
    assert here.kept is True


def test_whoever_shows_another_is_answered_by_the_coordinator_itself() -> None:
    here = scene(logs_in(), creates())
    enter(here)
    assert create(here, Authorization="Bearer mine")[1]["username"] == "bot"


def test_handshake_is_refused_as_the_script_has_it() -> None:
    reply = Reply(status=503, headers={"Retry-After": "7"}, body=read_value({"error": "later"}))
    turned = step(
        "knock", "$statusCode == 503", action="send", channel=SOCKET, opens=True, reply=reply
    )
    here = scene(turned)
    refused = here.knock(SOCKET.path, "token=any")
    assert isinstance(refused, Outcome)
    assert (refused.status, refused.headers["Retry-After"]) == (503, "7")
    assert orjson.loads(refused.body) == {"error": "later"}
    assert here.kept is True


def register(status: int, body: Any) -> Scene:
    reply = Reply(status=status, body=read_value(body))
    return Scene(workflow(step("register", does="registerAgent", reply=reply))).begin()


def test_what_is_unlawful_is_refused_in_the_scripts_words() -> None:
    assert register(422, {"detail": "no"})("POST", "/agents/register", {"agent_id": 3}) == (
        422,
        {"detail": "no"},
    )


def test_what_is_unlawful_is_not_accepted_by_a_script() -> None:
    here = register(200, {"status": "success"})
    assert here("POST", "/agents/register", {"agent_id": 3})[0] == 422
    assert here("POST", "/agents/register", b"{")[0] == 422


CAXTON = known("caxton").channels["events"]


def subscribes(*more: Step, **fields: Any) -> Scene:
    opens = step("open", "$statusCode == 101", action="send", channel=CAXTON, opens=True)
    payload = {"type": "subscribe", "events": ["*"]}
    says = step("subscribe", action="send", channel=CAXTON, message="subscribe", payload=payload)
    return Scene(workflow(opens, says, *more, **fields), protocol="caxton").begin()


def alert(**fields: Any) -> Step:
    return step("alert", action="receive", channel=CAXTON, **fields)


def test_coordinator_of_a_scripted_workflow_says_nothing_itself() -> None:
    pushed = {"type": "system.alert", "severity": "low", "message": "m"}
    last = alert(message="systemAlert", push=pushed, has_push=True)
    for scripted, more in ((False, 1), (True, 0)):
        here = subscribes(last, scripted=scripted)
        client = here.connect(CAXTON.path)
        client.say({"type": "subscribe", "events": ["*"]})
        own = [each for each in client.heard if each != pushed]
        assert pushed in client.heard
        assert len(own) == more, client.heard


def test_scripted_workflow_ends_a_connection_where_it_says_so() -> None:
    here = subscribes(alert(closes=4001), scripted=True)
    client = here.connect(CAXTON.path)
    client.say({"type": "subscribe", "events": ["*"]})
    assert client.endings == [4001]
    assert here.kept is True


def test_token_that_the_script_handed_out_passes_the_coordinators_guard(
    every_answer_is_legal: list[str],
) -> None:
    header = Parameter(
        name="X-Caxton-Token",
        place="header",
        value=read_value("{$steps.ask.outputs.token}"),
    )
    body = read_value({"status": "healthy"})
    operations = known("caxton").operations
    hands = step(
        "ask",
        action="",
        operation=operations["getSystemMetrics"],
        reply=Reply(body=read_value({"token": "handed-out-1"})),
        outputs={"token": "$response.body#/token"},
    )
    shows = step(
        "again",
        "$statusCode == 200",
        action="",
        operation=operations["getSystemMetrics"],
        reply=Reply(body=body),
        parameters=[header],
    )
    here = Scene(workflow(hands, shows), protocol="caxton").begin()
    path = operations["getSystemMetrics"].path
    token = {"X-Caxton-Token": here.mock.settings.token}
    assert here("GET", path, **token) == (200, {"token": "handed-out-1"})
    assert here("GET", path, **{"X-Caxton-Token": "handed-out-2"})[0] == 401
    assert here("GET", path, **{"X-Caxton-Token": "handed-out-1"}) == (200, {"status": "healthy"})
    every_answer_is_legal.clear()  # the bodies are made up
