"""Anything can be said on a raw WebSocket, and whatever is wrong with the peer's words is told."""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection, serve

from conformance.clients.raw import RawSocket, open_raw
from conformance.clients.rfc6455 import Heard, Listener, frame_bytes
from conformance.conversation import Refused
from conformance.frames import Frame
from tests.conformance.peers import PEM, Line, answer, closed_port, listening, server_tls
from tests.conformance.sockets import accepted, shaking


@asynccontextmanager
async def opened(url: str, **settings: Any) -> AsyncIterator[RawSocket]:
    async with asyncio.timeout(20):
        it = await open_raw(url.replace("http", "ws", 1), **{"label": "r", **settings})
    assert isinstance(it, RawSocket), it
    try:
        yield it
    finally:
        it.abort()
        async with asyncio.timeout(10):
            await it.close()


async def refused(url: str, **settings: Any) -> Refused:
    async with asyncio.timeout(20):
        it = await open_raw(url.replace("http", "ws", 1), **{"label": "r", **settings})
    assert isinstance(it, Refused), it
    return it


@asynccontextmanager
async def serving(
    handler: Callable[[ServerConnection], Awaitable[None]], **settings: Any
) -> AsyncIterator[str]:
    async with serve(handler, "127.0.0.1", 0, **settings) as server:
        yield f"ws://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}/"


async def echo(line: ServerConnection) -> None:
    async for message in line:
        await line.send(message)


def kind(wanted: str) -> Callable[[Frame], bool]:
    return lambda frame: frame.kind == wanted


def said(opcode: int, payload: bytes = b"", **settings: Any) -> bytes:
    """A server's frame."""
    return frame_bytes(opcode, payload, **{"masked": False, **settings})


class TestBytes:
    @pytest.mark.parametrize(
        ("built", "expected"),
        [
            (said(1, b"Hello"), "81 05 48 65 6c 6c 6f"),  # RFC 6455, 5.7
            (frame_bytes(1, b"Hello", mask=b"\x37\xfa\x21\x3d"),
             "81 85 37 fa 21 3d 7f 9f 4d 51 58"),
            (said(1, b"Hel", fin=False), "01 03 48 65 6c"),
            (said(3, b"", rsv=5), "d3 00"),
            (said(2, b"a", length_form=16), "82 7e 00 01 61"),
            (said(2, b"a", length_form=64), "82 7f 00 00 00 00 00 00 00 01 61"),
        ],
    )  # fmt: skip
    def test_frames_are_as_the_rfc_has_them(self, built: bytes, expected: str) -> None:
        assert built == bytes.fromhex(expected)

    @pytest.mark.parametrize(("size", "head"), [(125, 2), (126, 4), (65535, 4), (65536, 10)])
    def test_length_takes_the_fewest_bytes(self, size: int, head: int) -> None:
        assert len(said(2, b"x" * size)) == head + size
        assert len(frame_bytes(2, b"x" * size)) == head + size + 4

    def test_length_that_does_not_fit(self) -> None:
        with pytest.raises(ValueError, match="7 bits"):
            frame_bytes(2, b"x" * 126, length_form=7)


SOUND = [
    (said(1, "ü".encode()), [Heard(kind="text", data="ü".encode())]),
    (said(2, b"\xff"), [Heard(kind="binary", data=b"\xff")]),
    (said(2, b"x" * 70_000), [Heard(kind="binary", data=b"x" * 70_000)]),
    (said(1, b"a", fin=False) + said(9, b"p") + said(0, b"b", fin=False) + said(0, b"c"),
     [Heard(kind="ping", data=b"p"), Heard(kind="text", data=b"abc")]),
    (said(1, b"\xc3", fin=False) + said(0, b"\xbc"), [Heard(kind="text", data="ü".encode())]),
    (said(10), [Heard(kind="pong")]),
    (said(8), [Heard(kind="close", code=1005)]),
    (said(8, b"\x0f\xa1why"), [Heard(kind="close", code=4001, reason="why")]),
]  # fmt: skip

UNSOUND = [
    (frame_bytes(1, b"x", mask=b"mask"), ["a server's frame is masked"], ["text"]),
    (said(1, b"x", rsv=4), ["reserved bits are set: 100"], ["text"]),
    (said(3, b"x"), ["the opcode 3 is reserved"], []),
    (said(1, b"x", length_form=64), ["a length of 1 in 64 bits"], ["text"]),
    (said(9, b"x" * 126), ["a control frame of 126 bytes"], ["ping"]),
    (said(9, b"x", fin=False), ["a control frame in fragments"], ["ping"]),
    (said(0, b"x"), ["a continuation of nothing"], []),
    (said(1, b"x", fin=False) + said(1, b"y"), ["a message within another"], ["text"]),
    (said(1, b"\xff"), ["text that is no UTF-8: invalid start byte at 0"], []),
    (said(8, b"x"), ["a close frame of one byte"], ["close"]),
    (said(8, b"\x03\xed"), ["a close frame with the code 1005"], ["close"]),
    (said(8, b"\x13\x88"), ["a close frame with the code 5000"], ["close"]),
    (said(8, b"\x03\xe8\xff"), ["a close frame whose reason is no UTF-8"], ["close"]),
    (said(1, b"x", fin=False) + said(8), ["a close frame within a message"], ["close"]),
    (said(8) + said(1, b"x"), ["a frame after the close frame"], ["close"]),
]


class TestListener:
    @pytest.mark.parametrize(("data", "expected"), SOUND)
    def test_what_is_sound_is_heard(self, data: bytes, expected: list[Heard]) -> None:
        assert Listener().feed(data) == expected
        by_bytes = Listener()
        step = 1 if len(data) < 100 else 997
        parts = [data[i : i + step] for i in range(0, len(data), step)]
        assert [each for part in parts for each in by_bytes.feed(part)] == expected

    @pytest.mark.parametrize(("data", "wrong", "kinds"), UNSOUND)
    def test_what_is_wrong_is_told_and_understood(
        self, data: bytes, wrong: list[str], kinds: list[str]
    ) -> None:
        heard = Listener().feed(data)
        assert [each.reason for each in heard if each.kind == "raw"] == wrong
        assert [each.kind for each in heard if each.kind != "raw"] == kinds

    def test_what_is_too_large_makes_deaf(self) -> None:
        one = Listener(largest=100)
        assert one.feed(said(2, b"x" * 101) + said(1, b"y")) == []
        assert "101 bytes" in one.deaf
        two = Listener(largest=100)
        assert two.feed(said(2, b"x" * 60, fin=False) + said(0, b"x" * 60)) == []
        assert two.deaf


class TestHandshake:
    async def test_lawful_one_opens(self) -> None:
        async with serving(echo) as url, opened(url, headers={"X-Own": "y"}) as it:
            assert it.handshake.status == 101
            assert it.handshake.lawful
            assert it.handshake.headers["x-own"] == "y"
            assert it.violations == []
            assert it.subprotocol is None

    async def test_tls(self) -> None:
        context = ssl.create_default_context(cafile=str(PEM / "ca.pem"))
        async with (
            serving(echo, ssl=server_tls()) as url,
            opened(url.replace("ws:", "wss:"), ssl=context) as it,
        ):
            await it.send(1)
            assert await it.wait(kind("text"), 5)
            assert not it.shutdown_write()
            await it.close()
            assert it.closed
            assert it.closed.kind == "close"

    @pytest.mark.parametrize(
        ("change", "status"),
        [
            ({"headers": {"Upgrade": None}}, 426),
            ({"headers": {"connection": "close"}}, 426),
            ({"headers": {"Sec-WebSocket-Key": None}}, 400),
            ({"headers": {"Sec-WebSocket-Key": "short"}}, 400),
            ({"headers": {"Sec-WebSocket-Version": "7"}}, 400),
        ],
    )
    async def test_unlawful_ones_are_sent(self, change: Any, status: int) -> None:
        async with serving(echo) as url:
            no = await refused(url, **change)
        assert no.status == status
        assert not no.exchange.lawful
        for name, value in change["headers"].items():
            assert no.exchange.headers.get(name.lower()) == value

    async def test_method_and_version_are_sent(self) -> None:
        heard: list[bytes] = []

        async def serve(line: Line) -> None:
            heard.append(await line.heard())
            await line.say(answer(b"no", "405 Method Not Allowed"))

        async with listening(serve) as url:
            no = await refused(url + "/p?q=1", method="POST", version="HTTP/1.0")
        assert heard[0].startswith(b"POST /p?q=1 HTTP/1.0\r\n")
        assert (no.status, no.exchange.method, no.exchange.lawful) == (405, "POST", False)
        assert no.body == b"no"

    @pytest.mark.parametrize(
        ("said", "status", "reason"),
        [
            (b"HTTP/1.0 400 Bad\r\n\r\nwhy", 400, "answered with 400 Bad"),
            (b"HTTP/1.1 403\r\nContent-Length: 3\r\n\r\nwhy", 403, "answered with 403"),
            (b"HTTP/1.1 401 No\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nwhy\r\n0\r\n\r\n", 401,
             "answered with 401 No"),
            (b"hello\r\n", None, "the answer is not HTTP"),
            (b"x" * 100_000, None, "the answer is not HTTP"),
            (b"HTTP/1.1 101 Yes\r\n", None, "the connection ended without a whole answer"),
            (b"", None, "the connection ended without a whole answer"),
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
        assert status is None or no.body == b"why"

    async def test_silence_and_nobody_there(self) -> None:
        async with listening(lambda _: asyncio.sleep(60)) as url:
            no = await refused(url, timeout=0.1)
            assert no.reason == "no answer within 0.1 s"
        no = await refused(f"ws://127.0.0.1:{await closed_port()}/")
        assert no.reason.startswith("cannot connect: ")

    async def test_refusal_without_end_is_a_refusal(self) -> None:
        async def serve(line: Line) -> None:
            await line.heard()
            await line.say(b"HTTP/1.1 401 No\r\n\r\nbody")
            await asyncio.sleep(60)

        async with listening(serve) as url:
            no = await refused(url, timeout=0.2)
        assert (no.status, no.body) == (401, b"body")

    @pytest.mark.parametrize(
        ("said", "wrong"),
        [
            ((b"HTTP/1.1 101 S\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
             b"Sec-WebSocket-Accept: nonsense\r\n\r\n"), "Sec-WebSocket-Accept"),
            (b"HTTP/1.1 101 S\r\n\r\n", "Connection"),
            (b"HTTP/1.0 101 S\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n", "Accept"),
        ],
    )  # fmt: skip
    async def test_unsound_answer_is_a_violation(self, said: bytes, wrong: str) -> None:
        seen: list[Frame] = []

        async def serve(line: Line) -> None:
            await line.heard()
            await line.say(said + frame_bytes(1, b"hi", masked=False))
            await line.reader.read()

        async with listening(serve) as url, opened(url, see=seen.append) as it:
            assert len(it.violations) == 1
            assert wrong in it.violations[0]
            assert await it.wait(kind("text"), 5)
            assert [f.kind for f in seen] == ["raw", "text"]

    async def test_subprotocol_nobody_offered_is_a_violation(self) -> None:
        async def serve(line: Line) -> None:
            await line.say(accepted(await line.heard(), "Sec-WebSocket-Protocol: other"))
            await line.reader.read()

        async with listening(serve) as url:
            async with opened(url, subprotocols=["one"]) as it:
                assert it.subprotocol == "other"
                assert len(it.violations) == 1
            async with opened(url, headers={"Sec-WebSocket-Protocol": "a, other"}) as it:
                assert (it.subprotocol, it.violations) == ("other", [])


class TestTalk:
    async def test_lawful_frames_are_kept_as_what_they_are(self) -> None:
        async with serving(echo) as url, opened(url) as it:
            await it.send({"a": 1})
            await it.send_frame(1, b"x", length_form=7)
            await it.send_frame(9, b"p")
            assert await it.wait(kind("pong"), 5)
            assert await it.wait(lambda f: f.data == b"x", 5)
            ours = [f for f in it.frames if f.sender == "assay"]
            assert [(f.kind, f.lawful) for f in ours] == [
                ("text", True), ("text", True), ("ping", True),
            ]  # fmt: skip
            assert all(f.lawful for f in it.frames)

    async def test_fragments_by_hand(self) -> None:
        async with serving(echo) as url, opened(url) as it:
            await it.send_frame(1, b"a", fin=False)
            await it.send_frame(9, b"between")
            await it.send_frame(0, b"b")
            found = await it.wait(kind("text"), 5)
            assert found
            assert found.data == b"ab"
            assert it.frames[0].kind == "raw"
            assert it.frames[0].reason == "opcode 1, not final"
            assert all(f.lawful for f in it.frames)

    @pytest.mark.parametrize(
        ("opcode", "settings"),
        [
            (1, {"masked": False}),
            (1, {"rsv": 4}),
            (3, {}),
            (9, {"payload": b"x" * 126}),
            (9, {"fin": False}),
            (8, {"payload": b"x"}),
            (8, {"payload": b"\x03\xed"}),
        ],
    )
    async def test_unlawful_frames_are_sent(self, opcode: int, settings: Any) -> None:
        async with serving(echo) as url, opened(url) as it:
            sent = await it.send_frame(opcode, **settings)
            assert not sent.lawful
            end = await it.ended(5)
            assert end
            assert (end.kind, end.code, end.lawful) == ("close", 1002, False)

    async def test_any_bytes_and_one_at_a_time(self) -> None:
        async with serving(echo) as url, opened(url) as it:
            began = time.monotonic()
            sent = await it.trickle(frame_bytes(1, b"slow"), pause=0.01)
            assert time.monotonic() - began >= 0.1
            assert (sent.kind, sent.lawful) == ("raw", False)
            assert await it.wait(lambda f: f.data == b"slow", 5)
            await it.send_bytes(b"GET / HTTP/1.1\r\n\r\n")
            end = await it.ended(5)
            assert end
            assert end.code == 1002

    async def test_violations_do_not_end_it(self) -> None:
        seen: list[Frame] = []
        words = [said(1, b"one", rsv=1), said(1, b"\xff"), said(1, b"two")]
        async with (
            listening(shaking(*words, hold=60)) as url,
            opened(url, see=seen.append) as it,
        ):
            assert await it.wait(lambda f: f.data == b"two", 5)
            assert len(it.violations) == 2
            assert [f.kind for f in seen] == ["raw", "text", "raw", "text"]
            assert it.closed is None

    @pytest.mark.parametrize("pong", [True, False])
    async def test_pings_are_answered_if_wanted(self, pong: bool) -> None:
        answered = asyncio.Event()

        async def serve(line: ServerConnection) -> None:
            await (await line.ping(b"p"))
            answered.set()
            await line.wait_closed()

        async with serving(serve) as url, opened(url, pong=pong) as it:
            assert await it.wait(kind("ping"), 5)
            if pong:
                async with asyncio.timeout(5):
                    await answered.wait()
                assert it.frames[-1].kind == "pong"
            else:
                await asyncio.sleep(0.05)
                assert not answered.is_set()
                assert it.mark() == 1

    async def test_what_comes_byte_by_byte_is_not_spoilt_by_pongs(self) -> None:
        heard: list[str | bytes] = []

        async def serve(line: ServerConnection) -> None:
            pings = [await line.ping(str(at)) for at in range(3)]
            heard.append(await line.recv())
            await asyncio.gather(*pings)
            await line.send("enough")
            await line.wait_closed()

        async with serving(serve) as url, opened(url) as it:
            await it.trickle(frame_bytes(1, "Größe".encode()), 0.01)
            assert await it.wait(lambda f: f.data == b"enough", 5)
        assert heard == ["Größe"]

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
            mark = it.mark()
            await asyncio.sleep(0.2)
            assert it.mark() == mark
            assert sent < 400
            it.resume()
            assert await it.wait(lambda _: it.mark() >= 400, 10)

    async def test_flood_ends_it(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("conformance.conversation.MOST_FRAMES", 100)
        async with listening(shaking(said(2) * 1000, hold=60)) as url, opened(url) as it:
            assert await it.ended(5)
            assert it.flooded
            assert it.mark() == 101
            assert await it.gone(5)

    async def test_frame_beyond_all_bounds_is_a_flood(self) -> None:
        head = b"\x82\x7f\xff\xff\xff\xff\xff\xff\xff\xff"
        async with listening(shaking(head, hold=60)) as url, opened(url) as it:
            end = await it.ended(5)
            assert end
            assert end.sender == "assay"
            assert it.flooded


class TestEnd:
    @pytest.mark.parametrize("echo", [True, False])
    async def test_close_of_the_peer_is_answered_if_wanted(self, echo: bool) -> None:
        replied: list[bytes] = []

        async def serve(line: Line) -> None:
            await line.say(accepted(await line.heard()))
            await line.say(said(8, b"\x03\xe9bye"))
            replied.append(await line.reader.read(100))

        async with listening(serve) as url, opened(url, echo=echo) as it:
            end = await it.ended(5)
            assert end
            assert (end.kind, end.code, end.reason) == ("close", 1001, "bye")
            assert await it.gone(5 if echo else 0.05) is echo
            kinds = [(f.sender, f.kind) for f in it.frames]
            assert kinds == [("peer", "close"), ("assay", "close")][: 1 + echo]
        if echo:
            assert len(replied[0]) == 8

    async def test_unlawful_close_is_answered_lawfully(self) -> None:
        async with listening(shaking(said(8, b"\x13\x88"), hold=60)) as url, opened(url) as it:
            end = await it.ended(5)
            assert end
            assert end.code == 5000
            assert it.frames[-1].code == 1002
            assert it.frames[-1].lawful

    async def test_close_of_ours(self) -> None:
        async with serving(echo) as url, opened(url) as it:
            await it.close(1001, "we go")
            assert [(f.sender, f.kind, f.code) for f in it.frames] == [
                ("assay", "close", 1001), ("peer", "close", 1001),
            ]  # fmt: skip
            await it.close()
            assert it.mark() == 2

    async def test_close_by_hand(self) -> None:
        async with serving(echo) as url, opened(url) as it:
            sent = await it.send_frame(8, b"\x0f\xa0")
            assert (sent.kind, sent.code) == ("close", 4000)
            end = await it.ended(5)
            assert end
            assert end.code == 4000

    async def test_close_that_nobody_answers(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("conformance.clients.raw.FAREWELL", 0.1)
        async with listening(shaking(hold=60)) as url, opened(url) as it:
            await it.close()
            assert it.closed
            assert (it.closed.kind, it.closed.sender) == ("lost", "assay")

    @pytest.mark.parametrize("reset", [True, False])
    async def test_loss_without_close(self, reset: bool) -> None:
        async with listening(shaking(reset=reset)) as url, opened(url) as it:
            end = await it.ended(5)
            assert end
            assert (end.kind, end.sender) == ("lost", "peer")
            assert await it.gone(5)
            assert (await it.send_frame(1, b"x")).kind == "lost"
            assert (await it.send_bytes(b"x")).kind == "lost"
            assert (await it.send(1)).kind == "lost"
            assert not it.shutdown_write()
            assert it.mark() == 1

    async def test_abort_is_a_reset(self) -> None:
        broke: asyncio.Future[Exception | None] = asyncio.get_running_loop().create_future()

        async def serve(line: Line) -> None:
            await line.say(accepted(await line.heard()))
            try:
                await line.reader.read()
                broke.set_result(None)
            except ConnectionError as error:
                broke.set_result(error)

        async with listening(serve) as url, opened(url) as it:
            it.abort()
            async with asyncio.timeout(5):
                assert isinstance(await broke, ConnectionResetError)
            assert it.closed
            assert it.closed.sender == "assay"

    async def test_half_an_end(self) -> None:
        async def serve(line: Line) -> None:
            await line.say(accepted(await line.heard()))
            await line.reader.read()
            await line.say(said(1, b"still here"))

        async with listening(serve) as url, opened(url) as it:
            assert it.shutdown_write()
            assert await it.wait(lambda f: f.data == b"still here", 5)
            assert (await it.send(1)).reason.startswith("not sent")
            end = await it.ended(5)
            assert end
            assert (end.kind, end.lawful) == ("lost", False)

    async def test_giving_up_a_close_leaves_nothing_behind(self) -> None:
        async with listening(shaking(hold=60)) as url, opened(url) as it:
            closing = asyncio.create_task(it.close())
            await asyncio.sleep(0.05)
            it.abort()
            closing.cancel()
            await asyncio.gather(closing, return_exceptions=True)
            assert await it.gone(5)
