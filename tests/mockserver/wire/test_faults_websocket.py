"""Each fault on a WebSocket, over real sockets: what a client gets, and what is written down."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import orjson
import pytest
from websockets.asyncio.client import connect

import mockserver
from conformance.clients.raw import RawSocket, open_raw
from conformance.clients.websocket import Socket, open_socket
from conformance.conversation import Refused
from mockserver import Fault, RunningMock
from mockserver.faults.kinds import Kind
from mockserver.wire import connection as wire_connection
from tests.mockserver.wire.parrot import Parrot

BOTH_LOOPS = True
PATH = "/api/ws"


@pytest.fixture
async def parrot(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[RunningMock]:
    monkeypatch.setattr("mockserver.app.make_coordinator", Parrot)
    async with mockserver.start("echocenter") as mock:
        yield mock


def _add(mock: RunningMock, kind: Kind, **options: Any) -> None:
    mock.session.faults.add(Fault(kind=kind, **{"operation": "serverMessage", **options}))


async def _open(mock: RunningMock, token: str = "ann") -> Socket:
    said = await open_socket(f"{mock.ws_url}{PATH}?token={token}", label=token)
    assert isinstance(said, Socket), said
    return said


async def _raw(mock: RunningMock) -> RawSocket:
    said = await open_raw(f"{mock.ws_url}{PATH}?token=raw", label="raw")
    assert isinstance(said, RawSocket), said
    return said


async def _say(socket: Socket, *texts: str) -> None:
    for text in texts:
        await socket.send({"type": "X", "text": text})


async def _until(socket: Socket, text: str) -> list[Any]:
    """What was said up to the message that says this back."""
    assert await socket.wait(lambda frame: frame.value("/said/text") == text, 5)
    heard = [frame for frame in socket.frames if (frame.sender, frame.kind) == ("peer", "text")]
    return [frame.value("/said/text") for frame in heard]


def _struck(mock: RunningMock) -> list[list[str]]:
    frames = mock.session.transcript.frames
    said = [frame for frame in frames if (frame.sender, frame.kind) == ("coordinator", "text")]
    return [list(frame.faults) for frame in said]


async def test_delayed_message_is_not_overtaken(parrot: RunningMock) -> None:
    _add(parrot, "delay", seconds=0.15)
    async with await _open(parrot) as socket:
        began = asyncio.get_running_loop().time()
        await _say(socket, "one", "two", "three")
        assert await _until(socket, "three") == ["one", "two", "three"]
        assert asyncio.get_running_loop().time() - began >= 0.15
    assert _struck(parrot) == [["delay"], [], []]


async def test_delays_that_are_drawn_keep_the_order(parrot: RunningMock) -> None:
    _add(parrot, "delay", distribution="exponential", mean=0.01, maximum=0.1, times=None)
    async with await _open(parrot) as socket:
        texts = [str(number) for number in range(20)]
        await _say(socket, *texts)
        assert await _until(socket, "19") == texts


async def test_end_comes_after_what_was_delayed_before_it(parrot: RunningMock) -> None:
    _add(parrot, "delay", seconds=0.1)
    async with await _open(parrot) as socket:
        await _say(socket, "one")
        await socket.send({"type": "X", "payload": "!end"})
        end = await socket.ended(5)
        assert end is not None
        assert end.code == 4001
        assert "one" in [frame.value("/said/text") for frame in socket.frames]


async def test_window_of_a_reorder_is_how_many_overtake(parrot: RunningMock) -> None:
    _add(parrot, "reorder", window=2)
    async with await _open(parrot) as socket:
        await _say(socket, "one", "two", "three", "four")
        assert await _until(socket, "four") == ["two", "three", "one", "four"]


async def test_reordered_message_that_nothing_overtakes_goes_out(
    parrot: RunningMock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wire_connection, "_HELD", 0.05)
    _add(parrot, "reorder", window=50)
    async with await _open(parrot) as socket:
        await _say(socket, "one")
        assert await _until(socket, "one") == ["one"]


async def test_field_and_id_are_changed(parrot: RunningMock) -> None:
    _add(parrot, "corrupt_field", pointer="/said/text", value={"not": "a text"})
    _add(parrot, "wrong_correlation", pointer="/said/id", skip=1)
    async with await _open(parrot) as socket:
        for number in range(3):
            await socket.send({"type": "X", "text": str(number), "id": "5c1f0d2e"})
        assert await socket.wait(lambda frame: frame.value("/said/text") == "2", 5)
        first, second, third = [frame for frame in socket.frames if frame.sender == "peer"]
    assert first.value("/said/text") == {"not": "a text"}
    assert second.value("/said/id") != third.value("/said/id") == "5c1f0d2e"
    assert _struck(parrot) == [["corrupt_field"], ["wrong_correlation"], []]


async def test_wrong_correlation_is_where_the_document_says() -> None:
    async with mockserver.start("architect", tls=False) as mock:
        mock.session.faults.add(Fault(kind="wrong_correlation"))
        settings = mock.mock.settings
        subprotocols = ["SMP1.0", settings.username, settings.password]
        (channel,) = mock.mock.protocol.channels.values()
        socket = await open_socket(
            f"{mock.ws_url}{channel.path}", label="script", subprotocols=subprotocols
        )
        assert isinstance(socket, Socket), socket
        async with socket:
            await socket.send({"action": "list_actions", "idempotence": "5c1f0d2e"})
            heard = await socket.wait(lambda frame: frame.kind == "text", 5)
    assert heard is not None
    assert heard.value("/idempotence") != "5c1f0d2e"
    assert len(heard.value("/idempotence")) == 8
    assert ["wrong_correlation"] in _struck(mock)


async def test_garbage_and_emptiness_are_whole_texts(parrot: RunningMock) -> None:
    _add(parrot, "garbage")
    _add(parrot, "empty", skip=1)
    async with await _open(parrot) as socket:
        await _say(socket, "one", "two", "three")
        await _until(socket, "three")
        first, second, _ = [frame for frame in socket.frames if frame.sender == "peer"]
        assert (first.kind, len(first.data), first.data[:1]) == ("text", 64, b"~")
        assert (second.kind, second.data) == ("text", b"")


async def test_truncated_frame_promises_more_than_comes(parrot: RunningMock) -> None:
    _add(parrot, "truncate")
    socket = await _raw(parrot)
    before = len(parrot.session.transcript.frames)
    await socket.send({"type": "X", "text": "one"})
    end = await socket.ended(5)
    assert end is not None
    assert end.kind == "lost"
    assert not [frame for frame in socket.frames if frame.kind == "text" and frame.sender == "peer"]
    said = parrot.session.transcript.frames[before + 1]
    assert said.faults == ("truncate",)
    with pytest.raises(orjson.JSONDecodeError):
        said.json()


async def test_dribbled_frame_comes_byte_by_byte_and_nothing_between(parrot: RunningMock) -> None:
    _add(parrot, "dribble", pause=0.001)
    async with await _open(parrot) as socket:
        await _say(socket, "one")
        assert await socket.ping(5) is not None
        await _say(socket, "two")
        assert await _until(socket, "two") == ["one", "two"]
    assert _struck(parrot) == [["dribble"], []]


async def test_dribbled_frames_and_delays_take_turns(parrot: RunningMock) -> None:
    _add(parrot, "dribble", pause=0.001, size=5, times=3)
    _add(parrot, "delay", seconds=0.02, times=2)
    _add(parrot, "fragment", fragments=4)
    async with await _open(parrot) as socket:
        await _say(socket, "one", "two", "three", "four")
        assert await _until(socket, "four") == ["one", "two", "three", "four"]
    assert [len(faults) for faults in _struck(parrot)] == [3, 2, 1, 0]


async def test_connection_that_ends_in_the_middle_of_a_dribble_is_let_go(
    parrot: RunningMock,
) -> None:
    _add(parrot, "dribble", pause=0.05)
    socket = await _open(parrot)
    await _say(socket, "one")
    socket.abort()
    async with await _open(parrot) as other:
        await _say(other, "two")
        await _until(other, "two")


@pytest.mark.parametrize("dribbled", [False, True])
async def test_fragments_are_as_many_as_told(parrot: RunningMock, dribbled: bool) -> None:
    _add(parrot, "fragment", fragments=7)
    if dribbled:
        _add(parrot, "dribble", pause=0.001, size=9)
    async with connect(f"{parrot.ws_url}{PATH}?token=a", proxy=None) as client:
        await client.send('{"type": "X", "text": "a text of some length"}')
        fragments = [fragment async for fragment in client.recv_streaming()]
    assert len(fragments) == 7
    assert orjson.loads("".join(map(str, fragments)))["said"]["text"] == "a text of some length"
    assert parrot.session.transcript.frames[1].fragments == 7


@pytest.mark.parametrize(
    ("kind", "options", "kind_of_end", "code"),
    [
        ("close", {"code": 4321}, "close", 4321),
        ("close", {"code": 1006}, "lost", None),
        ("close", {"code": 1015}, "lost", None),
        ("reset", {}, "lost", None),
    ],
)
async def test_connection_ends_instead(
    parrot: RunningMock, kind: Kind, options: dict[str, Any], kind_of_end: str, code: int | None
) -> None:
    _add(parrot, kind, **options)
    async with await _open(parrot) as socket:
        await _say(socket, "one")
        end = await socket.ended(5)
        assert end is not None
        assert (end.kind, end.code) == (kind_of_end, code)
        assert not [frame for frame in socket.frames if frame.kind == "text" and not frame.lawful]
    assert _struck(parrot) == [[kind]]
    assert await _open(parrot)


async def test_reset_is_one_on_the_wire(parrot: RunningMock) -> None:
    _add(parrot, "reset")
    reader, writer = await asyncio.open_connection("127.0.0.1", parrot.port)
    writer.write(
        f"GET {PATH}?token=x HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n".encode()
    )
    assert b" 101 " in await reader.readuntil(b"\r\n\r\n")
    writer.write(b"\x81\x82\0\0\0\0{}")
    with pytest.raises(ConnectionResetError):
        await asyncio.wait_for(reader.read(), 5)
    writer.close()


@pytest.mark.parametrize("kind", ["hang", "half_open"])
async def test_connection_stays_and_is_silent(parrot: RunningMock, kind: Kind) -> None:
    _add(parrot, kind)
    socket = await _open(parrot)
    await _say(socket, "one", "two")
    assert await socket.never(lambda _: True, 0.15) is None
    assert await socket.ping(0.1) is None
    socket.abort()
    assert _struck(parrot) == [[kind]]


@pytest.mark.parametrize("kind", ["drop", "reset", "half_open"])
async def test_handshake_is_never_answered(parrot: RunningMock, kind: Kind) -> None:
    parrot.session.faults.add(Fault(kind=kind, operation="socket"))
    url = f"{parrot.ws_url}{PATH}?token=a"
    opening = open_socket(url, label="a")
    if kind == "half_open":
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(opening, 0.2)
    else:
        refused = await opening
        assert isinstance(refused, Refused)
        assert refused.status is None
    (handshake,) = parrot.session.transcript
    assert (handshake.status, handshake.faults) == (0, (kind,))
    assert await _open(parrot)


async def test_handshake_is_limited(parrot: RunningMock) -> None:
    parrot.session.faults.add(Fault(kind="rate_limit", operation="socket", retry_after=3))
    refused = await open_socket(f"{parrot.ws_url}{PATH}?token=a", label="a")
    assert isinstance(refused, Refused)
    assert refused.status == 429


async def test_stale_messages_come_first_on_the_next_connection(parrot: RunningMock) -> None:
    parrot.session.faults.add(Fault(kind="stale", operation="socket", skip=2, last=2))
    async with await _open(parrot) as socket:
        await _say(socket, "one", "two", "three")
        await _until(socket, "three")
    async with await _open(parrot, "bob") as other:
        await _say(other, "elsewhere")
        await _until(other, "elsewhere")
    async with await _open(parrot) as socket:
        await _say(socket, "four")
        assert await _until(socket, "four") == ["two", "three", "four"]
    async with await _open(parrot) as socket:
        await _say(socket, "five")
        assert await _until(socket, "five") == ["five"]
    assert [list(each.faults) for each in parrot.session.transcript] == [[], [], ["stale"], []]
    assert _struck(parrot)[4:] == [["stale"], ["stale"], [], []]


async def test_stale_strikes_nothing_on_a_first_connection(parrot: RunningMock) -> None:
    parrot.session.faults.add(Fault(kind="stale", operation="socket"))
    async with await _open(parrot) as socket:
        await _say(socket, "one")
        assert await _until(socket, "one") == ["one"]
    assert [list(each.faults) for each in parrot.session.transcript] == [[]]


async def test_faults_of_one_message_apply_together(parrot: RunningMock) -> None:
    _add(parrot, "duplicate")
    _add(parrot, "delay", seconds=0.05)
    _add(parrot, "extra")
    _add(parrot, "dribble", size=10, pause=0.001)
    _add(parrot, "corrupt_field", pointer="/wrong", value=7)
    async with await _open(parrot) as socket:
        await _say(socket, "one", "two")
        assert await _until(socket, "two") == ["one", "one", "two"]
        first, second, _ = [frame for frame in socket.frames if frame.sender == "peer"]
    assert first.data == second.data
    assert (first.value("/wrong"), bool(first.value("/x_unheard_of"))) == (7, True)
    assert _struck(parrot)[0] == ["duplicate", "delay", "extra", "dribble", "corrupt_field"]


async def test_restart_ends_connections_at_once_whatever_waits(parrot: RunningMock) -> None:
    _add(parrot, "delay", seconds=30)
    async with await _open(parrot) as socket:
        await _say(socket, "one")
        assert await socket.ping(5) is not None
        parrot.session.forget()
        end = await socket.ended(5)
        assert end is not None
        assert end.code == 1012
