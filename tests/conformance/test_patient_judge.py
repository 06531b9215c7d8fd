"""On a busy machine nobody is blamed for what takes time, and everybody for what doesn't."""

from __future__ import annotations

import pytest

from conformance.patient_judge import PatientJudge
from conformance.witness import Rulebook
from schemas import load, load_requirements

AITBC = load("aitbc")
ROWS = {row.id: row for row in load_requirements(AITBC).values() if row.role == "agent"}
MUSTS = [row for row in ROWS.values() if row.basis != "implied" and row.level == "MUST"]
SLOW, TIMELESS = MUSTS[:2]
EXCUSE = "the machine was too busy to tell"


def _verdicts(said: list[str], row: str, *, ok: bool) -> list[tuple[str, str]]:
    book = Rulebook(AITBC, ROWS, strict=False, role="agent")
    judge = PatientJudge(
        "a check",
        [SLOW.id, TIMELESS.id],
        book,
        excuse=lambda: said[0] if said else "",
        timeless=[TIMELESS.id],
    )
    judge.holds(row, ok, "it came late")
    return [(finding.verdict, finding.message) for finding in judge.findings()]


@pytest.mark.parametrize("row", [SLOW.id, TIMELESS.id])
def test_without_excuse_all_is_judged(row: str) -> None:
    assert _verdicts([], row, ok=True) == [("pass", "")]
    assert _verdicts([], row, ok=False) == [("fail", "it came late")]


def test_excuse_makes_what_takes_time_inconclusive() -> None:
    assert _verdicts([EXCUSE], SLOW.id, ok=False) == [("inconclusive", EXCUSE)]
    assert _verdicts([EXCUSE], SLOW.id, ok=True) == [("pass", "")]


def test_what_takes_no_time_is_judged_all_the_same() -> None:
    assert _verdicts([EXCUSE], TIMELESS.id, ok=False) == [("fail", "it came late")]
