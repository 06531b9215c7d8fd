"""CTRF as dashboards read it: held against the public schema."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from reports.ctrf import write_ctrf
from reports.run import Run
from reports.times import milliseconds
from tests.reports.builders import (
    AT,
    END,
    error,
    exchange,
    footer,
    header,
    known,
    requirement,
    run,
    verdict,
)
from tests.reports.readers import legal_ctrf

KINDS = ["pass", "fail", "warn", "inconclusive", "not-applicable"]


def written(made: Run, folder: Path) -> dict[str, Any]:
    write_ctrf(made, folder / "ctrf.json")
    found: dict[str, Any] = legal_ctrf(folder / "ctrf.json")["results"]
    return found


def test_each_verdict_has_the_nearest_status_and_its_own_name(tmp_path: Path) -> None:
    head = header(*KINDS, "known", baseline=[known("known", "issue 12")])
    found = [verdict(kind, kind, message=f"it is {kind}") for kind in KINDS]
    made = run(tmp_path, head, *found, verdict("known", "fail"), footer())
    told = written(made, tmp_path)
    statuses = {each["testId"]: (each["status"], each["rawStatus"]) for each in told["tests"]}
    assert statuses == {
        "demo.coordinator.pass": ("passed", "pass"),
        "demo.coordinator.fail": ("failed", "fail"),
        "demo.coordinator.warn": ("passed", "warn"),
        "demo.coordinator.inconclusive": ("other", "inconclusive"),
        "demo.coordinator.not-applicable": ("skipped", "not-applicable"),
        "demo.coordinator.known": ("skipped", "fail"),
    }
    summary = {name: told["summary"][name] for name in ("tests", "passed", "failed", "skipped")}
    assert summary == {"tests": 6, "passed": 2, "failed": 1, "skipped": 2}
    assert told["summary"]["other"] == 1
    assert told["summary"]["duration"] == milliseconds(END) - milliseconds(AT)


def test_a_failure_tells_what_was_found(tmp_path: Path) -> None:
    evidence = {"exchanges": [exchange(answer={"b": 2})], "pointers": ["/b"]}
    row = requirement("A-1", section="Registry")
    made = run(tmp_path, header(row), verdict("A-1", "fail", evidence=evidence), footer())
    (test,) = written(made, tmp_path)["tests"]
    assert "at: /b = 2" in test["trace"]
    assert test["suite"] == ["Registry"]
    assert test["duration"] == 12
    assert test["stop"] == milliseconds(AT)
    assert test["steps"][0]["name"] == "test_it"


def test_what_is_not_conformant_is_not_green(tmp_path: Path) -> None:
    head = header("A-1")
    stale = header("A-1", baseline=[known("A-1")])
    for records in (
        [head, verdict("A-1")],
        [head, verdict("A-1"), footer("interrupted")],
        [head, verdict("A-1"), error(), footer()],
        [stale, verdict("A-1"), footer()],
        [head, verdict("A-1", "fail"), footer()],
    ):
        told = written(run(tmp_path, *records), tmp_path)
        assert told["summary"]["failed"] > 0
        assert told["summary"]["tests"] == len(told["tests"])
        assert told["extra"]["verdict"] != "conformant"
