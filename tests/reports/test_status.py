"""Verdicts in the words of tests: what fails the run is red, and nothing else is."""

from __future__ import annotations

from pathlib import Path

from reports.status import findings_text, remark, seconds, status, troubles
from tests.reports.builders import error, exchange, footer, header, known, run, verdict

KINDS = ["pass", "fail", "warn", "inconclusive", "not-applicable"]


def test_each_verdict_has_a_status_and_a_remark(tmp_path: Path) -> None:
    head = header(*KINDS, "known", "unheard", baseline=[known("known", "issue 12")])
    found = [verdict(kind, kind, message=f"it is {kind}") for kind in KINDS]
    made = run(tmp_path, head, *found, verdict("known", "fail"), footer())
    told = {row.id: (status(row), remark(row)) for row in made.requirements}
    assert told == {
        "pass": ("passed", "it is pass"),
        "fail": ("failed", "it is fail"),
        "warn": ("passed", "it is warn"),
        "inconclusive": ("open", "inconclusive: it is inconclusive"),
        "not-applicable": ("skipped", "not-applicable: it is not-applicable"),
        "known": ("known", "known failure: issue 12"),
        "unheard": ("open", "inconclusive: No check judged it."),
    }


def test_what_is_no_requirement_and_fails_the_run_is_trouble(tmp_path: Path) -> None:
    head = header("A-1", baseline=[known("A-1")])
    made = run(tmp_path, head, verdict("A-1"), error("ouch"))
    assert [(each.name, each.ours) for each in troubles(made)] == [
        ("fault of our own in test_it", True),
        ("baseline A-1", False),
        ("the run can vouch for the peer", True),
    ]
    fine = run(tmp_path, header("A-1"), verdict("A-1"), footer())
    assert list(troubles(fine)) == []


def test_findings_are_told_with_times_evidence_and_replay(tmp_path: Path) -> None:
    evidence = {"exchanges": [exchange(answer={"a": 1}), exchange(answer={"a": 2})]}
    records = [verdict("A-1", "fail", message="wrong", evidence=evidence)] * 2
    made = run(tmp_path, header("A-1"), *records, verdict("A-1", check="test_other"), footer())
    (row,) = made.requirements
    text = findings_text(row, made, 1000)
    assert text.startswith("fail test_it (2 times): wrong\n")
    assert text.endswith(f"--- replay\nassay replay {tmp_path} A-1")
    assert "test_other" not in text
    assert seconds(row) == 0.0246


def test_of_very_many_checks_some_are_told(tmp_path: Path) -> None:
    found = [verdict("A-1", "fail", f"test_{number}") for number in range(25)]
    made = run(tmp_path, header("A-1"), *found, footer())
    text = findings_text(made.requirements[0], made, 1000)
    assert "test_19:" in text
    assert "test_20:" not in text
    assert text.endswith("and 5 more checks: see results.json")
