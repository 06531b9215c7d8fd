"""Faults over real sockets, the whole server's end, and the command line."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack

import aiohttp
import pytest
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from . import FAULTS, start
from .talker import QUIET, register, rest, rows_of, talker, token_of


async def test_every_fault_starts() -> None:
    for name in FAULTS:
        async with await start(fault=name) as peer:
            assert peer.url.startswith("http://127.0.0.1:")


async def test_forged_sender_wins() -> None:
    async with (
        await start(fault="chat.sender_id.forged_deployed") as peer,
        AsyncExitStack() as all_,
    ):
        assert peer.credentials
        ids = [await register(peer, f"Agent-{n}") for n in range(2)]
        one, two = [await all_.enter_async_context(talker(peer, token)) for _, token in ids]
        await one.chat(ids[1][0], "x", sender_id=12345)
        assert [message["sender_id"] for message in await two.heard()] == [12345]


async def test_everybody_hears() -> None:
    async with await start("chatty", "chat.route.all") as peer, AsyncExitStack() as all_:
        ids = [await register(peer, f"Agent-{n}") for n in range(3)]
        lines = [await all_.enter_async_context(talker(peer, token)) for _, token in ids]
        await lines[0].chat(ids[1][0], "x")
        assert [len(await line.heard(QUIET * 3)) for line in lines] == [0, 1, 1]


async def test_raw_token_is_listed() -> None:
    async with await start("paged", "list.raw.token") as peer:
        _, body = await rest(peer, "POST", "/api/users/agents", {"username": "One"})
        rows = rows_of((await rest(peer, "GET", "/api/users/agents"))[1])
        assert token_of(body) in [row.get("token") for row in rows]


@pytest.mark.parametrize("reading", ["natural", "library", "fragments"])
async def test_bad_frame_ends_the_server(reading: str) -> None:
    async with await start(reading, "odd.array.crashes") as peer:
        _, token = await register(peer, "One")
        async with talker(peer, token) as one:
            await one.socket.send("[]")
            with pytest.raises(ConnectionClosed):
                await asyncio.wait_for(one.socket.recv(), 2)
        with pytest.raises(aiohttp.ClientError):
            await rest(peer, "GET", "/api/users/agents")


async def test_wrong_proof_is_noticed() -> None:
    async with await start("natural", "wire.accept.wrong") as peer:
        with pytest.raises(InvalidHandshake):
            async with talker(peer, peer.principals[0]["token"]):
                pass


async def test_race_shows_one_sender() -> None:
    async with await start(fault="race.sender") as peer, AsyncExitStack() as all_:
        ids = [await register(peer, f"Agent-{n}") for n in range(3)]
        one, two, three = [await all_.enter_async_context(talker(peer, t)) for _, t in ids]
        await asyncio.gather(one.chat(ids[2][0], "x"), two.chat(ids[2][0], "y"))
        assert len({message["sender_id"] for message in await three.heard(count=2)}) == 1
