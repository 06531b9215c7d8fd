"""The HTTP shell over real sockets: sessions, faults, odd requests."""

from __future__ import annotations

import asyncio
import io
import logging

import aiohttp
import pytest

from mockserver.faults import Fault
from mockserver.wire.http import LARGEST_BODY, SESSION_HEADER
from schemas import Protocol
from tests.mockserver.wire.conftest import Client


async def test_requests_are_answered_in_json(client: Client) -> None:
    assert await client.register("a") == 200
    status, said = await client("GET", "/agents/a")
    assert (status, said["agent"]["agent_id"]) == (200, "a")
    assert (await client("GET", "/agents/b"))[0] == 404


async def test_sessions_by_header_share_nothing(client: Client) -> None:
    one, two = {SESSION_HEADER: "one"}, {SESSION_HEADER: "two"}
    await client.register("a", headers=one)
    assert (await client("GET", "/agents/a", headers=one))[0] == 200
    assert (await client("GET", "/agents/a", headers=two))[0] == 404
    assert (await client("GET", "/agents/a"))[0] == 404


async def test_sessions_by_path_are_those_of_the_header(client: Client) -> None:
    await client.register("a", headers={SESSION_HEADER: "one"})
    base = client.mock.session_url("one").removeprefix(client.mock.url)
    assert (await client("GET", f"{base}/agents/a"))[0] == 200
    assert (await client("GET", "/_assay/sessions/two/agents/a"))[0] == 404
    said = (await client("GET", f"{base}/_assay/state"))[1]
    assert [agent["agent_id"] for agent in said["agents"]] == ["a"]
    assert (await client("GET", base))[0] == 404
    assert client.mock.mock.sessions.keys() == ["two", "one"]


async def test_session_named_in_strange_bytes_harms_nobody(client: Client) -> None:
    head = b"GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-Assay-Session: "
    assert b" 200 OK\r\n" in await client.raw(head + b"\xff\r\n\r\n")
    assert (await client("GET", "/_assay/ready"))[1]["sessions"] == ["\\xff"]


async def test_drop_ends_the_connection_without_an_answer(
    client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    client.mock.session.faults.add(Fault(kind="drop", operation="registerAgent"))
    with caplog.at_level(logging.WARNING):
        with pytest.raises(aiohttp.ClientConnectionError):
            await client.register("a")
        assert await client.raw(_get("/health")) != b""
        client.mock.session.faults.add(Fault(kind="drop"))
        with pytest.raises((ConnectionError, AssertionError)):
            assert await client.raw(_get("/health"))
    assert caplog.records == []
    assert (await client("GET", "/agents/a"))[0] == 200


def _get(path: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode()


async def test_delay_delays_that_answer_alone(client: Client) -> None:
    client.mock.session.faults.add(Fault(kind="delay", operation="getHealth", seconds=0.15))
    loop = asyncio.get_running_loop()
    began = loop.time()
    heard = asyncio.Event()
    client.mock.mock.listener = lambda _: heard.set()
    slow = asyncio.create_task(client("GET", "/health"))
    await heard.wait()
    assert (await client("GET", "/tasks/status"))[0] == 200
    assert loop.time() - began < 0.15
    assert (await slow)[0] == 200
    assert loop.time() - began >= 0.15


async def test_head_has_no_body_and_keeps_the_connection(client: Client) -> None:
    head = b"HEAD /health HTTP/1.1\r\nHost: x\r\n\r\n"
    said = await client.raw(head + _get("/health"))
    first, second = said.split(b"\r\n\r\nHTTP/1.1 ", 1)
    assert first.startswith(b"HTTP/1.1 405 ")
    assert b"\r\nAllow: GET" in first
    assert second.startswith(b"200 OK")


async def test_body_that_is_too_large_is_refused(client: Client) -> None:
    body = b'{"agent_id": "' + b"a" * (LARGEST_BODY + 1024 * 1024) + b'"}'
    status, said = await client("POST", "/agents/register", data=io.BytesIO(body))
    assert (status, said) == (413, {"detail": "the body is too large"})
    (exchange,) = client.mock.session.transcript
    assert exchange.body == b""
    assert (await client("GET", "/health"))[0] == 200


async def test_body_that_is_just_not_too_large_is_read(client: Client) -> None:
    body = b'{"agent_id": 1, "x": "'
    body += b"a" * (LARGEST_BODY - len(body) - 2) + b'"}'
    status, said = await client("POST", "/agents/register", data=io.BytesIO(body))
    assert (status, "/agent_type: is missing" in said["detail"]) == (422, True)


async def test_chunked_body_is_read(client: Client) -> None:
    head = b"POST /agents/register HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
    parts = (b'{"agent_id"', b': "a", "agent_type": "worker"}', b"")
    chunks = b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in parts)
    said = await client.raw(head + b"Transfer-Encoding: chunked\r\n\r\n" + chunks)
    assert said.startswith(b"HTTP/1.1 200 OK")


@pytest.mark.parametrize(
    "data",
    [
        b"GET /agents/\xff HTTP/1.1\r\nHost: x\r\n\r\n",
        b"not http at all\r\n\r\n",
        b"POST /agents/register HTTP/1.1\r\nHost: x\r\nContent-Length: x\r\n\r\n",
        b"POST /agents/register HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    ],
)
async def test_request_that_is_no_http_is_a_400_without_a_traceback(
    client: Client, caplog: pytest.LogCaptureFixture, data: bytes
) -> None:
    with caplog.at_level(logging.WARNING):
        said = await client.raw(data)
    assert said.split(b" ")[1] == b"400"
    assert caplog.records == []


async def test_client_that_leaves_in_the_middle_is_let_go(
    client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        _, writer = await asyncio.open_connection("127.0.0.1", client.mock.port)
        head = b"POST /agents/register HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{"
        writer.write(head)
        await writer.drain()
        writer.close()
        await writer.wait_closed()
        for _ in range(3):
            assert (await client("GET", "/health"))[0] == 200
    assert caplog.records == []
    assert {exchange.operation for exchange in client.mock.session.transcript} == {"getHealth"}


async def test_body_that_is_held_back_is_asked_for(client: Client) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", client.mock.port)
    body = b'{"agent_id": "patient", "agent_type": "worker"}'
    head = f"Host: x\r\nExpect: 100-continue\r\nContent-Length: {len(body)}\r\n"
    told = f"POST /agents/register HTTP/1.1\r\n{head}Content-Type: application/json\r\n\r\n"
    writer.write(told.encode())
    assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
    writer.write(body)
    assert (await reader.readline()).startswith(b"HTTP/1.1 200")
    writer.close()
    await writer.wait_closed()


@pytest.mark.parametrize(
    ("target", "status"),
    [
        ("http://coordinator.test/health", 200),
        ("HTTP://coordinator.test:9001/health?a=b", 200),
        ("http://coordinator.test?a=/health", 404),
        ("/http://coordinator.test/health", 404),
    ],
)
async def test_absolute_form_of_a_target_is_read(client: Client, target: str, status: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", client.mock.port)
    writer.write(f"GET {target} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    assert (await reader.readline()).startswith(f"HTTP/1.1 {status}".encode())
    writer.close()
    await writer.wait_closed()


async def test_many_clients_at_once_are_each_answered(client: Client) -> None:
    names = [f"agent-{number}" for number in range(150)]

    async def life(name: str) -> tuple[int, int, str]:
        registered = await client.register(name)
        status, said = await client("GET", f"/agents/{name}")
        return registered, status, said["agent"]["agent_id"]

    assert await asyncio.gather(*map(life, names)) == [(200, 200, name) for name in names]
    found = (await client("POST", "/agents/discover", json={}))[1]
    assert {agent["agent_id"] for agent in found["agents"]} == set(names)
    numbers = [exchange.number for exchange in client.mock.session.transcript]
    assert numbers == list(range(1, 302))


async def test_documents_are_served(client: Client, aitbc: Protocol) -> None:
    assert await client("GET", "/openapi.json") == (200, aitbc.openapi)
    status, page = await client("GET", "/docs")
    assert status == 200
    assert aitbc.title in page


async def test_query_is_kept_apart_from_the_path(client: Client) -> None:
    assert (await client("GET", "/health?x=1&y=%20"))[0] == 200
    (exchange,) = client.mock.session.transcript
    assert (exchange.path, exchange.query) == ("/health", "x=1&y=%20")
