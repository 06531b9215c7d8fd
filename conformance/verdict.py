"""Verdicts, the evidence for them, and what a broken requirement counts as."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal

from conformance.exchange import Exchange, shell_commands
from conformance.frames import Frame
from conformance.masking import Masker
from schemas.spec import Requirement

if TYPE_CHECKING:
    from conformance.replay.lead import Lead

__all__ = ["ABSENT", "Evidence", "Finding", "VerdictName", "broken", "now"]

VerdictName = Literal["pass", "fail", "warn", "inconclusive", "not-applicable"]


class _Absent:
    def __repr__(self) -> str:
        return "nothing"


ABSENT: Any = _Absent()
"""Stands where nothing is expected, or nothing was found: `None` is a value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What shows a verdict: exchanges and frames in order, the places, what should stand there.

    `pointers` point into the body that is judged: the peer's last frame where there are frames,
    else the last exchange's answer where the coordinator is judged, its request where the agent is.
    """

    exchanges: Sequence[Exchange] = ()
    frames: Sequence[Frame] = ()
    pointers: Sequence[str] = ()
    expected: Any = ABSENT
    actual: Any = ABSENT
    lead: Lead | None = None
    """What led to it, where that was kept."""

    def record(self, mask: Masker) -> dict[str, Any]:
        """As it stands in run.jsonl."""
        record: dict[str, Any] = {
            "exchanges": [exchange.record(mask) for exchange in self.exchanges]
        }
        if self.frames:
            record["frames"] = [frame.record(mask) for frame in self.frames]
        if self.pointers:
            record["pointers"] = list(self.pointers)
        if self.expected is not ABSENT:
            record["expected"] = mask.json(self.expected)
        if self.actual is not ABSENT:
            record["actual"] = mask.json(self.actual)
        commands = shell_commands(self.exchanges, mask)
        if commands:
            record["reproduce"] = commands
        return record


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One check's word on one requirement."""

    requirement: str
    check: str
    verdict: VerdictName
    message: str = ""
    evidence: Evidence = field(default_factory=Evidence)

    def record(self, mask: Masker) -> dict[str, Any]:
        """As it stands in run.jsonl. A pass needs no evidence."""
        record: dict[str, Any] = {
            "record": "verdict",
            "at": now(),
            "requirement": self.requirement,
            "check": self.check,
            "verdict": self.verdict,
            "message": mask.text(self.message),
        }
        if self.verdict in ("fail", "warn"):
            record["evidence"] = self.evidence.record(mask)
            lead = self.evidence.lead
            if lead is not None and lead.is_first(self.requirement, self.check):
                record["evidence"] |= lead.record([*self.evidence.exchanges, *self.evidence.frames])
        return record


def broken(requirement: Requirement, *, strict: bool) -> VerdictName:
    """What it counts as when a peer breaks this requirement.

    A MUST that the document states or shows fails the peer. One that is only implied warns, as a
    SHOULD does, unless the run is strict. A MAY cannot be broken.
    """
    if requirement.level == "MAY":
        return "pass"
    if requirement.level == "MUST" and (strict or requirement.basis != "implied"):
        return "fail"
    return "warn"


def now() -> str:
    """The present time as run.jsonl writes it (UTC, to the millisecond)."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
