"""May runs be compared, and what has to be known besides, since not all of them judged alike."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from reports.requirement_set import rows_apart
from reports.run import Run
from reports.text import listing
from schemas.errors import PackError, Problem
from schemas.selection import is_selected

__all__ = ["left_out", "of_scenario", "refuse_strangers", "remarks", "rows_of"]

_ALIKE = (
    ("version", "the protocol's revision is"),
    ("assay", "it was made by Assay"),
    ("profile", "its profile is"),
    ("strict", "strict is"),
    ("only", "its selection is"),
)
"""What of two headers has to be the same for every difference to be the peer's."""


def refuse_strangers(runs: Sequence[Run]) -> None:
    """Raises `PackError` where runs are of different protocols or roles: their requirements have
    nothing in common.
    """
    first = runs[0]
    problems = [
        Problem(
            file=str(run.path),
            message=f"cannot be compared: it judged {_judged(run)}, and {first.path} "
            f"judged {_judged(first)}",
            hint="give runs of one protocol and one role; revisions of it may differ",
        )
        for run in runs[1:]
        if _judged(run) != _judged(first)
    ]
    if problems:
        raise PackError(*problems)


def remarks(names: Sequence[str], runs: Sequence[Run]) -> tuple[str, ...]:
    """Sentences about what is not alike, each run beside the first one, and which was cut off.

    `names` are what the runs are called.
    """
    return tuple(_remarks(names, runs))


def rows_of(run: Run) -> dict[str, Mapping[str, Any]]:
    """The requirements of a run's header by id, also those that are passed over unless touched."""
    return {row["id"]: row for row in run.header["requirements"]}


def left_out(run: Run, identity: str) -> str:
    """Why a run tells nothing of a requirement; empty where its whole set has no such one."""
    header = run.header
    if not is_selected(identity, header["only"]):
        return f"--only {header['only']} left it out"
    if of_scenario(run):
        return "the scenario that was played does not touch it"
    return ""


def of_scenario(run: Run) -> bool:
    """Did the run play a scenario, which judges nothing but what it touches?"""
    return any(row.get("own") or row.get("on_sight") for row in run.header["requirements"])


def _remarks(names: Sequence[str], runs: Sequence[Run]) -> Iterator[str]:
    first = runs[0]
    for name, run in zip(names, runs, strict=True):
        if not run.complete:
            yield f"{name} is not whole. {run.ending}"
        if run.faults:
            checks = listing(list(dict.fromkeys(fault.check for fault in run.faults)))
            yield f"{name}: faults of our own got in the way, in {checks}."
        if run is not first:
            yield from (f"{name}: {each}." for each in _unlike(names[0], first, run))


def _unlike(name: str, first: Run, run: Run) -> Iterator[str]:
    before, after = _traits(first), _traits(run)
    for trait, words in _ALIKE:
        if before[trait] != after[trait]:
            yield f"{words} {after[trait]}, and {before[trait]} in {name}"
    for verb, gone in (("no longer", False), ("now", True)):
        one, other = (run, first) if gone else (first, run)
        claimed = [c for c in other.header["unclaimed"] if c not in one.header["unclaimed"]]
        if claimed:
            yield f"it {verb} claims {listing(claimed)}"
    if of_scenario(run) != of_scenario(first):
        yield f"only one of it and {name} is the run of a scenario"
    elif before["only"] == after["only"] and not of_scenario(run):
        apart = rows_apart(rows_of(first), rows_of(run))
        if apart:
            yield f"its requirement set is not that of {name}: {apart}"


def _traits(run: Run) -> dict[str, str]:
    header = run.header
    return {
        "version": header["protocol"]["version"],
        "assay": header["assay"],
        "profile": header["profile"],
        "strict": "on" if header["strict"] else "off",
        "only": header["only"],
    }


def _judged(run: Run) -> str:
    return f"the {run.header['role']} of {run.header['protocol']['id']}"
