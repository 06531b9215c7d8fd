"""What became of one requirement: the checks that judged it, and the verdict that follows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from schemas.spec import Basis, Level

__all__ = ["VERDICTS", "Check", "Found", "Outcome", "Verdict", "findings", "judge"]

Verdict = Literal["pass", "fail", "warn", "inconclusive", "not-applicable"]

VERDICTS: tuple[Verdict, ...] = ("fail", "warn", "pass", "inconclusive", "not-applicable")
"""In the order in which they decide: one failed check outweighs any number of passed ones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One check's verdict on one requirement; `times` is how often it came to it.

    `message` and `evidence` are those of the first time that had evidence, else of the first.
    """

    name: str
    verdict: Verdict
    message: str
    evidence: Mapping[str, Any] | None
    times: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """A requirement with everything that was found about it.

    `message` is the finding that decided the verdict, and for a requirement that nothing judged
    the reason why. `known` is the baseline's reason for expecting this failure, else empty.
    """

    id: str
    level: Level
    basis: Basis
    section: str
    text: str
    capability: str
    verdict: Verdict
    message: str
    checks: tuple[Check, ...]
    known: str = ""

    @property
    def judged(self) -> bool:
        """Did a check come to an opinion?"""
        return self.verdict in ("pass", "warn", "fail")

    @property
    def by_weight(self) -> list[Check]:
        """The checks, those that decided first."""
        return sorted(self.checks, key=lambda check: VERDICTS.index(check.verdict))


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One finding that breaks a requirement, as it is called on a command line: by its `number`, or
    by its `name`, which is the requirement's id, with `#2` for the second finding of it.
    """

    number: int
    name: str
    outcome: Outcome
    check: Check


def findings(outcomes: Iterable[Outcome]) -> tuple[Found, ...]:
    """All that fail or warn, in the order of reports: what fails comes first."""
    found: list[Found] = []
    for outcome in sorted(outcomes, key=lambda each: (bool(each.known), each.verdict == "warn")):
        broken = [check for check in outcome.by_weight if check.verdict in ("fail", "warn")]
        for nth, check in enumerate(broken, start=1):
            name = outcome.id if nth == 1 else f"{outcome.id}#{nth}"
            found.append(Found(number=len(found) + 1, name=name, outcome=outcome, check=check))
    return tuple(found)


def judge(
    row: Mapping[str, Any], checks: tuple[Check, ...], *, unjudged: str, known: str
) -> Outcome:
    """The outcome of a requirement of the header, from the checks that speak of it.

    `unjudged` is the message where there are none; `known` the baseline's reason, which counts
    only if the requirement fails.
    """
    deciding = min(checks, key=lambda check: VERDICTS.index(check.verdict), default=None)
    verdict = deciding.verdict if deciding else "inconclusive"
    return Outcome(
        id=row["id"],
        level=row["level"],
        basis=row["basis"],
        section=row["section"],
        text=row["text"],
        capability=row["capability"],
        verdict=verdict,
        message=deciding.message if deciding else unjudged,
        checks=checks,
        known=known if verdict == "fail" else "",
    )
