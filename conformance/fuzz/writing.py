"""How a message may be written and sent: one JSON, many texts; one text, many frames."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy
from websockets.frames import Opcode

from conformance.clients.rfc6455 import faults, frame_bytes

__all__ = [
    "NO_JSON",
    "Cuts",
    "OddFrame",
    "Spelling",
    "cuts",
    "odd_frames",
    "plain_text",
    "spellings",
]

_MASK = b"\x5a\x00\xff\x31"
"""Always the same, so that the same seed sends the same bytes."""

_MOST_CUTS = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Spelling:
    """One way to write JSON: any of them means the same."""

    indent: int | None = None
    escaped: bool = False
    blanks: bool = True
    backwards: bool = False

    def write(self, message: Any) -> str:
        """The text of a message."""
        if self.backwards and isinstance(message, dict):
            message = dict(reversed(message.items()))
        separators = (" , ", " : ") if self.blanks else (",", ":")
        return json.dumps(
            message, indent=self.indent, ensure_ascii=self.escaped, separators=separators
        )


spellings: SearchStrategy[Spelling] = st.builds(
    Spelling,
    indent=st.sampled_from([None, 0, 2]),
    escaped=st.booleans(),
    blanks=st.booleans(),
    backwards=st.booleans(),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cuts:
    """Where a message is cut into fragments, in thousandths of its length, and whether pings come
    between them. None at all: it goes in one frame.
    """

    places: tuple[int, ...] = ()
    pinged: bool = False

    def of(self, data: bytes) -> list[int]:
        """The places of a text, in bytes: within a character as well."""
        return sorted(len(data) * place // 1000 for place in self.places)


cuts: SearchStrategy[Cuts] = st.builds(
    Cuts,
    places=st.lists(st.integers(0, 1000), max_size=_MOST_CUTS).map(tuple),
    pinged=st.booleans(),
)


def plain_text(most: int = 80) -> SearchStrategy[str]:
    """Text without control characters, of which not everybody can say what they are."""
    letters = st.characters(exclude_categories=("Cs", "Cc"))
    return st.one_of(st.text(letters, max_size=most), st.text('aé世🚀 "\\/', max_size=most))


NO_JSON: SearchStrategy[str] = st.one_of(
    plain_text(30).filter(lambda text: not _is_json(text)),
    st.sampled_from(['{"type":', "{'a': 1}", '{"a": NaN}', '{"a": 1,}', "[1 2]", "\\u0000", "{}}"]),
)
"""Texts that are no JSON."""


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class OddFrame:
    """Bytes that hardly any client sends. `wrong` says what RFC 6455 forbids in them, if anything;
    what stands in them is no whole message.
    """

    data: bytes
    wrong: str = ""


@st.composite
def odd_frames(draw: DrawFn, texts: Sequence[bytes]) -> list[OddFrame]:
    """One frame or a few. Those that carry text carry one of `texts`, or a part of it."""
    return draw(st.lists(st.one_of(_frame(texts), _NOISE), min_size=1, max_size=3))


@st.composite
def _frame(draw: DrawFn, texts: Sequence[bytes]) -> OddFrame:
    opcode = draw(st.sampled_from([*range(16), Opcode.TEXT, Opcode.CLOSE, Opcode.PING]))
    payload = draw(_payload(opcode, texts))
    fin, rsv = draw(st.booleans()), draw(st.sampled_from([0, 0, 0, 1, 2, 4, 7]))
    masked = draw(st.sampled_from([True, True, True, False]))
    form = draw(st.sampled_from([None, None, None, 64]))
    wrong = faults(opcode, len(payload), fin=fin, rsv=rsv, length_form=form)
    wrong += [] if masked else ["not masked"]
    data = frame_bytes(
        opcode, payload, fin=fin, rsv=rsv, masked=masked, mask=_MASK, length_form=form
    )
    return OddFrame(data=data, wrong=", ".join(wrong))


def _payload(opcode: int, texts: Sequence[bytes]) -> SearchStrategy[bytes]:
    if opcode == Opcode.CLOSE:
        code = st.integers(0, 5000).map(lambda code: code.to_bytes(2, "big"))
        return st.one_of(
            st.just(b""),
            st.binary(max_size=1),
            code,
            st.tuples(code, st.binary(max_size=123)).map(b"".join),
        )
    if opcode >= Opcode.CLOSE:
        return st.one_of(st.binary(max_size=125), st.binary(min_size=126, max_size=200))
    whole = st.sampled_from(list(texts))
    part = st.tuples(whole, st.integers(0, 40)).map(lambda both: both[0][: both[1]])
    return st.one_of(whole, part, st.binary(max_size=60))


_NOISE: SearchStrategy[OddFrame] = st.binary(min_size=1, max_size=40).map(
    lambda data: OddFrame(data=data, wrong="no frames at all")
)
