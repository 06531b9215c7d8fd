"""Who comes in to an Architect Agent, and who does not."""

from __future__ import annotations

import orjson
import pytest

from mockserver.passage import Joined
from tests.mockserver.protocols.architect_script import LOG_IN, Agent

VERSION, USER, PASSWORD = LOG_IN


def test_right_header_opens_and_echoes_no_secret() -> None:
    said = Agent().knock(LOG_IN)
    assert isinstance(said, Joined)
    assert said.subprotocol == VERSION
    assert said.line.connection.principal == USER


@pytest.mark.parametrize(
    "offered",
    [
        (),
        (VERSION,),
        (VERSION, USER),
        (USER, PASSWORD),
        (VERSION, PASSWORD, USER),
        (VERSION, USER, "wrong"),
        (VERSION, "nobody", PASSWORD),
        (VERSION, USER.upper(), PASSWORD),
        (USER, PASSWORD, VERSION),
        ("SMP2.0", USER, PASSWORD),
        ("smp1.0", USER, PASSWORD),
        (VERSION, USER, PASSWORD, "more"),
        (VERSION, VERSION, USER, PASSWORD),
    ],
    ids=" ".join,
)
def test_anything_else_is_blocked_before_the_upgrade(offered: tuple[str, ...]) -> None:
    agent = Agent()
    said = agent.refused(*offered)
    assert said.status == 401
    assert said.headers["WWW-Authenticate"]
    error = orjson.loads(said.body)["error"]
    assert error
    assert PASSWORD not in error
    assert agent.coordinator.door.failed == 1


def test_enrolled_name_gets_a_password_of_its_own() -> None:
    agent = Agent()
    one, two = agent.coordinator.enrol("one"), agent.coordinator.enrol("two")
    assert one["password"] != two["password"]
    assert agent.coordinator.enrol("one") == one
    script = agent.join(VERSION, one["username"], one["password"])
    assert script.line.connection.principal == "one"
    assert agent.refused(VERSION, "one", two["password"]).status == 401


def test_enrolled_name_fits_into_a_header() -> None:
    known = Agent().coordinator.enrol("Jürgen, the (first)")
    assert known["username"] == "J-rgen-the-first-"


def test_documented_dialect_locks_nobody_out() -> None:
    agent = Agent()
    assert {agent.refused(VERSION, USER, "wrong").status for _ in range(12)} == {401}
    assert isinstance(agent.knock(LOG_IN), Joined)


def test_deployed_locks_out_after_ten_failures_within_a_minute() -> None:
    agent = Agent("deployed")
    for _ in range(10):
        assert agent.refused(VERSION, USER, "wrong").status == 401
        agent.pass_time(1)
    said = agent.refused(*LOG_IN)
    assert said.status == 429
    assert said.headers["Retry-After"] == "51"
    agent.pass_time(50.5)
    assert isinstance(agent.knock(LOG_IN), Joined)


def test_lock_out_is_of_one_name_and_of_quick_failures() -> None:
    agent = Agent("deployed")
    for _ in range(10):
        agent.refused(VERSION, "other", "wrong")
        agent.refused(VERSION, USER, "wrong")
        agent.pass_time(7)
    assert isinstance(agent.knock(LOG_IN), Joined)
    for _ in range(10):
        agent.refused(VERSION, "other", "wrong")
    assert agent.refused(VERSION, "other", "wrong").status == 429
    assert isinstance(agent.knock(LOG_IN), Joined)
