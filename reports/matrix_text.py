"""A matrix for people: in a terminal, and in Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby, islice
from typing import Literal

from reports.lines import CONCLUSIONS, STYLES, Lines
from reports.matrix import Cell, Column, Matrix, Row
from reports.outcome import Verdict
from reports.text import in_markdown, plural, printable, shorten

__all__ = ["LEGEND", "matrix_markdown", "matrix_terminal", "shown", "word"]

_WORDS: Mapping[Verdict | Literal[""], str] = {
    "fail": "FAIL",
    "warn": "warn",
    "pass": "pass",
    "inconclusive": "open",
    "not-applicable": "n/a",
    "": "-",
}
"""What stands in a cell, short enough for many columns."""

_KNOWN = "known"
LEGEND = (
    "known: a failure that the run's baseline expects; open: could not be judged; "
    "n/a: what the peer does not claim; -: not in that run; flaky: one version of a peer passed it "
    "and broke it."
)
_SHOWN = 400  # rows, unless all are asked for
_CELL = 7  # columns of the terminal
_ID = 32


def matrix_terminal(found: Matrix, *, colour: bool, width: int, every: bool = False) -> str:
    """The matrix in lines of at most `width` columns; as many tables below each other as it takes.

    Without `every` it has the rows in which something is broken or the runs differ.
    """
    page = _Page(found=found, colour=colour, width=max(width, 60), every=every)
    return "\n".join(page.lines()) + "\n"


def matrix_markdown(found: Matrix, *, every: bool = False) -> str:
    """The same rows as one table; whatever a peer said shows as plain text."""
    return "\n".join(_markdown(found, every=every)) + "\n"


def shown(found: Matrix, *, every: bool, limit: int) -> tuple[list[Row], str]:
    """The rows that are told, no more than `limit`, and a sentence about those that are not."""
    rows = iter(found.rows if every else found.telling)
    first = list(islice(rows, limit))
    more = sum(1 for _ in rows)
    cut = f"{plural(more, 'more row')} would follow: JSON has them all. " if more else ""
    return first, f"{cut}{'' if every else found.quiet}".strip()


def word(cell: Cell) -> str:
    return _KNOWN if cell.known else _WORDS[cell.verdict]


def _legend(column: Column) -> str:
    """What a column's run was of, and what it came to, in a line."""
    header = column.run.header
    counts = ", ".join(f"{count} {name}" for name, count in column.run.counts.items() if count)
    return (
        f"{column.name}, revision {header['protocol']['version']}, {column.when}, "
        f"{header['profile']}, run {header['run']}: {counts or 'nothing'}"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Page(Lines):
    found: Matrix
    every: bool

    def lines(self) -> Iterator[str]:
        yield from self.wrapped(self.found.title, style="bold")
        for column in self.found.columns:
            said, colour = CONCLUSIONS[column.run.verdict]
            text = f"{column.key:>3}  {_legend(column)}"
            yield from self.wrapped(text, hang=5)
            yield f"     {self.paint(said, colour)}"
        for remark in self.found.remarks:
            yield from self.wrapped(f"- {remark}", indent=2, hang=2, style="yellow")
        rows, rest = shown(self.found, every=self.every, limit=_SHOWN)
        yield from self.tables(rows)
        yield ""
        yield from self.wrapped(rest)
        if rows:
            yield from self.wrapped(LEGEND, style="dim")

    def tables(self, rows: Sequence[Row]) -> Iterator[str]:
        if not rows:
            return
        names = min(max(len(printable(row.id)) for row in rows), _ID)
        fit = max((self.width - names - len("   SHOULD  flaky")) // _CELL, 1)
        for first in range(0, len(self.found.columns), fit):
            columns = self.found.columns[first : first + fit]
            keys = "".join(f"{column.key:>{_CELL}}" for column in columns)
            yield ""
            yield " " * (names + 9) + self.paint(keys, "bold")
            yield from self.table(rows, columns, names)

    def table(self, rows: Sequence[Row], columns: Sequence[Column], names: int) -> Iterator[str]:
        first = int(columns[0].key) - 1
        for section, group in groupby(rows, key=lambda row: row.section):
            yield from self.wrapped(section, style="dim")
            for row in group:
                cells = row.cells[first : first + len(columns)]
                flaky = self.paint("  flaky", "yellow") if row.flaky else ""
                name = shorten(printable(row.id), names).ljust(names)
                yield f"  {name} {row.level:6}{''.join(map(self.cell, cells))}{flaky}"

    def cell(self, cell: Cell) -> str:
        style = STYLES[cell.verdict] if cell.verdict else "dim"
        return self.paint(f"{word(cell):>{_CELL}}", style)


def _markdown(found: Matrix, *, every: bool) -> Iterator[str]:
    yield f"## {in_markdown(found.title)}"
    yield ""
    for column in found.columns:
        yield f"{column.key}. {in_markdown(_legend(column))}: **{column.run.verdict}**"
    yield ""
    yield from (f"- {in_markdown(remark, 600)}" for remark in found.remarks)
    rows, rest = shown(found, every=every, limit=_SHOWN)
    if rows:
        yield ""
        yield _cells(["requirement", "level", *(column.key for column in found.columns), ""])
        yield _cells(["---"] * (len(found.columns) + 3))
    for row in rows:
        about = "flaky" if row.flaky else ""
        asks = f"**{in_markdown(row.id)}** {in_markdown(row.text, 200)}"
        yield _cells([asks, row.level, *map(_bold, row.cells), about])
    if rest:
        yield from ("", in_markdown(rest))
    if rows:
        yield from ("", in_markdown(LEGEND))


def _bold(cell: Cell) -> str:
    return f"**{word(cell)}**" if cell.broken and not cell.known else word(cell)


def _cells(texts: Iterable[str]) -> str:
    return f"| {' | '.join(texts)} |"
