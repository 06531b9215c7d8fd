"""A judge that knows when a machine was too busy to blame an agent for anything that takes time."""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase
from typing import Any

from conformance.exchange import Exchange
from conformance.frames import Frame
from conformance.judge import Judge
from conformance.protocols.stella.notes import Notes
from conformance.verdict import ABSENT
from conformance.witness import Rulebook

__all__ = ["PatientJudge"]

_TIMELESS = (
    "STELLA-AGENT-REG-00?",
    "STELLA-AGENT-REG-01[01]",
    "STELLA-AGENT-CERT-00[1-5]",
    "STELLA-AGENT-CERT-01[12]",
    "STELLA-AGENT-HB-016",
    "STELLA-AGENT-TASK-009",
    "STELLA-AGENT-COMP-01[04]",
    "STELLA-AGENT-STREAM-009",
    "STELLA-AGENT-STREAM-01[0234]",
    "STELLA-AGENT-WIRE-014",
    "STELLA-AGENT-STREAM-021",
    "STELLA-AGENT-HB-012",
    "STELLA-AGENT-LIFE-00[17]",
)
"""Globs of the rows that are judged on a busy machine as on any other: nothing in them takes
time, or only too little of it, of which nobody has less on a busy machine.
"""


class PatientJudge(Judge):
    """`notes` are those of the situation that the check looks at."""

    def __init__(
        self, check: str, declared: Iterable[str], book: Rulebook, notes: Notes | None
    ) -> None:
        super().__init__(check, declared, book)
        self._notes = notes

    def holds(
        self,
        requirement: str,
        ok: bool,
        message: str,
        *shown: Exchange | Frame,
        pointer: str | None = None,
        expected: Any = ABSENT,
        actual: Any = ABSENT,
    ) -> bool:
        excuse = "" if ok or self._notes is None else self._notes.excuse
        if excuse and not any(fnmatchcase(requirement, glob) for glob in _TIMELESS):
            self.inconclusive(requirement, excuse)
            return False
        return super().holds(
            requirement, ok, message, *shown, pointer=pointer, expected=expected, actual=actual
        )
