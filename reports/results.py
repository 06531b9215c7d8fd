"""results.json: the outcome of a run for programs, as `results.schema.json` has it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from reports.files import write_pieces
from reports.json_pieces import json_pieces
from reports.outcome import Check, Outcome
from reports.run import Run

__all__ = ["results", "write_results"]


def results(run: Run) -> dict[str, Any]:
    """The outcome as plain data, requirement by requirement."""
    document = _results(run)
    return {**document, "requirements": list(document["requirements"])}


def _results(run: Run) -> dict[str, Any]:
    """The same, the requirements one after the other."""
    header, footer = run.header, run.footer
    return {
        "protocol": header["protocol"]["id"],
        "role": header["role"],
        "peer": header["peer"]["name"],
        "seed": header["seed"],
        "profile": header["profile"],
        "strict": header["strict"],
        "assay": header["assay"],
        "run": header["run"],
        "started": header["started"],
        "finished": footer["finished"] if footer else None,
        "verdict": run.verdict,
        "because": list(run.because),
        "counts": dict(run.counts),
        "baseline": {
            "known": [outcome.id for outcome in run.known],
            "stale": [entry.requirement for entry in run.stale],
        },
        "errors": [
            {"check": fault.check, "message": fault.message, "traceback": fault.traceback}
            for fault in run.faults
        ],
        "requirements": map(_requirement, run.requirements),
    }


def write_results(run: Run, path: Path) -> None:
    """Writes results.json, whole or not at all. Raises `OSError`."""
    write_pieces(path, json_pieces(_results(run)))


def _requirement(outcome: Outcome) -> dict[str, Any]:
    return {
        "id": outcome.id,
        "level": outcome.level,
        "basis": outcome.basis,
        "section": outcome.section,
        "text": outcome.text,
        "capability": outcome.capability,
        "verdict": outcome.verdict,
        "message": outcome.message,
        "checks": [_check(check) for check in outcome.checks],
    }


def _check(check: Check) -> dict[str, Any]:
    return {
        "name": check.name,
        "verdict": check.verdict,
        "message": check.message,
        "times": check.times,
        "evidence": None if check.evidence is None else dict(check.evidence),
    }
