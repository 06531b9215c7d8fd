"""Every lawful reading does what the document says."""

from __future__ import annotations

import asyncio
import json
from contextlib import AsyncExitStack

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidMessage

from . import LAWFUL, Served, start
from .talker import QUIET, Talker, register, rest, rows_of, talker


async def _human(peer: Served) -> tuple[int, str]:
    for one in peer.principals:
        if one["kind"] == "human":
            return one.get("id", 0), one["token"]
    status, body = await rest(peer, "POST", "/api/auth/login", peer.credentials)
    assert status == 200
    return body["user"]["id"], body["token"]


@pytest.mark.parametrize("name", LAWFUL)
async def test_dialogue(name: str) -> None:
    async with await start(name) as peer, AsyncExitStack() as stack:
        one, token = await register(peer, "First-Agent")
        two, other = await register(peer, "Second-Agent")
        human, key = await _human(peer)
        assert token != other
        assert one != two or LAWFUL[name].numbers == "of_connections"
        rows = rows_of((await rest(peer, "GET", "/api/users/agents"))[1])
        assert all("token_hint" in row for row in rows)
        enter = stack.enter_async_context
        boss = await enter(talker(peer, key))
        first = await enter(talker(peer, token))
        second = await enter(talker(peer, other))
        if LAWFUL[name].numbers == "of_connections":  # then REST tells none
            known = peer.hub.registry
            one, two, human = (who.id for who in [*list(known.agents())[-2:], known.admin])
        await first.say(type="SYSTEM_LOG", payload={"level": "INFO", "content": "up"})
        forged = {"sender_id": 99, "sender_name": "eve"} if LAWFUL[name].forged == "ignore" else {}
        await boss.chat(one, 'Scan, ünd \U0001f600 "now"', **forged)
        (order,) = await first.heard()
        assert (order["sender_id"], order["sender_name"]) == (human, "admin")
        assert order["payload"] == 'Scan, ünd \U0001f600 "now"'
        echo = await boss.heard(QUIET)
        assert len(echo) == LAWFUL[name].echo
        await _stream(first, boss, human)
        await first.chat(two, "hello")
        (hello,) = await second.heard()
        assert (hello["sender_id"], hello["payload"]) == (one, "hello")
        assert not await boss.heard(QUIET)


async def _stream(first: Talker, boss: Talker, human: int) -> None:
    fields = {"target_id": human, "stream_id": "s1"}
    for piece in ("a", " b"):
        await first.say(type="CHAT_STREAM", payload=piece, **fields)
    await first.say(type="CHAT", payload="a b", **fields)
    await first.say(type="CHAT_STREAM_END", **fields)
    got = await boss.heard(count=4)
    assert [one["type"] for one in got] == ["CHAT_STREAM", "CHAT_STREAM", "CHAT", "CHAT_STREAM_END"]
    assert [one.get("payload") for one in got[:3]] == ["a", " b", "a b"]
    assert len({json.dumps(one["stream_id"]) for one in got}) == 1


@pytest.mark.parametrize("token", ["?token=nonsense", "?token=", ""])
@pytest.mark.parametrize("name", LAWFUL)
async def test_bad_token_is_refused(name: str, token: str) -> None:
    async with await start(name) as peer:
        with pytest.raises((InvalidHandshake, InvalidMessage, ConnectionClosed)):
            await _listen(f"{peer.url.replace('http', 'ws', 1)}/api/ws{token}")


async def _listen(url: str) -> None:
    async with asyncio.timeout(1), connect(url, close_timeout=0.3) as socket:
        await socket.recv()


@pytest.mark.parametrize("name", LAWFUL)
async def test_odd_frames_harm_nobody_else(name: str) -> None:
    async with await start(name) as peer, AsyncExitStack() as stack:
        ids = [await register(peer, f"Agent-{n}") for n in range(2)]
        one, two = [await stack.enter_async_context(talker(peer, token)) for _, token in ids]
        for odd in (
            "{",
            "[]",
            "3",
            "null",
            '"x"',
            "[" * 5000,
            '{"type":3}',
            '{"type":"CHAT"}',
            b"x",
            '{"type":"SYSTEM_LOG","payload":3}',
            '{"type":"CHAT","target_id":{},"payload":[]}',
        ):
            async with talker(peer, peer.principals[-1]["token"]) as odder:
                await odder.socket.send(odd)
                await odder.heard(0.005)
        named = peer.hub.registry.by_name("Agent-1")
        assert named is not None
        await one.chat(named.id, "still here")
        got: list[str] = []
        while "still here" not in got:
            found = await two.heard()
            assert found, got
            got.append(str(found[0]["payload"]))
