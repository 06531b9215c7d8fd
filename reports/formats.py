"""The formats that a run can be told in, and what they are written to."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from reports.ctrf import write_ctrf
from reports.har import write_har
from reports.html import write_html
from reports.junit import write_junit
from reports.markdown import write_markdown
from reports.results import write_results
from reports.run import Run
from reports.sarif import write_sarif

__all__ = ["DEFAULT_FORMATS", "FORMATS", "Format", "forget", "write_formats"]

DEFAULT_FORMATS = ("html", "json", "junit")
"""What is written where nothing else is asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """A format: its file, or folder, in the folder of the reports, and what writes it.

    The last argument of `write` is where a requirement can be read, with `{}` for its id, or empty.
    """

    file: str
    write: Callable[[Run, Path, str], None]


def write_formats(run: Run, out: Path, names: Iterable[str], link: str = "") -> list[Path]:
    """Writes a run into the folder `out` in these formats of `FORMATS`, and says what was written.

    Each file appears whole or not at all. `link` is where a requirement can be read, with `{}` for
    its id. Raises `OSError`.
    """
    written = []
    for name in names:
        path = out / FORMATS[name].file
        FORMATS[name].write(run, path, link)
        written.append(path)
    return written


def forget(out: Path) -> None:
    """Takes the reports of an older run out of a folder. Raises `OSError`."""
    for each in FORMATS.values():
        path = out / each.file
        if path.is_dir():
            _forget_allure(path)
        else:
            path.unlink(missing_ok=True)


def _forget_allure(folder: Path) -> None:
    for pattern in ("*-result.json", "*-attachment.*"):
        for path in folder.glob(pattern):
            path.unlink()


def _allure(run: Run, folder: Path, link: str) -> None:
    from reports.allure import write_allure  # its library is heavy, and asked for by few

    _forget_allure(folder)
    write_allure(run, folder, link)


def _plainly(write: Callable[[Run, Path], None]) -> Callable[[Run, Path, str], None]:
    """Of a format that has no links."""
    return lambda run, path, _: write(run, path)


FORMATS: Mapping[str, Format] = {
    "html": Format(file="report.html", write=_plainly(write_html)),
    "json": Format(file="results.json", write=_plainly(write_results)),
    "junit": Format(file="junit.xml", write=_plainly(write_junit)),
    "allure": Format(file="allure-results", write=_allure),
    "ctrf": Format(file="ctrf-report.json", write=_plainly(write_ctrf)),
    "har": Format(file="run.har", write=_plainly(write_har)),
    "sarif": Format(file="assay.sarif", write=write_sarif),
    "markdown": Format(file="summary.md", write=_plainly(write_markdown)),
}
