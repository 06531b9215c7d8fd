"""Data behind a close frame: found in what came at once, and in what came later."""

from __future__ import annotations

import pytest
from websockets.frames import Frame, Opcode

from mockserver.wire.behind import data_follows


def _sent(opcode: Opcode, data: bytes = b"") -> bytes:
    return Frame(opcode, data).serialize(mask=True)


CLOSE = _sent(Opcode.CLOSE, b"\x03\xe8")
TEXT, PONG = _sent(Opcode.TEXT, b"{}"), _sent(Opcode.PONG)


@pytest.mark.parametrize("size", [0, 125, 126, 65535, 65536])
@pytest.mark.parametrize(
    ("behind", "found"),
    [(TEXT, True), (PONG, False), (b"", False)],
    ids=["text", "pong", "nothing"],  # masks are drawn by chance: they must not name a test
)
def test_what_came_at_once(size: int, behind: bytes, found: bool) -> None:
    before = _sent(Opcode.TEXT, b"x" * size) + PONG
    assert data_follows(before + CLOSE + behind, closed=False) is found


def test_what_came_later() -> None:
    assert data_follows(TEXT, closed=True)
    assert not data_follows(PONG, closed=True)


def test_what_is_no_close_frame_is_left_alone() -> None:
    assert not data_follows(TEXT + PONG + TEXT, closed=False)
    assert not data_follows(b"\x81\x02{}", closed=False)  # no mask: others judge that
    assert not data_follows(CLOSE[:1], closed=False)
