"""Each fault over HTTP, on real sockets: what a client gets, and what the transcript says."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import orjson
import pytest

import mockserver
from mockserver import Fault, RunningMock
from mockserver.faults.kinds import KINDS, Kind
from tests.mockserver.wire.conftest import Client

BOTH_LOOPS = True
GET = b"GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"


def _add(client: Client, kind: Kind, **options: Any) -> None:
    client.mock.session.faults.add(Fault(kind=kind, **options))


def _struck(client: Client) -> list[tuple[int, list[str]]]:
    return [(each.status, list(each.faults)) for each in client.mock.session.transcript]


def _parts(said: bytes) -> tuple[bytes, bytes]:
    head, _, body = said.partition(b"\r\n\r\n")
    return head, body


async def test_status_is_answered_in_the_words_of_the_protocol(client: Client) -> None:
    _add(client, "status", status=503)
    status, said = await client("GET", "/health")
    assert (status, said) == (503, {"detail": "Task distributor not available"})
    assert _struck(client) == [(503, ["status"])]


@pytest.mark.parametrize(
    ("options", "header"), [({}, None), ({"retry_after": 7}, "7"), ({"retry_after": 0}, "0")]
)
async def test_rate_limit_is_a_429(
    client: Client, options: dict[str, Any], header: str | None
) -> None:
    _add(client, "rate_limit", **options)
    async with client.http.get(f"{client.mock.url}/health") as said:
        assert (said.status, said.headers.get("Retry-After")) == (429, header)
        assert (await said.json())["detail"]


async def test_rate_limit_tells_the_protocols_own_time_to_wait() -> None:
    async with mockserver.start("caxton") as mock, aiohttp.ClientSession() as http:
        mock.session.faults.add(Fault(kind="rate_limit"))
        headers = {"X-Caxton-Token": mock.mock.settings.token}
        async with http.get(f"{mock.url}/api/v1/agents", headers=headers) as said:
            assert (said.status, said.headers["Retry-After"]) == (429, "1")
            assert (await said.json())["error"]["code"] == "RATE_LIMITED"


async def test_delays_come_as_the_seed_draws_them(client: Client) -> None:
    delays = {"distribution": "uniform", "minimum": 0.01, "maximum": 0.05, "times": None}
    _add(client, "delay", **delays)
    seen: list[float] = []
    for _ in range(2):
        loop = asyncio.get_running_loop()
        began = loop.time()
        assert (await client("GET", "/health"))[0] == 200
        seen.append(loop.time() - began)
    assert min(seen) >= 0.01
    assert _struck(client) == [(200, ["delay"])] * 2


async def test_drop_ends_the_connection_in_order_and_says_nothing(client: Client) -> None:
    _add(client, "drop")
    assert await client.raw(GET) == b""
    assert _struck(client) == [(0, ["drop"])]


@pytest.mark.parametrize("tls", [False, True])
async def test_reset_ends_the_connection_with_a_reset(tls: bool) -> None:
    async with mockserver.start("aitbc", tls=tls) as mock, aiohttp.ClientSession() as http:
        mock.session.faults.add(Fault(kind="reset"))
        with pytest.raises(aiohttp.ClientOSError) as refused:
            await http.post(f"{mock.url}/agents/discover", json={}, ssl=False)
        assert isinstance(refused.value.__cause__ or refused.value, ConnectionResetError)
        async with http.get(f"{mock.url}/health", ssl=False) as said:
            assert said.status == 200


async def test_reset_is_seen_as_one_on_a_bare_socket(client: Client) -> None:
    _add(client, "reset")
    with pytest.raises(ConnectionResetError):
        await client.raw(GET)
    assert _struck(client) == [(0, ["reset"])]


async def test_half_open_connection_stays_open_and_silent(client: Client) -> None:
    _add(client, "half_open")
    reader, writer = await asyncio.open_connection("127.0.0.1", client.mock.port)
    writer.write(GET)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(reader.read(1), 0.2)
    assert not reader.at_eof()
    assert (await client("GET", "/health"))[0] == 200, "nobody else waits"
    writer.close()
    await writer.wait_closed()
    assert _struck(client) == [(0, ["half_open"]), (200, [])]


async def test_mock_ends_although_a_connection_is_half_open(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.WARNING):
        async with mockserver.start("aitbc") as mock:
            mock.session.faults.add(Fault(kind="half_open"))
            heard = asyncio.Event()
            mock.mock.listener = lambda _: heard.set()
            reader, writer = await asyncio.open_connection("127.0.0.1", mock.port)
            writer.write(GET)
            await heard.wait()
        assert await asyncio.wait_for(reader.read(), 5) == b""
        writer.close()
    assert caplog.records == []


async def test_empty_body_comes_with_the_right_status(client: Client) -> None:
    _add(client, "empty")
    head, body = _parts(await client.raw(GET))
    assert head.startswith(b"HTTP/1.1 200 ")
    assert b"\r\nContent-Length: 0" in head
    assert body == b""


async def test_truncated_body_is_shorter_than_it_was_promised(client: Client) -> None:
    _, whole = _parts(await client.raw(GET))
    _add(client, "truncate")
    head, body = _parts(await client.raw(GET))
    assert b"\r\nContent-Length: %d" % len(whole) in head
    assert body == whole[: len(whole) // 2]
    _add(client, "truncate")
    with pytest.raises(aiohttp.ClientPayloadError):
        await client("GET", "/health")
    assert (await client("GET", "/health"))[0] == 200


async def test_garbage_is_no_json_and_the_same_for_a_seed() -> None:
    async def garbage(seed: int) -> bytes:
        async with mockserver.start("aitbc", seed=seed) as mock, aiohttp.ClientSession() as http:
            mock.session.faults.add(Fault(kind="garbage"))
            async with http.get(f"{mock.url}/health") as said:
                assert (said.status, said.content_type) == (200, "application/json")
                return await said.read()

    one = await garbage(1)
    with pytest.raises(orjson.JSONDecodeError):
        orjson.loads(one)
    assert await garbage(1) == one
    assert await garbage(2) != one


async def test_dribble_gives_the_body_in_small_pieces(client: Client) -> None:
    _add(client, "dribble", size=10, pause=0.01)
    reader, writer = await asyncio.open_connection("127.0.0.1", client.mock.port)
    began = asyncio.get_running_loop().time()
    writer.write(GET)
    await reader.readuntil(b"\r\n\r\n")
    pieces = []
    while piece := await asyncio.wait_for(reader.read(4096), 5):
        pieces.append(piece)
    writer.close()
    body = b"".join(pieces)
    assert orjson.loads(body)["status"] == "healthy"
    # A slow client may find several pieces at once; never one that is longer than all.
    assert 1 < len(pieces) <= -(-len(body) // 10)
    assert asyncio.get_running_loop().time() - began >= 0.01 * (-(-len(body) // 10) - 1)


async def test_extra_field_comes_with_the_others(client: Client) -> None:
    _add(client, "extra")
    said = (await client("GET", "/health"))[1]
    assert said["x_unheard_of"]
    assert said["status"] == "healthy"


async def test_field_is_corrupted_at_its_pointer_or_at_a_seeded_place(client: Client) -> None:
    await client.register("a")
    plain = (await client("GET", "/agents/a"))[1]
    _add(client, "corrupt_field", pointer="/agent/status", value=[5])
    said = (await client("GET", "/agents/a"))[1]
    assert said == {**plain, "agent": {**plain["agent"], "status": [5]}}
    _add(client, "corrupt_field")
    assert (await client("GET", "/agents/a"))[1] != plain
    assert (await client("GET", "/agents/a"))[1] == plain


async def test_wrong_correlation_is_another_id_at_its_pointer(client: Client) -> None:
    await client.register("agent-1")
    _add(client, "wrong_correlation", pointer="/agent/agent_id")
    said = (await client("GET", "/agents/agent-1"))[1]["agent"]["agent_id"]
    assert said != "agent-1"
    assert len(said) == len("agent-1")


async def test_stale_answer_is_the_one_before_of_the_same_place(client: Client) -> None:
    await client.register("a")
    await client.register("b")
    before = await client("GET", "/agents/a")
    await client("GET", "/agents/b")
    await client("PUT", "/agents/a/status", json={"status": "busy"})
    _add(client, "stale", operation="getAgent", times=2)
    assert await client("GET", "/agents/a") == before
    assert (await client("GET", "/agents/none"))[1] == before[1], "of the operation at least"
    assert (await client("GET", "/agents/a"))[1]["agent"]["status"] == "busy"
    assert (await client("GET", "/agents/none"))[0] == 404


async def test_stale_strikes_nothing_where_nothing_was_said_before(client: Client) -> None:
    _add(client, "stale")
    assert (await client("GET", "/health"))[0] == 200
    assert _struck(client) == [(200, [])]


async def test_faults_apply_together(client: Client) -> None:
    _add(client, "dribble", size=16, pause=0.001)
    _add(client, "delay", seconds=0.05)
    _add(client, "status", status=500, operation="getHealth")
    _add(client, "corrupt_field", pointer="/detail", value=500)
    began = asyncio.get_running_loop().time()
    assert await client("GET", "/health") == (500, {"detail": 500})
    assert asyncio.get_running_loop().time() - began >= 0.05
    assert _struck(client) == [(500, ["dribble", "delay", "status", "corrupt_field"])]


async def test_head_is_answered_without_a_body_whatever_strikes(client: Client) -> None:
    for kind in ("dribble", "garbage", "truncate"):
        _add(client, kind, operation="getHealth")
    async with client.http.head(f"{client.mock.url}/health") as said:
        assert said.status == 405


@pytest.fixture
async def keep_alive(mock: RunningMock) -> AsyncIterator[Client]:
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=1)) as http:
        yield Client(http, mock)


ANSWERED: list[Kind] = [
    kind
    for kind, facts in KINDS.items()
    if "http" in facts.places and kind not in ("drop", "reset", "half_open", "truncate")
]


@pytest.mark.parametrize("kind", ANSWERED)
async def test_connection_is_used_again_after_a_fault(keep_alive: Client, kind: Kind) -> None:
    options: dict[str, Any] = {"delay": {"seconds": 0}, "dribble": {"size": 50}}.get(kind, {})
    pointer = {"pointer": "/status"} if kind == "wrong_correlation" else {}
    _add(keep_alive, kind, **options, **pointer)
    for _ in range(2):
        async with keep_alive.http.get(f"{keep_alive.mock.url}/health") as said:
            await said.read()
    assert len({each.dialled for each in keep_alive.mock.session.transcript}) == 1
    assert (await keep_alive("GET", "/health"))[1]["status"] == "healthy"
