"""A run in the words of programs that know tests: they have none for a warning, or for a doubt."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from reports.evidence import proof, proof_text
from reports.outcome import Found, Outcome, Verdict, findings
from reports.run import Run
from reports.text import plural, printable

__all__ = [
    "Status",
    "Trouble",
    "conclusion",
    "findings_text",
    "remark",
    "seconds",
    "status",
    "troubles",
]

_SHOWN = 20  # checks of one requirement

Status = Literal["passed", "failed", "known", "open", "skipped"]
"""`known`: it fails, as the baseline says. `open`: it could not be judged."""

_CONCLUSIONS = {
    "conformant": "Conformant",
    "nonconformant": "Not conformant",
    "inconclusive": "Inconclusive",
}
_STATUS: dict[Verdict, Status] = {
    "pass": "passed",
    "warn": "passed",  # what does not fail the run fails no build
    "fail": "failed",
    "inconclusive": "open",
    "not-applicable": "skipped",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """What keeps a run from being green and is no requirement; `ours` where no peer is to blame."""

    name: str
    message: str
    detail: str = ""
    ours: bool


def conclusion(run: Run) -> str:
    """What became of the run, in words that can begin a sentence."""
    return _CONCLUSIONS[run.verdict]


def status(outcome: Outcome) -> Status:
    """What a requirement is, as a test."""
    return "known" if outcome.known else _STATUS[outcome.verdict]


def remark(outcome: Outcome) -> str:
    """What there is to say about a requirement; empty where it passed and that is all."""
    if outcome.known:
        return f"known failure: {outcome.known}"
    if outcome.verdict in ("inconclusive", "not-applicable"):
        return f"{outcome.verdict}: {outcome.message}".removesuffix(": ")
    return outcome.message


def troubles(run: Run) -> Iterator[Trouble]:
    """Faults of ours, stale baseline entries, and whatever makes the run inconclusive.

    A report that left these out would show a run that was cut off as green.
    """
    for fault in run.faults:
        yield Trouble(
            name=f"fault of our own in {fault.check}",
            message=fault.message,
            detail=fault.traceback,
            ours=True,
        )
    for entry in run.stale:
        yield Trouble(name=f"baseline {entry.requirement}", message=entry.sentence, ours=False)
    if run.doubts:
        yield Trouble(
            name="the run can vouch for the peer", message=" ".join(run.doubts), ours=True
        )


def seconds(outcome: Outcome) -> float:
    """How long the answers took that the evidence shows: nothing else of its time is recorded."""
    return float(
        sum(
            exchange["seconds"]
            for check in outcome.checks
            for exchange in (check.evidence or {}).get("exchanges", [])
        )
    )


def findings_text(outcome: Outcome, run: Run, limit: int) -> str:
    """What checks found, with its evidence, as plain text: as much as anybody reads.

    Bodies are cut after `limit` characters.
    """
    found = findings([outcome])
    texts = [_finding(each, run, limit) for each in found[:_SHOWN]]
    if len(found) > _SHOWN:
        texts.append(f"and {plural(len(found) - _SHOWN, 'more check')}: see results.json")
    return printable("\n\n".join(texts))


def _finding(found: Found, run: Run, limit: int) -> str:
    check, replay = found.check, run.replaying(found.name)
    times = f" ({check.times} times)" if check.times > 1 else ""
    evidence = proof_text(proof(check.evidence, run.header["role"], limit, replay=replay))
    return f"{check.verdict} {check.name}{times}: {check.message}\n{evidence}".rstrip()
