"""What became of a mutant: from what the suite said of the unbroken peer, and of the broken one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from conformance.mutation.candidates import Candidate

__all__ = ["Fate", "Judgement", "Seen", "judgement"]

Fate = Literal[
    "caught", "survived", "escaped", "lawful", "disputed", "never-applied", "unsteady", "error"
]
"""`escaped`: what passed was not judged any more. `disputed`: lawful by rule, yet a row fails.
`never-applied`: nothing was said that could have been broken. `unsteady`: nothing was broken, yet
a row fails.
"""

_OPEN = ("inconclusive", "not-applicable")


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One run of the suite: the verdict of each row, by id, and why it says nothing where it
    broke off by a fault of our own.
    """

    verdicts: Mapping[str, str]
    broke: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """A mutant's fate, and the rows that decided it: those that fail, that warn, that are open,
    and did not, when the peer was whole.
    """

    fate: Fate
    fail: tuple[str, ...] = ()
    warn: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()
    message: str = ""


def judgement(
    candidate: Candidate, before: Mapping[str, str], after: Seen, applied: int | None
) -> Judgement:
    """What became of it. `applied` is how often something was broken, `None` where nobody counts.

    Rows that the run did not look at say nothing. A row that warns is one that only warns ever:
    it is implied, or a SHOULD, and so there a warning is all that there is to see.
    """
    fail = _newly("fail", before, after)
    warn = tuple(row for row in _newly("warn", before, after) if before.get(row) != "fail")
    lost = tuple(
        row
        for row, verdict in after.verdicts.items()
        if before.get(row) == "pass" and verdict in _OPEN
    )
    fate, message = _fate(after, applied, seen=bool(fail or warn), lost=bool(lost))
    if fate == "survived":
        unseen = [row for row in candidate.rows if before.get(row) in _OPEN]
        message = f"not judged here even of the whole peer: {' '.join(unseen)}" if unseen else ""
    if candidate.mutant.lawful and fate in ("caught", "survived", "escaped"):
        fate, message = ("disputed" if fail else "lawful"), candidate.mutant.lawful
    return Judgement(fate=fate, fail=fail, warn=warn, lost=lost, message=message)


def _fate(after: Seen, applied: int | None, *, seen: bool, lost: bool) -> tuple[Fate, str]:
    if after.broke:
        return "error", after.broke
    if applied == 0:
        told = "nothing was broken, yet the verdicts differ" if seen else ""
        return ("unsteady" if seen else "never-applied"), told
    if seen:
        return "caught", ""
    return ("escaped" if lost else "survived"), ""


def _newly(verdict: str, before: Mapping[str, str], after: Seen) -> tuple[str, ...]:
    return tuple(
        row
        for row, found in after.verdicts.items()
        if found == verdict and before.get(row) != verdict
    )
