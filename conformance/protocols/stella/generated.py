"""What an agent may say on its task stream that nobody wrote down, and what it should not."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from conformance.clients.raw import RawSocket
from conformance.fuzz.drawing import ANYTHING
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

__all__ = ["Nonsense", "Report", "nonsense", "reports"]

_LEVELS = ("debug", "info", "warn", "error")


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A lawful report of a task, without the task's id, and how it is written and sent."""

    said: Mapping[str, Any]
    spelling: Spelling
    cuts: Cuts

    @property
    def row(self) -> str:
        """By which requirement the stream stays open and in use: the most particular one."""
        if self.cuts.places:
            return "STELLA-WIRE-010"
        progress = self.said["type"] == "task_progress"
        return "STELLA-STREAM-020" if progress else "STELLA-STREAM-021"


_progress = st.fixed_dictionaries(
    {
        "type": st.just("task_progress"),
        "progress": st.integers(1, 99),
        "message": plain_text(),
    }
)
_log = st.fixed_dictionaries(
    {"type": st.just("task_log"), "level": st.sampled_from(_LEVELS), "message": plain_text()}
)

reports: SearchStrategy[Report] = st.builds(
    Report,
    said=st.one_of(_progress, _log),
    spelling=spellings,
    cuts=st.one_of(st.just(Cuts()), cuts),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Nonsense:
    """What nobody should say, and the requirement that it harm no other: a text, or frames."""

    row: str
    text: str = ""
    frames: tuple[OddFrame, ...] = ()

    async def act(self, socket: RawSocket) -> None:
        """Say it."""
        for frame in self.frames:
            await socket.send_bytes(frame.data)
        if not self.frames:
            await socket.send_text(self.text, lawful=False)


_NO_OBJECT, _NO_TYPE, _ILL_TYPED = (f"STELLA-ODD-{number:03}" for number in (6, 7, 8))
_OTHERS = "STELLA-ERR-006"


def nonsense(sayings: Sayings) -> SearchStrategy[Nonsense]:
    """Messages that break one keyword of their schema, what is no message, and odd frames."""
    return st.one_of(
        sayings.broken_message("taskProgress").map(_broken),
        sayings.broken_message("taskLog").map(_broken),
        ANYTHING.map(_anything),
        NO_JSON.map(lambda text: Nonsense(row=_NO_OBJECT, text=text)),
        odd_frames([b'{"type": "task_dance"}']).map(
            lambda frames: Nonsense(row=_OTHERS, frames=tuple(frames))
        ),
    )


def _broken(broken: Broken) -> Nonsense:
    if isinstance(broken.value, dict) and broken.pointer != "/type":
        return Nonsense(row=_ILL_TYPED, text=json.dumps(broken.value))
    return _anything(broken.value)


def _anything(value: Any) -> Nonsense:
    row = _NO_TYPE if isinstance(value, dict) else _NO_OBJECT
    return Nonsense(row=row, text=json.dumps(value))
