"""Starting and stopping a mock that is served."""

from __future__ import annotations

import asyncio

import aiohttp
import pytest

import mockserver
from mockserver import RunningMock
from mockserver.transcript import Entry, HttpExchange
from schemas import PackError, Protocol


async def test_start_takes_a_free_port_of_the_loopback() -> None:
    async with mockserver.start("aitbc") as one, mockserver.start("aitbc") as two:
        assert one.host == "127.0.0.1"
        assert one.url == f"http://127.0.0.1:{one.port}"
        assert one.port != two.port


async def test_start_takes_a_protocol_that_is_loaded(aitbc: Protocol) -> None:
    async with mockserver.start(aitbc, seed=9) as mock:
        assert mock.mock.protocol is aitbc
        assert mock.mock.seed == 9


async def test_start_tells_every_exchange_to_its_listener() -> None:
    heard: list[Entry] = []
    async with (
        mockserver.start("aitbc", listener=heard.append) as mock,
        aiohttp.ClientSession() as http,
        http.get(f"{mock.url}/health") as said,
    ):
        assert said.status == 200
    told = [each.operation for each in heard if isinstance(each, HttpExchange)]
    assert told == ["getHealth"]
    assert len(heard) == 1


async def test_start_refuses_an_unknown_protocol() -> None:
    with pytest.raises(PackError, match="neither a protocol that ships"):
        async with mockserver.start("nosuchthing"):
            pass


async def test_start_refuses_an_unknown_clock() -> None:
    with pytest.raises(ValueError, match="clock is real, virtual, adjustable, not 'broken'"):
        async with mockserver.start("aitbc", clock="broken"):
            pass


async def test_start_refuses_a_port_in_use() -> None:
    async with mockserver.start("aitbc") as mock:
        with pytest.raises(OSError, match="in use"):
            async with mockserver.start("aitbc", port=mock.port):
                pass


async def test_end_of_the_block_frees_the_port() -> None:
    async with mockserver.start("aitbc") as mock:
        pass
    with pytest.raises(OSError, match=r"(?i)connect"):
        await asyncio.open_connection("127.0.0.1", mock.port)


async def test_end_of_the_block_does_not_wait_for_a_slow_answer() -> None:
    heard = asyncio.Event()
    loop = asyncio.get_running_loop()
    async with aiohttp.ClientSession() as http:
        async with mockserver.start("aitbc", listener=lambda _: heard.set()) as mock:
            mock.session.faults.add(mockserver.Fault(kind="delay", seconds=60))
            slow = asyncio.create_task(_ask(http, mock))
            await heard.wait()
            began = loop.time()
        assert loop.time() - began < 5
        with pytest.raises(aiohttp.ClientConnectionError):
            await slow


async def _ask(http: aiohttp.ClientSession, mock: RunningMock) -> int:
    async with http.get(f"{mock.url}/health") as said:
        return said.status


def test_url_of_an_ipv6_address_has_brackets(aitbc: Protocol) -> None:
    running = RunningMock(mock=mockserver.Mock(aitbc), host="::1", port=1, plays=pytest.fail)
    assert running.url == "http://[::1]:1"
    assert running.session_url("x") == "http://[::1]:1/_assay/sessions/x"
