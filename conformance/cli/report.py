"""`assay report RUN`: the reports of a run, written again from its run.jsonl."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from pathlib import Path

from reports import Run, summary, write_all

__all__ = ["add_arguments", "run", "show"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("run", type=Path, help="a run.jsonl, or the folder that holds it")
    parser.add_argument("--out", type=Path, help="folder for the reports (default: the run's own)")


def run(arguments: argparse.Namespace) -> int:
    path = arguments.run / "run.jsonl" if arguments.run.is_dir() else arguments.run
    out = arguments.out or path.parent
    return show(write_all(path, out), out)


def show(run: Run, out: Path) -> int:
    """Print the summary and where the reports are, and return the run's exit code."""
    colour = sys.stdout.isatty() and "NO_COLOR" not in os.environ
    print(summary(run, colour=colour, width=shutil.get_terminal_size().columns))
    print(f"\nreports: {out}/report.html  {out}/results.json  {out}/junit.xml")
    return run.exit_code
