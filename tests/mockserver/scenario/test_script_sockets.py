"""A mock that plays a scenario on WebSockets: what is awaited, told and ended there; no sockets."""

from __future__ import annotations

from typing import Any

from mockserver.passage import Outcome
from schemas.arazzo.model import Parameter, Step, Times
from tests.mockserver.scenario.building import criterion, deed, known, step, workflow
from tests.mockserver.scenario.scene import Client, Scene

EVENTS = known("caxton").channels["events"]
ALERT = {"type": "system.alert", "severity": "low", "message": "m"}


def _step(name: str, doing: str, *criteria: Any, **fields: Any) -> Step:
    fields.setdefault("channel", EVENTS)
    return step(name, *criteria, action=doing, **fields)


def opens(name: str = "open", *criteria: Any, **fields: Any) -> Step:
    return _step(name, "send", *criteria, opens=True, **fields)


def sends(name: str = "subscribe", *criteria: Any, **fields: Any) -> Step:
    fields.setdefault("payload", {"type": "subscribe", "events": ["*"]})
    return _step(name, "send", *criteria, message="subscribe", **fields)


def receives(name: str, *criteria: Any, **fields: Any) -> Step:
    fields.setdefault("message", "systemAlert")
    return _step(name, "receive", *criteria, **fields)


def pushed(name: str = "alert", *criteria: Any, **fields: Any) -> Step:
    return receives(name, *criteria, push=fields.pop("payload", ALERT), has_push=True, **fields)


def _scene(*steps: Step, **fields: Any) -> Scene:
    return Scene(workflow(*steps), protocol="caxton", **fields).begin()


def _connect(scene: Scene) -> Client:
    return scene.connect(EVENTS.path)


def _subscribe(client: Client) -> None:
    client.say({"type": "subscribe", "events": ["*"]})


# What the client does


def test_client_connects_speaks_and_leaves() -> None:
    leaves = _step("leave", "send", closes=1000)
    scene = _scene(opens(), sends(), leaves)
    client = _connect(scene)
    assert scene.awaited == ["subscribe"]
    _subscribe(client)
    assert scene.awaited == ["leave"]
    client.leave()
    assert scene.kept is True


def test_client_may_be_there_already() -> None:
    scene = Scene(workflow(pushed(), sends()), protocol="caxton")
    client = _connect(scene)
    scene.begin()
    assert client.heard == [ALERT]
    _subscribe(client)
    assert scene.kept is True


def test_client_that_leaves_otherwise_is_told() -> None:
    scene = _scene(opens(), _step("leave", "send", closes=1000, requirements=["A-1"]))
    _connect(scene).leave(None)
    scene.script.give_up(1.0)
    assert scene.kept is False
    assert "the client never left" in scene.reason
    assert "it ended with lost, not 1000" in scene.reason


def test_handshake_that_is_refused_is_no_opening() -> None:
    scene = _scene(opens("in"), sends())
    assert isinstance(scene.knock(EVENTS.path, "token=odd"), Outcome)
    assert scene.awaited == ["in"]
    _connect(scene)
    assert scene.awaited == ["subscribe"]


def test_handshake_that_must_be_refused() -> None:
    scene = _scene(opens("in", criterion("$statusCode == 401")), opens("again"))
    assert isinstance(scene.knock(EVENTS.path, "token=odd"), Outcome)
    assert scene.awaited == ["again"]
    _connect(scene)
    assert scene.kept is True


def test_parameters_of_a_handshake_count() -> None:
    token = [Parameter(name="token", value="$inputs.token", place="query")]
    scene = _scene(
        opens(parameters=token), sends(parameters=token), inputs={"token": "assay-token"}
    )
    _subscribe(_connect(scene))
    assert scene.awaited == ["open"]
    client = scene.connect(EVENTS.path, "token=assay-token")
    assert scene.awaited == ["subscribe"]
    _subscribe(client)
    assert scene.kept is True


def test_message_is_recognised_by_its_payload() -> None:
    wanted = {"type": "subscribe", "events": ["{$inputs.topic}.*"]}
    scene = _scene(sends(payload=wanted), inputs={"topic": "agent"})
    client = _connect(scene)
    _subscribe(client)
    assert scene.script.finished is None
    client.say({"type": "subscribe", "events": ["agent.*"]})
    assert scene.kept is True


def test_message_without_a_name_is_recognised_by_its_kind() -> None:
    anything = _step("any", "send", payload={"type": "unsubscribe", "subscription_id": "$inputs.s"})
    scene = _scene(anything)
    client = _connect(scene)
    _subscribe(client)
    assert scene.script.finished is None
    client.say({"type": "unsubscribe", "subscription_id": "s-1"})
    assert scene.kept is True
    assert scene.flow.workflows["main"]["inputs"] == {"s": "s-1"}


def test_rows_of_a_message_are_judged() -> None:
    wrong = criterion("$message.payload#/events/0 == 'agent.*'", "A-1")
    scene = _scene(sends("subscribe", wrong))
    _subscribe(_connect(scene))
    assert scene.verdicts() == {"A-1": False}


# What the coordinator says


def test_push_waits_for_somebody_to_hear_it() -> None:
    scene = _scene(pushed(payload={**ALERT, "message": "for {$inputs.who}"}), inputs={"who": "you"})
    assert scene.awaited == ["alert"]
    client = _connect(scene)
    assert client.heard == [{**ALERT, "message": "for you"}]
    assert scene.kept is True


def test_push_is_said_as_often_as_it_must_be() -> None:
    scene = _scene(opens(), pushed(times=Times(3)))
    assert _connect(scene).heard == [ALERT] * 3
    assert scene.kept is True


def test_push_that_cannot_be_made_leaves_it_open() -> None:
    scene = _scene(opens(), pushed(payload={"x": "$inputs.none"}))
    _connect(scene)
    assert scene.kept is None
    assert scene.reason == "alert: $inputs.none leads to nothing"


def test_own_state_brings_it_about() -> None:
    told = receives(
        "told", message="coordinatorMessage", outputs={"id": "$message.payload#/subscription_id"}
    )
    end = {"type": "unsubscribe", "subscription_id": "$steps.told.outputs.id"}
    scene = _scene(sends(), told, _step("end", "send", message="unsubscribe", payload=end))
    client = _connect(scene)
    _subscribe(client)
    assert scene.awaited == ["end"]
    client.say({"type": "unsubscribe", "subscription_id": "another"})
    assert scene.awaited == ["end"]
    client.say({"type": "unsubscribe", "subscription_id": client.heard[0]["subscription_id"]})
    assert scene.kept is True


def test_hook_brings_it_about() -> None:
    alert = receives(
        "alert",
        "$message.payload#/message == 'hot'",
        before=[deed("hook", "alert", said={"message": "hot"})],
    )
    scene = _scene(sends(), alert)
    client = _connect(scene)
    _subscribe(client)
    assert client.heard[-1]["message"] == "hot"
    assert scene.kept is True


def test_what_was_said_before_it_was_awaited_counts() -> None:
    scene = _scene(sends(), sends("again"), receives("told", message="coordinatorMessage"))
    client = _connect(scene)
    _subscribe(client)
    _subscribe(client)
    assert scene.kept is True


def test_each_message_is_had_once() -> None:
    told = [receives(f"told{at}", message="coordinatorMessage") for at in range(3)]
    scene = _scene(sends(), sends("again"), *told)
    client = _connect(scene)
    _subscribe(client)
    _subscribe(client)
    assert scene.awaited == ["told2"]
    _subscribe(client)
    assert scene.kept is True


def test_message_that_does_not_fit_goes_by_and_is_told() -> None:
    wrong = criterion("$message.payload#/message == 'hot'")
    scene = _scene(
        sends(),
        receives(
            "alert",
            wrong,
            requirements=["A-1"],
            before=[deed("hook", "alert", said={"message": "cold"})],
        ),
    )
    _subscribe(_connect(scene))
    scene.script.give_up(1.0)
    assert scene.kept is False
    assert "no systemAlert came within 1 s; it came, but $message.payload" in scene.reason


def test_receive_that_nobody_brings_about_leaves_it_open() -> None:
    scene = _scene(opens(), receives("alert", timeout=5.0))
    _connect(scene)
    scene.advance(4.0)
    assert scene.script.finished is None
    scene.advance(1.0)
    assert scene.kept is None
    assert scene.reason == "alert: no systemAlert came within 5 s"


def test_never_is_told_nothing() -> None:
    never = receives("never", never=True, requirements=["A-1"])
    after = sends("again")
    for hot in (False, True):
        scene = _scene(sends(), never, after)
        client = _connect(scene)
        _subscribe(client)
        if hot:
            scene.session.coordinator.command("alert", {})
            scene.mock.sockets.flush(scene.session)
        _subscribe(client)
        assert scene.kept is not hot
        assert scene.verdicts() == {"A-1": not hot}


def test_never_does_not_see_what_came_before_it() -> None:
    hot = deed("hook", "alert", said={"message": "hot"})
    never = receives("never", never=True, requirements=["A-1"])
    scene = _scene(sends(after=[hot]), never, sends("again"))
    client = _connect(scene)
    _subscribe(client)
    _subscribe(client)
    assert scene.kept is True


def test_never_closed() -> None:
    never = _step("never", "receive", closes=1011, never=True, requirements=["A-1"])
    scene = _scene(opens(), never, sends(), sends("again"))
    client = _connect(scene)
    _subscribe(client)
    client.leave(1011)  # its own
    assert scene.verdicts() == {}


# Ends


def test_coordinator_ends_the_connection() -> None:
    closed = _step("closed", "receive", closes=1012, before=[deed("close", 1012)])
    scene = _scene(opens(), closed)
    client = _connect(scene)
    assert client.endings == [1012]
    assert scene.kept is True


def test_end_that_came_before_it_was_awaited_counts() -> None:
    asks = Step(id="ask", operation=known("caxton").operations["listAgents"])
    closed = _step("closed", "receive", closes=1001)
    scene = _scene(sends(after=[deed("close", 1001)]), asks, closed)
    client = _connect(scene)
    _subscribe(client)
    assert client.endings == [1001]
    assert scene("GET", "/api/v1/agents", **{"X-Caxton-Token": "assay-token"})[0] == 200
    assert scene.kept is True


def test_last_words_on_a_connection_count_when_it_has_ended() -> None:
    asks = Step(id="ask", operation=known("caxton").operations["listAgents"])
    told = receives("told", message="coordinatorMessage")
    scene = _scene(sends(after=[deed("close", 1001)]), asks, told)
    _subscribe(_connect(scene))
    scene("GET", "/api/v1/agents", **{"X-Caxton-Token": "assay-token"})
    assert scene.kept is True


def test_restart_ends_all_and_the_client_comes_back() -> None:
    closed = _step("closed", "receive", closes=1012)
    scene = _scene(sends(after=[deed("restart", value=True)]), closed, opens("back"), pushed())
    client = _connect(scene)
    _subscribe(client)
    assert client.endings == [1012]
    assert scene.awaited == ["back"]
    again = _connect(scene)
    assert (client.heard[1:], again.heard) == ([], [ALERT])
    assert scene.kept is True


def test_connections_have_names() -> None:
    steps = [
        opens("one", connection="first"),
        opens("two", connection="second"),
        pushed("to two", connection="second"),
        sends("by one", connection="first", after=[deed("close", 1000, connection="second")]),
        _step("end", "receive", connection="second", closes=1000),
        pushed("to one", connection="first"),
    ]
    scene = _scene(*steps)
    first, second = _connect(scene), _connect(scene)
    assert (first.heard, second.heard) == ([], [ALERT])
    _subscribe(second)
    assert scene.awaited == ["by one"]
    _subscribe(first)
    assert (first.endings, second.endings) == ([], [1000])
    assert first.heard[-1] == ALERT
    assert scene.kept is True


def test_close_without_a_name_ends_all_of_the_client_and_no_others() -> None:
    steps = [
        opens("other", client="other"),
        opens("one", connection="first"),
        opens("two", connection="second", after=[deed("close", 1000)]),
        sends("again", client="other"),
    ]
    scene = _scene(*steps)
    first, second = _connect(scene), _connect(scene)
    assert (first.endings, second.endings) == ([1000], [1000])
    assert scene.kept is True


# Other clients


def test_other_clients_speak_and_are_told() -> None:
    steps = [
        opens("client"),
        sends("other", client="other"),
        receives("told", client="other", message="coordinatorMessage"),
        _step("leaves", "send", client="other", closes=1000),
        pushed(),
    ]
    scene = _scene(*steps)
    client = _connect(scene)
    assert client.heard == [ALERT]
    assert scene.kept is True
    said = [
        (frame.connection, frame.kind, frame.message) for frame in scene.session.transcript.frames
    ]
    assert said == [
        (2, "text", "subscribe"),
        (2, "text", "coordinatorMessage"),
        (2, "close", ""),
        (1, "text", "systemAlert"),
    ]


def test_other_client_that_is_only_told_something_connects() -> None:
    scene = _scene(pushed("told", client="other"), opens())
    assert scene.awaited == ["open"]
    assert len(scene.session.lines) == 1


def test_what_another_client_says_is_not_the_clients() -> None:
    scene = _scene(sends("other", client="other"), sends())
    assert scene.awaited == ["subscribe"]
    client = _connect(scene)
    _subscribe(client)
    assert scene.kept is True


def test_text_that_is_no_json_goes_out_as_it_is() -> None:
    odd = _step("odd", "send", client="other", payload="{no json")
    complaint = receives("told", client="other", message="")
    scene = _scene(odd, complaint, opens())
    assert scene.session.transcript.frames[0].data == b"{no json"
    assert scene.awaited == ["open"]
