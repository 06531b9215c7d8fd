"""How do we tell it? A recorded run becomes results.json, junit.xml, report.html and a summary."""

from __future__ import annotations

from pathlib import Path

from reports.html import write_html
from reports.junit import write_junit
from reports.results import write_results
from reports.run import Run
from reports.terminal import summary

__all__ = [
    "Run",
    "summary",
    "write_all",
    "write_html",
    "write_junit",
    "write_results",
]


def write_all(run_jsonl: Path, out: Path) -> Run:
    """Reads a run and writes results.json, junit.xml and report.html into the folder `out`.

    Each file appears whole or not at all. Raises `schemas.PackError` where `run_jsonl` is no run,
    and `OSError` where `out` cannot be written to.
    """
    run = Run.read(run_jsonl)
    write_results(run, out / "results.json")
    write_junit(run, out / "junit.xml")
    write_html(run, out / "report.html")
    return run
