"""A finding of a run by what a command line calls it."""

from __future__ import annotations

from typing import Any

from conformance.replay.story import Story
from reports import Run
from reports.outcome import Found
from schemas.errors import PackError, Problem, nearest

__all__ = ["find", "story_of"]


def find(run: Run, wanted: str) -> Found:
    """By the id of a requirement, `ID#2` for its second finding, or its number in reports.

    Raises `PackError` where there is none, and says what became of the requirement.
    """
    for found in run.findings:
        if wanted in (found.name, str(found.number), f"{found.name}#1"):
            return found
    raise PackError(
        Problem(file="FINDING", message=_why(run, wanted), value=wanted, hint=_hint(run))
    )


def _why(run: Run, wanted: str) -> str:
    name, _, nth = wanted.partition("#")
    outcome = next((each for each in run.requirements if each.id == name), None)
    if outcome is None:
        count = len(run.findings)
        if wanted.isdecimal():
            return f"the run has {count} finding{'' if count == 1 else 's'}"
        near = nearest(name, [each.id for each in run.requirements])
        return f"no requirement of that name was judged in this run; {near}".removesuffix("; ")
    if outcome.verdict == "pass":
        return f"{name} was kept in this run: there is nothing to say again"
    if outcome.verdict in ("fail", "warn"):
        return f"{name} has no finding {nth}" if nth else f"{name} has no finding"
    if not run.complete:
        return f"{name} was not judged: {run.ending}"
    return f"{name} is {outcome.verdict}: {outcome.message}"


def _hint(run: Run) -> str:
    names = [found.name for found in run.findings]
    if not names:
        return "the run found nothing that breaks a requirement"
    more = f" and {len(names) - 5} more" if len(names) > 5 else ""
    return f"there is {', '.join(names[:5])}{more}"


def story_of(found: Found) -> Story | None:
    """What led to it, where the record tells that. Raises `PackError` for what it cannot tell."""
    said: Any = (found.check.evidence or {}).get("story")
    if said is None:
        return None
    try:
        return Story.of_record(said)
    except ValueError as error:
        raise PackError(Problem(file="RUN", message=str(error))) from error
