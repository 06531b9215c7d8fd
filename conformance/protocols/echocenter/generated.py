"""Messages that nobody wrote down, lawful ones and nonsense."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from conformance.fuzz.drawing import ANYTHING, EXTRA
from conformance.fuzz.nonsense import Nonsense
from conformance.fuzz.strategies import Broken, Sayings
from conformance.fuzz.writing import (
    NO_JSON,
    Cuts,
    OddFrame,
    Spelling,
    cuts,
    odd_frames,
    plain_text,
    spellings,
)

__all__ = ["Chat", "chats", "nonsense"]

_LONGEST = 4_000
"""Bytes of a text, however it is written: as long as what the thought-out checks say. How much more
a coordinator takes is left open.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chat:
    """A lawful CHAT: what it says, what further fields it has, and how it is written and sent."""

    words: str
    times: int = 1
    fields: Mapping[str, Any] = field(default_factory=dict)
    spelling: Spelling
    cuts: Cuts

    @property
    def text(self) -> str:
        """The words as often as they are to be said, where that is not too long."""
        text = self.words * self.times
        return text if len(json.dumps(text)) <= _LONGEST else self.words

    @property
    def row(self) -> str:
        """By which requirement it must arrive: the most particular one."""
        if self.fields:
            return "ECHO-CHAT-016"
        if self.cuts.places:
            return "ECHO-WIRE-011" if self.cuts.pinged else "ECHO-WIRE-010"
        return "ECHO-CHAT-017"


chats: SearchStrategy[Chat] = st.builds(
    Chat,
    words=plain_text(),
    times=st.sampled_from([1, 1, 1, 2, 60, 700]),
    fields=st.one_of(
        st.just({}),
        st.just({}),
        st.dictionaries(plain_text(8).map(lambda name: EXTRA + name), ANYTHING, max_size=3),
    ),
    spelling=spellings,
    cuts=st.one_of(st.just(Cuts()), cuts),
)


_TEXT = b'{"type": "CHAT", "payload": "by a strange frame"}'

_WRONG_TYPE, _UNKNOWN_TYPE, _NO_OBJECT = "ECHO-ODD-003", "ECHO-ODD-004", "ECHO-ODD-002"


def nonsense(sayings: Sayings) -> SearchStrategy[Nonsense]:
    """Messages that break one keyword of their schema, what is no message, and odd frames."""
    broken = [sayings.broken_message(name).map(_broken(name)) for name in _MESSAGES]
    return st.one_of(
        *broken,
        ANYTHING.map(_anything),
        NO_JSON.map(lambda text: Nonsense(row="ECHO-ODD-001", text=text)),
        odd_frames([_TEXT]).map(_framed),
    )


_MESSAGES: Mapping[str, str] = {
    "systemLog": "ECHO-ODD-010",
    "chat": "ECHO-ODD-009",
    "chatStream": "ECHO-ODD-011",
    "chatStreamEnd": "ECHO-ODD-011",
    "clientMessage": _WRONG_TYPE,
}
"""The messages of a client, and by which requirement one with a wrong payload harms nobody."""


def _broken(name: str) -> Any:
    def told(broken: Broken) -> Nonsense:
        row = _MESSAGES[name]
        if not isinstance(broken.value, dict):
            row = _NO_OBJECT
        elif broken.pointer == "/type":
            row = _row_of_type(broken.value)
        elif name == "chat" and broken.pointer == "/target_id":
            row = "ECHO-ODD-008"
        return Nonsense(row=row, text=json.dumps(broken.value))

    return told


def _row_of_type(message: Mapping[str, Any]) -> str:
    known = isinstance(message.get("type"), str) and message["type"]
    return _UNKNOWN_TYPE if known else _WRONG_TYPE


def _anything(value: Any) -> Nonsense:
    row = _row_of_type(value) if isinstance(value, dict) else _NO_OBJECT
    return Nonsense(row=row, text=json.dumps(value))


def _framed(frames: list[OddFrame]) -> Nonsense:
    wrong = any(frame.wrong for frame in frames)
    return Nonsense(row="ECHO-ODD-012" if wrong else "ECHO-ODD-013", frames=tuple(frames))
