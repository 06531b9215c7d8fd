"""CTRF, the Common Test Report Format: a test for each requirement, as dashboards read them."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from reports.evidence import fair_limit
from reports.files import write_pieces
from reports.json_pieces import json_pieces
from reports.outcome import Outcome
from reports.run import Run
from reports.status import Status, Trouble, findings_text, remark, seconds, status, troubles
from reports.text import printable
from reports.times import iso, milliseconds, span

__all__ = ["ctrf", "write_ctrf"]

_LIMIT = 4_000  # characters of a body
_SPEC = "0.0.0"  # the version that the public schema is of
_STATUS: dict[Status, str] = {
    "passed": "passed",
    "failed": "failed",
    "known": "skipped",
    "open": "other",
    "skipped": "skipped",
}


def ctrf(run: Run) -> dict[str, Any]:
    """The report as data for `json_pieces`: its tests are an iterator.

    The status of a test is the nearest that CTRF has, `rawStatus` the verdict itself. What fails a
    run without being a requirement is a failed test of the suite `the run itself`.
    """
    start, stop = span(run)
    header = run.header
    generator = f"assay {header['assay']}"
    return {
        "reportFormat": "CTRF",
        "specVersion": _SPEC,
        "reportId": str(uuid.uuid5(uuid.NAMESPACE_OID, header["run"])),
        "runId": header["run"],
        "timestamp": iso(stop),
        "generatedBy": generator,
        "results": {
            "tool": {"name": "assay", "version": header["assay"]},
            "summary": {**_counts(run), "start": start, "stop": stop, "duration": stop - start},
            "environment": _environment(run),
            "tests": _tests(run, start),
            "extra": {
                "verdict": run.verdict,
                "because": list(run.because),
                "complete": run.complete,
                "counts": run.counts,
                "conformance": run.conformance_percent,
                "judged": run.judged_percent,
            },
        },
    }


def write_ctrf(run: Run, path: Path) -> None:
    """Writes the report, whole or not at all. Raises `OSError`."""
    write_pieces(path, json_pieces(ctrf(run)))


def _counts(run: Run) -> dict[str, int]:
    found = Counter(_STATUS[status(outcome)] for outcome in run.requirements)
    found["failed"] += sum(1 for _ in troubles(run))
    names = ("passed", "failed", "skipped", "pending", "other")
    sections = {outcome.section for outcome in run.requirements}
    suites = len(sections) + any(True for _ in troubles(run))
    return {"tests": found.total(), **{name: found[name] for name in names}, "suites": suites}


def _environment(run: Run) -> dict[str, Any]:
    header = run.header
    peer = header["peer"]
    version = {"appVersion": peer["version"]} if peer.get("version") else {}
    names = ("role", "seed", "profile", "strict", "only", "command")
    return {
        "reportName": f"{header['protocol']['title']} {header['protocol']['version']}",
        "appName": peer["name"],
        **version,
        "testEnvironment": run.address or peer["name"],
        "extra": {name: header[name] for name in names},
    }


def _tests(run: Run, start: int) -> Iterator[dict[str, Any]]:
    limit = min(_LIMIT, fair_limit(run.evidences))
    for outcome in run.requirements:
        yield _test(outcome, run, limit, start)
    for trouble in troubles(run):
        yield _trouble(trouble)


def _test(outcome: Outcome, run: Run, limit: int, start: int) -> dict[str, Any]:
    took = round(seconds(outcome) * 1000)
    stop = max((milliseconds(check.at, start) for check in outcome.checks), default=start)
    said = {"message": printable(remark(outcome)), "trace": findings_text(outcome, run, limit)}
    header = run.header
    return {
        "testId": f"{header['protocol']['id']}.{header['role']}.{outcome.id}",
        "name": printable(f"{outcome.id} {outcome.text}"),
        "status": _STATUS[status(outcome)],
        "rawStatus": outcome.verdict,
        "duration": took,
        "start": stop - took,
        "stop": stop,
        "suite": [printable(outcome.section)],
        "type": "conformance",
        **{name: text for name, text in said.items() if text},
        "tags": [outcome.level, outcome.basis, outcome.verdict],
        "labels": {"requirement": outcome.id, "capability": outcome.capability},
        "steps": [
            {
                "name": check.name,
                "status": "failed" if check.verdict == "fail" else _plain(check.verdict),
                "extra": {"verdict": check.verdict, "message": check.message, "times": check.times},
            }
            for check in outcome.checks
        ],
    }


def _plain(verdict: str) -> str:
    return {"inconclusive": "other", "not-applicable": "skipped"}.get(verdict, "passed")


def _trouble(trouble: Trouble) -> dict[str, Any]:
    trace = {"trace": printable(trouble.detail)} if trouble.detail else {}
    return {
        "name": printable(trouble.name),
        "status": "failed",
        "rawStatus": "fault" if trouble.ours else "stale",
        "duration": 0,
        "suite": ["the run itself"],
        "message": printable(trouble.message),
        **trace,
    }
