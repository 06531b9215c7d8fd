"""The failures that a peer is known for, and which of these entries no longer hold."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reports.outcome import Outcome
from schemas import pointer
from schemas.errors import PackError, Problem
from schemas.files import line_of, read_checked
from schemas.selection import is_selected

__all__ = ["Entry", "Stale", "expired", "known_reasons", "read_baseline", "stale_entries"]


Entry = Mapping[str, Any]
"""An entry of a baseline, as its meta-schema has it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stale:
    """A baseline entry that has to go, and why: the rest of a sentence about the requirement.

    `expired` is whether its time is over; what it says may still be true.
    """

    requirement: str
    reason: str
    why: str
    expired: bool = False

    @property
    def sentence(self) -> str:
        what = "has expired" if self.expired else "is stale"
        return f"The baseline entry for {self.requirement} {what}: {self.why}."


def read_baseline(path: Path) -> tuple[Entry, ...]:
    """The entries of a file. Raises `PackError` where it is no baseline, or names one requirement
    twice: the two could contradict each other.
    """
    entries: list[Entry] = read_checked(path, "baseline")["known"]
    seen: set[str] = set()
    for index, entry in enumerate(entries):
        if entry["requirement"] in seen:
            steps = ["known", str(index), "requirement"]
            problem = Problem(
                file=str(path),
                line=line_of(path, steps),
                pointer=pointer.join(steps),
                message="has an entry already",
                value=entry["requirement"],
                hint="say it in one entry",
            )
            raise PackError(problem)
        seen.add(entry["requirement"])
    return tuple(entries)


def known_reasons(header: Mapping[str, Any]) -> dict[str, str]:
    """The reason for each requirement that may fail, without the entries that have expired."""
    return {
        entry["requirement"]: entry["reason"]
        for entry in header["baseline"]
        if not expired(entry, _day(header))
    }


def stale_entries(header: Mapping[str, Any], outcomes: Iterable[Outcome]) -> tuple[Stale, ...]:
    """The entries that expired, name no requirement, or whose requirement no longer fails.

    An entry outside of the run's selection is left alone: this run can say nothing about it. One
    that is told to be flaky may pass, and has its expiry to end it.
    """
    by_id = {outcome.id: outcome for outcome in outcomes}
    found = []
    for entry in header["baseline"]:
        outcome = by_id.get(entry["requirement"])
        why = _why_stale(entry, header, outcome)
        if why:
            found.append(
                Stale(
                    requirement=entry["requirement"],
                    reason=entry["reason"],
                    why=why,
                    expired=outcome is not None and expired(entry, _day(header)),
                )
            )
    return tuple(found)


def expired(entry: Entry, day: str) -> bool:
    """Was its last day over on that day of a run? Both are ISO dates, so that they compare as text.

    The day of the run decides and not today: a report made again later says the same.
    """
    return "expires" in entry and day > entry["expires"]


def _why_stale(entry: Entry, header: Mapping[str, Any], outcome: Outcome | None) -> str:
    if outcome is None:
        selected = is_selected(entry["requirement"], header["only"])
        return "there is no such requirement" if selected else ""
    if expired(entry, _day(header)):
        return f"it held until {entry['expires']}"
    if outcome.judged and outcome.verdict != "fail" and not entry.get("flaky"):
        return f"the requirement does not fail now, its verdict is {outcome.verdict}"
    return ""


def _day(header: Mapping[str, Any]) -> str:
    """The day on which a run began, in UTC."""
    return str(header["started"])[:10]
