"""The Architect Agent over wss: certificates that validate, refusals, replies that overtake."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import orjson
import pytest
import websockets
from websockets.asyncio.client import ClientConnection

import mockserver
from mockserver import RunningMock

LOG_IN = ["SMP1.0", "admin", "assay-admin"]


@pytest.fixture
async def agent() -> AsyncIterator[RunningMock]:
    async with mockserver.start("architect") as running:
        yield running


def _trust(agent: RunningMock) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=agent.ca)


def _connect(
    agent: RunningMock, host: str = "127.0.0.1", offered: list[str] | None = None
) -> websockets.connect:
    uri = f"wss://{host}:{agent.port}/ws"
    protocols: Any = LOG_IN if offered is None else offered or None
    return websockets.connect(uri, ssl=_trust(agent), subprotocols=protocols, proxy=None)


async def _call(script: ClientConnection, action: str, token: Any, **parameters: Any) -> None:
    asked = {"action": action, "parameters": parameters, "idempotence": token}
    await script.send(orjson.dumps(asked).decode())


async def _next(script: ClientConnection) -> Any:
    async with asyncio.timeout(5):
        return orjson.loads(await script.recv())


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
async def test_authority_vouches_for_the_loopback(agent: RunningMock, host: str) -> None:
    assert agent.ws_url == f"wss://127.0.0.1:{agent.port}"
    async with _connect(agent, host) as script:
        assert script.subprotocol == "SMP1.0"
        await _call(script, "ping", "t")
        assert (await _next(script))["idempotence"] == "t"


async def test_nobody_else_vouches_for_it(agent: RunningMock) -> None:
    uri = f"{agent.ws_url}/ws"
    with pytest.raises(ssl.SSLCertVerificationError):
        await websockets.connect(uri, ssl=ssl.create_default_context(), proxy=None)


async def test_authority_is_gone_with_the_mock() -> None:
    async with mockserver.start("architect") as agent:
        authority = Path(agent.ca)
        assert "BEGIN CERTIFICATE" in await asyncio.to_thread(authority.read_text)
    assert not await asyncio.to_thread(authority.exists)


async def test_plain_mock_is_served_where_it_is_told_to() -> None:
    async with mockserver.start("architect", tls=False) as agent:
        uri, offered = f"{agent.ws_url}/ws", [websockets.Subprotocol(each) for each in LOG_IN]
        assert uri.startswith("ws://")
        async with websockets.connect(uri, subprotocols=offered, proxy=None) as script:
            await _call(script, "ping", 1)
            assert (await _next(script))["parameters"]["pong"] is True


@pytest.mark.parametrize("offered", [[], ["SMP1.0"], ["SMP1.0", "assay-admin", "admin"]])
async def test_refusal_comes_before_the_upgrade(agent: RunningMock, offered: list[str]) -> None:
    with pytest.raises(websockets.InvalidStatus) as refused:
        await _connect(agent, offered=offered)
    response = refused.value.response
    assert response.status_code == 401
    assert response.headers["Content-Type"] == "application/json"
    assert "Sec-WebSocket-Protocol" not in response.headers
    assert orjson.loads(response.body)["error"]


async def test_replies_overtake_each_other_on_the_real_clock(agent: RunningMock) -> None:
    async with _connect(agent) as script:
        await _call(script, "servers", 0)
        server = (await _next(script))["parameters"]["servers"][0]["server_id"]
        await _call(script, "backup_create", 1, server_id=server)
        await _call(script, "system_information", 2)
        await _call(script, "ping", 3)
        heard = [await _next(script) for _ in range(4)]
        assert [each.get("idempotence") for each in heard] == [3, 2, 1, None]
        assert heard[-1]["event"] == "backup_created"


async def test_connection_survives_what_is_no_request(agent: RunningMock) -> None:
    async with _connect(agent) as script:
        for said in ("{", "[]", "", b"\x00\x01"):
            await script.send(said)
            assert "error" in await _next(script)
        await script.send(iter(['{"action": "ping", ', '"parameters": {}, ', '"idempotence": 5}']))
        assert (await _next(script))["idempotence"] == 5


async def test_control_pushes_an_event_and_names_connections(agent: RunningMock) -> None:
    async with _connect(agent) as script, aiohttp.ClientSession() as http:
        base, trust = f"{agent.url}/_assay", _trust(agent)
        said = {"event": "storm", "parameters": {"wind": 9}}
        async with http.post(f"{base}/event", json=said, ssl=trust) as told:
            assert await told.json() == {"told": [1]}
        assert await _next(script) == said
        async with http.get(f"{base}/connections", ssl=trust) as told:
            (known,) = (await told.json())["connections"]
        assert (known["connection"], known["principal"]) == (1, "admin")
        async with http.post(f"{base}/fail", json={"action": "ping"}, ssl=trust) as told:
            assert told.status == 200
        await _call(script, "ping", 1)
        assert (await _next(script))["error"]["code"] == "failed"
        async with http.post(f"{base}/fail", json={"action": "nothing"}, ssl=trust) as told:
            assert told.status == 400


async def test_virtual_time_tells_events_in_their_moments() -> None:
    async with (
        mockserver.start("architect", clock="virtual") as agent,
        _connect(agent) as script,
        aiohttp.ClientSession() as http,
    ):
        url = f"{agent.url}/_assay/clock/advance"
        began = agent.session.world.clock.now()
        async with http.post(url, json={"seconds": 11}, ssl=_trust(agent)) as said:
            assert said.status == 200
        assert [(await _next(script))["event"] for _ in range(2)] == ["statistics"] * 2
        frames = agent.session.transcript.frames
        assert [round(frame.at - began, 3) for frame in frames] == [5, 10]


async def test_paths_beside_the_socket_are_refused_in_json(agent: RunningMock) -> None:
    async with aiohttp.ClientSession() as http:
        async with http.get(f"{agent.url}/other", ssl=_trust(agent)) as said:
            assert (said.status, await said.json()) == (404, {"error": "no such path"})
        async with http.get(f"{agent.url}/ws", ssl=_trust(agent)) as said:
            assert said.status == 426


async def test_reset_ends_connections_and_leaves_no_trace_of_them(agent: RunningMock) -> None:
    async with _connect(agent) as script:
        await _call(script, "ping", 1)
        await _next(script)
        agent.session.reset()
        assert agent.session.lines == {}
        await script.wait_closed()
        assert script.close_code == 1012
    await asyncio.sleep(0.05)  # the last that the mock hears of it
    assert len(agent.session.transcript) == 0
    assert agent.session.coordinator.state()["calls"] == {}
