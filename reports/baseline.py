"""The failures that a peer is known for, and which of these entries no longer hold."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from reports.outcome import Outcome

__all__ = ["Stale", "known_reasons", "stale_entries"]


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


def known_reasons(header: Mapping[str, Any]) -> dict[str, str]:
    """The reason for each requirement that may fail, without the entries that have expired."""
    return {
        entry["requirement"]: entry["reason"]
        for entry in header["baseline"]
        if not _expired(entry, header)
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
                    expired=outcome is not None and _expired(entry, header),
                )
            )
    return tuple(found)


def _why_stale(entry: Mapping[str, Any], header: Mapping[str, Any], outcome: Outcome | None) -> str:
    if outcome is None:
        selected = fnmatchcase(entry["requirement"], header["only"])
        return "there is no such requirement" if selected else ""
    if _expired(entry, header):
        return f"it held until {entry['expires']}"
    if outcome.judged and outcome.verdict != "fail" and not entry.get("flaky"):
        return f"the requirement does not fail now, its verdict is {outcome.verdict}"
    return ""


def _expired(entry: Mapping[str, Any], header: Mapping[str, Any]) -> bool:
    """The day of the run decides and not today: a report made again later says the same.

    Both are ISO dates, the run's in UTC, so that they compare as text.
    """
    return "expires" in entry and header["started"][:10] > entry["expires"]
