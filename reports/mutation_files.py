"""A mutation score for programs (JSON) and for people (HTML, Markdown, the terminal)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import orjson

from reports.files import write_whole
from reports.mutation import FATES, Figures, Score
from reports.page import page
from reports.text import listing, plural, printable, shorten

__all__ = [
    "mutation_markdown",
    "mutation_results",
    "mutation_summary",
    "write_mutation",
]

_LISTED = 12
"""Mutants of one kind that the terminal names."""

_SORTS = (
    ("survived", "Survivors"),
    ("escaped", "Escaped: what passed was not judged any more"),
    ("disputed", "Lawful by rule, yet failed"),
    ("never-applied", "Never applied: nothing was said that could have been broken"),
    ("unsteady", "Unsteady: nothing was broken, yet a row fails"),
    ("error", "Errors: the suite broke"),
)
"""The fates that somebody must look at, and their headings."""


def mutation_results(score: Score) -> dict[str, Any]:
    """The score as plain data, as `mutation.schema.json` has it."""
    header = score.header
    begun, ended = score.span
    return {
        "protocol": header["protocol"]["id"],
        **{name: header[name] for name in ("role", "profile", "strict", "seed", "assay")},
        "state": score.session["state"] if score.session else "unknown",
        "from": begun,
        "to": ended,
        "sources": score.session["sources"] if score.session else [],
        "ending": score.ending,
        "figures": _plain(score.figures),
        "by_source": {name: _plain(each) for name, each in score.by("source").items()},
        "by_operator": {name: _plain(each) for name, each in score.by("operator").items()},
        "mutants": [_mutant(each) for each in score.mutants],
        "false_alarms": [{"peer": peer, "rows": rows} for peer, rows in score.false_alarms.items()],
        "lawful_peers": score.judged_whole,
        "requirements": [
            {"id": row.id, "caught": len(row.mutants), "alone": len(row.alone)}
            for row in score.requirements
        ],
    }


def write_mutation(score: Score, stem: Path) -> None:
    """Writes STEM.json, STEM.html and STEM.md, each whole or not at all. Raises `OSError`."""
    told = orjson.dumps(mutation_results(score), option=orjson.OPT_INDENT_2)
    write_whole(stem.with_suffix(".json"), told + b"\n")
    write_whole(stem.with_suffix(".html"), _html(score).encode())
    write_whole(stem.with_suffix(".md"), mutation_markdown(score).encode())


def mutation_summary(score: Score, *, floor: float) -> str:
    """The score in a few lines, with what somebody must look at."""
    return "\n".join(printable(line) for line in _summary(score, floor)) + "\n"


def _why_lawful(mutant: Mapping[str, Any]) -> str:
    """Why a mutant that nothing sees may be no gap here; empty where nothing says so."""
    if mutant["lawful"]:
        return str(mutant["lawful"])
    implied = "only plain reading forbids it" if mutant["implied"] else ""
    return "; ".join(filter(None, (implied, mutant["message"])))


def _plain(figures: Figures) -> dict[str, Any]:
    return {"score": figures.score, "judged": figures.judged, **figures.counts}


def _mutant(record: Mapping[str, Any]) -> dict[str, Any]:
    left_out = ("record", "at", "state", "section")
    return {name: value for name, value in record.items() if name not in left_out}


def _per_cent(figures: Figures) -> str:
    return "nothing counted" if figures.score is None else f"{figures.score:g} %"


def _counts(figures: Figures) -> str:
    return ", ".join(f"{figures.counts[fate]} {fate}" for fate in FATES if figures.counts[fate])


def _whole(score: Score) -> str:
    return f"{plural(score.judged_whole, 'lawful peer')} judged whole"


def _summary(score: Score, floor: float) -> Iterator[str]:
    header, figures = score.header, score.figures
    yield f"{header['protocol']['title']}, {header['role']}, profile {header['profile']}"
    of = f"{figures.counts['caught']} of {figures.counted} caught"
    verdict = "" if score.exit_code(floor) == 0 else "  NOT HELD" if _below(score, floor) else ""
    yield f"  score {_per_cent(figures)} ({of}; floor {floor:g} %){verdict}"
    yield f"  {plural(figures.judged, 'mutant')}: {_counts(figures) or 'none'}"
    alarms = score.false_alarms
    yield f"  {_whole(score)}, {plural(len(alarms), 'false alarm')}"
    for peer, rows in alarms.items():
        yield f"    FALSE ALARM {peer or 'the peer as it is'}: {listing(rows)}"
    if score.weak:
        names = listing([each["name"] for each in score.weak])
        yield f"  caught by a warning alone, though it is stated: {names}"
    for fate, heading in _SORTS[:-1]:
        yield from _named(score.of(fate), heading)
    if score.errors:
        yield f"  {_SORTS[-1][1]}:"
    for name, message in score.errors:
        yield f"    {name or 'the peer as it is'}: {shorten(message, 200)}"
    if score.stale:
        yield f"  {plural(score.stale, 'record')} of other states of the suite are passed over"
    yield f"  {score.ending}"


def _below(score: Score, floor: float) -> bool:
    return score.figures.score is None or score.figures.score < floor


def _named(mutants: Sequence[Mapping[str, Any]], heading: str) -> Iterator[str]:
    if not mutants:
        return
    yield f"  {heading}:"
    for mutant in mutants[:_LISTED]:
        why = _why_lawful(mutant)
        rows = listing(
            [*mutant["fail"], *(mutant["lost"] if mutant["fate"] == "escaped" else ())], 3
        )
        told = "; ".join(filter(None, (rows, why)))
        yield f"    {mutant['name']}{f'  ({told})' if told else ''}"
    if len(mutants) > _LISTED:
        yield f"    and {len(mutants) - _LISTED} more"


def mutation_markdown(score: Score) -> str:
    """The matrix, sparse: which rows saw each mutant, and how many each row saw."""
    return "\n".join(_markdown(score)) + "\n"


def _markdown(score: Score) -> Iterator[str]:
    header, figures = score.header, score.figures
    yield f"# Mutants of {header['protocol']['title']}, {header['role']}"
    yield ""
    yield f"Score **{_per_cent(figures)}** of {figures.counted}; {_counts(figures)}. "
    yield f"{_whole(score)}, {len(score.false_alarms)} false alarms. "
    yield score.ending
    yield ""
    yield from _figures_table(score, "source")
    yield from _figures_table(score, "operator")
    for fate, heading in _SORTS:
        yield from _fate_list(score.of(fate), heading)
    yield "## Caught"
    yield ""
    yield "| mutant | fails | warns |"
    yield "|---|---|---|"
    for mutant in score.of("caught"):
        cells = (mutant["name"], " ".join(mutant["fail"]), " ".join(mutant["warn"]))
        yield _row(*cells)
    yield ""
    yield "## What each requirement caught"
    yield ""
    yield "| requirement | mutants | it alone |"
    yield "|---|---|---|"
    for caught in score.requirements:
        if caught.mutants:
            yield _row(caught.id, str(len(caught.mutants)), str(len(caught.alone)))
    yield ""
    idle = [caught.id for caught in score.requirements if not caught.mutants]
    yield f"Nothing here was caught by {plural(len(idle), 'requirement')}: {' '.join(idle)}"


def _figures_table(score: Score, name: str) -> Iterator[str]:
    yield f"| {name} | score | mutants | |"
    yield "|---|---|---|---|"
    for key, figures in score.by(name).items():
        yield _row(key, _per_cent(figures), str(figures.judged), _counts(figures))
    yield ""


def _fate_list(mutants: Sequence[Mapping[str, Any]], heading: str) -> Iterator[str]:
    if not mutants:
        return
    yield f"## {heading}"
    yield ""
    for mutant in mutants:
        told = (*mutant["fail"], *mutant["warn"], *mutant["lost"], _why_lawful(mutant))
        rest = " ".join(filter(None, told))
        yield f"- `{printable(mutant['name'])}` {rest}".rstrip()
    yield ""


def _row(*cells: str) -> str:
    harmless = (printable(cell).replace("|", "\\|").replace("\n", " ") for cell in cells)
    return f"| {' | '.join(harmless)} |"


def _html(score: Score) -> str:
    return page(
        "mutation.html.j2",
        style="mutation.css",
        score=score,
        header=score.header,
        per_cent=_per_cent,
        counts=_counts,
        why=_why_lawful,
        sorts=[(heading, score.of(fate)) for fate, heading in _SORTS],
        groups=[(name, score.by(name)) for name in ("source", "operator", "place")],
    )
