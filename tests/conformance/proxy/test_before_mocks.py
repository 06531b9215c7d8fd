"""Before the mock of each protocol: the proxy is not to be noticed, and sees everything."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import grpc
import orjson
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

import mockserver
from conformance.proxy.server import RunningProxy, proxying
from conformance.target import Target, Tls
from mockserver import RunningMock
from mockserver.transcript import Frame
from schemas import load, load_requirements
from schemas.protobuf import codec
from tests.conformance.proxy.watching import Seen

LIMIT = 30.0


@asynccontextmanager
async def standing(
    protocol: str, *, secure: bool | None = None, **options: Any
) -> AsyncIterator[tuple[RunningProxy, RunningMock, Seen]]:
    """A mock, a proxy before it that trusts its authority, and what the proxy sees."""
    spec = load(protocol)
    seen = Seen(protocol)
    async with asyncio.timeout(LIMIT), mockserver.start(spec, tls=secure) as mock:
        target = Target(url=mock.url, grpc=mock.grpc, tls=Tls(ca=mock.ca)).for_protocol(spec)
        tell = seen.passed.append
        rows = load_requirements(spec)
        async with proxying(spec, rows, target, tell, **options) as proxy:
            yield proxy, mock, seen


def trusting(proxy: RunningProxy) -> ssl.SSLContext | None:
    return ssl.create_default_context(cafile=proxy.ca) if proxy.ca else None


@asynccontextmanager
async def calling(proxy: RunningProxy) -> AsyncIterator[aiohttp.ClientSession]:
    connector = aiohttp.TCPConnector(ssl=trusting(proxy) or True, force_close=True)
    async with aiohttp.ClientSession(proxy.url, connector=connector) as session:
        yield session


async def test_requests_of_aitbc() -> None:
    async with standing("aitbc") as (proxy, mock, seen), calling(proxy) as session:
        spec = load("aitbc")
        for operation in spec:
            path = operation.path.replace("{agent_id}", "a-1").replace("{priority}", "low")
            asked = session.request(operation.method, path, json=operation.request_example)
            async with asked as response:
                told = await response.read()
                assert seen.exchanges[-1].status == response.status
                assert seen.exchanges[-1].answer == told
        heard = [each.operation for each in mock.session.transcript]
        assert [each.operation for each in seen.exchanges] == heard
        assert not seen.breaches


async def test_messages_of_echocenter() -> None:
    async with standing("echocenter") as (proxy, mock, seen):
        token = mock.session.coordinator.enrol("Scout")["token"]
        async with connect(f"{proxy.ws_url}/api/ws?token={token}") as socket:
            log = {"type": "SYSTEM_LOG", "payload": {"level": "INFO", "content": "x"}}
            await socket.send(orjson.dumps(log).decode())
            await (await socket.ping())
            await socket.send("{")
        with pytest.raises(InvalidStatus):
            await connect(f"{proxy.ws_url}/api/ws?token=nobody")
        kinds = [(frame.sender, frame.kind) for frame in seen.frames]
        assert kinds[:4] == [
            ("agent", "text"),
            ("agent", "ping"),
            ("coordinator", "pong"),
            ("agent", "text"),
        ]
        assert {each.who for each in seen.breaches} == {"agent"}, "the text that is no JSON"
        assert seen.exchanges[-1].status == 401


async def test_subprotocols_and_close_codes_of_architect() -> None:
    async with standing("architect") as (proxy, mock, seen):
        offered: Any = ["SMP1.0", mock.mock.settings.username, mock.mock.settings.password]
        url, tls = f"{proxy.ws_url}/ws", trusting(proxy)
        async with connect(url, subprotocols=offered, ssl=tls) as socket:
            assert socket.subprotocol == "SMP1.0"
            asked = {"action": "list_actions", "parameters": {}, "idempotence": "t-1"}
            await socket.send(orjson.dumps(asked).decode())
            assert orjson.loads(await socket.recv())["idempotence"] == "t-1"
            await mock_ends(mock, 4001)
            with pytest.raises(ConnectionClosed) as caught:
                await socket.recv()
            assert caught.value.rcvd is not None
            assert caught.value.rcvd.code == 4001
        assert not seen.breaches


async def mock_ends(mock: RunningMock, code: int) -> None:
    for line in list(mock.session.lines.values()):
        mock.session.coordinator.end(line.connection, code, "enough")
    mock.mock.sockets.flush(mock.session)


async def test_certificates_of_stella_are_shown_behind_the_proxy() -> None:
    """TLS ends at the proxy: it shows what the coordinator has issued to the agent."""
    async with standing("stella") as (proxy, mock, seen), calling(proxy) as session:
        token = mock.session.coordinator.enrol("Crane-1")["token"]
        body = {"name": "Crane-1", "version": "1", "capabilities": [], "labels": {}}
        headers = {"X-Agent-Token": token}
        base = "/api/v1/agents"
        async with session.post(f"{base}/register", json=body, headers=headers) as response:
            assert response.status == 201
            agent = (await response.json())["agentId"]
        beat = {
            "status": "healthy",
            "resourceUsage": {"cpu": 1.0, "memory": 1.0, "disk": 1.0},
            "capabilities": [],
            "runningTasks": 0,
        }
        async with session.post(f"{base}/{agent}/heartbeat", json=beat) as response:
            assert response.status == 200
        url = f"{proxy.ws_url}{base}/{agent}/task-stream"
        async with connect(url, ssl=trusting(proxy)) as socket:
            mock.session.coordinator.command(
                "enqueue", {"agent": agent, "task": {"taskType": "docker.run"}}
            )
            mock.mock.sockets.flush(mock.session)
            assert orjson.loads(await socket.recv())["type"] == "task_assigned"
        async with session.post(f"{base}/nobody/heartbeat", json=beat) as response:
            assert response.status in (401, 403, 404)
        assert not seen.breaches


def dialling(proxy: RunningProxy) -> grpc.aio.Channel:
    if not proxy.ca:
        return grpc.aio.insecure_channel(proxy.grpc)
    known = grpc.ssl_channel_credentials(Path(proxy.ca).read_bytes())
    return grpc.aio.secure_channel(proxy.grpc, known)


@pytest.mark.parametrize("secure", [False, True])
async def test_procedures_of_caxton(secure: bool) -> None:
    spec = load("caxton")
    known = codec(spec)
    async with standing("caxton", secure=secure) as (proxy, mock, seen):
        assert bool(proxy.ca) is secure
        path = spec.operations["AgentService.ListAgents"].path
        procedure = known.procedure(path)
        assert procedure is not None
        async with dialling(proxy) as channel:
            call = channel.unary_unary(path)
            token = (("authorization", f"Bearer {mock.mock.settings.token}"),)
            passed = call(known.encode(procedure.request, {}), metadata=token)
            assert known.decode(procedure.answer, await passed) is not None
            with pytest.raises(grpc.aio.AioRpcError) as caught:
                await call(b"", metadata=())
            assert caught.value.code() is grpc.StatusCode.UNAUTHENTICATED
            assert caught.value.details()
            with pytest.raises(grpc.aio.AioRpcError) as caught:
                await channel.unary_unary("/nobody.Knows/It")(b"")
            assert caught.value.code() is grpc.StatusCode.UNIMPLEMENTED
        assert [each.status for each in seen.exchanges] == [200, 401, 501]
        assert [each.operation for each in seen.exchanges][:2] == ["AgentService.ListAgents"] * 2
        assert proxy.refused == 0


async def test_reflection_passes_though_it_is_a_stream() -> None:
    from conformance.clients.reflection import peer_codec

    async with standing("caxton") as (proxy, mock, seen):
        services = codec(load("caxton")).services
        async with grpc.aio.insecure_channel(proxy.grpc) as channel:
            token = (("authorization", f"Bearer {mock.mock.settings.token}"),)
            assert await peer_codec(channel, services, token, 10.0) is not None
        assert not seen.passed, "what the library asks is none of the protocol's"


async def test_procedures_of_nobody_are_unavailable() -> None:
    spec = load("caxton")
    target = Target(url="http://127.0.0.1:9", grpc="127.0.0.1:9").for_protocol(spec)
    rows = load_requirements(spec)
    seen = Seen("caxton")
    async with (
        asyncio.timeout(LIMIT),
        proxying(spec, rows, target, seen.passed.append) as proxy,
        grpc.aio.insecure_channel(proxy.grpc) as channel,
    ):
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await channel.unary_unary(spec.operations["AgentService.ListAgents"].path)(b"")
        assert caught.value.code() is grpc.StatusCode.UNAVAILABLE
        assert proxy.refused == 1
    assert not [each for each in seen.breaches if each.who == "coordinator"]


async def test_compressed_websocket_is_read() -> None:
    """The mock takes no compression; a peer of the library's own does."""
    from websockets.asyncio.server import serve

    async def echo(socket: Any) -> None:
        async for text in socket:
            await socket.send(text)

    spec = load("echocenter")
    seen = Seen("echocenter")
    async with asyncio.timeout(LIMIT), serve(echo, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        target = Target(url=f"http://127.0.0.1:{port}").for_protocol(spec)
        rows = load_requirements(spec)
        async with (
            proxying(spec, rows, target, seen.passed.append) as proxy,
            connect(f"{proxy.ws_url}/api/ws?token=t") as socket,
        ):
            for text in ("the same words " * 20, "the same words " * 30):
                await socket.send(text)
                assert await socket.recv() == text
    said = [frame.data.decode() for frame in seen.frames if frame.kind == "text"]
    assert [len(text) for text in said] == [300, 300, 450, 450]
    assert isinstance(seen.frames[0], Frame)
