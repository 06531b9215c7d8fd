"""What the mock thinks of its client so far: each requirement that a message touched."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from functools import cached_property
from typing import Any

from mockserver.transcript import Entry, Frame
from schemas.errors import PackError
from schemas.loader import load_requirements
from schemas.spec import Protocol
from schemas.validation import PlaceIndex, Violation

__all__ = ["Judge"]


class Judge:
    """Holds what a client sent against the requirements that speak of its messages.

    The requirements are read when somebody first asks: the mock starts without them.
    """

    def __init__(self, protocol: Protocol) -> None:
        self._protocol = protocol

    @cached_property
    def _places(self) -> PlaceIndex:
        rows = load_requirements(self._protocol).values()
        return PlaceIndex(row for row in rows if row.role == "agent")

    def broken(self, entry: Entry) -> list[str]:
        """The requirements that one request or message breaks, by id; none where the pack's
        cannot be read: a log tells of messages, and ends no connection over a file.
        """
        with contextlib.suppress(PackError):
            return self._broken(entry)
        return []

    def _broken(self, entry: Entry) -> list[str]:
        subject = _subject(entry)
        found = {
            row.id
            for violation in _of_the_body(entry)
            if (row := self._places.owner(subject, "", violation.pointer)) is not None
        }
        return sorted(found)

    def judge(self, entries: Iterable[Entry]) -> dict[str, Any]:
        """Every requirement that was touched: its verdict, how often, and what broke it first."""
        verdicts: dict[str, dict[str, Any]] = {}
        for said in entries:
            try:
                message = said.json()
            except ValueError:
                continue
            if isinstance(said, Frame) and said.sender != "agent":
                continue
            wrong = _of_the_body(said)
            findings = self._places.judge(_subject(said), "", message, wrong)
            for finding in findings:
                row = finding.requirement
                entry = verdicts.setdefault(
                    row.id, {"verdict": "pass", "text": row.text, "seen": 0, "violations": []}
                )
                entry["seen"] += 1
                if finding.violations and entry["verdict"] == "pass":
                    entry["verdict"] = "warn" if row.basis == "implied" else "fail"
                    entry["violations"] = [str(violation) for violation in finding.violations]
                    kind = "frame" if isinstance(said, Frame) else "exchange"
                    entry[kind] = said.number
        return {"verdicts": dict(sorted(verdicts.items()))}


def _subject(entry: Entry) -> str:
    return entry.message if isinstance(entry, Frame) else entry.operation


def _of_the_body(entry: Entry) -> list[Violation]:
    """Those that a place can own: not of the path, and not that it is no JSON at all."""
    return [
        violation
        for violation in entry.violations
        if violation.keyword != "json" and not violation.pointer.startswith("/path/")
    ]
