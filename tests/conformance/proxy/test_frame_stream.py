"""Frames in passing: messages are put together, and what breaks RFC 6455 is named."""

from __future__ import annotations

import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.extensions.permessage_deflate import PerMessageDeflate
from websockets.frames import Frame, Opcode

from conformance.proxy import frame_stream
from conformance.proxy.frame_stream import Deflate, FrameStream, Spoken, negotiated


def frame(
    opcode: Opcode, data: bytes = b"", *, fin: bool = True, mask: bool = True, rsv: int = 0
) -> bytes:
    """As the library writes one: an independent opinion."""
    made = bytearray(Frame(opcode, data, fin=fin).serialize(mask=mask))
    made[0] |= {0: 0, 1: 0x40, 2: 0x20}[rsv]  # which it would refuse
    return bytes(made)


def heard(data: bytes, *, masked: bool = True, deflate: Deflate | None = None) -> list[Spoken]:
    return list(FrameStream(masked=masked, deflate=deflate).feed(data))


@given(
    st.lists(st.binary(max_size=70_000), min_size=1, max_size=3),
    st.booleans(),
    st.integers(1, 5000),
)
def test_pieces_do_not_matter(parts: list[bytes], mask: bool, size: int) -> None:
    data = b"".join(
        frame(
            Opcode.CONT if index else Opcode.BINARY,
            part,
            fin=index == len(parts) - 1,
            mask=mask,
        )
        + frame(Opcode.PING, b"between", mask=mask)
        for index, part in enumerate(parts)
    )
    stream = FrameStream(masked=mask)
    found = [said for at in range(0, len(data), size) for said in stream.feed(data[at : at + size])]
    messages = [said for said in found if said.kind == "binary"]
    assert messages == [Spoken("binary", b"".join(parts), None, len(parts))]
    assert [said.data for said in found if said.kind == "ping"] == [b"between"] * len(parts)
    assert {said.kind for said in found} == {"binary", "ping"}


def test_close_has_a_code_and_a_reason() -> None:
    assert heard(frame(Opcode.CLOSE, b"\x03\xe8bye")) == [Spoken("close", b"bye", 1000)]
    assert heard(frame(Opcode.CLOSE)) == [Spoken("close", b"", 1005)]


@pytest.mark.parametrize(
    ("data", "flaw"),
    [
        (frame(Opcode.TEXT, b"x", mask=False), "is not masked"),
        (b"\x83\x80abcd", "reserved opcode 3"),
        (frame(Opcode.TEXT, b"x", rsv=2), "reserved bit"),
        (frame(Opcode.TEXT, b"x", rsv=1), "reserved bit"),
        (frame(Opcode.CONT, b"x"), "begins with a continuation"),
        (frame(Opcode.TEXT, b"x", fin=False) * 2, "in the middle of another"),
        (b"\x89\xfe\x00\x7e" + bytes(4 + 126), "ping frame is too long"),
        (b"\x09\x80abcd", "in fragments"),
        (b"\x81\xfe\x00\x01" + bytes(5), "1 in 16 bits"),
        (b"\x88\x81abcdx", "holds what none may"),
        (frame(Opcode.CLOSE, b"\x03\xed"), "holds what none may"),
        (frame(Opcode.CLOSE) + frame(Opcode.TEXT, b"x"), "followed the close frame"),
        (frame(Opcode.TEXT, b"\xff"), "no UTF-8"),
    ],
    ids=[*map(str, range(13))],  # masks are drawn anew in each process
)
def test_flaw_is_named(data: bytes, flaw: str) -> None:
    assert [said for said in heard(data) if said.kind == "raw" and flaw in said.data.decode()]


def test_server_must_not_mask() -> None:
    data = frame(Opcode.TEXT, b"x")
    assert [said.kind for said in heard(data, masked=False)] == ["raw", "text"]


@pytest.mark.parametrize("takes_over", [True, False])
def test_compressed_messages_are_read(takes_over: bool) -> None:
    sender = PerMessageDeflate(not takes_over, not takes_over, 15, 15)
    stream = FrameStream(masked=True, deflate=Deflate(15, takes_over))
    for text in (b"the same words", b"the same words again", b""):
        packed = sender.encode(Frame(Opcode.TEXT, text)).data
        data = frame(Opcode.TEXT, bytes(packed), rsv=1)
        assert list(stream.feed(data)) == [Spoken("text", text)]


def test_what_cannot_be_decompressed_is_told_and_ends_the_reading() -> None:
    stream = FrameStream(masked=True, deflate=Deflate())
    found = list(stream.feed(frame(Opcode.TEXT, b"\xff\xff\xff", rsv=1)))
    assert [said.kind for said in found] == ["raw"]
    assert not list(stream.feed(frame(Opcode.TEXT, b"x")))


def test_bomb_is_not_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frame_stream, "LARGEST_KEPT", 1000)
    packer = zlib.compressobj(wbits=-15)
    packed = packer.compress(bytes(100_000)) + packer.flush(zlib.Z_SYNC_FLUSH)
    found = heard(frame(Opcode.TEXT, packed[:-4], rsv=1), deflate=Deflate())
    assert [said.kind for said in found] == ["raw"]


def test_large_message_passes_unseen_and_what_follows_is_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(frame_stream, "LARGEST_KEPT", 1000)
    large = frame(Opcode.BINARY, bytes(600), fin=False) + frame(Opcode.CONT, bytes(600))
    for data in (large, frame(Opcode.BINARY, bytes(1001))):
        assert heard(data + frame(Opcode.TEXT, b"after")) == [Spoken("text", b"after")]


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ([], (None, None)),
        (["x-other"], (None, None)),
        (["permessage-deflate"], (Deflate(), Deflate())),
        (
            ["permessage-deflate; server_no_context_takeover; client_max_window_bits=10"],
            (Deflate(10, True), Deflate(15, False)),
        ),
    ],
)
def test_compression_is_agreed_on_in_the_handshake(said: list[str], expected: object) -> None:
    assert negotiated(said) == expected
