"""EchoCenter's REST, and who comes in by its socket."""

from __future__ import annotations

import re
from typing import Any

import orjson
import pytest

from mockserver.world import iso
from tests.mockserver.conftest import START
from tests.mockserver.protocols.echocenter_room import LOG_IN, Center

AGENTS = "/api/users/agents"
ENDPOINTS = [
    ("POST", AGENTS, {"username": "scout"}),
    ("GET", AGENTS, None),
    ("GET", "/api/dev/mock/agent-token/scout", None),
    ("GET", "/api/presence", None),
]


@pytest.fixture
def center() -> Center:
    return Center()


def _create(center: Center, username: str) -> Any:
    status, said = center("POST", AGENTS, {"username": username})
    assert status == 201
    return said


def test_agent_is_registered_with_a_token_of_its_own(center: Center) -> None:
    first, second = _create(center, "Scout-4"), _create(center, "Vögel & Söhne/7")
    assert first == {
        "id": 3,
        "username": "Scout-4",
        "role": "AGENT",
        "api_token": first["api_token"],
        "token_hint": f"****{first['api_token'][-4:]}",
        "created_at": iso(START),
        "online": False,
    }
    assert re.fullmatch(r"agt_[0-9a-f]{32}", first["api_token"])
    assert (second["id"], second["username"]) == (4, "Vögel & Söhne/7")
    assert first["api_token"] != second["api_token"]


@pytest.mark.parametrize("body", [{}, {"username": ""}, {"username": " \n"}, {"username": 7}, []])
def test_agent_without_a_name_is_refused(center: Center, body: Any) -> None:
    assert center("POST", AGENTS, body) == (400, {"error": "username is required"})
    assert center("GET", AGENTS) == (200, [])


def test_agent_that_is_no_json_is_refused(center: Center) -> None:
    status, said = center("POST", AGENTS, b"{")
    assert (status, "is not well-formed JSON" in said["error"]) == (400, True)


@pytest.mark.parametrize("username", ["Scout-4", "admin", "Butler"])
def test_name_that_is_taken_is_refused(center: Center, username: str) -> None:
    _create(center, "Scout-4")
    said = center("POST", AGENTS, {"username": username})
    assert said == (409, {"error": "username already exists"})
    assert len(center("GET", AGENTS)[1]) == 1


def test_list_and_state_tell_hints_and_no_tokens(center: Center) -> None:
    token = _create(center, "Scout-4")["api_token"]
    center.join(token)
    listed = center("GET", AGENTS)
    assert listed[1] == [
        {
            "id": 3,
            "username": "Scout-4",
            "role": "AGENT",
            "token_hint": f"****{token[-4:]}",
            "created_at": iso(START),
            "online": True,
        }
    ]
    for seen in (listed, center.state, center("GET", "/api/presence")):
        assert token.encode() not in orjson.dumps(seen)
        assert token.removeprefix("agt_").encode() not in orjson.dumps(seen)


def test_token_is_told_outside_of_production(center: Center) -> None:
    token = _create(center, "Vögel & Söhne/7")["api_token"]
    path = "/api/dev/mock/agent-token/V%C3%B6gel%20&%20S%C3%B6hne%2F7"
    assert center("GET", path) == (200, {"username": "Vögel & Söhne/7", "api_token": token})


@pytest.mark.parametrize("username", ["nobody", "admin", "Butler"])
def test_token_of_who_has_none_is_a_404(center: Center, username: str) -> None:
    path = f"/api/dev/mock/agent-token/{username}"
    assert center("GET", path) == (404, {"error": "agent not found"})


@pytest.mark.parametrize("dialect", ["documented", "deployed"])
def test_token_is_not_told_in_production(dialect: str) -> None:
    center = Center(dialect, production=True)
    center.coordinator.enrol("scout")
    said = center("GET", "/api/dev/mock/agent-token/scout", token=center.log_in())
    assert said == (404, {"error": "no such path"})


def test_person_logs_in(center: Center) -> None:
    status, said = center("POST", "/api/auth/login", LOG_IN)
    assert status == 200
    assert said["user"] == {
        "id": 1,
        "username": "admin",
        "role": "ADMIN",
        "created_at": iso(START),
    }
    assert said["token"].count(".") == 2
    assert (
        center.coordinator.accounts.person_of(said["token"]) is center.coordinator.accounts.person
    )


@pytest.mark.parametrize("wrong", [{"username": "root"}, {"password": "guess"}])
def test_wrong_log_in_is_refused(center: Center, wrong: dict[str, str]) -> None:
    said = center("POST", "/api/auth/login", {**LOG_IN, **wrong})
    assert said == (401, {"error": "invalid credentials"})


def test_log_in_that_says_too_little_is_refused(center: Center) -> None:
    said = center("POST", "/api/auth/login", {"username": "admin"})
    assert said == (400, {"error": "username and password are required"})


def test_unknown_paths_and_methods_are_refused(center: Center) -> None:
    assert center("GET", "/api/users") == (404, {"error": "no such path"})
    assert center("DELETE", AGENTS) == (405, {"error": "no such method here"})


@pytest.mark.parametrize(("method", "path", "body"), ENDPOINTS)
def test_deployed_asks_for_a_log_in(method: str, path: str, body: Any) -> None:
    center = Center("deployed")
    agent = center.coordinator.enrol("other")["token"]
    center.coordinator.enrol("scout") if "dev" in path else None
    ours = center.log_in()
    elsewhere = Center("deployed", seed=1).log_in()
    assert center(method, path, body) == (401, {"error": "token is required"})
    for wrong in (agent, elsewhere, ours[:-1], "\udcff.\udcff"):
        assert center(method, path, body, token=wrong) == (401, {"error": "invalid credentials"})
    assert center(method, path, body, token=ours)[0] in (200, 201)


@pytest.mark.parametrize(("method", "path", "body"), ENDPOINTS[:2])
def test_documented_asks_for_none(center: Center, method: str, path: str, body: Any) -> None:
    assert center(method, path, body, token="whatever")[0] in (200, 201)


# The socket's door


@pytest.mark.parametrize("dialect", ["documented", "deployed"])
def test_nobody_comes_in_without_a_token(dialect: str) -> None:
    center = Center(dialect)
    center.coordinator.enrol("scout")
    assert center.refused() == (401, {"error": "token is required"})
    assert center.refused(token="") == (401, {"error": "token is required"})
    for wrong in ("agt_", "scout", "ä.b.c", "a" * 4000):
        assert center.refused(token=wrong) == (401, {"error": "invalid credentials"})
    assert center.state["online"] == []


def test_agents_and_people_come_in_and_are_seen(center: Center) -> None:
    scout, _ = center.agent("scout")
    again, _ = center.agent("scout")
    center.person()
    online = [
        {"id": 1, "username": "admin", "role": "ADMIN", "connections": 1},
        {"id": 3, "username": "scout", "role": "AGENT", "connections": 2},
    ]
    assert center("GET", "/api/presence") == (200, {"online": online})
    assert center.state["online"] == online
    assert [line.connection.principal for line in center.session.lines.values()] == [
        "scout",
        "scout",
        "admin",
    ]
    scout.leave()
    again.leave()
    assert center.state["online"] == online[:1]


def test_same_seed_gives_the_same_tokens() -> None:
    tokens = [Center(seed=seed).coordinator.enrol("scout")["token"] for seed in (5, 5, 6)]
    assert tokens[0] == tokens[1] != tokens[2]
