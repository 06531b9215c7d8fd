"""A judge that knows when a machine was too busy to blame a client for anything that takes time."""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase
from typing import Any

from conformance.exchange import Exchange
from conformance.frames import Frame
from conformance.judge import Judge
from conformance.protocols.caxton.notes import Notes
from conformance.verdict import ABSENT
from conformance.witness import Rulebook

__all__ = ["PatientJudge"]

_TIMELESS = (
    "CAXTON-AGENT-TOK-*",
    "CAXTON-AGENT-FIPA-00[1-5]",
    "CAXTON-AGENT-PAGE-*",
    "CAXTON-AGENT-RATE-00[1234]",
    "CAXTON-AGENT-SOCK-01[23]",
    "CAXTON-AGENT-SOCK-021",
    "CAXTON-AGENT-GRPC-015",
    "CAXTON-AGENT-LIFE-001",
    "CAXTON-AGENT-SAFE-00[1-5]",
    "CAXTON-AGENT-WIRE-014",
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
