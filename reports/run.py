"""A recorded run: what was judged, what was found, and what follows from it."""

from __future__ import annotations

import shlex
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from reports.baseline import Stale, known_reasons, stale_entries
from reports.outcome import VERDICTS, Check, Found, Outcome, Verdict, findings, judge
from reports.record import Records, read_records
from reports.text import listing, percent, plural

__all__ = ["Conclusion", "Fault", "Run"]

Conclusion = Literal["conformant", "nonconformant", "inconclusive"]

_ENDINGS = {
    "complete": "The run came to its end",
    "interrupted": "The run was interrupted",
    "unreachable": "The peer could not be reached",
    "broken": "The run broke off by a fault of our own",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Something that went wrong in Assay itself; it says nothing about the peer."""

    check: str
    message: str
    traceback: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A run.jsonl, understood.

    `header` and `footer` are the records themselves; `footer` is `None` where the run died before
    writing it. `requirements` are all that the header names, in its order. `ending` is a sentence
    that says how the run ended. `stale` are the baseline entries that no longer hold. `covered`
    are the statuses that were answered, by operation, and `messages` the ids of those that the
    peer sent: of an older record, none.
    """

    path: Path
    header: Mapping[str, Any]
    footer: Mapping[str, Any] | None
    requirements: tuple[Outcome, ...]
    faults: tuple[Fault, ...]
    stale: tuple[Stale, ...]
    ending: str
    covered: Mapping[str, frozenset[str]]
    messages: frozenset[str]

    @classmethod
    def read(cls, path: Path, *, evidence: bool = True) -> Run:
        """The run that `path` holds, even if it was cut off; its checks without their `evidence`
        for who does not show it, which takes far less memory.

        Raises `schemas.PackError`, with file and line, for what is no run or is broken.
        """
        records = read_records(path, evidence=evidence)
        ending = _ending(records)
        outcomes = tuple(_outcomes(records, ending))
        return cls(
            path=path,
            header=records.header,
            footer=records.footer,
            requirements=outcomes,
            faults=tuple(_faults(records)),
            stale=stale_entries(records.header, outcomes),
            ending=ending,
            covered=records.covered,
            messages=records.messages,
        )

    @property
    def address(self) -> str:
        """The peer's URL; empty where it has none, or where its name already says it."""
        peer = self.header["peer"]
        url = str(peer.get("url", ""))
        return "" if url in peer["name"] else url

    @property
    def complete(self) -> bool:
        """Did the run come to its end?"""
        return self.footer is not None and self.footer["reason"] == "complete"

    @property
    def counts(self) -> dict[Verdict, int]:
        """How many requirements came to each verdict; every verdict is there."""
        found = Counter(outcome.verdict for outcome in self.requirements)
        return {verdict: found[verdict] for verdict in VERDICTS}

    @property
    def applicable(self) -> int:
        """The denominator of every share: all requirements but the not-applicable ones."""
        return len(self.requirements) - self.counts["not-applicable"]

    @property
    def judged(self) -> int:
        """How many requirements a check came to an opinion about."""
        return sum(outcome.judged for outcome in self.requirements)

    @property
    def conformance_percent(self) -> str:
        """The share of the applicable requirements that passed."""
        return percent(self.counts["pass"], self.applicable)

    @property
    def judged_percent(self) -> str:
        """The share of the applicable requirements that were judged."""
        return percent(self.judged, self.applicable)

    @property
    def known(self) -> tuple[Outcome, ...]:
        """The failures that the baseline expects."""
        return tuple(outcome for outcome in self.requirements if outcome.known)

    @property
    def unexpected(self) -> tuple[Outcome, ...]:
        """The failures that the baseline does not expect."""
        return tuple(
            outcome
            for outcome in self.requirements
            if outcome.verdict == "fail" and not outcome.known
        )

    @property
    def findings(self) -> tuple[Found, ...]:
        """All findings that break a requirement, in the order of reports."""
        return findings(self.requirements)

    def replay(self, outcome: Outcome, check: Check) -> str:
        """The command that says again what led to a finding; empty where nothing is broken."""
        names = (each.name for each in findings([outcome]) if each.check is check)
        name = next(names, "")
        return self.replaying(name) if name else ""

    def replaying(self, name: str) -> str:
        """The command that says again what led to the finding of that name."""
        path = self.path.parent if self.path.name == "run.jsonl" else self.path
        return shlex.join(["assay", "replay", str(path), name])

    @property
    def evidences(self) -> Iterator[Mapping[str, Any] | None]:
        """The evidence of every check."""
        return (check.evidence for outcome in self.requirements for check in outcome.checks)

    @property
    def causes(self) -> list[tuple[str, tuple[Outcome, ...]]]:
        """Why requirements stayed inconclusive, the most frequent cause first."""
        groups: dict[str, list[Outcome]] = defaultdict(list)
        for outcome in self.requirements:
            if outcome.verdict == "inconclusive":
                groups[outcome.message or "No cause was given."].append(outcome)
        pairs = [(cause, tuple(outcomes)) for cause, outcomes in groups.items()]
        return sorted(pairs, key=lambda pair: -len(pair[1]))

    @property
    def doubts(self) -> tuple[str, ...]:
        """Sentences that say why the run cannot vouch for the peer, whatever failed."""
        return tuple(_doubts(self))

    @property
    def because(self) -> tuple[str, ...]:
        """Sentences that say why the verdict is not `conformant`; empty where it is."""
        return (*_breaches(self), *self.doubts)

    @property
    def verdict(self) -> Conclusion:
        """`nonconformant` if the peer broke its word or the baseline no longer tells the truth,
        `inconclusive` if the run cannot vouch for the peer, else `conformant`.
        """
        # From the very sentences that explain it: the two can't come to contradict each other.
        if any(_breaches(self)):
            return "nonconformant"
        return "inconclusive" if self.doubts else "conformant"

    @property
    def exit_code(self) -> int:
        """0 conformant, 1 not, 3 the peer was not reached, 4 a fault of our own and no failure."""
        reason = self.footer["reason"] if self.footer else ""
        if reason == "unreachable":
            return 3
        if (self.faults or reason == "broken") and self.verdict != "nonconformant":
            return 4
        return 0 if self.verdict == "conformant" else 1


def _outcomes(records: Records, ending: str) -> Iterator[Outcome]:
    header = records.header
    complete = records.footer is not None and records.footer["reason"] == "complete"
    unjudged = (
        "No check judged it." if complete else f"The run ended before it was judged. {ending}"
    )
    known = known_reasons(header)
    for row in header["requirements"]:
        checks = records.checks.get(row["id"], ())
        if row.get("on_sight") and not checks:
            continue
        yield judge(row, checks, unjudged=unjudged, known=known.get(row["id"], ""))


def _faults(records: Records) -> Iterator[Fault]:
    """The error records, and the verdicts on requirements that the header does not know.

    Such a verdict is a mistake of ours. To drop it could hide a failure.
    """
    for error in records.errors:
        yield Fault(check=error["check"], message=error["message"], traceback=error["traceback"])
    listed = {row["id"] for row in records.header["requirements"]}
    for requirement, checks in records.checks.items():
        for check in checks if requirement not in listed else ():
            message = (
                f"judged {requirement} ({check.verdict}), which the header of the run does not list"
            )
            yield Fault(check=check.name, message=message, traceback="")


def _ending(records: Records) -> str:
    if records.footer is not None:
        said = records.footer["message"].strip()
        sentence = _ENDINGS[records.footer["reason"]]
        return f"{sentence}: {said.rstrip('.')}." if said else f"{sentence}."
    if records.cut:
        return f"The run has no footer: it was cut off in line {records.cut} of its record."
    return f"The run has no footer: its record ends after line {records.lines}."


def _breaches(run: Run) -> Iterator[str]:
    """Why the run is nonconformant."""
    if run.unexpected:
        count = len(run.unexpected)
        verb = "fails" if count == 1 else "fail"
        beyond = " beyond the baseline" if run.header["baseline"] else ""
        names = listing([outcome.id for outcome in run.unexpected])
        yield f"{plural(count, 'requirement')} {verb}{beyond}: {names}."
    for entry in run.stale:
        yield entry.sentence


def _doubts(run: Run) -> Iterator[str]:
    """Why the run cannot vouch for the peer."""
    if not run.complete:
        yield run.ending
    if run.faults:
        names = listing(list(dict.fromkeys(fault.check for fault in run.faults)))
        yield f"{plural(len(run.faults), 'fault')} of our own got in the way, in {names}."
    if not run.judged:
        yield "No requirement was judged."
        return  # that no capability shows a pass goes without saying
    own = {row["id"] for row in run.header["requirements"] if row.get("own")}
    for outcome in run.requirements:
        if outcome.id in own and outcome.verdict == "inconclusive":
            yield f"{outcome.id} was not played to its end: {outcome.message.rstrip('.')}."
    for capability in run.header["claimed"]:
        verdicts = [row.verdict for row in run.requirements if row.capability == capability]
        # A capability without any requirement in the selection can't be held against the peer.
        if verdicts and "pass" not in verdicts:
            selected = plural(len(verdicts), "requirement")
            yield f"The peer claims {capability}, but of its {selected} here none passed."
