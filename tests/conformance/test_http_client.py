"""Whatever a peer does to a call, an exchange comes of it, and in time."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from conformance.clients import HttpClient
from conformance.clients.http import LARGEST_ANSWER, fill_path, tls_context
from conformance.exchange import Exchange
from conformance.target import RateLimit, Target, Tls
from schemas import load
from tests.conformance.peers import PEM, Line, answer, closed_port, listening, server_tls

AITBC = load("aitbc")


@asynccontextmanager
async def client(url: str, **target: Any) -> AsyncIterator[HttpClient]:
    it = HttpClient(AITBC, Target(**{"url": url, "timeout": 5.0, **target}))
    try:
        yield it
    finally:
        await it.close()


@asynccontextmanager
async def talking(
    serve: Callable[[Line], Awaitable[None]], **target: Any
) -> AsyncIterator[HttpClient]:
    async with listening(serve) as url, client(url, **target) as it:
        yield it


async def health(it: HttpClient) -> Exchange:
    """A call that must end, and soon."""
    async with asyncio.timeout(20):
        return await it.call("getHealth")


def saying(data: bytes) -> Callable[[Line], Awaitable[None]]:
    """Says the same to whoever asks, once, and closes."""

    async def serve(line: Line) -> None:
        await line.heard()
        await line.say(data)

    return serve


async def for_ever(line: Line) -> None:
    while await line.heard():
        await line.say(answer())


class TestCalls:
    async def test_a_call_carries_method_path_headers_and_body(self) -> None:
        heard: list[bytes] = []

        async def serve(line: Line) -> None:
            heard.append(await line.heard())
            await line.say(answer(b'{"status": "success"}'))

        headers = {"X-Own": "yes"}
        async with listening(serve) as url, client(url + "/base/", headers=headers) as it:
            said = await it.call("updateAgentStatus", {"agent_id": "a/b ?"}, body={"s": "ü"})
        assert said.status == 200
        assert said.at("/status") == "success"
        head, _, body = heard[0].partition(b"\r\n\r\n")
        assert head.startswith(b"PUT /base/agents/a%2Fb%20%3F/status HTTP/1.1\r\n")
        assert b"\r\nx-own: yes" in head.lower()
        assert b"\r\ncontent-type: application/json" in head.lower()
        assert body == '{"s": "ü"}'.encode()
        assert said.body == body
        assert said.lawful
        assert said.served

    async def test_a_raw_body_is_sent_as_it_is_under_the_label_that_was_asked_for(self) -> None:
        heard: list[bytes] = []

        async def serve(line: Line) -> None:
            heard.append(await line.heard())
            await line.say(answer())

        async with talking(serve) as it:
            said = await it.call(
                "registerAgent", raw=b"\xff{", headers={"Content-Type": "text/x"}, lawful=False
            )
        assert heard[0].endswith(b"\r\n\r\n\xff{")
        assert b"content-type: text/x" in heard[0].lower()
        assert not said.lawful
        assert not said.served, "what is not lawful need not succeed"

    async def test_what_has_no_body_has_no_label(self) -> None:
        heard: list[bytes] = []

        async def serve(line: Line) -> None:
            heard.append(await line.heard())
            await line.say(answer())

        async with talking(serve) as it:
            await it.call("sendHeartbeat", {"agent_id": "a"})
        assert b"content-type" not in heard[0].lower()

    async def test_an_anonymous_request_leaves_the_credentials_out(self) -> None:
        heard: list[bytes] = []

        async def serve(line: Line) -> None:
            while data := await line.heard():
                heard.append(data)
                await line.say(answer())

        async with talking(serve, headers={"Authorization": "Bearer abcdef"}) as it:
            await it.send("GET", "/health", operation="getHealth")
            bare = await it.send("GET", "/health", anonymous=True)
        assert b"Bearer abcdef" in heard[0]
        assert b"authorization" not in heard[1].lower()
        assert not bare.lawful, "a request that names no operation is not held against the peer"

    async def test_every_exchange_is_shown_once(self) -> None:
        seen: list[Exchange] = []
        async with talking(for_ever) as it:
            it.see = seen.append
            one, two = await it.call("getHealth"), await it.send("GET", "/nowhere")
        assert seen == [one, two]

    def test_parameters_are_encoded_whole(self) -> None:
        operation = AITBC.operations["getAgent"]
        assert fill_path(operation.path, {"agent_id": "../é%"}) == "/agents/..%2F%C3%A9%25"


class TestMisbehaviour:
    async def test_a_peer_that_hangs_is_waited_for_twice_and_then_a_tenth(self) -> None:
        async def serve(line: Line) -> None:
            while await line.heard():
                pass

        async with talking(serve, timeout=0.5) as it:
            took = []
            for _ in range(3):
                began = time.monotonic()
                said = await health(it)
                took.append(time.monotonic() - began)
                assert said.status is None
                assert "no answer within" in said.failure
            for _ in range(3):
                last = await health(it)
            other = await it.call("getQueues")
        assert all(0.45 < seconds < 2 for seconds in took[:2]), took
        assert took[2] < 0.3, took
        assert last.failure == "not asked again: it gave no answer 5 times"
        assert last.seconds < 0.04
        assert other.seconds > 0.45, "another operation has its patience still"

    async def test_a_flood_is_cut(self) -> None:
        sent = 0

        async def serve(line: Line) -> None:
            nonlocal sent
            await line.heard()
            await line.say(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            piece = b"10000\r\n" + b" " * 0x10000 + b"\r\n"
            while True:
                await line.say(piece)
                sent += len(piece)

        async with talking(serve) as it:
            said = await health(it)
        assert said.status is None
        assert said.failure == f"the answer is larger than {LARGEST_ANSWER} bytes"
        assert sent < LARGEST_ANSWER * 4

    @pytest.mark.parametrize(
        ("data", "failure"),
        [
            (b"", "the connection ended without an answer"),
            (b"HTTP/1.1 200 OK\r\nContent-Le", "the connection ended without an answer"),
            (b"EHLO there\r\n\r\n", "the answer is not HTTP"),
            (b"\x00\xff\x16\x03\x01" * 40, "the answer is not HTTP"),
            (b"HTTP/1.1 9x OK\r\n\r\n", "the answer is not HTTP"),
            (b"HTTP/1.1 200 OK\r\nContent-Length: -4\r\n\r\n", "the answer is not HTTP"),
            (b"HTTP/1.1 200 OK\r\n" + b"X: y" * 50_000 + b"\r\n\r\n", "the answer is not HTTP"),
            (answer(b'{"a": 1}')[:-3], "the answer's body ended early or is garbled"),
            (
                b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n",
                "garbled|not HTTP",
            ),
            (
                answer(b"no gzip at all", "200 OK", "Content-Encoding: gzip"),
                "garbled|not HTTP",
            ),
        ],
        ids=[
            "nothing", "half a head", "another protocol", "bytes", "bad status", "bad length",
            "endless header", "half a body", "bad chunk", "bad gzip",
        ],
    )  # fmt: skip
    async def test_what_is_no_answer_is_a_failure_with_a_name(
        self, data: bytes, failure: str
    ) -> None:
        async with talking(saying(data)) as it:
            said = await health(it)
        assert said.status is None
        assert any(part in said.failure for part in failure.split("|")), said.failure
        assert said.outcome == said.failure
        assert said.answer == b""

    async def test_an_answer_shorter_than_announced_ends_with_the_time_limit(self) -> None:
        async def serve(line: Line) -> None:
            await line.heard()
            await line.say(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{}")
            await line.heard()

        async with talking(serve, timeout=0.3) as it:
            said = await health(it)
        assert said.failure == "no answer within 0.3 s"

    async def test_an_answer_longer_than_announced_is_told_each_time(self) -> None:
        async with talking(saying(answer(b"{}") + b"trailing nonsense")) as it:
            both = [await health(it), await health(it)]
        assert all(said.failure.startswith("the answer is not HTTP: ") for said in both)

    async def test_a_reset_is_a_failure(self) -> None:
        async def serve(line: Line) -> None:
            await line.heard()
            line.abort()

        async with talking(serve) as it:
            said = await health(it)
        assert said.status is None
        assert said.failure
        assert not said.reconnected

    async def test_interim_answers_without_end_are_ended(self) -> None:
        async def serve(line: Line) -> None:
            await line.heard()
            while True:
                await line.say(b"HTTP/1.1 103 Early Hints\r\n\r\n")
                await asyncio.sleep(0)

        async with talking(serve, timeout=0.4) as it:
            said = await health(it)
        assert said.status is None
        assert said.failure

    async def test_redirects_are_not_followed(self) -> None:
        data = answer(b"", "307 Temporary Redirect", "Location: /elsewhere")
        async with talking(saying(data)) as it:
            said = await health(it)
        assert said.status == 307
        assert said.answer_headers["location"] == "/elsewhere"

    async def test_cookies_are_not_kept(self) -> None:
        heard: list[bytes] = []

        async def serve(line: Line) -> None:
            while data := await line.heard():
                heard.append(data)
                await line.say(answer(b"{}", "200 OK", "Set-Cookie: a=b"))

        async with talking(serve) as it:
            await health(it)
            await health(it)
        assert len(heard) == 2
        assert b"cookie" not in heard[1].lower()


class TestKeptAlive:
    @pytest.mark.parametrize("how", ["closed", "reset"])
    @pytest.mark.parametrize("operation", ["getHealth", "sendHeartbeat"])
    async def test_a_kept_connection_that_ends_is_replaced_and_said(
        self, how: str, operation: str
    ) -> None:
        connections = 0

        async def serve(line: Line) -> None:
            nonlocal connections
            connections += 1
            await line.heard()
            await line.say(answer())
            if connections == 1:
                await line.heard()  # the second request, which it leaves without an answer
                if how == "reset":
                    line.abort()
                return
            await for_ever(line)

        async with talking(serve) as it:
            first = await it.call("getHealth")
            second = await it.call(operation, {"agent_id": "a"})
            third = await it.call("getHealth")
        assert [said.status for said in (first, second, third)] == [200, 200, 200]
        assert [said.reconnected for said in (first, second, third)] == [False, True, False]
        assert connections == 2

    @pytest.mark.parametrize(("status", "pause"), [("500 Oops", 0), ("200 OK", 0.6)])
    async def test_a_connection_may_end_that_failed_or_was_idle(
        self, status: str, pause: float
    ) -> None:
        connections = 0

        async def serve(line: Line) -> None:
            nonlocal connections
            connections += 1
            await line.heard()
            await line.say(answer(b"{}", status if connections == 1 else "200 OK"))
            if connections == 1:
                await line.heard()
                return
            await for_ever(line)

        async with talking(serve) as it:
            await health(it)
            await asyncio.sleep(pause)
            again = await health(it)
        assert again.status == 200
        assert not again.reconnected

    async def test_an_announced_close_is_nothing_to_tell(self) -> None:
        async with talking(saying(answer(b"{}", "200 OK", "Connection: close"))) as it:
            both = [await health(it), await health(it)]
        assert [said.status for said in both] == [200, 200]
        assert not any(said.reconnected for said in both)


class TestPace:
    async def test_429_is_obeyed(self) -> None:
        times: list[float] = []

        async def serve(line: Line) -> None:
            while await line.heard():
                times.append(time.monotonic())
                busy = answer(b"{}", "429 Too Many Requests", "Retry-After: 1")
                await line.say(busy if len(times) == 1 else answer())

        async with talking(serve) as it:
            seen: list[Exchange] = []
            it.see = seen.append
            said = await health(it)
        assert said.status == 200
        assert said.throttled
        assert times[1] - times[0] >= 0.99
        assert seen == [said], "only what came of it is judged"

    @pytest.mark.parametrize("after", ["0", "²", "-1", "soon", "9" * 400])
    async def test_429_without_end_is_bounded_whatever_it_says(
        self, after: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        pauses: list[float] = []
        sleep = asyncio.sleep

        async def pause(seconds: float) -> None:
            pauses.append(seconds)
            await sleep(0)

        asked = 0

        async def serve(line: Line) -> None:
            nonlocal asked
            while await line.heard():
                asked += 1
                busy = b"HTTP/1.1 429 No\r\nContent-Length: 0\r\nRetry-After: %b\r\n\r\n"
                await line.say(busy % after.encode())

        monkeypatch.setattr("conformance.clients.http.asyncio.sleep", pause)
        async with talking(serve) as it:
            said = await health(it)
        assert said.status == 429
        assert said.throttled
        assert asked == 4
        assert [seconds for seconds in pauses if seconds > 20] == []
        assert len([seconds for seconds in pauses if seconds]) == (0 if after == "0" else 3)

    async def test_the_targets_rate_limit_is_respected(self) -> None:
        times: list[float] = []

        async def serve(line: Line) -> None:
            while await line.heard():
                times.append(time.monotonic())
                await line.say(answer())

        limit = RateLimit(requests=3, seconds=0.5)
        async with talking(serve, rate_limit=limit) as it:
            await asyncio.gather(*(it.call("getHealth") for _ in range(8)))
        times.sort()
        assert len(times) == 8
        windows = [late - early for early, late in zip(times, times[3:], strict=False)]
        assert min(windows) > 0.4, windows
        assert times[2] - times[0] < 0.4, "what the limit allows goes at once"


class TestGone:
    async def test_a_peer_that_refuses_is_named_and_found_gone(self) -> None:
        async with client(f"http://127.0.0.1:{await closed_port()}") as it:
            assert not await it.gone(), "nothing speaks for it yet"
            said = [await health(it), await health(it)]
            assert await it.gone()
        assert all(one.failure.startswith("cannot connect: ") for one in said)

    async def test_a_peer_that_came_back_is_not_gone(self) -> None:
        port = await closed_port()
        async with client(f"http://127.0.0.1:{port}") as it:
            await health(it)
            await health(it)

            async def met(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
                with contextlib.suppress(ConnectionError):
                    await for_ever(Line(reader, writer))
                writer.close()

            server = await asyncio.start_server(met, "127.0.0.1", port)
            try:
                assert not await it.gone()
                assert (await health(it)).status == 200
            finally:
                await it.close()
                server.close()
                await server.wait_closed()

    async def test_a_host_without_a_name_cannot_be_connected_to(self) -> None:
        async with client("http://nobody.invalid:1") as it:
            said = await health(it)
        assert said.status is None
        assert said.failure.startswith("cannot connect: ")


class TestTls:
    @staticmethod
    async def ask(tls: Tls, *, wants_client: bool = False) -> Exchange:
        async with (
            listening(for_ever, server_tls(wants_client=wants_client)) as url,
            client(url, tls=tls) as it,
        ):
            return await health(it)

    async def test_an_unknown_authority_is_a_failure_with_a_name(self) -> None:
        said = await self.ask(Tls())
        assert said.status is None
        assert said.failure.startswith("cannot connect: ")
        assert "certificate" in said.failure.lower()

    async def test_the_targets_authority_is_trusted(self) -> None:
        assert (await self.ask(Tls(ca=str(PEM / "ca.pem")))).status == 200

    async def test_verification_can_be_left_out(self) -> None:
        assert (await self.ask(Tls(verify=False))).status == 200

    async def test_the_client_certificate_is_shown(self) -> None:
        ca = str(PEM / "ca.pem")
        own = Tls(ca=ca, cert=str(PEM / "client.pem"), key=str(PEM / "client.key"))
        assert (await self.ask(own, wants_client=True)).status == 200
        without = await self.ask(Tls(ca=ca), wants_client=True)
        assert without.status is None
        assert without.failure

    async def test_tls_towards_a_plain_server_is_a_failure(self) -> None:
        async with (
            listening(saying(b"HTTP/1.1 400 Plain\r\n\r\n")) as url,
            client(url.replace("http", "https"), timeout=0.5) as it,
        ):
            said = await health(it)
        assert said.status is None
        assert said.failure

    @pytest.mark.parametrize("tls", [Tls(ca="/nowhere.pem"), Tls(cert=__file__)])
    def test_a_file_that_is_no_pem_is_an_os_error(self, tls: Tls) -> None:
        with pytest.raises(OSError):  # noqa: PT011  # ssl.SSLError or FileNotFoundError
            tls_context(Target(url="https://127.0.0.1", tls=tls))
