"""Real sockets: messages of a WebSocket that go missing, astray, or come in another form."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from websockets.asyncio.client import connect
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus

from conformance.mutation.breaking import broken_coordinator
from conformance.mutation.breaking.breaker import Breaker
from conformance.target import Target
from schemas import load, load_requirements
from tests.conformance.mutation.catalogues import mutant

LIMIT = 20.0


def chat(text: str) -> str:
    said = {"type": "CHAT", "sender_id": 1, "sender_name": "warden", "payload": text}
    return json.dumps(said)


async def echo(socket: ServerConnection) -> None:
    """Says back what it is told, and ends when it is told so."""
    async for text in socket:
        if text == "end":
            await socket.close(1000, "enough")
            return
        await socket.send(text)


@asynccontextmanager
async def behind(name: str, **options: Any) -> AsyncIterator[tuple[str, Any]]:
    async with asyncio.timeout(LIMIT), serve(echo, "127.0.0.1", 0, **options) as server:
        port = server.sockets[0].getsockname()[1]
        target = Target(url=f"http://127.0.0.1:{port}")
        standing = broken_coordinator(load("echocenter"), target, mutant("echocenter", name))
        async with standing as through:
            yield f"{through.ws_url}/api/ws?token=t", standing


async def said(url: str, *texts: str, count: int | None = None) -> list[Any]:
    """What comes back for some texts."""
    async with connect(url) as socket:
        for text in texts:
            await socket.send(text)
        return [await socket.recv() for _ in range(len(texts) if count is None else count)]


@pytest.mark.parametrize("compression", [None, "deflate"])
async def test_field_of_a_message_is_changed(compression: str | None) -> None:
    name = "deliveredChat./payload:drop"
    async with behind(name, compression=compression) as (url, standing):
        other = json.dumps({"type": "OTHER", "payload": "the same words " * 40})
        heard = await said(url, other, chat("one " * 40), other, chat("two"))
        assert [heard[0], heard[2]] == [other, other]
        assert "payload" not in json.loads(heard[1])
        assert json.loads(heard[3])["sender_name"] == "warden"
        assert standing.applied == 2


@pytest.mark.parametrize(
    ("operator", "after"),
    [
        ("missing", ["end of it"]),
        ("duplicated", ["one", "one", "end of it"]),
        ("delayed", ["one", "end of it"]),
        ("reordered", ["end of it", "one"]),
        ("fragmented", ["one", "end of it"]),
    ],
)
async def test_message_as_a_whole(operator: str, after: list[str]) -> None:
    async with behind(f"deliveredChat:{operator}") as (url, standing):
        last = json.dumps({"type": "OTHER", "payload": "end of it"})
        heard = await said(url, chat("one"), last, count=len(after))
        assert [json.loads(each)["payload"] for each in heard] == after
        assert standing.applied == 1


async def test_message_in_another_form() -> None:
    async with behind("deliveredChat:binary") as (url, _):
        assert await said(url, chat("one")) == [chat("one").encode()]
    async with behind("deliveredChat:garbled") as (url, _):
        assert await said(url, chat("one")) == [chat("one")[:-1]]


async def test_message_goes_to_somebody_else() -> None:
    async with (
        behind("deliveredChat:misdirected") as (url, standing),
        connect(url) as mine,
        connect(url) as other,
    ):
        await mine.send(chat("secret"))
        assert json.loads(await other.recv())["payload"] == "secret"
        assert standing.applied == 1


async def test_messages_that_no_discriminator_tells_apart_are_known_by_their_schemas() -> None:
    spec = load("architect")
    told = Breaker(
        spec, load_requirements(spec), mutant("architect", "reply:missing"), "coordinator"
    )
    assert told.message_of("socket", {"parameters": {"actions": {"ping": {}}}}) == "catalogue"
    assert told.message_of("socket", {"idempotence": "t-1"}) == "reply"


async def test_nobody_else_is_there_to_get_it() -> None:
    async with behind("deliveredChat:misdirected") as (url, standing):
        assert await said(url, chat("one")) == [chat("one")]
        assert standing.applied == 0


async def test_frames_are_masked() -> None:
    async with behind("socket:masking") as (url, standing):
        with pytest.raises(ConnectionClosed) as caught:
            await said(url, chat("one"))
        assert caught.value.sent is not None
        assert caught.value.sent.code == 1002
        assert standing.applied == 1


@pytest.mark.parametrize(("name", "code"), [("close-code-4242", 4242), ("lost", None)])
async def test_end_is_another(name: str, code: int | None) -> None:
    async with behind(f"socket:{name}") as (url, standing):
        with pytest.raises(ConnectionClosed) as caught:
            await said(url, "end")
        received = caught.value.rcvd
        assert (received.code if received else None) == code
        assert standing.applied >= 1


async def test_handshake_is_answered_wrongly() -> None:
    async with behind("socket.handshake.header./Sec-WebSocket-Accept:wrong") as (url, standing):
        with pytest.raises(InvalidHandshake):
            await connect(url)
        assert standing.applied == 1
    async with behind("socket.handshake:status-503") as (url, _):
        with pytest.raises(InvalidStatus):
            await connect(url)


async def test_delays_do_not_add_up() -> None:
    """A hundred, one after the other, would take longer than the test may."""
    async with behind("deliveredChat:delayed") as (url, _):
        texts = [chat(str(number)) for number in range(100)]
        assert await said(url, *texts) == texts
