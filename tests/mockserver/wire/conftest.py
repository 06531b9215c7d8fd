"""A served mock and a client for it, over real sockets of the loopback."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from importlib.util import find_spec
from typing import Any

import aiohttp
import pytest

import mockserver
from mockserver import RunningMock


@pytest.hookimpl(optionalhook=True)  # a newer pytest-asyncio asks, an older one does not
def pytest_asyncio_loop_factories(
    config: pytest.Config, item: pytest.Function
) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Where transports are ended roughly, both loops are tried: the command's own and the usual."""
    del config
    loops: dict[str, Callable[[], asyncio.AbstractEventLoop]] = {"asyncio": asyncio.new_event_loop}
    if getattr(item.module, "BOTH_LOOPS", False) and find_spec("uvloop"):
        import uvloop

        loops["uvloop"] = uvloop.new_event_loop
    return loops


class Client:
    """Speaks to one base URL and takes JSON apart."""

    def __init__(self, http: aiohttp.ClientSession, mock: RunningMock) -> None:
        self.http = http
        self.mock = mock

    async def __call__(self, method: str, path: str, **options: Any) -> tuple[int, Any]:
        async with self.http.request(method, self.mock.url + path, **options) as said:
            is_json = said.content_type == "application/json"
            return said.status, await (said.json() if is_json else said.text())

    async def register(self, agent_id: str, **options: Any) -> int:
        body = {"agent_id": agent_id, "agent_type": "worker"}
        return (await self("POST", "/agents/register", json=body, **options))[0]

    async def raw(self, data: bytes) -> bytes:
        """What comes back for these bytes until the connection ends or nothing more comes."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.mock.port)
        try:
            writer.write(data)
            await writer.drain()
            return await asyncio.wait_for(reader.read(), 5)
        finally:
            writer.close()


@pytest.fixture
async def mock() -> AsyncIterator[RunningMock]:
    async with mockserver.start("aitbc", clock="virtual") as running:
        yield running


@pytest.fixture
async def client(mock: RunningMock) -> AsyncIterator[Client]:
    async with aiohttp.ClientSession() as http:
        yield Client(http, mock)
