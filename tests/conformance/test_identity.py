"""Whose certificate a connection shows, over real TLS."""

from __future__ import annotations

import ssl
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest

import mockserver
from conformance.clients import HttpClient
from conformance.clients.identity import Identity
from conformance.clients.opener import Opener
from conformance.clients.websocket import Refused, Socket
from conformance.exchange import shell_commands
from conformance.masking import Masker
from conformance.target import Target, Tls
from mockserver import RunningMock
from mockserver.authority import Authority
from schemas import load

STELLA = load("stella")
PULSE: Mapping[str, Any] = {
    "status": "healthy",
    "resourceUsage": {"cpu": 1, "memory": 2, "disk": 3},
    "capabilities": [],
    "runningTasks": 0,
}


@dataclass(frozen=True)
class Yard:
    mock: RunningMock
    target: Target
    client: HttpClient

    async def register(self, name: str) -> tuple[str, Identity]:
        body = {"name": name, "version": "1", "capabilities": ["docker"]}
        token = self.mock.session.coordinator.enrol(name)["token"]
        headers = {"X-Agent-Token": token}
        said = (await self.client.call("registerAgent", body=body, headers=headers)).json
        given = said["certificate"]
        identity = Identity.of_pem(self.target, name, [given["cert"]], given["key"])
        return said["agentId"], identity

    async def beat(self, agent: str, identity: Identity | None) -> int | None:
        said = await self.client.call("sendHeartbeat", {"id": agent}, body=PULSE, identity=identity)
        return said.status


@pytest.fixture
async def yard() -> AsyncIterator[Yard]:
    async with mockserver.start("stella", clock="virtual") as mock:
        target = Target(tls=Tls(ca=mock.ca)).with_url(mock.url)
        client = HttpClient(STELLA, target)
        yield Yard(mock, target, client)
        await client.close()


async def test_each_identity_is_itself_also_in_turns(yard: Yard) -> None:
    one, one_self = await yard.register("crane-1")
    two, two_self = await yard.register("crane-2")
    for _ in range(2):  # connections are kept alive, each for its own identity
        assert await yard.beat(one, one_self) == 200
        assert await yard.beat(two, two_self) == 200
        assert await yard.beat(one, two_self) == 403
        assert await yard.beat(one, None) == 401
        assert await yard.beat(one, Identity.nobody(yard.target)) == 401


async def test_a_certificate_of_another_authority_gets_no_answer(yard: Yard) -> None:
    agent, _ = await yard.register("crane-1")
    made = Authority().issue("crane-1", time.time() - 60, time.time() + 3600)
    stranger = Identity.of_pem(yard.target, "a stranger", [made.cert], made.key)
    said = await yard.client.call("sendHeartbeat", {"id": agent}, body=PULSE, identity=stranger)
    assert said.status is None
    assert said.failure
    command = shell_commands([said], Masker())
    assert "--cert a-stranger.pem" in command
    assert said.record(Masker())["request"]["identity"] == "a stranger"


async def test_a_stream_is_opened_by_its_own_agent_alone(yard: Yard) -> None:
    one, one_self = await yard.register("crane-1")
    _, two_self = await yard.register("crane-2")
    opener = Opener(STELLA, yard.target, lambda *_: None)
    for identity, kind in ((one_self, Socket), (two_self, Refused), (None, Refused)):
        said = await opener.open("taskStream", "crane", parameters={"id": one}, identity=identity)
        assert isinstance(said, kind)
    raw = await opener.raw("taskStream", "crane", parameters={"id": one}, identity=one_self)
    assert not isinstance(raw, Refused)
    await opener.close()


def test_a_key_of_another_certificate_is_no_identity() -> None:
    authority = Authority()
    one, two = (authority.issue(name, 0, 1e9) for name in ("one", "two"))
    with pytest.raises(ssl.SSLError):
        Identity.of_pem(Target(tls=Tls(verify=False)), "one", [one.cert], two.key)
