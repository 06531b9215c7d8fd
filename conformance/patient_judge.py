"""A judge that knows when a machine was too busy to blame an agent for anything that takes time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from fnmatch import fnmatchcase
from typing import Any

from conformance.exchange import Exchange
from conformance.frames import Frame
from conformance.judge import Judge
from conformance.verdict import ABSENT
from conformance.witness import Rulebook

__all__ = ["PatientJudge"]


class PatientJudge(Judge):
    """`excuse` says, once the agent has been seen, why nothing that takes time can be held against
    it, and is empty where it can. `timeless` are globs of the rows that are judged all the same:
    nothing in them takes time, or only too little of it, of which nobody has less on a busy
    machine.
    """

    def __init__(
        self,
        check: str,
        declared: Iterable[str],
        book: Rulebook,
        *,
        excuse: Callable[[], str],
        timeless: Sequence[str],
    ) -> None:
        super().__init__(check, declared, book)
        self._excuse = excuse
        self._timeless = timeless

    def holds(
        self,
        requirement: str,
        ok: bool,
        message: str,
        *shown: Exchange | Frame,
        pointer: str | None = None,
        expected: Any = ABSENT,
        actual: Any = ABSENT,
        because: Sequence[str] = (),
    ) -> bool:
        excuse = "" if ok else self._excuse()
        if excuse and not any(fnmatchcase(requirement, glob) for glob in self._timeless):
            self.inconclusive(requirement, excuse)
            return False
        return super().holds(
            requirement,
            ok,
            message,
            *shown,
            pointer=pointer,
            expected=expected,
            actual=actual,
            because=because,
        )
