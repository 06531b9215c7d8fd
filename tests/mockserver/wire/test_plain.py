"""Plain texts are read and written as the library does it, and everything else is left to it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.frames import Frame, Opcode
from websockets.server import ServerProtocol

from mockserver.wire.plain import text_frame, texts_in
from mockserver.wire.strict import between_messages, make_strict


def _sent(data: bytes, opcode: Opcode = Opcode.TEXT, **how: bool) -> bytes:
    return Frame(opcode, data, **how).serialize(mask=True)


TEXT = _sent(b'{"a": 1}')


@given(st.lists(st.binary(min_size=2, max_size=300), max_size=5), st.binary(max_size=9))
def test_texts_are_found_wherever_the_rest_begins(texts: list[bytes], ping: bytes) -> None:
    rest = _sent(ping, Opcode.PING) + TEXT
    assert texts_in(b"".join(map(_sent, texts)) + rest, None) == (texts, rest)


@pytest.mark.parametrize("size", [2, 125, 126, 127, 65_535])
def test_every_length_in_7_and_16_bits(size: int) -> None:
    assert texts_in(_sent(b"x" * size) + TEXT, max(size, 8)) == ([b"x" * size, b'{"a": 1}'], b"")


@pytest.mark.parametrize("cut", range(1, len(TEXT)))
def test_half_a_text_is_left(cut: int) -> None:
    assert texts_in(TEXT + TEXT[:cut], None) == ([b'{"a": 1}'], TEXT[:cut])


@pytest.mark.parametrize(
    "other",
    [
        Frame(Opcode.TEXT, b"not masked").serialize(mask=False),
        _sent(b"not final", fin=False),
        _sent(b"binary", Opcode.BINARY),
        _sent(b"continued", Opcode.CONT),
        _sent(b"\x03\xe8bye", Opcode.CLOSE),
        _sent(b"x" * 65_536),
        b"\xc1" + TEXT[1:],
        b"\x81\xfe\x00\x05maskfives",
    ],
    ids=["mask", "fin", "binary", "cont", "close", "long", "rsv", "not minimal"],
)
def test_whatever_else_it_is_is_left(other: bytes) -> None:
    assert texts_in(TEXT + other + TEXT, None) == ([b'{"a": 1}'], other + TEXT)


def test_what_is_too_long_is_left() -> None:
    assert texts_in(TEXT, 7) == ([], TEXT)


@pytest.mark.parametrize("size", [0, 1, 125, 126, 65_535, 65_536])
def test_texts_are_written_as_the_library_writes_them(size: int) -> None:
    data = b"x" * size
    assert text_frame(data) == Frame(Opcode.TEXT, data).serialize(mask=False)


HANDSHAKE = (
    b"GET / HTTP/1.1\r\nHost: mock\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: YXNzYXktYXNzYXktYXNzYQ==\r\n\r\n"
)


def test_between_messages_is_where_no_part_of_one_is_there() -> None:
    protocol = ServerProtocol()
    make_strict(protocol)
    assert not between_messages(protocol)
    protocol.receive_data(HANDSHAKE)
    (asked,) = protocol.events_received()
    protocol.send_response(protocol.accept(asked))  # type: ignore[arg-type]
    assert between_messages(protocol)
    for at in range(len(TEXT) - 1):
        protocol.receive_data(TEXT[at : at + 1])
        assert not between_messages(protocol), at
    protocol.receive_data(TEXT[-1:])
    assert between_messages(protocol)
    protocol.receive_data(_sent(b"half", fin=False))
    assert not between_messages(protocol)
    protocol.receive_data(_sent(b"between", Opcode.PING))
    assert not between_messages(protocol)
    protocol.receive_data(_sent(b"whole", Opcode.CONT))
    assert between_messages(protocol)
    protocol.send_close(1000)
    assert not between_messages(protocol)
