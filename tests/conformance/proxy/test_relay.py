"""Real sockets: what a peer says comes through as it was said, and so does how it ends."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from conformance.clients.identity import client_context
from conformance.proxy.server import RunningProxy, proxying
from conformance.proxy.watch import Passed
from conformance.target import Target, Tls
from mockserver.transcript import Frame
from schemas import load, load_requirements
from tests.conformance.peers import PEM, Line, closed_port, listening, server_tls
from tests.conformance.proxy.watching import answer, request, until
from tests.conformance.sockets import accepted

LIMIT = 20.0


class Standing:
    """A proxy before a peer that is written by hand."""

    def __init__(self, proxy: RunningProxy, passed: list[Passed]) -> None:
        self.proxy = proxy
        self.passed = passed

    async def dial(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        tls = client_context(Tls(verify=False)) if self.proxy.ca else None
        return await asyncio.open_connection("127.0.0.1", self.proxy.port, ssl=tls)

    @property
    def kinds(self) -> list[str]:
        return [each.entry.kind for each in self.passed if isinstance(each.entry, Frame)]

    @property
    def failures(self) -> list[str]:
        return [each.failure for each in self.passed if each.failure]


@asynccontextmanager
async def before(url: str, protocol: str = "aitbc", **options: Any) -> AsyncIterator[Standing]:
    spec = load(protocol)
    target = Target(url=url, tls=options.pop("target_tls", Tls())).for_protocol(spec)
    passed: list[Passed] = []
    async with (
        asyncio.timeout(LIMIT),
        proxying(spec, load_requirements(spec), target, passed.append, **options) as proxy,
    ):
        yield Standing(proxy, passed)


@asynccontextmanager
async def standing(
    serve: Callable[[Line], Awaitable[None]], protocol: str = "aitbc", **options: Any
) -> AsyncIterator[Standing]:
    tls = options.pop("upstream_tls", None)
    async with listening(serve, tls) as url, before(url, protocol, **options) as stood:
        yield stood


async def asked(stood: Standing, data: bytes) -> bytes:
    """All that comes back until the end, whatever end it is."""
    reader, writer = await stood.dial()
    writer.write(data)
    said = b""
    with contextlib.suppress(ConnectionError):
        while piece := await reader.read(65536):
            said += piece
    writer.close()
    return said


async def test_bytes_of_both_sides_stay_as_they_are() -> None:
    said = (
        b"HTTP/1.1 200 Whatever it likes\r\nx-B: 2\r\nX-a:1\r\nx-B: 3\r\nConnection: close\r\n"
        b"Trailer: X-Sum\r\nTransfer-Encoding: chunked\r\n\r\n"
        b"3;q=1\r\nabc\r\n0\r\nX-Sum: 9\r\n\r\n"
    )
    heard: list[bytes] = []

    async def serve(line: Line) -> None:
        heard.append(await line.heard())
        await line.say(said)

    async with standing(serve) as stood:
        text = request("POST", "/agents/register", b"{}", "X-Z: 1", "x-y:2", "X-Z: 3")
        assert await asked(stood, text) == said
    port = heard[0].split(b"Host: 127.0.0.1:")[1].split(b"\r\n")[0]
    assert heard[0].replace(b"127.0.0.1:" + port, b"proxy") == text


async def test_continue_is_the_coordinators_word() -> None:
    async def serve(line: Line) -> None:
        await line.reader.readuntil(b"\r\n\r\n")
        await line.say(b"HTTP/1.1 100 Continue\r\n\r\n")
        assert await line.reader.readexactly(2) == b"{}"
        await line.say(answer(200, b"{}"))

    async with standing(serve) as stood:
        reader, writer = await stood.dial()
        text = request("POST", "/agents/register", b"{}", "Expect: 100-continue")
        writer.write(text[:-2])
        assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        writer.write(b"{}")
        assert (await reader.readuntil(b"{}")).startswith(b"HTTP/1.1 200")
        writer.close()


async def test_body_passes_while_it_is_still_being_said() -> None:
    seen, more = asyncio.Event(), asyncio.Event()

    async def serve(line: Line) -> None:
        await line.reader.readuntil(b"\r\n\r\n")
        await line.reader.readexactly(1_000_000)
        seen.set()
        await line.reader.readexactly(1_000_000)
        await line.say(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n" + bytes(500_000))
        await more.wait()
        await line.say(bytes(500_000))

    async with standing(serve) as stood:
        reader, writer = await stood.dial()
        writer.write(b"POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 2000000\r\n\r\n")
        writer.write(bytes(1_000_000))
        await seen.wait()
        writer.write(bytes(1_000_000))
        await reader.readuntil(b"\r\n\r\n")
        assert await reader.readexactly(500_000) == bytes(500_000)
        more.set()
        assert await reader.readexactly(500_000) == bytes(500_000)
        writer.close()


async def test_nobody_sends_faster_than_the_other_side_reads() -> None:
    release = asyncio.Event()

    async def serve(line: Line) -> None:
        await release.wait()
        await line.reader.readuntil(b"\r\n\r\n")
        await line.reader.readexactly(64_000_000)
        await line.say(answer(200))

    async with standing(serve) as stood:
        reader, writer = await stood.dial()
        writer.transport.set_write_buffer_limits(0)
        writer.write(b"POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 64000000\r\n\r\n")
        writer.write(bytes(64_000_000))
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(writer.drain(), 1.0)
        release.set()
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200")
        writer.close()


async def test_coordinator_that_cannot_be_reached_is_a_502_that_says_so() -> None:
    async with before(f"http://127.0.0.1:{await closed_port()}") as stood:
        for body in (b"", bytes(300_000)):
            said = await asked(stood, request("POST", "/agents/register", body))
            head, _, told = said.partition(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 502 ")
            assert "cannot be reached" in json.loads(told)["message"]
        assert stood.proxy.refused == 2
        assert not stood.proxy.connected
        assert not [breach for each in stood.passed if each.answered for breach in each.breaches]


@pytest.mark.parametrize("kept_alive", [False, True])
async def test_end_without_an_answer(kept_alive: bool) -> None:
    """A 502, but where a client knows that a kept connection may end, and asks again."""

    async def serve(line: Line) -> None:
        if kept_alive:
            await line.heard()
            await line.say(answer(204))
        await line.heard()

    async with standing(serve) as stood:
        text = request("GET", "/health")
        said = await asked(stood, text * 2 if kept_alive else text)
        assert said.startswith(b"HTTP/1.1 204" if kept_alive else b"HTTP/1.1 502")
        assert b"502" not in said or not kept_alive
        assert stood.failures == ["the connection ended without an answer"]


@pytest.mark.parametrize("abort", [False, True])
async def test_answer_that_breaks_off_breaks_off(abort: bool) -> None:
    async def serve(line: Line) -> None:
        await line.heard()
        await line.say(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc")
        if abort:
            await asyncio.sleep(0.05)
            line.abort()

    async with standing(serve) as stood:
        reader, writer = await stood.dial()
        writer.write(request("GET", "/health"))
        await reader.readuntil(b"\r\n\r\n")
        with pytest.raises((asyncio.IncompleteReadError, ConnectionError)):
            await reader.readexactly(10)
        writer.close()
    assert stood.failures == ["the answer ended early"]


async def test_client_that_leaves_is_gone_for_the_coordinator() -> None:
    gone = asyncio.Event()

    async def serve(line: Line) -> None:
        await line.heard()
        assert await line.reader.read() == b""
        gone.set()

    async with standing(serve) as stood:
        _, writer = await stood.dial()
        writer.write(request("GET", "/health"))
        await writer.drain()
        writer.close()
        await gone.wait()
    assert not [breach for each in stood.passed for breach in each.breaches]


async def test_half_closed_client_still_hears_its_answer() -> None:
    async def serve(line: Line) -> None:
        await line.heard()
        assert await line.reader.read() == b""
        await line.say(answer(200, b"{}"))

    async with standing(serve) as stood:
        reader, writer = await stood.dial()
        writer.write(request("GET", "/health"))
        writer.write_eof()
        assert (await reader.read()).endswith(b"{}")
        writer.close()


@pytest.mark.parametrize("behind", [False, True])
@pytest.mark.parametrize("front", [False, True])
async def test_tls_on_either_side(front: bool, behind: bool) -> None:
    async def serve(line: Line) -> None:
        await line.heard()
        await line.say(b"HTTP/1.0 200 OK\r\n\r\n" + bytes(200_000))

    tls = server_tls() if behind else None
    trusted = Tls(ca=str(PEM / "ca.pem"))
    async with standing(serve, upstream_tls=tls, tls=front, target_tls=trusted) as stood:
        assert bool(stood.proxy.ca) is front
        said = await asked(stood, request("GET", "/health"))
        assert said == b"HTTP/1.0 200 OK\r\n\r\n" + bytes(200_000)


async def test_certificate_that_nobody_vouches_for_is_a_502() -> None:
    async def serve(line: Line) -> None:
        await line.heard()

    async with standing(serve, upstream_tls=server_tls(), tls=False) as stood:
        said = await asked(stood, request("GET", "/health"))
        assert b" 502 " in said
        assert b"certificate" in said.lower()


async def test_websocket_passes_byte_for_byte_and_at_once() -> None:
    pieces = [b"\x01\x02ab", b"\x89\x00", b"\x80\x01c", b"\x82\x03\x00\x01\x02"]

    async def serve(line: Line) -> None:
        await line.say(accepted(await line.heard()))
        for piece in pieces:
            await line.say(piece)
            assert await line.reader.readexactly(7) == b"\x81\x81abcd\x00"
        await line.say(b"\x88\x02\x0f\xa0")
        await line.reader.read()

    async with standing(serve, "echocenter") as stood:
        reader, writer = await stood.dial()
        writer.write(
            request(
                "GET",
                "/api/ws",
                b"",
                "Upgrade: websocket",
                "Connection: Upgrade",
                "Sec-WebSocket-Version: 13",
                "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
            )
        )
        await reader.readuntil(b"\r\n\r\n")
        for piece in pieces:
            assert await reader.readexactly(len(piece)) == piece
            writer.write(b"\x81\x81abcd\x00")
        assert await reader.readexactly(4) == b"\x88\x02\x0f\xa0"
        writer.write(b"\x88\x82abcd" + bytes([0x0F ^ 97, 0xA0 ^ 98]))
        await until(lambda: stood.kinds.count("close") == 2)
        writer.close()
    assert "lost" not in stood.kinds


async def test_reset_of_a_websocket_is_a_reset() -> None:
    async def serve(line: Line) -> None:
        await line.say(accepted(await line.heard()))
        await line.reader.read(1)
        line.abort()

    async with standing(serve, "echocenter") as stood:
        reader, writer = await stood.dial()
        upgrade = ("Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13")
        key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="
        writer.write(request("GET", "/api/ws", b"", *upgrade, key))
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"\x81\x81abcd\x00")
        with contextlib.suppress(ConnectionError):
            assert await reader.read() == b""
        writer.close()


async def test_many_clients_at_once() -> None:
    async def serve(line: Line) -> None:
        while heard := await line.heard():
            await line.say(answer(200, heard.split(b" ")[1]))

    async def one(stood: Standing, number: int) -> None:
        reader, writer = await stood.dial()
        for turn in range(5):
            path = f"/{number}/{turn}".encode()
            writer.write(request("GET", path.decode()))
            assert (await reader.readuntil(path)).startswith(b"HTTP/1.1 200")
        writer.close()

    async with standing(serve) as stood:
        await asyncio.gather(*(one(stood, number) for number in range(40)))
        assert sum(each.answered for each in stood.passed) == 200
        numbers = [each.entry.number for each in stood.passed if each.answered]
        assert len(set(numbers)) == 200


async def test_end_of_the_proxy_ends_what_is_open() -> None:
    async def serve(line: Line) -> None:
        await line.heard()
        await asyncio.Event().wait()

    async with standing(serve) as stood:
        reader, writer = await stood.dial()
        writer.write(request("GET", "/health"))
        await until(lambda: stood.passed)
    with contextlib.suppress(ConnectionError):
        assert await reader.read() == b""
    writer.close()
    assert stood.failures == ["the proxy ended"]
    assert not [breach for each in stood.passed for breach in each.breaches]


async def test_prefix_of_the_coordinator_is_not_the_documents() -> None:
    paths: list[bytes] = []

    async def serve(line: Line) -> None:
        paths.append((await line.heard()).split(b" ")[1])
        await line.say(answer(404, b"{}", "Connection: close"))

    async with listening(serve) as url, before(f"{url}/base/") as stood:
        await asked(stood, request("GET", "/health?x=%20"))
        exchange = next(each.entry for each in stood.passed if each.answered)
    assert paths == [b"/base/health?x=%20"]
    assert getattr(exchange, "operation", "") == "getHealth"
