"""Every lawful reading holds the dialogue of the document's example, seen by another library."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.typing import Subprotocol

from . import LAWFUL, Served, start

WAIT = 5.0


@asynccontextmanager
async def connected(peer: Served, *offers: str) -> AsyncIterator[ClientConnection]:
    context = None
    if peer.url.startswith("wss"):
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    names = [Subprotocol(one) for one in offers] or None
    async with connect(
        f"{peer.url}/ws", subprotocols=names, ssl=context, proxy=None, close_timeout=2
    ) as line:
        yield line


def right(peer: Served) -> tuple[str, str, str]:
    return ("SMP1.0", peer.credentials["username"], peer.credentials["password"])


async def ask(line: ClientConnection, action: str, given: Any, token: str) -> None:
    await line.send(json.dumps({"action": action, "parameters": given, "idempotence": token}))


async def replies(line: ClientConnection, wanted: set[str]) -> dict[str, Any]:
    """The first message for each wanted token, as the example's client takes them."""
    found: dict[str, Any] = {}
    async with asyncio.timeout(WAIT):
        while wanted - found.keys():
            try:
                message = json.loads(await line.recv())
            except json.JSONDecodeError:
                continue
            token = message.get("idempotence")
            if token in wanted:
                found.setdefault(token, message)
    return found


def failed(reply: dict[str, Any]) -> bool:
    """Whether a reply tells an error, in any of the forms that the readings use."""
    inner = reply.get("parameters")
    return (
        reply.get("status") == "error"
        or reply.get("success") is False
        or reply.get("action") == "error"
        or reply.get("error") is not None
        or (isinstance(inner, dict) and bool({"error", "code"} & inner.keys()))
    )


def declared(entry: dict[str, Any]) -> dict[str, str]:
    """Names and data types of an entry, wherever a reading puts them."""
    for name in ("data_types", "types"):
        if name in entry:
            return dict(entry[name])
    if "schema" in entry:
        return {name: one["type"] for name, one in entry["schema"]["properties"].items()}
    listed = entry["parameters"]
    if isinstance(listed, list):
        return {one["name"]: one["type"] for one in listed}
    return {name: one["type"] for name, one in listed.items()}


def sample(kind: str) -> Any:
    values = {"s": "srv-1", "i": 2, "f": 1.5, "n": 1.5, "b": True, "d": {}, "m": {}, "o": {}}
    return values.get(kind.strip("<").lower()[0], [])


@pytest.mark.parametrize("reading", LAWFUL)
async def test_the_catalogue_tells_how_to_call(reading: str) -> None:
    async with await start(reading) as peer, connected(peer, *right(peer)) as line:
        assert line.subprotocol in {"SMP1.0", None}
        await ask(line, "list_actions", {}, "catalogue")
        catalogue = (await replies(line, {"catalogue"}))["catalogue"]["parameters"]["actions"]
        assert "servers" in catalogue
        good: dict[str, Any] = {}
        bad: dict[str, Any] = {}
        for name, entry in catalogue.items():
            required = entry["required_parameters"] or []
            types = declared(entry)
            assert set(required) <= types.keys()
            if entry.get("cloud_controller_only"):
                continue
            good[f"+{name}"] = (name, {one: sample(types[one]) for one in required})
            if required:
                bad[f"-{name}"] = (name, {})
        for token, (name, given) in (good | bad).items():
            await ask(line, name, given, token)
        told = await replies(line, {*good, *bad})
        assert not [token for token in good if failed(told[token])]
        assert all(failed(told[token]) for token in bad)


@pytest.mark.parametrize("reading", LAWFUL)
async def test_errors_are_told_and_the_connection_stays(reading: str) -> None:
    async with await start(reading, plain=True) as peer, connected(peer, *right(peer)) as line:
        for odd in ("{", "[]", "5", "null", '"a"', b"\xff", "[" * 100_000, '{"a": 1e999}'):
            await line.send(odd)
        await ask(line, "no_such_action", {}, "unknown")
        await line.send('{"action": ["servers"], "parameters": {}, "idempotence": "list"}')
        await line.send('{"action": "servers", "parameters": 5, "idempotence": "number"}')
        await line.send('{"action": "servers", "parameters": {}}')
        await ask(line, "servers", {}, "last \ud800")
        told = await replies(line, {"unknown", "list", "number", "last \ud800"})
        assert failed(told["unknown"])
        assert failed(told["list"])
        assert failed(told["number"])
        assert not failed(told["last \ud800"])
        await (await line.ping())


async def heard(peer: Served, *offers: str) -> str | bytes | None:
    """The first frame for a client with these offers; None when it is blocked."""
    try:
        async with connected(peer, *offers) as line:
            with suppress(ConnectionClosed):
                await ask(line, "servers", {}, "stranger")
            return await asyncio.wait_for(line.recv(), WAIT)
    except (InvalidStatus, ConnectionClosed):
        return None


@pytest.mark.parametrize("reading", LAWFUL)
async def test_strangers_are_blocked(reading: str) -> None:
    async with await start(reading, plain=True) as peer:
        version, user, password = right(peer)
        wrong = [(), (version,), (version, user), (version, user, "x"), (version, "x", password)]
        wrong += [(user, password), (version, password, user), ("SMP2.0", user, password)]
        told = {await heard(peer, *offers) for offers in wrong}
        assert len(told) == 1
        assert all('"closing"' in said for said in told if said)
        async with connected(peer, *right(peer)) as line:
            await ask(line, "servers", {}, "friend")
            assert await replies(line, {"friend"})


@pytest.mark.parametrize("reading", LAWFUL)
async def test_each_reply_has_its_own_token(reading: str) -> None:
    async with (
        await start(reading, plain=True) as peer,
        connected(peer, *right(peer)) as one,
        connected(peer, *right(peer)) as two,
    ):
        for line, letter in ((one, "a"), (two, "b")):
            for n in range(30):
                await ask(line, ("list_actions", "servers", "nothing")[n % 3], {}, f"{letter}{n}")
        for line, letter in ((one, "a"), (two, "b")):
            told = await replies(line, {f"{letter}{n}" for n in range(30)})
            for token, reply in told.items():
                kind = int(token[1:]) % 3
                assert failed(reply) == (kind == 2)
                assert ("actions" in str(reply)) == (kind == 0)


async def test_a_locked_door_opens_again() -> None:
    async with await start("deployed", plain=True) as peer:
        for _ in range(10):
            with pytest.raises(InvalidStatus):
                await connected(peer, "SMP1.0", "a", "b").__aenter__()
        with pytest.raises(InvalidStatus):
            await connected(peer, *right(peer)).__aenter__()
        peer.agent.locked_until = 0.0
        async with connected(peer, *right(peer)) as line:
            await ask(line, "whoami", {}, "open")
            assert await replies(line, {"open"})


async def test_one_token_may_come_twice() -> None:
    async with await start("progress", plain=True) as peer, connected(peer, *right(peer)) as line:
        await ask(line, "servers", {}, "t")
        first, second = json.loads(await line.recv()), json.loads(await line.recv())
        assert first["idempotence"] == second["idempotence"] == "t"
        assert "servers" in first["parameters"]


async def test_frames_of_aiohttp_are_guarded() -> None:
    """aiohttp alone would serve an unmasked frame and echo code 5000."""
    from .client import Client
    from .frames import TEXT, encode_frame

    async with await start("small", plain=True) as peer:
        client = await Client(peer).open()
        client.raw(encode_frame(TEXT, b'{"action": "servers", "parameters": {}}'))
        assert await client.until(lambda c: c.ended)
        assert client.seen[0] == (8, (1002).to_bytes(2, "big"))
        client = await Client(peer).open()
        client.close(5000)
        assert await client.until(lambda c: c.ended)
        assert client.seen[0] == (8, (1002).to_bytes(2, "big"))
