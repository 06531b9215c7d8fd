"""`assay baseline RUN`: what a run found broken, written down as known failures."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path

from conformance.cli.comparing import read_runs, wrong
from reports import Run
from reports.baseline import read_baseline
from reports.baseline_file import Draft, draft, written
from reports.files import write_whole
from reports.text import listing, plural

__all__ = ["add_arguments", "run"]

_DEFAULT_OUT = Path("baseline.yaml")
_SHORTEST = 3  # characters of a reason


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.usage = "assay baseline RUN... [options]"
    parser.add_argument(
        "runs",
        type=Path,
        nargs="+",
        metavar="RUN",
        help="a run.jsonl, or its folder; of several, what fails in some only is flaky",
    )
    parser.add_argument(
        "--update",
        type=Path,
        metavar="FILE",
        help="keep the reasons and last days of this baseline; it is written anew, but for --out",
    )
    parser.add_argument(
        "--out", type=Path, metavar="FILE", help=f"where it goes (default: {_DEFAULT_OUT})"
    )
    parser.add_argument(
        "--reason", default="", metavar="TEXT", help="of new entries (else to be filled in)"
    )
    parser.add_argument(
        "--expires", default="", metavar="DATE", help="the last day of new entries: 2027-01-31"
    )


def run(arguments: argparse.Namespace) -> int:
    _check(arguments)
    out: Path = arguments.out or arguments.update or _DEFAULT_OUT
    old = read_baseline(arguments.update) if arguments.update else ()
    if out.exists() and out != arguments.update:
        hint = f"--update {out} keeps what it says"
        raise wrong(str(out), "is there already", None, hint)
    runs = read_runs(arguments.runs)
    made = draft(runs, old, reason=arguments.reason, expires=arguments.expires)
    if not any(run.judged for run in runs):
        print("assay: no baseline: nothing was judged", file=sys.stderr)
        return 1
    if made.undated:
        message = f"is needed: {listing(made.undated)} may pass, so that only a last day ends it"
        raise wrong("--expires", message, None, "give one, as in 2027-01-31")
    try:
        write_whole(out, written(made).encode())
    except OSError as error:
        raise wrong(str(out), f"cannot be written: {error.strerror or error}", None, "") from error
    _tell(out, made, runs)
    return 0


def _check(arguments: argparse.Namespace) -> None:
    """Raises `PackError` for a reason or a day that an entry cannot have."""
    if arguments.reason and len(arguments.reason.strip()) < _SHORTEST:
        raise wrong("--reason", "is too short to be one", arguments.reason, "say why it fails")
    if not arguments.expires:
        return
    try:
        day = date.fromisoformat(arguments.expires)
    except ValueError:
        day = None
    if day is None or day.isoformat() != arguments.expires:
        raise wrong("--expires", "is no day", arguments.expires, "write it as in 2027-01-31")
    if day < datetime.now(UTC).date():
        raise wrong("--expires", "is over already", arguments.expires, "give a day to come")


def _tell(out: Path, made: Draft, runs: Sequence[Run]) -> None:
    kept = sum(line.kept for line in made.lines)
    parts = f"{kept} kept, {len(made.lines) - kept} new"
    print(f"{out}: {plural(len(made.lines), 'known failure')} ({parts})")
    for name, why in made.dropped.items():
        print(f"  dropped    {name}: {why}")
    for heading, names in {
        "flaky": [line.entry["requirement"] for line in made.lines if line.entry.get("flaky")],
        "expired": [line.entry["requirement"] for line in made.lines if line.over],
        "no reason": [line.entry["requirement"] for line in made.lines if line.unexplained],
    }.items():
        if names:
            print(f"  {heading:9}  {listing(names)}")
    if any(line.unexplained for line in made.lines):
        print("Fill in the reasons: assay test refuses an entry without one.")
    for run in runs:
        if not run.complete:
            print(f"assay: {run.path} is not whole, more may fail. {run.ending}", file=sys.stderr)
