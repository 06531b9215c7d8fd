"""How do we tell it? A recorded run becomes a page, a summary, and files that programs read."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from reports.formats import DEFAULT_FORMATS, write_formats
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


def write_all(
    run_jsonl: Path, out: Path, formats: Iterable[str] = DEFAULT_FORMATS, link: str = ""
) -> Run:
    """Reads a run and writes it in these formats into the folder `out`: unless others are asked
    for, results.json, junit.xml and report.html.

    Each file appears whole or not at all. `link` is where a requirement can be read, with `{}` for
    its id. Raises `schemas.PackError` where `run_jsonl` is no run, and `OSError` where `out` cannot
    be written to.
    """
    run = Run.read(run_jsonl)
    write_formats(run, out, formats, link)
    return run
