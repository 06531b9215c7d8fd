"""The lines of run.jsonl, each held against the meta-schema `run-record`, one at a time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import orjson

from reports.fetched import Fetched
from reports.outcome import Check
from schemas.errors import PackError, Problem
from schemas.files import check

__all__ = ["Records", "read_records"]

_ROOM = 16_000_000
"""Bytes of lines whose evidence is held in memory. What comes after stays in the file."""

_KINDS = ("header", "verdict", "coverage", "ended", "error", "footer")

_LEFT_OUT: Mapping[str, Any] = {"exchanges": []}
"""In the place of evidence that is not kept: which message a check shows follows from evidence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Records:
    """What a run.jsonl holds.

    `checks` are its verdicts by requirement: one `Check` for each name and verdict, in the order
    in which they first fell. `covered` are the statuses that were answered, by operation, and
    `messages` the ids of those that the peer sent, both as far as they were recorded. `cut` is the
    number, from 1, of a last line that was cut off, or 0; its content is lost.
    """

    header: Mapping[str, Any]
    checks: Mapping[str, tuple[Check, ...]]
    errors: tuple[Mapping[str, Any], ...]
    footer: Mapping[str, Any] | None
    covered: Mapping[str, frozenset[str]]
    messages: frozenset[str]
    lines: int
    cut: int


def read_records(path: Path, *, evidence: bool = True) -> Records:
    """Every record of a run.jsonl, of which no more than a line is held besides what is kept.

    Without `evidence` none is kept: for who compares verdicts and shows no transcript. A last line
    that is not JSON was being written when the run died: it is left out and `cut` says so. Raises
    `PackError` with file and line where the file cannot be read, is no run, or is broken anywhere
    else.
    """
    kept = _Kept(path=path, evidence=evidence)
    number = cut = 0
    for number, record, length in _numbered(path):
        if record is None:
            cut = number
        else:
            _hold(record, number, kept, path)
            kept.add(record, length)
    if not number:
        raise _problem(path, 0, "is empty: no run was recorded here")
    if kept.header is None:
        raise _problem(path, 1, "the header is cut off: of this run nothing is known")
    return Records(
        header=kept.header,
        checks={name: tuple(found.values()) for name, found in kept.checks.items()},
        errors=tuple(kept.errors),
        footer=kept.footer,
        covered={name: frozenset(found) for name, found in kept.covered.items()},
        messages=frozenset(kept.messages),
        lines=number,
        cut=cut,
    )


@dataclass(slots=True, kw_only=True)
class _Kept:
    """What is kept of the records so far, which take `read` bytes of the file."""

    path: Path
    evidence: bool
    read: int = 0
    header: Mapping[str, Any] | None = None
    footer: Mapping[str, Any] | None = None
    checks: dict[str, dict[tuple[str, str], Check]] = field(
        default_factory=lambda: defaultdict(dict)
    )
    errors: list[Mapping[str, Any]] = field(default_factory=list)
    covered: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    messages: set[str] = field(default_factory=set)

    def add(self, record: Mapping[str, Any], length: int) -> None:
        """A record whose line is `length` bytes long."""
        kind = record["record"]
        if kind == "header":
            self.header = record
        elif kind == "footer":
            self.footer = record
        elif kind == "error":
            self.errors.append(record)
        elif kind == "coverage":
            self._coverage(record)
        elif kind == "verdict":
            self._verdict(record, length)
        self.read += length

    def _coverage(self, record: Mapping[str, Any]) -> None:
        for operation, statuses in record["answers"].items():
            self.covered[operation].update(statuses)
        self.messages.update(record["messages"])

    def _verdict(self, record: Mapping[str, Any], length: int) -> None:
        found = self.checks[record["requirement"]]
        key = (record["check"], record["verdict"])
        told: Mapping[str, Any] | None = record.get("evidence")
        if told and self.evidence and self.read + length > _ROOM:
            told = Fetched(self.path, self.read, length)
        new = Check(
            name=record["check"],
            verdict=record["verdict"],
            message=record["message"],
            evidence=told if self.evidence or not told else _LEFT_OUT,
            at=record["at"],
        )
        old = found.get(key)
        if old is not None:
            # A message belongs to its evidence: they are kept, or replaced, together.
            better = new if new.evidence and not old.evidence else old
            new = replace(better, times=old.times + 1)
        found[key] = new


def _numbered(path: Path) -> Iterator[tuple[int, Any, int]]:
    """The lines with their numbers, from 1, and their lengths in bytes; `None` for a last line that
    was cut off.
    """
    try:
        with path.open("rb") as lines:
            for number, line in enumerate(lines, start=1):
                try:
                    record = orjson.loads(line)
                except orjson.JSONDecodeError as error:
                    if number == 1 and not line.startswith(b"{"):
                        message = "is not a run: it does not begin with a header"
                        raise _problem(path, 1, message) from error
                    if next(lines, None) is not None:
                        message = f"is not JSON: {error.msg}"
                        raise _problem(path, number, message) from error
                    yield number, None, len(line)
                    return
                yield number, record, len(line)
    except OSError as error:
        raise _problem(path, 0, f"cannot be read: {error.strerror or error}") from error


def _hold(record: Any, number: int, kept: _Kept, path: Path) -> None:
    """Raises `PackError` where a record is not legal, or not legal at this place."""
    kind = record.get("record") if isinstance(record, dict) else None
    if number == 1 and kind != "header":
        raise _problem(path, 1, "is not a run: it does not begin with a header", kind)
    if kept.footer is not None:
        raise _problem(path, number, "a record after the footer: one file holds one run")
    if kind not in _KINDS:
        raise _problem(path, number, f"is no record: none of {', '.join(_KINDS)}", kind)
    if kind == "header" and number > 1:
        raise _problem(path, number, "a second header: one file holds one run")
    problems = list(check(record, f"run-record#/$defs/{kind}", path, line=number))
    if problems:
        raise PackError(*problems)


def _problem(path: Path, line: int, message: str, value: object = None) -> PackError:
    hint = "give the run.jsonl that a run of assay has written"
    return PackError(Problem(file=str(path), line=line, message=message, value=value, hint=hint))
