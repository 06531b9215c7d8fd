"""What scenarios bring to a suite: a check for each workflow, with the rows that it names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import pytest

from conformance.context import RunContext
from conformance.exchange import Exchange
from conformance.frames import Frame
from conformance.judge import Judge
from conformance.marks import exclusive, requirement
from conformance.scenario.reading import library, played
from conformance.scenario.rows import row_of
from mockserver.scenario.acts import Finished, Word
from mockserver.scenario.order import mains
from schemas import load, load_requirements
from schemas.arazzo.model import Scenario, Workflow
from schemas.spec import Role

__all__ = ["Part", "broken_down", "end", "parts", "tell"]


class Part(NamedTuple):
    """One workflow of one scenario, played for itself. `row` is its own, or empty in the suite."""

    scenario: Scenario
    workflow: Workflow
    row: str

    @property
    def name(self) -> str:
        scenario, workflow = self.scenario.name, self.workflow.id
        return scenario if scenario == workflow else f"{scenario}/{workflow}"


def parts(context: RunContext) -> list[Any]:
    """A pytest parameter for each workflow that the run plays."""
    protocol = load(context.protocol)
    known = load_requirements(protocol)
    return [
        pytest.param(part, marks=_marks(part, known, context.role), id=part.name)
        for part in _parts(context)
        if _declared(part, known, context.role)
    ]


def _parts(context: RunContext) -> Iterator[Part]:
    protocol = load(context.protocol)
    if context.scenario:
        scenario = played(context, protocol)
        for workflow in mains(scenario, context.workflow):
            yield Part(scenario, workflow, row_of(scenario, workflow))
        return
    for scenario in library(context, protocol):
        for workflow in mains(scenario):
            yield Part(scenario, workflow, "")


def _marks(part: Part, known: Any, role: Role) -> list[pytest.MarkDecorator]:
    marks = [requirement(*_declared(part, known, role))]
    return [*marks, exclusive(part.workflow.exclusive)] if part.workflow.exclusive else marks


def _declared(part: Part, known: Any, role: Role) -> list[str]:
    named = [row for row in part.scenario.requirements if row in known and known[row].role == role]
    return [*named, part.row] if part.row else named


def tell(judge: Judge, word: Word, shown: Sequence[Exchange | Frame]) -> None:
    """Put what the flow found into the judge's words."""
    where = f"step {word.step}: " if word.step else ""
    for row in word.requirements:
        if word.holds is None:
            judge.inconclusive(row, where + word.message)
        else:
            judge.holds(row, word.holds, where + word.message, *shown)


def end(
    judge: Judge,
    part: Part,
    finished: Finished,
    words: Iterable[Word],
    shown: Sequence[Exchange | Frame],
) -> None:
    """Judge the row of the workflow itself by the words that were said in it, of which it weighs no
    more than the gravest; what it broke off before is left to others.
    """
    if finished.kept is None:
        judge.end(finished.reason)
    elif not finished.kept:
        judge.end(f"the scenario broke off: {finished.reason}")
    if part.row and finished.kept is not None:
        broken = [row for word in words if word.holds is False for row in word.requirements]
        judge.holds(part.row, finished.kept, finished.reason, *shown, because=broken)


def broken_down(judge: Judge, part: Part, finished: Finished, how: str) -> tuple[Finished, Word]:
    """What becomes of a workflow when the agent broke down in it, and what that says of the
    workflow's rows: nobody is left who could keep them.
    """
    mine = tuple(row for row in part.workflow.requirements if judge.judges(row))
    over = replace(finished, kept=False, reason=f"the agent broke down: {how}")
    return over, Word(mine, holds=False, message=how, step=finished.step)
