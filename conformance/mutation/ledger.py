"""The file that mutants are written to as they are judged: what is in it is not judged again."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import conformance
from conformance.context import RunContext
from conformance.recorder import ASSAY_VERSION, Recorder
from conformance.verdict import now
from schemas.spec import Protocol, Requirement

__all__ = ["Ledger", "header", "state_of_suite"]

_JUDGES = ("conformance", "mockserver", "schemas")
_SOURCES = {".py", ".yaml", ".json", ".proto", ".ini", ".binpb"}


def state_of_suite() -> str:
    """A digest of all that a verdict depends on: the suite, the mock, the protocols."""
    home = Path(conformance.__file__).resolve().parent.parent
    files = sorted(
        path
        for room in _JUDGES
        for path in (home / room).rglob("*")
        if path.suffix in _SOURCES and path.is_file()
    )
    digest = hashlib.sha256()
    for path in files:
        digest.update(f"{path.relative_to(home).as_posix()}\0".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def header(
    context: RunContext, protocol: Protocol, requirements: Iterable[Requirement]
) -> dict[str, Any]:
    """What the file is about, but for when it was begun."""
    names = ("id", "level", "basis", "section", "text")
    return {
        "record": "header",
        "format": 1,
        "assay": ASSAY_VERSION,
        "protocol": {"id": protocol.id, "title": protocol.title, "version": protocol.version},
        "role": context.role,
        "profile": context.profile,
        "strict": context.strict,
        "seed": context.seed,
        "started": now(),
        "requirements": [
            {name: getattr(row, name) for name in names}
            for row in requirements
            if context.selects(row)
        ],
    }


class Ledger:
    """Appends records to a file; each is on disk before the next mutant is begun.

    `length` is how many bytes of what is there are whole lines: a rest of one is taken away first.
    Raises `OSError` where the file cannot be written.
    """

    def __init__(self, path: Path, length: int) -> None:
        if path.exists():
            os.truncate(path, length)
        self._recorder = Recorder(path)

    def write(self, record: Mapping[str, Any]) -> None:
        self._recorder.write(record)

    def close(self) -> None:
        self._recorder.close()
