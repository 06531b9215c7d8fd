"""A small client, for the tests of these peers."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from .model import TALK, Obj
from .serve import Served

__all__ = ["QUIET", "Talker", "register", "rest", "rows_of", "talker", "token_of"]

QUIET = 0.06
"""Seconds after which nothing more is expected."""


class Talker:
    """One socket with its messages parted by type."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.raw: list[str | bytes] = []

    async def say(self, **message: Any) -> None:
        await self.socket.send(json.dumps(message))

    async def chat(self, target: int, payload: Any, **more: Any) -> None:
        await self.say(type="CHAT", target_id=target, payload=payload, **more)

    async def heard(self, wait: float = 1.0, count: int = 1) -> list[Obj]:
        """The next `count` routed messages; fewer when `wait` seconds go by or the line ends."""
        found: list[Obj] = []
        with contextlib.suppress(TimeoutError, ConnectionClosed):
            async with asyncio.timeout(wait):
                while len(found) < count:
                    text = await self.socket.recv()
                    self.raw.append(text)
                    message = json.loads(text)
                    if message["type"] in TALK and not str(message.get("payload")).startswith(
                        "[DIRECTIVE] Report"
                    ):
                        found.append(message)
        return found


@asynccontextmanager
async def talker(peer: Served, token: str) -> AsyncIterator[Talker]:
    url = f"{peer.url.replace('http', 'ws', 1)}/api/ws?token={token}"
    async with connect(url, close_timeout=0.3) as socket:
        yield Talker(socket)


async def rest(peer: Served, method: str, path: str, data: Any = None) -> tuple[int, Any]:
    async with (
        aiohttp.ClientSession(headers=peer.headers) as client,
        client.request(method, peer.url + path, json=data) as response,
    ):
        text = await response.text()
        with contextlib.suppress(ValueError):
            return response.status, json.loads(text)
        return response.status, text


def token_of(body: Any) -> str | None:
    """The token in an answer, wherever it stands."""
    if not isinstance(body, dict):
        return None
    for key in ("api_token", "token"):
        if isinstance(body.get(key), str):
            return str(body[key])
    return next((found for one in body.values() if (found := token_of(one))), None)


def rows_of(body: Any) -> list[Obj]:
    """The rows of a listing, wherever they stand."""
    if isinstance(body, list):
        return body
    for one in body.values():
        if isinstance(one, (list, dict)):
            return rows_of(one)
    return []


async def register(peer: Served, name: str) -> tuple[int, str]:
    """Id and token of a new agent, by whatever way the reading offers; 0 where no id is told."""
    status, body = await rest(peer, "POST", "/api/users/agents", {"username": name})
    assert status in {200, 201, 202}, (status, body)
    token = token_of(body)
    if token is None:
        token = token_of((await rest(peer, "GET", f"/api/dev/mock/agent-token/{name}"))[1])
    assert token is not None
    rows = rows_of((await rest(peer, "GET", "/api/users/agents"))[1])
    row = next(one for one in rows if one["username"] == name)
    assert token not in json.dumps(rows)
    keys = (one for one in ("id", "user_id", "agent_id") if one in row)
    return int(row.get(next(keys, ""), 0)), token
