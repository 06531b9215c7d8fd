"""What an agent may say on its task stream that nobody wrote down, and what it should not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from conformance.fuzz.drawing import ANYTHING
from conformance.fuzz.nonsense import Nonsense, OddRows
from conformance.fuzz.strategies import Sayings
from conformance.fuzz.writing import (
    NO_JSON,
    Cuts,
    Spelling,
    cuts,
    odd_frames,
    plain_text,
    spellings,
)

__all__ = ["Report", "nonsense", "reports"]

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
        if self.said.get("level", "info") != "info":
            return "STELLA-STREAM-030"
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


_ODD = OddRows("STELLA-ODD-006", "STELLA-ODD-007", "STELLA-ODD-008")
_OTHERS = "STELLA-ERR-006"


def nonsense(sayings: Sayings) -> SearchStrategy[Nonsense]:
    """Messages that break one keyword of their schema, what is no message, and odd frames."""
    return st.one_of(
        sayings.broken_message("taskProgress").map(_ODD.of_broken),
        sayings.broken_message("taskLog").map(_ODD.of_broken),
        ANYTHING.map(_ODD.of_anything),
        NO_JSON.map(_ODD.of_text),
        odd_frames([b'{"type": "task_dance"}']).map(
            lambda frames: Nonsense(row=_OTHERS, frames=tuple(frames))
        ),
    )
