"""EchoCenter over real sockets: the guide's own example, refusals, limits, and being steered."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
import websockets
from websockets.asyncio.client import ClientConnection

import mockserver
from mockserver import RunningMock
from mockserver.coordinator import Settings
from tests.mockserver.wire.conftest import Client


@pytest.fixture
async def mock() -> AsyncIterator[RunningMock]:
    async with mockserver.start("echocenter") as running:
        yield running


@pytest.fixture
async def deployed() -> AsyncIterator[RunningMock]:
    settings = Settings(dialect="deployed", password="mellon")
    async with mockserver.start("echocenter", settings=settings) as running:
        yield running


@pytest.fixture
async def client(mock: RunningMock) -> AsyncIterator[Client]:
    async with aiohttp.ClientSession() as http:
        yield Client(http, mock)


def _connect(mock: RunningMock, token: str, session: str = "") -> websockets.connect:
    base = f"{mock.ws_url}/_assay/sessions/{session}" if session else mock.ws_url
    return websockets.connect(f"{base}/api/ws?token={token}", proxy=None)


async def _next(socket: ClientConnection) -> Any:
    async with asyncio.timeout(5):
        return json.loads(await socket.recv())


async def _enrol(client: Client, name: str) -> str:
    _, known = await client("POST", "/_assay/enrol", json={"name": name})
    token: str = known["token"]
    return token


async def test_example_of_the_guide_works(client: Client) -> None:
    _, made = await client("POST", "/api/users/agents", json={"username": "Your-Agent-Name"})
    login = {"username": "admin", "password": "assay-admin"}
    _, admin = await client("POST", "/api/auth/login", json=login)
    async with (
        _connect(client.mock, admin["token"]) as person,
        _connect(client.mock, made["api_token"]) as ws,
    ):
        log = {"type": "SYSTEM_LOG", "payload": {"level": "SUCCESS", "content": "Agent Online"}}
        await ws.send(json.dumps(log))
        assert (await _next(person))["payload"] == log["payload"]
        await person.send(
            json.dumps({"type": "CHAT", "target_id": made["id"], "payload": "Please scan."})
        )
        msg = await _next(ws)
        assert (msg["type"], msg["payload"], msg["sender_id"]) == ("CHAT", "Please scan.", 1)
        reply = {"type": "CHAT", "target_id": msg["sender_id"], "payload": "Roger that!"}
        await ws.send(json.dumps(reply))
        said = await _next(person)
        assert (said["payload"], said["sender_name"]) == ("Roger that!", "Your-Agent-Name")
    _, told = await client("GET", "/_assay/transcript")
    names = [frame["message"] for frame in told["frames"] if frame["kind"] == "text"]
    assert names == [
        "systemLog",
        "serverMessage",
        "chat",
        "deliveredChat",
        "chat",
        "deliveredChat",
    ]


@pytest.mark.parametrize(
    ("query", "error"),
    [
        ("", "token is required"),
        ("?token=", "token is required"),
        ("?token=x", "invalid credentials"),
    ],
)
async def test_refusal_comes_before_the_upgrade(client: Client, query: str, error: str) -> None:
    with pytest.raises(websockets.InvalidStatus) as refused:
        await websockets.connect(f"{client.mock.ws_url}/api/ws{query}", proxy=None)
    response = refused.value.response
    assert response.status_code == 401
    assert json.loads(response.body or b"") == {"error": error}
    assert "upgrade" not in response.headers


async def test_first_of_two_tokens_counts(client: Client) -> None:
    token = await _enrol(client, "scout")
    async with _connect(client.mock, f"{token}&token=x"):
        pass
    with pytest.raises(websockets.InvalidStatus):
        await websockets.connect(f"{client.mock.ws_url}/api/ws?token=x&token={token}", proxy=None)


async def test_sessions_have_their_own_agents(client: Client) -> None:
    token = await _enrol(client, "scout")
    with pytest.raises(websockets.InvalidStatus):
        await _connect(client.mock, token, session="other")


async def test_butler_is_steered_from_outside(client: Client) -> None:
    async with _connect(client.mock, await _enrol(client, "scout")) as scout:
        order = {"to": "scout", "text": "report"}
        assert (await client("POST", "/_assay/directive", json=order))[1]["status"] == "waiting"
        msg = await _next(scout)
        assert (msg["sender_name"], msg["payload"]) == ("Butler", "[DIRECTIVE] report")
        answer = {"type": "CHAT", "target_id": msg["sender_id"], "payload": "all quiet"}
        await scout.send(json.dumps(answer))
        await (await scout.ping())
        _, told = await client("POST", "/_assay/directives")
        assert told["directives"][0]["answer"] == "all quiet"
        await client("POST", "/_assay/chat", json={"to": "scout", "text": "thanks"})
        assert (await _next(scout))["payload"] == "thanks"
        status, said = await client("POST", "/_assay/directive", json={"to": "x", "text": "y"})
        assert (status, "not 'x'" in said["error"]) == (400, True)


async def test_revoked_agent_is_shown_the_door(client: Client) -> None:
    token = await _enrol(client, "scout")
    async with _connect(client.mock, token) as scout:
        await client("POST", "/_assay/revoke", json={"username": "scout"})
        with pytest.raises(websockets.ConnectionClosed) as closed:
            await _next(scout)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1008
    with pytest.raises(websockets.InvalidStatus):
        await _connect(client.mock, token)


async def test_agent_comes_back_after_a_restart(client: Client) -> None:
    token = await _enrol(client, "scout")
    async with _connect(client.mock, token) as scout:
        await client("POST", "/_assay/restart")
        with pytest.raises(websockets.ConnectionClosed):
            await _next(scout)
    async with _connect(client.mock, token) as scout:
        await client("POST", "/_assay/chat", json={"to": "scout", "text": "again"})
        assert (await _next(scout))["payload"] == "again"


async def test_documented_takes_a_large_message(client: Client) -> None:
    async with _connect(client.mock, await _enrol(client, "scout")) as scout:
        text = "x" * 200_000
        await scout.send(json.dumps({"type": "CHAT", "target_id": 3, "payload": text}))
        assert (await _next(scout))["payload"] == text


async def test_deployed_refuses_what_is_too_large(deployed: RunningMock) -> None:
    token = deployed.session.coordinator.enrol("scout")["token"]
    async with _connect(deployed, token) as scout:
        await scout.send(json.dumps({"type": "CHAT", "target_id": 3, "payload": "x" * 60_000}))
        assert len((await _next(scout))["payload"]) == 60_000
        await scout.send(json.dumps({"type": "CHAT", "target_id": 3, "payload": "x" * 70_000}))
        with pytest.raises(websockets.ConnectionClosed) as closed:
            await _next(scout)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1009


async def test_deployed_says_no_goodbye_to_who_sends_no_json(deployed: RunningMock) -> None:
    token = deployed.session.coordinator.enrol("scout")["token"]
    async with _connect(deployed, token) as scout:
        # Both come in one piece, and what was said to the first still goes out.
        scout.protocol.send_text(b'{"type": "CHAT", "target_id": 3, "payload": "before"}')
        scout.protocol.send_text(b"{")
        scout.send_data()
        assert (await _next(scout))["payload"] == "before"
        with pytest.raises(websockets.ConnectionClosed) as closed:
            await _next(scout)
        assert closed.value.rcvd is None


async def test_directive_is_given_up_on_the_real_clock(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mockserver.protocols.echocenter.butler.PATIENCE", 0.05)
    async with _connect(client.mock, await _enrol(client, "scout")):
        await client("POST", "/_assay/directive", json={"to": "scout", "text": "report"})
        await asyncio.sleep(0.15)
        butler = client.mock.session.coordinator.butler  # type: ignore[attr-defined]
        assert [each["status"] for each in butler.view()] == ["unanswered"]


async def test_connection_that_is_ending_is_not_spoken_to(client: Client) -> None:
    async with _connect(client.mock, await _enrol(client, "scout")):
        (line,) = client.mock.session.lines.values()
        line.ending = True
        status, said = await client("POST", "/_assay/connections/say", json={"text": "hello?"})
        assert (status, said) == (400, {"error": "nobody is connected"})
        assert (await client("GET", "/_assay/connections"))[1] == {"connections": []}
    assert [f for f in client.mock.session.transcript.frames if f.kind == "text"] == []


async def test_what_is_nested_too_deeply_hurts_nobody(client: Client) -> None:
    async with _connect(client.mock, await _enrol(client, "scout")) as scout:
        deep = "[" * 1000 + "]" * 1000
        await scout.send(f'{{"type": "CHAT_STREAM_END", "target_id": 3, "payload": {deep}}}')
        await scout.send('{"type": "CHAT", "target_id": 3, "payload": "still here"}')
        assert (await _next(scout))["payload"] == "still here"
    status, told = await client("GET", "/_assay/transcript")
    assert (status, deep in told["frames"][0]["body"]) == (200, True)
