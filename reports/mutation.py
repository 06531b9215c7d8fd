"""What `assay mutate` judged, read again: the score, and what follows from it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import orjson

from reports.text import plural
from schemas.errors import PackError, Problem
from schemas.files import check

__all__ = ["FATES", "Caught", "Figures", "Score"]

FATES = (
    "caught",
    "survived",
    "escaped",
    "never-applied",
    "lawful",
    "disputed",
    "unsteady",
    "error",
)

_COUNTED = ("caught", "survived", "escaped")
"""What the score is a share of: what was broken, against the document, and could be judged."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """How many mutants met which fate."""

    counts: Mapping[str, int]

    @property
    def judged(self) -> int:
        return sum(self.counts.values())

    @property
    def counted(self) -> int:
        """How many the score is a share of."""
        return sum(self.counts[fate] for fate in _COUNTED)

    @property
    def score(self) -> float | None:
        """Per cent caught, rounded down to tenths: 100 means all. `None` where nothing counts."""
        return self.counts["caught"] * 1000 // self.counted / 10 if self.counted else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Caught:
    """A requirement, with the mutants that it saw, and those that nothing else saw."""

    id: str
    mutants: tuple[str, ...]
    alone: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Score:
    """A file of `assay mutate`, understood.

    Of each mutant and each lawful peer the last record counts, and only what the latest state of
    the suite said. `broken` names what was broken, and `known` is how many mutants of it there are,
    by source. `stale` is how many records are passed over; `length` is how many bytes of the file
    are whole lines.
    """

    path: Path
    header: Mapping[str, Any]
    session: Mapping[str, Any] | None
    end: Mapping[str, Any] | None
    mutants: tuple[Mapping[str, Any], ...]
    lawful: tuple[Mapping[str, Any], ...]
    broken: Mapping[str, str]
    known: Mapping[str, int]
    stale: int
    length: int

    @classmethod
    def read(cls, path: Path, *, state: str = "") -> Score:
        """What `path` holds, of that state of the suite, or of the last one that it was given.

        A last line that was being written when the run died is left out. Raises `PackError`, with
        file and line, for what is no such file or is broken.
        """
        records, length = _records(path)
        sessions = [each for each in records if each["record"] == "session"]
        state = state or (sessions[-1]["state"] if sessions else "")
        found: dict[str, dict[tuple[str, str], Mapping[str, Any]]] = {"mutant": {}, "lawful": {}}
        stale = 0
        for each in records:
            if each["record"] in found:
                stale += each["state"] != state
                if each["state"] == state:
                    found[each["record"]][each["source"], each["name"]] = each
        sources = [part for each in sessions for part in each["sources"]]
        last = records[-1] if records[-1]["record"] == "end" else None
        return cls(
            path=path,
            header=records[0],
            session=sessions[-1] if sessions else None,
            end=last,
            mutants=tuple(found["mutant"].values()),
            lawful=tuple(found["lawful"].values()),
            broken={part["source"]: part["name"] for part in sources},
            known={part["source"]: part["known"] for part in sources},
            stale=stale,
            length=length,
        )

    @cached_property
    def figures(self) -> Figures:
        return _figures(self.mutants)

    def by(self, name: str) -> dict[str, Figures]:
        """The figures of each `source`, `operator`, or whatever a mutant's record names."""
        return {key: _figures(group) for key, group in self._groups(name).items()}

    @cached_property
    def stated(self) -> dict[str, Figures]:
        """The figures of each source without what is no more than implied to be wrong."""
        return {
            source: _figures(mutant for mutant in group if not mutant["implied"])
            for source, group in self._groups("source").items()
        }

    def _groups(self, name: str) -> dict[str, list[Mapping[str, Any]]]:
        groups: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
        for mutant in self.mutants:
            groups[mutant[name]].append(mutant)
        return dict(sorted(groups.items()))

    def of(self, *fates: str) -> list[Mapping[str, Any]]:
        """The mutants that met one of these fates."""
        return [mutant for mutant in self.mutants if mutant["fate"] in fates]

    @cached_property
    def weak(self) -> list[Mapping[str, Any]]:
        """Those that are said to break what is stated, and of which the suite only warns. Of what
        the catalogue made nobody says so.
        """
        said = [mutant for mutant in self.of("caught") if mutant["source"] == "behaviour"]
        return [mutant for mutant in said if not mutant["fail"] and not mutant["implied"]]

    @cached_property
    def judged_whole(self) -> int:
        """How many lawful peers the whole suite judged, not the rows of some mutants alone."""
        return sum(each["stage"] == "whole" for each in self.lawful)

    @cached_property
    def false_alarms(self) -> dict[str, list[str]]:
        """The lawful peers that fail, each with the rows."""
        failed = {each["name"]: _with(each["verdicts"], "fail") for each in self.lawful}
        return {name: rows for name, rows in failed.items() if rows}

    @cached_property
    def errors(self) -> list[tuple[str, str]]:
        """The peers on which the suite itself broke, and how."""
        broken = [(each["name"], each["message"]) for each in self.of("error")]
        return broken + [(each["name"], each["broke"]) for each in self.lawful if each["broke"]]

    @cached_property
    def requirements(self) -> tuple[Caught, ...]:
        """Every row, in the document's order, with what it saw."""
        seen: dict[str, list[str]] = defaultdict(list)
        alone: dict[str, list[str]] = defaultdict(list)
        for mutant in self.of("caught", "disputed"):
            rows = [*mutant["fail"], *mutant["warn"]]
            for row in rows:
                seen[row].append(mutant["name"])
            if len(rows) == 1:
                alone[rows[0]].append(mutant["name"])
        listed = [row["id"] for row in self.header["requirements"]]
        listed += [row for row in seen if row not in listed]  # those of a scenario
        return tuple(
            Caught(id=row, mutants=tuple(seen[row]), alone=tuple(alone[row])) for row in listed
        )

    @property
    def span(self) -> tuple[str | None, str | None]:
        """When the first and the last of these were judged (UTC)."""
        times = sorted(each["at"] for each in (*self.mutants, *self.lawful))
        return (times[0], times[-1]) if times else (None, None)

    @property
    def ending(self) -> str:
        """A sentence that says how the last session ended."""
        if self.end is None:
            return "The last session was cut off."
        left, lawful = self.end["left"], self.end["left_lawful"]
        told = f" Not judged: {plural(left, 'mutant')}, {plural(lawful, 'lawful peer')}."
        said = {
            "complete": "Everything that was asked for was judged.",
            "interrupted": "The session was interrupted.",
            "out-of-time": "The time was over.",
            "not-green": f"{self.end['message'].rstrip('.')}.",
        }[self.end["reason"]]
        return said + (told if left or lawful else "")

    def exit_code(self, floor: float) -> int:
        """0 where the score keeps the floor (per cent) and no lawful peer fails; 1 where not, and
        where nothing was judged; 4 where the suite itself broke, and nothing else is wrong.
        """
        green = self.end is None or self.end["reason"] != "not-green"
        counts = self.figures.counts
        held = counts["caught"] * 100 >= floor * self.figures.counted and self.figures.judged
        if not (green and held) or self.false_alarms:
            return 1
        return 4 if self.errors or counts["unsteady"] else 0


def _figures(mutants: Iterable[Mapping[str, Any]]) -> Figures:
    found = Counter(mutant["fate"] for mutant in mutants)
    return Figures(counts={fate: found[fate] for fate in FATES})


def _with(verdicts: Mapping[str, str], wanted: str) -> list[str]:
    return [row for row, verdict in verdicts.items() if verdict == wanted]


def _records(path: Path) -> tuple[list[Mapping[str, Any]], int]:
    """The records, and how many bytes they take; what is behind was cut off."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise _problem(path, 0, f"cannot be read: {error.strerror or error}") from error
    whole = content[: content.rfind(b"\n") + 1]
    records = [
        _record(line, number, path) for number, line in enumerate(whole.splitlines(), start=1)
    ]
    if not records:
        raise _problem(path, 0, "holds no header: nothing is known of what was judged here")
    return records, len(whole)


def _record(line: bytes, number: int, path: Path) -> Mapping[str, Any]:
    try:
        record: Any = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise _problem(path, number, f"is not JSON: {error.msg}") from error
    kind = record.get("record") if isinstance(record, dict) else None
    wanted: Sequence[str] = ("session", "mutant", "lawful", "end") if number > 1 else ("header",)
    if kind not in wanted:
        raise _problem(path, number, f"is no record of {' or '.join(wanted)}", kind)
    problems = list(check(record, f"mutation-record#/$defs/{kind}", path, line=number))
    if problems:
        raise PackError(*problems)
    known: Mapping[str, Any] = record
    return known


def _problem(path: Path, line: int, message: str, value: object = None) -> PackError:
    hint = "give a file that assay mutate has written, or a name that is not taken"
    return PackError(Problem(file=str(path), line=line, message=message, value=value, hint=hint))
