"""Keeps what passes: in memory, and line by line in a file that outlives a crash."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import orjson

from conformance.proxy.watch import Passed
from conformance.recording.concealing import Concealer
from conformance.recording.document import scenario_of
from conformance.recording.records import Record, dump, parse, record_of
from schemas.arazzo.writer import to_yaml
from schemas.errors import PackError, Problem
from schemas.spec import Protocol, Requirement

__all__ = ["Keeper", "read_part", "write_scenario"]

_FORMAT = 1


class Keeper:
    """Writes to `part`, a new file. Raises `OSError` where it cannot be made.

    A request is written when it has passed, and again with its answer: the last line of a number
    counts. No line holds a secret that was known when it was written.
    """

    def __init__(self, part: Path, protocol: Protocol, concealer: Concealer) -> None:
        self.part = part
        self._concealer = concealer
        self._records: dict[int, Record] = {}
        self._file = part.open("xb")
        self._write(orjson.dumps({"assay-recording": _FORMAT, "protocol": protocol.id}))

    def keep(self, passed: Passed) -> None:
        """Keep what passed, where it is worth it."""
        record = record_of(passed)
        if record is not None:
            hidden = self._concealer.record(record)
            self._records[record.number] = hidden
            self._write(dump(hidden))

    def records(self) -> list[Record]:
        """All that was kept, without the secrets that became known later."""
        return [self._concealer.record(record) for record in self._records.values()]

    def close(self) -> None:
        self._file.close()

    def _write(self, line: bytes) -> None:
        self._file.write(line + b"\n")
        self._file.flush()


def read_part(path: Path, protocol: Protocol) -> list[Record]:
    """What such a file holds; a last line that was cut off is left out. Raises `PackError`."""
    try:
        lines = path.read_bytes().split(b"\n")
    except OSError as error:
        raise _problem(path, f"cannot be read: {error.strerror}") from error
    _check_head(path, lines[0], protocol)
    records: dict[int, Record] = {}
    for number, line in enumerate(lines[1:-1], start=2):  # what is behind the last end was cut off
        try:
            record = parse(line)
        except ValueError as error:
            raise _problem(path, str(error), line=number) from error
        records[record.number] = record
    return list(records.values())


def _check_head(path: Path, line: bytes, protocol: Protocol) -> None:
    try:
        head = orjson.loads(line)
    except ValueError:
        head = None
    if not isinstance(head, dict) or head.get("assay-recording") != _FORMAT:
        raise _problem(path, "is no recording", hint="give the .part file of one", line=1)
    if head.get("protocol") != protocol.id:
        message = f"is a recording of {head.get('protocol')}, and not of {protocol.id}"
        raise _problem(path, message, line=1)


def write_scenario(
    out: Path,
    records: Sequence[Record],
    protocol: Protocol,
    requirements: Mapping[str, Requirement],
) -> int:
    """Write the scenario as a whole, and return the number of its steps.

    Raises `ValueError` where there is nothing to tell, and `OSError`.
    """
    document = scenario_of(records, protocol, requirements)
    beside = out.with_name(f".{out.name}.new")
    beside.write_text(to_yaml(document), "utf-8")
    beside.replace(out)
    return len(document["workflows"][0]["steps"])


def _problem(path: Path, message: str, *, hint: str = "", line: int = 0) -> PackError:
    return PackError(Problem(file=str(path), message=message, hint=hint, line=line))
