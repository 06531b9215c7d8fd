"""report.html: one file that shows a run to people, without network and even without JavaScript."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from markupsafe import Markup

from reports.coverage import groups, surface
from reports.evidence import fair_limit, proof
from reports.files import write_whole
from reports.outcome import Found, Verdict
from reports.page import page, piece
from reports.remedy import remedy
from reports.room import Section, candidates, sections, shown_findings
from reports.run import Run
from schemas.selection import EVERYTHING

__all__ = ["html", "write_html"]

_OPEN = 5  # with more failures than this, all begin folded
_LISTED = 20  # things of one kind that the head of the page names

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
_FILTERS = (("Level", "level"), ("Basis", "basis"), ("Capability", "capability"))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Bar:
    """One stretch of the bar of verdicts; `x` and `width` in thousandths of the whole."""

    verdict: Verdict
    x: float
    width: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _Cause:
    """Why requirements stayed open, what would close them, and which: `ids` are those listed."""

    words: str
    remedy: str
    count: int
    ids: Sequence[str]


def html(run: Run) -> str:
    """The page. Every text in it that came from a peer is escaped and stripped of controls; where
    there is more to show than a page can hold, what is cut is told.
    """
    chapters = list(_sections(run))
    listed = {row.outcome.id for chapter in chapters for row in chapter.rows}
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
        sections=chapters,
        linked=listed,
        listed=_LISTED,
        bars=list(_bars(run)),
        facts=list(_facts(run)),
        causes=list(_causes(run, listed)),
        filters=[(name, by, groups(run.requirements, by)) for name, by in _FILTERS],
        surface=surface(run),
        unfolded={outcome.id for outcome in run.unexpected}
        if len(run.unexpected) <= _OPEN
        else set(),
    )


def write_html(run: Run, path: Path) -> None:
    """Writes report.html, whole or not at all. Raises `OSError`."""
    write_whole(path, html(run).encode())


def _sections(run: Run) -> Iterator[Section]:
    found = run.findings
    first = candidates(found)
    limit, role = fair_limit(each.check.evidence for each in first), run.header["role"]

    def render(each: Found) -> Markup:
        told = proof(each.check.evidence, role, limit, replay=run.replaying(each.name))
        return piece("finding.html.j2", check=each.check, found=told)

    shown = shown_findings(first, render)
    return sections(run.requirements, found, shown, lambda each: run.replaying(each.name))


def _bars(run: Run) -> Iterator[_Bar]:
    """The applicable requirements as one bar, what passed first."""
    x = 0.0
    order: tuple[Verdict, ...] = ("pass", "warn", "fail", "inconclusive")
    for verdict in order:
        width = 1000 * run.counts[verdict] / (run.applicable or 1)
        if width:
            yield _Bar(verdict=verdict, x=round(x, 2), width=round(width, 2))
        x += width


def _causes(run: Run, listed: set[str]) -> Iterator[_Cause]:
    for words, outcomes in run.causes:
        ids = [outcome.id for outcome in outcomes if outcome.id in listed]
        yield _Cause(words=words, remedy=remedy(words), count=len(outcomes), ids=ids)


def _facts(run: Run) -> Iterator[tuple[str, str]]:
    """What one needs to know to judge the report, or to make it again."""
    header = run.header
    yield "Protocol", f"{header['protocol']['title']} {header['protocol']['version']}"
    yield "Document", header["protocol"]["document"]
    yield from _peer_facts(header["peer"])
    yield "Seed", str(header["seed"])
    yield "Profile", header["profile"] + (", strict" if header["strict"] else "")
    yield "Selection", "all requirements" if header["only"] == EVERYTHING else header["only"]
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
