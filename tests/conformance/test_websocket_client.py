"""Whatever a peer does on a WebSocket, or in place of one, frames come of it, and in time."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection, serve
from websockets.typing import Subprotocol

from conformance import conversation
from conformance.clients import rfc6455
from conformance.clients.websocket import Refused, Socket, open_socket
from conformance.frames import Frame
from tests.conformance.peers import PEM, Line, answer, closed_port, listening, server_tls
from tests.conformance.sockets import accepted, shaking

Serve = Callable[[ServerConnection], Awaitable[None]]


@asynccontextmanager
async def serving(handler: Serve, **settings: Any) -> AsyncIterator[str]:
    async with serve(handler, "127.0.0.1", 0, **settings) as server:
        yield f"ws://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}/a?b=1"


@asynccontextmanager
async def opened(url: str, **settings: Any) -> AsyncIterator[Socket]:
    async with asyncio.timeout(20):
        it = await open_socket(url.replace("http", "ws", 1), **{"label": "a", **settings})
    assert isinstance(it, Socket), it
    try:
        yield it
    finally:
        it.abort()
        async with asyncio.timeout(10):
            await it.close()


async def refused(url: str, **settings: Any) -> Refused:
    async with asyncio.timeout(20):
        it = await open_socket(url.replace("http", "ws", 1), **{"label": "a", **settings})
    assert isinstance(it, Refused), it
    return it


async def echo(line: ServerConnection) -> None:
    async for message in line:
        await line.send(message)


def kind(wanted: str) -> Callable[[Frame], bool]:
    return lambda frame: frame.kind == wanted


class TestHandshake:
    async def test_success_is_an_exchange_too(self) -> None:
        async with (
            serving(echo, subprotocols=[Subprotocol("two")]) as url,
            opened(url, headers={"X-Own": "yes"}, subprotocols=["one", "two"]) as it,
        ):
            assert it.subprotocol == "two"
            said = it.handshake
            assert (said.method, said.url, said.status, said.failure) == ("GET", url, 101, "")
            assert said.headers["x-own"] == "yes"
            assert said.headers["sec-websocket-protocol"] == "one, two"
            assert said.answer_headers["upgrade"] == "websocket"
            assert it.frames == []

    async def test_tls(self) -> None:
        context = ssl.create_default_context(cafile=str(PEM / "ca.pem"))
        async with serving(echo, ssl=server_tls()) as url:
            wss = url.replace("ws:", "wss:")
            async with opened(wss, ssl=context) as it:
                await it.send(1)
                assert await it.wait(kind("text"), 5)
            no = await refused(wss)
            assert no.status is None
            assert "certificate" in no.reason

    @pytest.mark.parametrize(
        ("said", "status", "reason"),
        [
            (answer(b'{"e": 1}', "401 Unauthorized", "WWW-Authenticate: Bearer"), 401,
             "answered with 401 Unauthorized"),
            (b"HTTP/1.0 403 Forbidden\r\n\r\n{}", 403, "answered with 403 Forbidden"),
            (b"HTTP/1.1 404\r\nContent-Length: 0\r\n\r\n", 404, "answered with 404"),
            (b"HTTP/1.1 302 Found\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n", 302,
             "answered with 302 Found"),
            (answer(b"plain"), 200, "answered with 200 OK"),
            (b"SSH-2.0-OpenSSH_9\r\n", None, "the answer is not HTTP"),
            (b"\xff\x00\r\n\r\n", None, "the answer is not HTTP"),
            (b"HTTP/1.1 401 Unauth", None, "the connection ended without a whole answer"),
            (b"", None, "the connection ended without a whole answer"),
            ((b"HTTP/1.1 101 Yes\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
             b"Sec-WebSocket-Accept: nonsense\r\n\r\n"), 101, "the handshake is not sound"),
        ],
    )  # fmt: skip
    async def test_refusal_is_no_exception(
        self, said: bytes, status: int | None, reason: str
    ) -> None:
        async def serve(line: Line) -> None:
            await line.heard()
            await line.say(said)

        async with listening(serve) as url:
            no = await refused(url)
        assert no.status == status
        assert no.reason.startswith(reason)
        assert no.exchange.method == "GET"
        assert no.exchange.headers["upgrade"] == "websocket"
        assert no.exchange.outcome in (str(status), no.reason)

    async def test_refusal_keeps_headers_and_body(self) -> None:
        async def serve(line: Line) -> None:
            await line.heard()
            await line.say(answer(b'{"e": 1}', "401 No", "X-Why: a", "X-Why: b"))

        async with listening(serve) as url:
            no = await refused(url, headers={"Authorization": "Bearer t"})
        assert no.body == b'{"e": 1}'
        assert no.exchange.at("/e") == 1
        assert no.headers["x-why"] == "a, b"
        assert no.exchange.headers["authorization"] == "Bearer t"

    async def test_silence_ends_with_the_time_out(self) -> None:
        async def serve(line: Line) -> None:
            await asyncio.sleep(60)

        async with listening(serve) as url:
            began = time.monotonic()
            no = await refused(url, timeout=0.2)
        assert time.monotonic() - began < 2
        assert (no.status, no.reason) == (None, "no answer within 0.2 s")

    async def test_refusal_without_end_is_a_refusal(self) -> None:
        async def serve(line: Line) -> None:
            await line.heard()
            await line.say(b"HTTP/1.1 401 No\r\n\r\nbody")
            await asyncio.sleep(60)

        async with listening(serve) as url:
            no = await refused(url, timeout=0.3)
        assert (no.status, no.body) == (401, b"body")

    async def test_nobody_there(self) -> None:
        no = await refused(f"ws://127.0.0.1:{await closed_port()}/")
        assert no.status is None
        assert no.reason.startswith("cannot connect: ")

    async def test_reset_in_the_handshake(self) -> None:
        async def serve(line: Line) -> None:
            await line.heard()
            line.abort()

        async with listening(serve) as url:
            assert (await refused(url)).status is None


class TestTalk:
    async def test_both_directions_are_kept_in_order(self) -> None:
        seen: list[Frame] = []
        async with serving(echo) as url, opened(url, see=seen.append) as it:
            sent = await it.send({"n": "ü"})
            assert await it.wait(lambda f: f.value("/n") == "ü", 5)
            await it.send_bytes(b"\x00\xff")
            assert await it.wait(kind("binary"), 5)
            assert [(f.sender, f.kind) for f in it.frames] == [
                ("assay", "text"), ("peer", "text"), ("assay", "binary"), ("peer", "binary"),
            ]  # fmt: skip
            assert it.frames[0] is sent
            assert sent.data == '{"n":"ü"}'.encode()
            assert seen == [f for f in it.frames if f.sender == "peer"]
            times = [f.at for f in it.frames]
            assert times == sorted(times)
            assert 0 <= it.frames[-1].seconds < 5

    async def test_what_comes_with_the_handshake_is_not_lost(self) -> None:
        async def serve(line: Line) -> None:
            heard = await line.heard()
            await line.say(accepted(heard) + rfc6455.frame_bytes(1, b"hi", masked=False))
            await line.reader.read()

        async with listening(serve) as url, opened(url) as it:
            assert await it.wait(lambda f: f.data == b"hi", 5)

    @pytest.mark.parametrize("compression", [None, "deflate"])
    async def test_fragments_are_one_frame_both_ways(self, compression: Any) -> None:
        heard: list[Any] = []

        async def serve(line: ServerConnection) -> None:
            heard.extend([await line.recv(), await line.recv(), await line.recv()])
            await line.send(["{", '"a"', ":1}"])
            await line.wait_closed()

        async with serving(serve) as url, opened(url, compression=compression) as it:
            await it.send_fragments(["a", "b", "ü"])
            await it.send_fragments([b"1", b"2"])
            sent = await it.send_fragments([b"\xc3", b"\xbc"], text=True)
            found = await it.wait(kind("text"), 5)
            assert found
            assert found.json == {"a": 1}
            assert heard == ["abü", b"12", "ü"]
            assert (sent.kind, sent.data) == ("text", "ü".encode())

    async def test_compression_is_offered_where_it_is_wanted(self) -> None:
        async with serving(echo) as url:
            async with opened(url, compression="deflate") as it:
                assert (
                    "permessage-deflate" in it.handshake.answer_headers["sec-websocket-extensions"]
                )
                await it.send("x" * 100_000)
                assert await it.wait(lambda f: len(f.data) == 100_002, 5)
            async with opened(url) as it:
                assert "sec-websocket-extensions" not in it.handshake.headers

    async def test_pings_go_both_ways(self) -> None:
        async def serve(line: ServerConnection) -> None:
            await (await line.ping(b"you?"))
            await line.wait_closed()

        async with serving(serve) as url, opened(url) as it:
            found = await it.wait(kind("ping"), 5)
            assert found
            assert found.data == b"you?"
            took = await it.ping()
            assert took is not None
            assert took < 5
            kinds = [(f.sender, f.kind) for f in it.frames]
            assert kinds[:2] == [("peer", "ping"), ("assay", "pong")]
            assert kinds[2:] == [("assay", "ping"), ("peer", "pong")]

    async def test_no_pong_is_none(self) -> None:
        async with listening(shaking(hold=60)) as url, opened(url) as it:
            began = time.monotonic()
            assert await it.ping(within=0.05) is None
            assert time.monotonic() - began < 2

    async def test_paused_reader_takes_nothing(self) -> None:
        sent = 0

        async def serve(line: ServerConnection) -> None:
            nonlocal sent
            for _ in range(400):
                await line.send(b"x" * 65536)
                sent += 1
            await line.wait_closed()

        async with serving(serve) as url, opened(url) as it:
            it.pause()
            it.pause()
            mark = it.mark()
            assert await it.never(lambda _: True, 0.3, after=mark) is None
            assert sent < 400
            it.resume()
            it.resume()
            assert await it.wait(lambda _: it.mark() >= 400, 10)


class TestEnd:
    @pytest.mark.parametrize(("code", "reason"), [(1000, ""), (1001, "bye"), (4008, "Ünique")])
    async def test_close_of_the_peer(self, code: int, reason: str) -> None:
        async def serve(line: ServerConnection) -> None:
            await line.send("last")
            await line.close(code, reason)

        async with serving(serve) as url, opened(url) as it:
            end = await it.ended(5)
            assert end is it.closed
            assert end
            assert (end.kind, end.sender, end.code, end.reason) == ("close", "peer", code, reason)
            assert await it.wait(kind("text"), 5)
            assert await it.wait(kind("binary"), 60) is None
            assert await it.gone(5)
            assert (it.frames[-1].sender, it.frames[-1].kind) == ("assay", "close")

    async def test_close_is_seen_though_the_transport_stays(self) -> None:
        close = rfc6455.frame_bytes(8, b"\x03\xe9away", masked=False)
        async with listening(shaking(close, hold=60)) as url, opened(url) as it:
            end = await it.ended(2)
            assert end
            assert (end.code, end.reason) == (1001, "away")
            assert not await it.gone(0.05)

    async def test_close_without_a_code(self) -> None:
        close = rfc6455.frame_bytes(8, masked=False)
        async with listening(shaking(close)) as url, opened(url) as it:
            end = await it.ended(2)
            assert end
            assert (end.kind, end.code) == ("close", 1005)

    @pytest.mark.parametrize("reset", [True, False])
    async def test_loss_without_close(self, reset: bool) -> None:
        async with listening(shaking(reset=reset)) as url, opened(url) as it:
            end = await it.ended(5)
            assert end
            assert (end.kind, end.sender, end.lawful) == ("lost", "peer", True)
            assert end.reason

    async def test_our_close_is_answered(self) -> None:
        async with serving(echo) as url, opened(url) as it:
            await it.close(1001, "we go")
            assert [(f.sender, f.kind, f.code) for f in it.frames] == [
                ("assay", "close", 1001), ("peer", "close", 1001),
            ]  # fmt: skip
            assert await it.gone(0)
            await it.close()
            assert len(it.frames) == 2

    async def test_close_that_nobody_answers_is_our_end(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("conformance.clients.websocket.FAREWELL", 0.1)
        async with listening(shaking(hold=60)) as url, opened(url) as it:
            await it.close()
            assert it.closed
            assert (it.closed.kind, it.closed.sender) == ("lost", "assay")

    async def test_close_in_the_face_of_a_peer_that_does_not_read(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("conformance.clients.websocket.FAREWELL", 0.1)
        async with listening(shaking(hold=60)) as url, opened(url, timeout=0.2) as it:
            for _ in range(3):
                await it.send_bytes(b"x" * 8_000_000)
            await it.close()
            assert await it.gone(0)

    async def test_sending_after_the_end_does_nothing(self) -> None:
        async with listening(shaking()) as url, opened(url) as it:
            await it.ended(5)
            mark = it.mark()
            unsaid = await it.send({"a": 1})
            assert (unsaid.kind, unsaid.sender, unsaid.data) == ("lost", "assay", b'{"a":1}')
            assert (await it.send_bytes(b"")).kind == "lost"
            assert (await it.send_fragments(["a", "b"])).kind == "lost"
            assert await it.ping() is None
            assert it.mark() == mark

    async def test_abort_is_ours(self) -> None:
        seen: list[Frame] = []
        async with serving(echo) as url, opened(url, see=seen.append) as it:
            it.abort()
            assert await it.gone(5)
            assert it.closed
            assert it.closed.sender == "assay"
            assert seen == []

    @pytest.mark.parametrize(
        ("said", "code", "reason"),
        [
            (rfc6455.frame_bytes(1, b"x", mask=b"mask"), 1002, "incorrect masking"),
            (rfc6455.frame_bytes(1, b"\xff", masked=False), 1007, "text that is no UTF-8"),
            (rfc6455.frame_bytes(1, b"x", rsv=4, masked=False), 1002, "reserved bits"),
            (rfc6455.frame_bytes(8, b"\x03\xed", masked=False), 1002, "invalid status code"),
        ],
    )
    async def test_breach_of_the_rfc_ends_it(self, said: bytes, code: int, reason: str) -> None:
        async with listening(shaking(said, hold=60)) as url, opened(url) as it:
            found = await it.wait(kind("raw"), 5)
            assert found
            assert reason in found.reason
            assert it.closed
            assert (it.closed.kind, it.closed.sender) == ("lost", "assay")
            assert [f.code for f in it.frames if f.kind == "close"] == [code]
            assert await it.gone(5)

    async def test_flood_ends_it(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(conversation, "MOST_BYTES", 1_000_000)

        async def serve(line: ServerConnection) -> None:
            with contextlib.suppress(Exception):
                while True:
                    await line.send(b"x" * 50_000)

        async with serving(serve) as url, opened(url) as it:
            assert await it.ended(10)
            assert it.flooded
            assert it.mark() < 30
            assert await it.gone(5)

    async def test_message_that_is_too_large_is_a_flood(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("conformance.clients.websocket.LARGEST_MESSAGE", 1000)

        async def serve(line: ServerConnection) -> None:
            await line.send("x" * 1001)
            await line.wait_closed()

        async with serving(serve) as url, opened(url) as it:
            assert await it.ended(5)
            assert it.flooded
            assert not [f for f in it.frames if f.kind == "raw"]

    async def test_pings_can_flood_too(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(conversation, "MOST_FRAMES", 100)
        pings = rfc6455.frame_bytes(9, b"p", masked=False) * 1000
        async with listening(shaking(pings, hold=60)) as url, opened(url) as it:
            assert await it.ended(5)
            assert it.flooded
            assert it.mark() < 205
