"""Several runs side by side: what became of each requirement in each of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

from reports.comparison import left_out, refuse_strangers, remarks, rows_of
from reports.outcome import Outcome, Verdict
from reports.run import Run
from reports.text import listing, plural

__all__ = ["ABSENT", "Cell", "Column", "Matrix", "Row", "matrix"]

ABSENT: Literal[""] = ""
"""In the place of a verdict where a run does not tell of a requirement at all."""

_QUIET: Mapping[Verdict | Literal[""], str] = {
    "pass": "passed in all runs",
    "inconclusive": "could not be judged in any",
    "not-applicable": "did not apply in any",
    ABSENT: "were left out of all",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One run. `key` is its number, from 1, as it is called in the table."""

    key: str
    run: Run

    @property
    def name(self) -> str:
        return str(self.run.header["peer"]["name"])

    @property
    def when(self) -> str:
        """The day and the minute on which it began, in UTC."""
        return str(self.run.header["started"])[:16].replace("T", " ")


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """A requirement in one run. `message` is what was found, or why nothing was; `known` the
    reason of the run's baseline for a failure that it expects.
    """

    verdict: Verdict | Literal[""]
    message: str
    known: str

    @property
    def broken(self) -> bool:
        return self.verdict in ("fail", "warn")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A requirement, as the last run that has it words it, with a cell for each column.

    `flaky` is whether runs of one and the same version of a peer came to pass and to break it.
    """

    id: str
    level: str
    basis: str
    section: str
    text: str
    cells: tuple[Cell, ...]
    flaky: bool

    @property
    def alike(self) -> bool:
        """Did all runs come to the same?"""
        return len({cell.verdict for cell in self.cells}) == 1

    @property
    def broken(self) -> bool:
        """Did a run find it broken?"""
        return any(cell.broken for cell in self.cells)


@dataclass(frozen=True, kw_only=True)
class Matrix:
    """Runs of one protocol and one role. `remarks` are sentences about what is uneven in them."""

    columns: tuple[Column, ...]
    remarks: tuple[str, ...]

    @property
    def title(self) -> str:
        header = self.columns[-1].run.header
        return f"{header['protocol']['title']}, {header['role']}"

    @property
    def rows(self) -> Iterator[Row]:
        """Every requirement that one of the runs has, in the order of the newest set."""
        versions = [_version(column.run) for column in self.columns]
        for row in self._rows.values():
            cells = tuple(self._cell(index, row["id"]) for index in range(len(self.columns)))
            yield Row(
                id=row["id"],
                level=row["level"],
                basis=row["basis"],
                section=row["section"],
                text=row["text"],
                cells=cells,
                flaky=_flaky(versions, cells),
            )

    @property
    def telling(self) -> Iterator[Row]:
        """The rows that are broken somewhere or not alike: what a matrix is looked at for."""
        return filter(_tells, self.rows)

    @cached_property
    def quiet(self) -> str:
        """A sentence about the other rows; empty where there are none."""
        found = Counter(row.cells[0].verdict for row in self.rows if not _tells(row))
        parts = [
            f"{plural(found[name], 'requirement')} {words}"
            for name, words in _QUIET.items()
            if found[name]
        ]
        return f"Besides, {listing(parts)}." if parts else ""

    @cached_property
    def _outcomes(self) -> tuple[Mapping[str, Outcome], ...]:
        return tuple({each.id: each for each in c.run.requirements} for c in self.columns)

    @cached_property
    def _rows(self) -> Mapping[str, Mapping[str, Any]]:
        rows: dict[str, Mapping[str, Any]] = {}
        for column in reversed(self.columns):
            for name, row in rows_of(column.run).items():
                rows.setdefault(name, row)
        return rows

    def _cell(self, index: int, name: str) -> Cell:
        outcome = self._outcomes[index].get(name)
        if outcome is None:
            why = left_out(self.columns[index].run, name) or "its requirement set lacks it"
            return Cell(verdict=ABSENT, message=why, known="")
        return Cell(verdict=outcome.verdict, message=outcome.message, known=outcome.known)


def matrix(runs: Sequence[Run]) -> Matrix:
    """At least one run. Raises `PackError` where they have nothing in common."""
    refuse_strangers(runs)
    columns = tuple(Column(key=str(n), run=run) for n, run in enumerate(runs, start=1))
    return Matrix(columns=columns, remarks=remarks([column.key for column in columns], runs))


def _tells(row: Row) -> bool:
    return row.broken or not row.alike


def _version(run: Run) -> str:
    """Which version of which peer; empty where the run does not tell a version."""
    peer = run.header["peer"]
    return str(peer["name"]) if peer.get("version") else ""


def _flaky(versions: Sequence[str], cells: Sequence[Cell]) -> bool:
    found: dict[str, set[bool]] = {}
    for version, cell in zip(versions, cells, strict=True):
        if version and (cell.broken or cell.verdict == "pass"):
            found.setdefault(version, set()).add(cell.broken)
    return any(len(each) == 2 for each in found.values())
