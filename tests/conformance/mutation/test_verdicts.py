"""What becomes of a mutant."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from conformance.mutation.candidates import Candidate
from conformance.mutation.mutant import Mutant
from conformance.mutation.verdicts import Seen, judgement

_BEFORE = {"A-1": "pass", "A-2": "pass", "A-3": "warn", "A-4": "inconclusive", "A-5": "fail"}


def _mutant(lawful: str = "") -> Candidate:
    made = Mutant(name="x", source="wire", place="", operator="drop", lawful=lawful)
    return Candidate(mutant=made)


def _after(**said: str) -> dict[str, str]:
    return {**_BEFORE, **{name.replace("_", "-"): verdict for name, verdict in said.items()}}


@pytest.mark.parametrize(
    ("after", "fate"),
    [
        (_after(A_1="fail"), "caught"),
        (_after(A_1="warn"), "caught"),
        (_after(A_4="fail"), "caught"),
        (_after(), "survived"),
        (_after(A_4="pass"), "survived"),
        (_after(A_5="warn"), "survived"),
        (_after(A_1="inconclusive"), "escaped"),
        (_after(A_2="not-applicable"), "escaped"),
        (_after(A_1="inconclusive", A_2="fail"), "caught"),
        ({"A-1": "pass"}, "survived"),
        ({"A-9": "fail"}, "caught"),
    ],
)
def test_fate_is_what_was_not_so_before(after: Mapping[str, str], fate: str) -> None:
    assert judgement(_mutant(), _BEFORE, Seen(verdicts=after), None).fate == fate


def test_rows_that_decided_are_told_apart() -> None:
    after = Seen(verdicts=_after(A_1="fail", A_2="inconclusive", A_3="fail", A_4="warn"))
    found = judgement(_mutant(), _BEFORE, after, 3)
    assert (found.fail, found.warn, found.lost) == (("A-1", "A-3"), ("A-4",), ("A-2",))


@pytest.mark.parametrize(
    ("after", "fate"),
    [
        (_after(), "lawful"),
        (_after(A_1="warn"), "lawful"),
        (_after(A_1="inconclusive"), "lawful"),
        (_after(A_1="fail"), "disputed"),
    ],
)
def test_lawful_one_is_disputed_where_a_row_fails(after: Mapping[str, str], fate: str) -> None:
    found = judgement(_mutant("by-rule: it may"), _BEFORE, Seen(verdicts=after), 1)
    assert (found.fate, found.message) == (fate, "by-rule: it may")


@pytest.mark.parametrize("lawful", ["", "by-rule: it may"])
def test_what_was_never_applied_says_nothing(lawful: str) -> None:
    calm = judgement(_mutant(lawful), _BEFORE, Seen(verdicts=_BEFORE), 0)
    assert (calm.fate, calm.message) == ("never-applied", "")
    fails = judgement(_mutant(lawful), _BEFORE, Seen(verdicts=_after(A_1="fail")), 0)
    assert fails.fate == "unsteady"
    assert fails.message


def test_broken_suite_catches_nothing() -> None:
    broke = Seen(verdicts=_after(A_1="fail"), broke="it fell over")
    found = judgement(_mutant("by-rule: it may"), _BEFORE, broke, 2)
    assert (found.fate, found.message) == ("error", "it fell over")


def test_survivor_tells_which_of_its_rows_are_not_judged_here() -> None:
    mutant = Mutant(name="x", source="behaviour", place="", operator="drop")
    known = Candidate(mutant=mutant, rows=("A-1", "A-4"))
    found = judgement(known, _BEFORE, Seen(verdicts=_after()), None)
    assert (found.fate, found.message.endswith(": A-4")) == ("survived", True)
