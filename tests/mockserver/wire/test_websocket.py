"""WebSockets of a served mock: how strict it is, what it writes down, and how it is steered."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from websockets.frames import Opcode

import mockserver
from conformance.clients.raw import RawSocket, open_raw
from conformance.clients.websocket import Socket, open_socket
from conformance.conversation import Refused
from conformance.frames import Frame
from mockserver import Fault, RunningMock
from mockserver.coordinator import Connection
from mockserver.wire import connection as wire_connection
from tests.mockserver.wire.parrot import Parrot

PATH = "/api/ws"


@pytest.fixture
async def parrot(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[RunningMock]:
    monkeypatch.setattr("mockserver.app.make_coordinator", Parrot)
    async with mockserver.start("echocenter") as mock:
        yield mock


async def _open(mock: RunningMock, token: str = "ann", **options: Any) -> Socket:
    said = await open_socket(f"{mock.ws_url}{PATH}?token={token}", label=token, **options)
    assert isinstance(said, Socket), said
    return said


async def _raw(mock: RunningMock, **options: Any) -> RawSocket:
    said = await open_raw(f"{mock.ws_url}{PATH}?token=raw", label="raw", **options)
    assert isinstance(said, RawSocket), said
    return said


def _typed(kind: str) -> Any:
    return lambda frame: frame.value("/type") == kind


async def _echo(socket: Socket | RawSocket) -> Frame:
    heard = await socket.wait(_typed("ECHO"), 3)
    assert heard is not None
    return heard


async def test_what_is_said_is_heard_and_answered(parrot: RunningMock) -> None:
    async with await _open(parrot, "greeted") as socket:
        assert await socket.wait(_typed("HELLO"), 3)
        await socket.send({"type": "CHAT", "target_id": 1, "payload": 'ä\n"€😀'})
        heard = await _echo(socket)
        assert heard.value("/said/payload") == 'ä\n"€😀'
        assert heard.value("/wrong") is None


@pytest.mark.parametrize("size", [0, 1, 125, 126, 127, 65535, 65536, 300_000])
async def test_any_size_comes_back_whole(parrot: RunningMock, size: int) -> None:
    async with await _open(parrot) as socket:
        await socket.send({"type": "X", "text": "x" * size})
        assert (await _echo(socket)).value("/said/text") == "x" * size


async def test_fragments_are_one_message_and_pings_come_between(parrot: RunningMock) -> None:
    async with await _raw(parrot) as socket:
        await socket.send_frame(
            Opcode.TEXT, '{"type":"X","text":"gr\u00fc'.encode()[:-1], fin=False
        )
        await socket.send_frame(Opcode.PING, b"between")
        await socket.send_frame(Opcode.CONT, "\u00fc".encode()[-1:] + b"n", fin=False)
        await socket.send_frame(Opcode.CONT, b'"}')
        assert (await _echo(socket)).value("/said/text") == "grün"
        pong = await socket.wait(lambda frame: frame.kind == "pong", 3)
        assert pong is not None
        assert pong.data == b"between"
        assert socket.violations == []
    (heard,) = [f for f in parrot.session.transcript.frames if f.sender == "agent" and f.message]
    assert (heard.kind, heard.fragments) == ("text", 3)


BROKEN: dict[str, tuple[list[dict[str, Any]], int]] = {
    "unmasked": ([{"opcode": 1, "payload": b"{}", "masked": False}], 1002),
    "reserved-bit": ([{"opcode": 1, "payload": b"{}", "rsv": 4}], 1002),
    "reserved-opcode": ([{"opcode": 3, "payload": b"{}"}], 1002),
    "reserved-control": ([{"opcode": 11}], 1002),
    "long-ping": ([{"opcode": 9, "payload": b"p" * 126}], 1002),
    "fragmented-ping": ([{"opcode": 9, "fin": False}], 1002),
    "continuation-of-nothing": ([{"opcode": 0, "payload": b"{}"}], 1002),
    "two-at-once": ([{"opcode": 1, "payload": b"{", "fin": False}, {"opcode": 1}], 1002),
    "not-utf-8": ([{"opcode": 1, "payload": b'"\xff\xfe"'}], 1007),
    "half-a-character": ([{"opcode": 1, "payload": b'"\xc3'}], 1007),
    "length-in-16-bits": ([{"opcode": 1, "payload": b"{}", "length_form": 16}], 1002),
    "length-in-64-bits": ([{"opcode": 1, "payload": b"x" * 300, "length_form": 64}], 1002),
    "too-large": ([{"opcode": 1, "payload": b"x" * ((1 << 20) + 1)}], 1009),
    "close-of-one-byte": ([{"opcode": 8, "payload": b"\x03"}], 1002),
    "close-code-1005": ([{"opcode": 8, "payload": b"\x03\xed"}], 1002),
    "close-reason-not-utf-8": ([{"opcode": 8, "payload": b"\x03\xe8\xff"}], 1007),
}


@pytest.mark.parametrize("name", BROKEN)
async def test_client_that_breaks_the_rfc_is_closed_as_it_says(
    parrot: RunningMock, name: str
) -> None:
    frames, code = BROKEN[name]
    async with await _open(parrot, "bystander") as other:
        socket = await _raw(parrot)
        for frame in frames:
            await socket.send_frame(**frame)
        end = await socket.ended(3)
        assert end is not None
        assert (end.kind, end.code) == ("close", code)
        assert await socket.gone(3)
        await other.send({"type": "X"})
        assert await _echo(other)
    assert not [heard for heard in parrot.session.coordinator.heard if heard.wrong]  # type: ignore[attr-defined]
    closes = [frame.code for frame in parrot.session.transcript.frames if frame.kind == "close"]
    assert code in closes


async def test_closes_are_answered_in_kind(parrot: RunningMock) -> None:
    for payload, code in ((b"\x03\xe8bye", 1000), (b"\x0f\xa0", 4000), (b"", 1005)):
        socket = await _raw(parrot)
        await socket.send_frame(Opcode.CLOSE, payload)
        end = await socket.ended(3)
        assert end is not None
        assert (end.kind, end.code) == ("close", code)
        assert await socket.gone(3)


async def test_close_frame_is_the_end_for_the_coordinator_before_the_transport_ends(
    parrot: RunningMock, monkeypatch: pytest.MonkeyPatch
) -> None:
    order: list[str] = []
    closed, feed_eof = Parrot.closed, wire_connection.Wire.feed_eof

    def told(self: Parrot, connection: Connection) -> None:
        order.append("the coordinator is told")
        closed(self, connection)

    def ended(self: wire_connection.Wire) -> None:
        order.append("the transport ends")
        feed_eof(self)

    monkeypatch.setattr(Parrot, "closed", told)
    monkeypatch.setattr(wire_connection.Wire, "feed_eof", ended)
    socket = await _raw(parrot)
    await socket.send_frame(Opcode.CLOSE, b"\x03\xe8")
    assert await socket.gone(3)
    assert order[:2] == ["the coordinator is told", "the transport ends"]


async def test_coordinator_ends_connections_with_and_without_a_word(parrot: RunningMock) -> None:
    first, second = await _open(parrot, "a"), await _open(parrot, "b")
    await first.send({"type": "X", "payload": "!end"})
    await second.send({"type": "X", "payload": "!vanish"})
    ends = [await first.ended(3), await second.ended(3)]
    told = [(end.kind, end.code, end.reason) for end in ends if end is not None]
    assert told[0] == ("close", 4001, "as you wish")
    assert told[1][0] == "lost"
    await asyncio.gather(first.gone(3), second.gone(3))
    coordinator: Any = parrot.session.coordinator
    assert sorted(coordinator.gone) == [1, 2]
    assert parrot.session.lines == {}


async def test_refusals_and_unsound_handshakes_are_answered(parrot: RunningMock) -> None:
    url = f"{parrot.ws_url}{PATH}?token="
    refused = await open_socket(url + "wrong", label="x")
    assert isinstance(refused, Refused)
    assert (refused.status, json.loads(refused.body)) == (401, {"error": "no"})
    for headers, status in (
        ({"Sec-WebSocket-Key": None}, 400),
        ({"Sec-WebSocket-Key": "short"}, 400),
        ({"Sec-WebSocket-Version": "8"}, 400),
        ({"Upgrade": None}, 426),
        ({"Connection": "keep-alive"}, 426),
        ({"Sec-WebSocket-Protocol": "a b"}, 400),
    ):
        unsound = await open_raw(url + "ann", label="x", headers=headers)
        assert isinstance(unsound, Refused)
        assert unsound.status == status, headers
    exchanges = [*parrot.session.transcript]
    assert {each.operation for each in exchanges} == {"socket"}
    assert [each.violations[0].keyword for each in exchanges if each.violations] == [
        "websocket"
    ] * 6


async def test_subprotocol_is_the_coordinators_choice(parrot: RunningMock) -> None:
    async with await _open(parrot, subprotocols=["one", "two"]) as socket:
        assert socket.subprotocol == "one"
    async with await _open(parrot) as socket:
        assert socket.subprotocol is None
        assert "sec-websocket-extensions" not in socket.handshake.answer_headers


async def test_other_paths_are_no_socket(parrot: RunningMock) -> None:
    refused = await open_socket(f"{parrot.ws_url}/elsewhere", label="x")
    assert isinstance(refused, Refused)
    assert refused.status == 404


async def test_transcript_tells_both_sides_in_order(parrot: RunningMock) -> None:
    async with await _open(parrot, "ann") as socket:
        await socket.send({"type": "SYSTEM_LOG", "payload": {"level": "LOUD", "content": "x"}})
        await socket.send_text("{", lawful=False)
        assert await socket.wait(lambda frame: frame.value("/wrong") == "MALFORMED", 3)
    (handshake,) = [*parrot.session.transcript]
    assert (handshake.status, handshake.connection, handshake.operation) == (101, 1, "socket")
    said = [(f.sender, f.kind, f.message) for f in parrot.session.transcript.frames]
    assert said == [
        ("agent", "text", "systemLog"),
        ("coordinator", "text", "serverMessage"),
        ("agent", "text", ""),
        ("coordinator", "text", "serverMessage"),
        ("agent", "close", ""),
        ("coordinator", "close", ""),
    ]
    (first, *_) = parrot.session.transcript.frames
    assert [str(violation.pointer) for violation in first.violations] == ["/payload/level"]
    assert [entry.number for entry in parrot.session.transcript.entries] == [*range(1, 8)]


async def test_timer_of_the_coordinator_fires_on_the_real_clock(parrot: RunningMock) -> None:
    async with await _open(parrot) as socket:
        await socket.send({"type": "X", "payload": "!alarm"})
        assert await socket.wait(_typed("RING"), 3)


@pytest.mark.parametrize(
    ("kind", "options"),
    [("duplicate", {}), ("reorder", {}), ("fragment", {}), ("drop", {}), ("extra", {})],
)
async def test_fault_strikes_what_is_said(
    parrot: RunningMock, kind: Any, options: dict[str, Any]
) -> None:
    parrot.session.faults.add(Fault(kind=kind, operation="serverMessage", **options))
    async with await _open(parrot) as socket:
        for text in ("one", "two"):
            await socket.send({"type": "X", "text": text})
        assert await socket.wait(lambda frame: frame.value("/said/text") == "two", 3)
        await socket.send({"type": "X", "text": "end"})
        assert await socket.wait(lambda frame: frame.value("/said/text") == "end", 3)
        heard = [f.value("/said/text") for f in socket.frames if f.value("/type") == "ECHO"]
        assert heard == {
            "duplicate": ["one", "one", "two", "end"],
            "reorder": ["two", "one", "end"],
            "drop": ["two", "end"],
        }.get(kind, ["one", "two", "end"])
        extra = [bool(f.value("/x_unheard_of")) for f in socket.frames if f.sender == "peer"]
        assert extra[:1] == [kind == "extra"]


async def test_fault_cuts_closes_and_hangs(parrot: RunningMock) -> None:
    for fault in (
        Fault(kind="corrupt", operation="serverMessage"),
        Fault(kind="close", operation="serverMessage", code=1013),
        Fault(kind="hang", operation="serverMessage"),
    ):
        parrot.session.faults.add(fault)
        socket = await _open(parrot)
        await socket.send({"type": "X", "text": "one"})
        if fault.kind == "corrupt":
            broken = await socket.wait(lambda frame: frame.kind == "text", 3)
            assert broken is not None
            assert not broken.json
            await socket.close()
        elif fault.kind == "close":
            end = await socket.ended(3)
            assert end is not None
            assert end.code == 1013
        else:
            await socket.send({"type": "X", "text": "two"})
            assert await socket.never(lambda _: True, 0.1) is None
            assert await socket.ping(0.1) is None
            socket.abort()


async def test_handshakes_fail_as_they_are_told_to(parrot: RunningMock) -> None:
    parrot.session.faults.add(Fault(kind="status", operation="socket", status=503))
    refused = await open_socket(f"{parrot.ws_url}{PATH}?token=a", label="a")
    assert isinstance(refused, Refused)
    assert refused.status == 503
    parrot.session.faults.add(Fault(kind="drop", operation="socket"))
    dropped = await open_socket(f"{parrot.ws_url}{PATH}?token=a", label="a")
    assert isinstance(dropped, Refused)
    assert dropped.status is None
    assert await _open(parrot)


async def test_control_interface_looks_in_and_speaks(parrot: RunningMock) -> None:
    async def ask(method: str, name: str, **body: Any) -> tuple[int, Any]:
        url = f"{parrot.url}/_assay/{name}"
        async with http.request(method, url, json=body or None) as said:
            return said.status, await said.json()

    async with aiohttp.ClientSession() as http, await _open(parrot, "ann") as ann:
        bob = await _open(parrot, "bob")
        status, told = await ask("GET", "connections")
        assert [(each["connection"], each["principal"]) for each in told["connections"]] == [
            (1, "ann"),
            (2, "bob"),
        ]
        assert await ask("POST", "connections/say", connection="ann", message={"type": "A"}) == (
            200,
            {"said": [1]},
        )
        assert await ann.wait(_typed("A"), 3)
        await ask("POST", "connections/say", text="no json")
        assert await bob.wait(lambda frame: frame.data == b"no json", 3)
        assert await ask("POST", "connections/close", connection=2, code=4100) == (
            200,
            {"closed": [2]},
        )
        end = await bob.ended(3)
        assert end is not None
        assert end.code == 4100
        assert (await ask("POST", "connections/say", connection="eve", text=""))[0] == 400
        assert (await ask("POST", "connections/say"))[0] == 400
        assert await ask("POST", "shout", text="hey") == (200, {"shouted": "hey"})
        assert (await ask("POST", "shout"))[0] == 400
        status, told = await ask("GET", "transcript")
        assert status == 200
        assert {frame["kind"] for frame in told["frames"]} == {"text", "close"}
        assert len(told["exchanges"]) == 2


async def test_restart_ends_connections_and_sessions_keep_apart(parrot: RunningMock) -> None:
    async with await _open(parrot, "ann") as ann:
        url = f"ws{parrot.session_url('other')[4:]}{PATH}?token=bob"
        bob = await open_socket(url, label="bob")
        assert isinstance(bob, Socket)
        parrot.session.forget()
        end = await ann.ended(3)
        assert end is not None
        assert end.code == 1012
        await bob.send({"type": "X"})
        assert await _echo(bob)
        await bob.close()
    assert len(parrot.session.transcript.frames) == 2  # the close, on either side


async def test_silent_client_is_pinged_and_given_up(
    parrot: RunningMock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Parrot, "ping_every", 0.05)
    monkeypatch.setattr(Parrot, "pong_within", 1.0)
    silent, lively = await _raw(parrot, pong=False), await _raw(parrot)
    end = await silent.ended(3)
    assert end is not None
    assert (end.kind, end.code) == ("close", 1011)
    assert sum(frame.kind == "ping" for frame in lively.frames) >= 2
    assert lively.closed is None
    await lively.close()


async def test_client_that_takes_nothing_does_not_fill_our_memory(
    parrot: RunningMock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wire_connection, "_MOST", 1 << 20)
    async with await _open(parrot, "bystander") as other:
        glutton = await _raw(parrot)
        glutton.pause()
        (line,) = [each for each in parrot.session.lines.values() if each.connection.number == 2]
        for _ in range(200):
            parrot.mock.sockets.inject(line, b'"' + b"x" * 60_000 + b'"')
        for _ in range(100):
            if line.connection.number not in parrot.session.lines:
                break
            await asyncio.sleep(0.02)
        assert line.connection.number not in parrot.session.lines
        await other.send({"type": "X"})
        assert await _echo(other)
        glutton.abort()


async def test_fragments_may_have_a_ping_in_their_middle(parrot: RunningMock) -> None:
    async with await _raw(parrot) as socket:
        (line,) = parrot.session.lines.values()
        parrot.mock.sockets.inject(line, b'{"type":"Y"}', fragments=3, pinged=True)
        heard = await socket.wait(lambda frame: frame.value("/type") == "Y", 3)
        assert heard is not None
        assert [frame.data for frame in socket.frames if frame.kind == "ping"] == [b"in between"]


async def test_raw_bytes_go_out_as_they_are(parrot: RunningMock) -> None:
    async with await _raw(parrot) as socket:
        (line,) = parrot.session.lines.values()
        parrot.mock.sockets.inject(line, b"\x83\x02{}", "raw")  # a reserved opcode
        heard = await socket.wait(lambda frame: frame.kind == "raw", 3)
        assert heard is not None
        assert parrot.session.transcript.frames[-1].data == b"\x83\x02{}"


async def test_connection_cut_by_the_coordinator_is_lost_by_it(parrot: RunningMock) -> None:
    socket = await _raw(parrot)
    parrot.session.hang_up(code=None)
    await socket.gone(3)
    for _ in range(100):
        if parrot.session.transcript.frames:
            break
        await asyncio.sleep(0.02)
    lost = parrot.session.transcript.frames[-1]
    assert (lost.kind, lost.sender) == ("lost", "coordinator")


async def test_one_byte_at_a_time_is_understood(parrot: RunningMock) -> None:
    async with await _raw(parrot) as socket:
        from conformance.clients.rfc6455 import frame_bytes

        await socket.trickle(frame_bytes(Opcode.TEXT, b'{"type":"X","text":"slow"}'))
        assert (await _echo(socket)).value("/said/text") == "slow"


async def test_end_of_the_mock_says_goodbye(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mockserver.app.make_coordinator", Parrot)
    async with mockserver.start("echocenter") as mock:
        socket = await _open(mock)
    end = await socket.ended(3)
    assert end is not None
    assert end.code == 1001


async def test_tls_is_vouched_for_by_the_authority_written_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import ssl

    monkeypatch.setattr("mockserver.app.make_coordinator", Parrot)
    async with mockserver.start("echocenter", tls=True) as mock:
        assert mock.ws_url.startswith("wss://")
        context = ssl.create_default_context(cafile=mock.ca)
        for host in ("127.0.0.1", "localhost"):
            url = f"wss://{host}:{mock.port}{PATH}?token=a"
            said = await open_socket(url, label="a", ssl=context)
            assert isinstance(said, Socket), said
            await said.send({"type": "X"})
            assert await _echo(said)
            await said.close()
        stranger = await open_socket(f"{mock.ws_url}{PATH}?token=a", label="a")
        assert isinstance(stranger, Refused)


async def test_what_breaks_at_the_start_ends_with_a_close_and_never_with_http(
    parrot: RunningMock, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    opened = Parrot.opened

    def broken(*arguments: Any) -> None:
        opened(*arguments)
        raise RuntimeError("a flaw of ours")

    monkeypatch.setattr(Parrot, "opened", broken)
    async with await _raw(parrot) as client:
        end = await client.wait(lambda frame: frame.kind == "close", 3)
        assert end is not None
        assert (end.code, end.reason) == (1011, "the service broke")
        assert [f.kind for f in client.frames if f.sender == "peer"] == ["close"]
    assert "a flaw of ours" in caplog.text
