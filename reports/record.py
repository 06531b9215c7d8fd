"""The lines of run.jsonl, each held against the meta-schema `run-record`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from schemas.errors import PackError, Problem
from schemas.files import check

__all__ = ["Records", "read_records"]

_KINDS = ("header", "verdict", "ended", "error", "footer")


@dataclass(frozen=True, slots=True, kw_only=True)
class Records:
    """What a run.jsonl holds, by kind and otherwise in the order of the file.

    `cut` is the number, from 1, of a last line that was cut off, or 0; its content is lost.
    """

    header: Mapping[str, Any]
    verdicts: tuple[Mapping[str, Any], ...]
    errors: tuple[Mapping[str, Any], ...]
    footer: Mapping[str, Any] | None
    lines: int
    cut: int


def read_records(path: Path) -> Records:
    """Every record of a run.jsonl.

    A last line that is not JSON was being written when the run died: it is left out and `cut`
    says so. Raises `PackError` with file and line where the file cannot be read, is no run, or
    is broken anywhere else.
    """
    lines = _lines(path)
    records, cut = _parse(lines, path)
    if not records:
        raise _problem(path, 1, "the header is cut off: of this run nothing is known")
    for number, record in enumerate(records, start=1):
        _hold(record, number, len(records), path)
    return Records(
        header=records[0],
        verdicts=tuple(record for record in records if record["record"] == "verdict"),
        errors=tuple(record for record in records if record["record"] == "error"),
        footer=records[-1] if records[-1]["record"] == "footer" else None,
        lines=len(lines),
        cut=cut,
    )


def _lines(path: Path) -> list[bytes]:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise _problem(path, 0, f"cannot be read: {error.strerror or error}") from error
    if not content:
        raise _problem(path, 0, "is empty: no run was recorded here")
    return content.removesuffix(b"\n").split(b"\n")


def _parse(lines: list[bytes], path: Path) -> tuple[list[dict[str, Any]], int]:
    """The records, and the number of the last line if it was cut off."""
    records = []
    for number, line in enumerate(lines, start=1):
        try:
            records.append(orjson.loads(line))
        except orjson.JSONDecodeError as error:
            if number == 1 and not line.startswith(b"{"):
                raise _problem(path, 1, "is not a run: it does not begin with a header") from error
            if number < len(lines):
                raise _problem(path, number, f"is not JSON: {error.msg}") from error
            return records, number
    return records, 0


def _hold(record: Any, number: int, count: int, path: Path) -> None:
    """Raises `PackError` where a record is not legal, or not legal at this place."""
    kind = record.get("record") if isinstance(record, dict) else None
    if number == 1 and kind != "header":
        raise _problem(path, 1, "is not a run: it does not begin with a header", kind)
    if kind not in _KINDS:
        raise _problem(path, number, f"is no record: none of {', '.join(_KINDS)}", kind)
    if kind == "header" and number > 1:
        raise _problem(path, number, "a second header: one file holds one run")
    if kind == "footer" and number < count:
        raise _problem(path, number + 1, "a record after the footer: one file holds one run")
    problems = list(check(record, f"run-record#/$defs/{kind}", path, line=number))
    if problems:
        raise PackError(*problems)


def _problem(path: Path, line: int, message: str, value: object = None) -> PackError:
    hint = "give the run.jsonl that a run of assay has written"
    return PackError(Problem(file=str(path), line=line, message=message, value=value, hint=hint))
