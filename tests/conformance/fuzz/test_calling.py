"""Made-up requests become the run's own, and touch nobody else's."""

from __future__ import annotations

import json
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from conformance.clients import HttpClient
from conformance.exchange import Exchange
from conformance.fuzz.calling import Caller
from conformance.fuzz.lawfulness import Asked
from conformance.fuzz.menu import KNOWN, STRANGER
from conformance.ids import IdSource
from conformance.protocols.aitbc.made_up import MENU
from conformance.protocols.caxton.made_up import ClientCaller
from conformance.target import Target
from schemas import load

GET = Asked(operation="getAgent", method="GET", parameters={"agent_id": KNOWN})
PUT = replace(GET, operation="updateAgentStatus", method="PUT")
REMOVING = replace(MENU, removes=frozenset({"updateAgentStatus"}))


@pytest.fixture
async def caller() -> Caller:
    peer = HttpClient(load("aitbc"), Target(url="http://127.0.0.1:9"))
    await peer.close()
    return Caller(peer, IdSource("run"), MENU, {"agent_id": "a-1"})


def leading(asked: Asked, agent_id: str) -> Asked:
    return replace(asked, parameters={"agent_id": agent_id})


def made(agent_id: str) -> Exchange:
    answer = json.dumps({"agent_id": agent_id}).encode()
    return Exchange(operation="registerAgent", method="POST", url="", status=200, answer=answer)


async def test_what_stands_for_something_becomes_that_and_back(caller: Caller) -> None:
    meant = caller.meant(GET)
    assert meant.parameters == {"agent_id": "a-1"}
    assert caller.general(meant) == GET
    caller.stand_on({"agent_id": "a-2"})
    assert caller.meant(GET).parameters == {"agent_id": "a-2"}
    assert caller.general(meant) == GET, "those that were known before are known still"


async def test_names_are_the_runs_own_each_time(caller: Caller) -> None:
    asked = Asked(operation="registerAgent", method="POST", parameters={}, body=b'{"agent_id":"x"}')
    first, second = (json.loads(caller.meant(asked).body or b"") for _ in range(2))
    assert first["agent_id"].startswith("made-up-run-")
    assert first["agent_id"].endswith("-x")
    assert first != second


@pytest.mark.parametrize("body", [b'{"agent_id": 7}', b'{"agent_id": ""}', b"[]", b"{", None])
async def test_what_names_nothing_is_left_as_it_is(body: bytes | None, caller: Caller) -> None:
    asked = Asked(operation="registerAgent", method="POST", parameters={}, body=body)
    assert caller.meant(asked).body == body


async def test_only_what_the_run_has_made_is_changed(caller: Caller) -> None:
    for agent_id, may in ((KNOWN, True), (STRANGER, True), ("0", False), ("a b", False)):
        assert caller.is_allowed(leading(PUT, agent_id)) is may
        assert caller.is_allowed(leading(GET, agent_id))
    caller.learn(replace(PUT, operation="registerAgent"), made("a-9"))
    assert caller.is_allowed(leading(PUT, "a-9"))
    assert caller.is_alive(leading(PUT, "a-9"))
    assert caller.created_ids == {"a-9"}


async def test_what_all_stand_on_is_not_taken_away(caller: Caller) -> None:
    caller.menu = REMOVING
    caller.learn(replace(PUT, operation="registerAgent"), made("a-9"))
    assert not caller.is_allowed(PUT)
    assert caller.is_allowed(leading(PUT, "a-9"))
    gone = Exchange(operation="updateAgentStatus", method="PUT", url="", status=200)
    caller.learn(leading(PUT, "a-9"), gone)
    assert not caller.is_alive(leading(PUT, "a-9"))


@pytest.mark.parametrize("can_jump", [True, False])
async def test_caxtons_other_agents_are_left_alone(can_jump: bool) -> None:
    client: Any = SimpleNamespace(peer=None, clock=SimpleNamespace(can_jump=can_jump))
    crew: Any = None
    caller = ClientCaller(client, crew, IdSource("run"))
    updating = Asked(operation="updateAgent", method="PUT", parameters={"agent_id": "agent-5"})
    assert not caller.is_allowed(updating)
    assert caller.is_allowed(leading(updating, KNOWN)) is can_jump
    message = Asked(operation="sendMessage", method="POST", parameters={})
    assert caller.is_allowed(message), "of these a peer takes a thousand a second"
