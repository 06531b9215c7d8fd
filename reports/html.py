"""report.html: one file that shows a run to people, without network and even without JavaScript."""

from __future__ import annotations

import shlex
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from reports.evidence import Proof, fair_limit, proof
from reports.files import write_whole
from reports.outcome import Check, Outcome, Verdict
from reports.page import page
from reports.run import Run

__all__ = ["html", "write_html"]

_OPEN = 5  # with more failures than this, all begin folded
_LISTED = 20  # failures that the head of the page names

_WORDS: dict[Verdict, str] = {
    "fail": "fail",
    "warn": "warn",
    "pass": "pass",
    "inconclusive": "inconclusive",
    "not-applicable": "not applicable",
}
_CONCLUSIONS = {
    "conformant": "Conformant",
    "nonconformant": "Not conformant",
    "inconclusive": "Inconclusive",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Section:
    """A section of the protocol's document with its requirements."""

    title: str
    outcomes: Sequence[Outcome]
    counts: Sequence[tuple[Verdict, int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Bar:
    """One stretch of the bar of verdicts; `x` and `width` in thousandths of the whole."""

    verdict: Verdict
    x: float
    width: float


def html(run: Run) -> str:
    """The page. Every text in it that came from a peer is escaped and stripped of controls."""
    return page(
        "report.html.j2",
        style="report.css",
        script="report.js",
        run=run,
        header=run.header,
        footer=run.footer,
        counts=run.counts,
        words=_WORDS,
        conclusion=_CONCLUSIONS[run.verdict],
        sections=list(_sections(run)),
        listed=_LISTED,
        bars=list(_bars(run)),
        facts=list(_facts(run)),
        unfolded={outcome.id for outcome in run.unexpected}
        if len(run.unexpected) <= _OPEN
        else set(),
        proof=_prover(run),
    )


def write_html(run: Run, path: Path) -> None:
    """Writes report.html, whole or not at all. Raises `OSError`."""
    write_whole(path, html(run).encode())


def _prover(run: Run) -> Callable[[Check], Proof]:
    limit, role = fair_limit(run.evidences), run.header["role"]
    commands = {
        id(check): run.replay(outcome, check)
        for outcome in run.requirements
        for check in outcome.checks
    }
    return lambda check: proof(check.evidence, role, limit, replay=commands[id(check)])


def _sections(run: Run) -> Iterator[_Section]:
    sections: dict[str, list[Outcome]] = defaultdict(list)
    for outcome in run.requirements:
        sections[outcome.section].append(outcome)
    for title, outcomes in sections.items():
        verdicts = [outcome.verdict for outcome in outcomes]
        counts = [(verdict, verdicts.count(verdict)) for verdict in _WORDS if verdict in verdicts]
        yield _Section(title=title, outcomes=outcomes, counts=counts)


def _bars(run: Run) -> Iterator[_Bar]:
    """The applicable requirements as one bar, what passed first."""
    x = 0.0
    order: tuple[Verdict, ...] = ("pass", "warn", "fail", "inconclusive")
    for verdict in order:
        width = 1000 * run.counts[verdict] / (run.applicable or 1)
        if width:
            yield _Bar(verdict=verdict, x=round(x, 2), width=round(width, 2))
        x += width


def _facts(run: Run) -> Iterator[tuple[str, str]]:
    """What one needs to know to judge the report, or to make it again."""
    header = run.header
    yield "Protocol", f"{header['protocol']['title']} {header['protocol']['version']}"
    yield "Document", header["protocol"]["document"]
    yield from _peer_facts(header["peer"])
    yield "Seed", str(header["seed"])
    yield "Profile", header["profile"] + (", strict" if header["strict"] else "")
    yield "Selection", "all requirements" if header["only"] == "*" else header["only"]
    yield "Claimed", ", ".join(header["claimed"]) or "nothing"
    if header["unclaimed"]:
        yield "Not claimed", ", ".join(header["unclaimed"])
    yield "Started", header["started"]
    yield "Ended", _ended(run)
    yield "Run", header["run"]
    yield "Assay", header["assay"]


def _peer_facts(peer: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    yield "Peer", peer["name"]
    if peer.get("url"):
        yield "Address", peer["url"]
    if peer.get("command"):
        yield "Started by", shlex.join(peer["command"])


def _ended(run: Run) -> str:
    if run.footer is None:
        return run.ending
    try:
        took = _time(run.footer["finished"]) - _time(run.header["started"])
    except ValueError:  # the schema's date-time knows times that datetime does not
        return str(run.footer["finished"])
    return f"{run.footer['finished']}, after {_duration(took.total_seconds())}"


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _duration(seconds: float) -> str:
    minutes, rest = divmod(seconds, 60)
    return f"{minutes:.0f} min {rest:.0f} s" if minutes else f"{rest:.1f} s"
