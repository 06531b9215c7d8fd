"""The Architect Agent as a pure object: requests, replies, events, and what outlives it."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from mockserver.protocols.architect.actions import HANDLERS
from mockserver.protocols.architect.audience import TOPICS
from mockserver.protocols.architect.catalogue import ACTIONS, TYPES, catalogue
from mockserver.transcript import Frame
from mockserver.world import iso
from schemas import Validators, load
from tests.mockserver.conftest import START
from tests.mockserver.protocols.architect_script import Agent, Script

OF_TYPE: dict[str, Any] = {"str": "x", "int": 3, "bool": True, "list": [], "map": {}}
NOT_OF_TYPE: dict[str, list[Any]] = {
    "str": [3, None, [], {}],
    "int": ["3", True, 1.5, None],
    "bool": [0, "true", None],
    "list": [{}, "x", None],
    "map": [[], "x", None],
}


@pytest.fixture
def agent() -> Agent:
    return Agent()


@pytest.fixture
def script(agent: Agent) -> Script:
    return agent.join()


def _first(script: Script) -> str:
    server_id: str = script.take("servers")["servers"][0]["server_id"]
    return server_id


# The catalogue


def test_catalogue_is_a_map_of_about_thirty_actions(script: Script) -> None:
    reply = script.call("list_actions")
    shape = Validators(load("architect")).at(load("architect").messages["catalogue"].payload)
    assert shape is not None
    assert shape.explain(reply) == []
    assert 25 <= len(reply["parameters"]["actions"]) <= 40


def test_catalogue_tells_types_of_all_parameters_and_lists_or_null(script: Script) -> None:
    told = script.take("list_actions")["actions"]
    for meta in told.values():
        required, optional = meta["required_parameters"], meta["optional_parameters"]
        assert required is None or required
        assert set(meta["data_types"]) == {*(required or []), *(optional or [])}
        assert set(meta["data_types"].values()) <= set(TYPES)
    assert {meta["cloud_controller_only"] for meta in told.values()} == {False, True}
    assert any(meta["required_parameters"] is None for meta in told.values())


def test_every_action_is_listed_once_and_has_somebody_who_does_it() -> None:
    names = [action.name for action in ACTIONS]
    assert len(set(names)) == len(names)
    own = {"list_actions", "whoami", "subscribe", "unsubscribe"}
    done = {action.name for action in ACTIONS if not action.cloud_controller_only}
    assert done == {*HANDLERS, *own}


@pytest.mark.parametrize("dialect", ["documented", "deployed"])
def test_every_listed_action_answers(dialect: str) -> None:
    agent = Agent(dialect)
    for number, action in enumerate(catalogue(dialect).values()):
        script = agent.join()
        given = {name: OF_TYPE[kind] for name, kind in action.required.items()}
        asked = {"action": action.name, "parameters": given, "idempotence": number}
        script.say(orjson.dumps(asked))
        agent.pass_time(1.0 if action.takes else 0.0)
        replies = [each for each in script.heard if each.get("idempotence") == number]
        assert len(replies) == 1, action.name
        assert isinstance(replies[0]["parameters"], dict)


# Requests and replies


@pytest.mark.parametrize("token", ["t", "", 7, 1.5, True, False, None, ["a", {"b": 1}], {"c": []}])
def test_reply_echoes_the_token_as_it_came(script: Script, token: Any) -> None:
    reply = script.call("ping", token)
    assert reply["idempotence"] == token
    assert type(reply["idempotence"]) is type(token)
    assert reply["action"] == "ping"
    assert reply["parameters"]["pong"] is True


def test_request_without_a_token_is_replied_to_without_one(script: Script) -> None:
    reply = script.ask(b'{"action": "ping", "parameters": {}}')
    assert "idempotence" not in reply
    assert reply["parameters"]["pong"] is True


@pytest.mark.parametrize(
    ("said", "code"),
    [
        (b"{", "malformed_json"),
        (b"", "malformed_json"),
        (b"\x00\xff", "malformed_json"),
        (b"[]", "invalid_request"),
        (b'"ping"', "invalid_request"),
        (b"null", "invalid_request"),
        (b"{}", "invalid_request"),
        (b'{"action": "ping"}', "invalid_request"),
        (b'{"parameters": {}}', "invalid_request"),
        (b'{"action": "ping", "parameters": []}', "invalid_request"),
        (b'{"action": "ping", "parameters": null}', "invalid_request"),
        (b'{"action": 5, "parameters": {}}', "invalid_request"),
        (b'{"action": "", "parameters": {}}', "invalid_request"),
        (b'{"action": "no_such", "parameters": {}}', "unknown_action"),
        (b'{"action": "PING", "parameters": {}}', "unknown_action"),
    ],
)
def test_wrong_request_is_answered_and_the_connection_stays(
    script: Script, said: bytes, code: str
) -> None:
    reply = script.ask(said)
    assert reply["error"]["code"] == code
    assert reply["error"]["message"]
    assert reply["parameters"] == {}
    assert script.endings == []
    assert script.take("ping")["pong"] is True


@pytest.mark.parametrize(
    "said",
    [
        b'{"action": "no_such", "parameters": {}, "idempotence": "x"}',
        b'{"action": "server_info", "parameters": {}, "idempotence": "x"}',
        b'{"parameters": {}, "idempotence": "x"}',
        b'{"action": 5, "parameters": 5, "idempotence": "x"}',
    ],
)
def test_error_echoes_the_token_too(script: Script, said: bytes) -> None:
    reply = script.ask(said)
    assert reply["idempotence"] == "x"
    assert "error" in reply


REQUIRED = [
    pytest.param(action, name, kind, id=f"{action.name}-{name}")
    for action in ACTIONS
    if not (action.cloud_controller_only or action.deployed)
    for name, kind in action.required.items()
]


@pytest.mark.parametrize(("action", "name", "kind"), REQUIRED)
def test_required_parameter_is_required_and_of_its_type(
    script: Script, action: Any, name: str, kind: str
) -> None:
    given = {each: OF_TYPE[kind] for each, kind in action.required.items()}
    for value in NOT_OF_TYPE[kind]:
        assert script.refused(action.name, **{**given, name: value}) == "invalid_parameter"
    del given[name]
    assert script.refused(action.name, **given) == "missing_parameter"


@pytest.mark.parametrize("value", ["3", True, 1.5, []])
def test_optional_parameter_is_of_its_type(script: Script, value: Any) -> None:
    server = _first(script)
    assert script.refused("logs", server_id=server, limit=value) == "invalid_parameter"
    assert script.take("logs", server_id=server, limit=None)["lines"]


def test_unknown_parameters_are_let_be(script: Script) -> None:
    assert script.take("ping", colour="red")["pong"] is True


@pytest.mark.parametrize("action", ["agent_update", "agent_shutdown", "credentials_set"])
def test_action_of_the_cloud_controller_is_refused_to_a_script(script: Script, action: str) -> None:
    given = {"version": "2", "username": "a", "password": "b"}
    assert script.refused(action, **given) == "forbidden"


def test_slow_action_is_overtaken_by_a_quick_one(agent: Agent, script: Script) -> None:
    server = _first(script)
    script.heard.clear()
    for number, (action, given) in enumerate(
        [("backup_create", {"server_id": server}), ("system_information", {}), ("ping", {})]
    ):
        asked = {"action": action, "parameters": given, "idempotence": number}
        script.say(orjson.dumps(asked))
    assert [each["idempotence"] for each in script.heard] == [2]
    agent.pass_time(0.06)
    assert [each["idempotence"] for each in script.heard] == [2, 1]
    agent.pass_time(1.0)
    assert [each.get("idempotence") for each in script.heard] == [2, 1, 0, None]
    assert script.heard[-1]["event"] == "backup_created"


def test_reply_of_a_slow_action_is_for_its_own_connection(agent: Agent) -> None:
    one, two = agent.join(), agent.join()
    asked = b'{"action": "system_information", "parameters": {}, "idempotence": 1}'
    one.say(asked)
    two.say(asked)
    one.leave()
    agent.pass_time(1.0)
    assert one.heard == []
    assert len(two.heard) == 1


# Events


def test_restart_passes_starting_and_tells_everybody_when_it_runs(agent: Agent) -> None:
    one, two = agent.join(), agent.join()
    server = _first(one)
    assert one.take("server_restart", server_id=server)["server"]["status"] == "starting"
    assert one.take("server_info", server_id=server)["server"]["status"] == "starting"
    agent.pass_time(0.9)
    assert [each["status"] for each in two.events("server_status")] == ["stopped", "starting"]
    agent.pass_time(1.2)
    assert one.take("servers")["servers"][0]["status"] == "running"
    last = two.events("server_status")[-1]
    assert (last["server_id"], last["status"]) == (server, "running")
    assert iso(START + 1.0) <= last["timestamp"] <= iso(START + 2.0)
    assert one.events("server_status") == two.events("server_status")


def test_events_carry_no_token(agent: Agent, script: Script) -> None:
    script.call("server_stop", server_id=_first(script))
    agent.pass_time(12)
    assert len(script.events()) > 5
    assert all(set(event) == {"event", "parameters"} for event in script.events())


def test_statistics_come_every_five_seconds_while_somebody_is_there(agent: Agent) -> None:
    script = agent.join()
    agent.pass_time(16)
    told = [each["timestamp"] for each in script.events("statistics")]
    assert told == [iso(START + 5 * turn) for turn in (1, 2, 3)]
    script.leave()
    agent.pass_time(5)
    assert agent.coordinator.due() is None
    again = agent.join()
    agent.pass_time(5.1)
    assert len(again.events("statistics")) == 1


def test_virtual_time_gives_each_event_its_own_moment(agent: Agent, script: Script) -> None:
    agent.pass_time(10.5)
    said = [entry for entry in agent.session.transcript.frames if entry.sender == "coordinator"]
    assert all(isinstance(entry, Frame) for entry in said)
    assert [entry.at for entry in said] == [START + 5, START + 10]


# Restarts, chance, and the outside


def test_restart_keeps_accounts_and_machine_and_ends_connections(agent: Agent) -> None:
    script = agent.join()
    known = agent.coordinator.enrol("bot")
    server = _first(script)
    script.take("config_set", server_id=server, values={"colour": "red"})
    script.take("schedule_add", server_id=server, every=60)
    script.take("server_restart", server_id=server)
    first = agent.coordinator.world.uuid()
    agent.session.forget()
    assert [each.code for each in script.endings] == [1012]
    back = agent.join("SMP1.0", known["username"], known["password"])
    assert agent.coordinator.world.uuid() != first
    assert back.take("config_get", server_id=server)["config"]["colour"] == "red"
    agent.pass_time(3)
    assert back.take("servers")["servers"][0]["status"] == "running"
    agent.pass_time(58)
    assert "starting" in [each["status"] for each in back.events("server_status")]


def test_same_seed_gives_the_same_world(agent: Agent) -> None:
    servers = agent.join().take("servers")
    assert Agent(seed=0).join().take("servers") == servers
    assert Agent(seed=1).join().take("servers") != servers
    agent.session.reset()
    assert agent.join().take("servers") == servers


def test_calls_are_counted_and_connections_named(agent: Agent) -> None:
    script = agent.join()
    script.take("ping")
    script.take("ping")
    script.refused("agent_shutdown")
    script.refused("nothing")
    agent.refused()
    state = agent.coordinator.state()
    assert state["calls"] == {"ping": 2, "agent_shutdown": 1}
    assert state["failed_logins"] == 1
    assert [each["principal"] for each in state["connections"]] == ["admin"]
    assert len(state["servers"]) == 3
    assert len(state["players"]) == 6
    script.leave()
    assert agent.coordinator.state()["connections"] == []


def test_event_is_pushed_by_command(agent: Agent, script: Script) -> None:
    assert agent.command("event", event="storm", parameters={"wind": 9}) == {"told": [1]}
    assert script.heard == [{"event": "storm", "parameters": {"wind": 9}}]


@pytest.mark.parametrize("said", [{}, {"event": ""}, {"event": 3}, {"event": "a", "parameters": 1}])
def test_event_that_is_none_is_refused(agent: Agent, said: dict[str, Any]) -> None:
    with pytest.raises(TypeError, match=r'"(event|parameters)" is'):
        agent.command("event", **said)


def test_action_fails_as_often_as_it_was_told_to(agent: Agent, script: Script) -> None:
    assert agent.command("fail", action="servers", times=2) == {"failing": {"servers": 2}}
    assert [script.refused("servers"), script.refused("servers")] == ["failed", "failed"]
    assert len(script.take("servers")["servers"]) == 3


@pytest.mark.parametrize(
    "said", [{}, {"action": "nothing"}, {"action": []}, {"action": "ping", "times": "many"}]
)
def test_failure_that_is_none_is_refused(agent: Agent, said: dict[str, Any]) -> None:
    with pytest.raises((TypeError, ValueError), match=r'"(action|times)" is'):
        agent.command("fail", **said)


def test_credentials_end_with_signs_as_they_were_told_to(agent: Agent) -> None:
    assert agent.command("credentials", signs="%2B+#") == {"signs": "%2B+#"}
    made = agent.coordinator.enrol("a script")
    assert made["username"] == "a-script%2B+#"
    assert made["password"].endswith("%2B+#")


@pytest.mark.parametrize("said", [{}, {"signs": 1}, {"signs": "a b"}, {"signs": ","}])
def test_signs_that_a_header_does_not_take_are_refused(agent: Agent, said: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match='"signs" are'):
        agent.command("credentials", **said)


# The other dialect


def test_deployed_replies_have_a_status() -> None:
    script = Agent("deployed").join()
    assert script.call("ping").keys() == {"idempotence", "status", "parameters"}
    wrong = script.call("nothing")
    assert (wrong["status"], wrong["parameters"]["code"]) == ("error", "unknown_action")
    assert script.take("whoami") == {"username": "admin", "permissions": [*TOPICS, "agent"]}


def test_documented_dialect_knows_no_subscriptions(script: Script) -> None:
    assert [script.refused(each) for each in ("whoami", "subscribe")] == ["unknown_action"] * 2


def test_deployed_tells_events_to_those_who_subscribed() -> None:
    agent = Agent("deployed")
    one, two = agent.join(), agent.join()
    assert one.take("subscribe", topic="statistics") == {"topics": ["statistics"]}
    assert one.call("subscribe", topic="weather")["status"] == "error"
    agent.pass_time(6)
    assert two.heard == []
    assert one.events()[0].keys() == {"idempotence", "topic", "event", "parameters"}
    assert one.events()[0]["idempotence"] is None
    one.take("unsubscribe", topic="statistics")
    agent.pass_time(6)
    assert len(one.events()) == 1
    assert agent.command("event", event="storm") == {"told": [1, 2]}
