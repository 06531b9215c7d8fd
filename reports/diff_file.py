"""A difference between runs for programs, as `diff.schema.json` has it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from reports.diff import Change, Diff
from reports.json_pieces import json_pieces
from reports.run import Run

__all__ = ["about_run", "diff_pieces"]


def diff_pieces(found: Diff) -> Iterator[bytes]:
    """The document in pieces, the changes one after the other."""
    header = found.new.header
    return json_pieces(
        {
            "protocol": header["protocol"]["id"],
            "role": header["role"],
            "verdict": found.verdict,
            "because": list(found.because),
            "remarks": list(found.remarks),
            "old": about_run(found.old),
            "new": about_run(found.new),
            "kept": found.kept,
            "counts": dict(found.counts),
            "changes": map(_change, found.changes),
        }
    )


def about_run(run: Run) -> dict[str, Any]:
    """What is told of a run that is compared."""
    header = run.header
    return {
        "run": header["run"],
        "peer": header["peer"]["name"],
        "revision": header["protocol"]["version"],
        "assay": header["assay"],
        "profile": header["profile"],
        "strict": header["strict"],
        "started": header["started"],
        "complete": run.complete,
        "ending": run.ending,
        "verdict": run.verdict,
        "counts": dict(run.counts),
    }


def _change(change: Change) -> dict[str, Any]:
    told = asdict(change)
    return {**told, "before": change.before or None, "after": change.after or None}
