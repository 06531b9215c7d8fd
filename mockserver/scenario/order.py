"""In which order the steps of a workflow are begun, and which are begun ahead."""

from __future__ import annotations

from collections.abc import Iterator
from graphlib import TopologicalSorter
from typing import Any

from schemas.arazzo.criteria import Selector
from schemas.arazzo.expressions import Expression, parse, references
from schemas.arazzo.model import Step, Workflow

__all__ = ["in_order", "waited_for"]


def waited_for(workflow: Workflow) -> frozenset[str]:
    """The receives that a later step waits for by name: what stands between goes on meanwhile."""
    wanted = {name for step in workflow.steps for name in step.depends_on}
    return frozenset(
        step.id for step in workflow.steps if step.id in wanted and step.action == "receive"
    )


def in_order(workflow: Workflow) -> tuple[Step, ...]:
    """As they are written, but for those that need what comes later: they come after it."""
    steps = {step.id: step for step in workflow.steps}
    needs = {step.id: [name for name in _needs(step) if name in steps] for step in workflow.steps}
    places = {name: at for at, name in enumerate(steps)}
    if all(places[name] < places[each] for each, names in needs.items() for name in names):
        return tuple(workflow.steps)
    sorter = TopologicalSorter(needs)
    sorter.prepare()
    ordered: list[Step] = []
    ready: list[str] = []
    while sorter.is_active():
        ready = sorted([*ready, *sorter.get_ready()], key=places.__getitem__)
        first = ready.pop(0)
        ordered.append(steps[first])
        sorter.done(first)
    return tuple(ordered)


def _needs(step: Step) -> Iterator[str]:
    yield from step.depends_on
    values: list[Any] = [each.value for each in step.parameters]
    values += [step.correlation, step.body.payload if step.body else None]
    values += [each.value for each in step.body.replacements] if step.body else []
    for value in values:
        yield from (each.names[0] for each in _spoken(value) if each.root == "steps")


def _spoken(value: Any) -> Iterator[Expression]:
    """The expressions in a value, those of selectors among them."""
    if isinstance(value, Selector):
        yield value.context
    elif isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _spoken(item)
    elif isinstance(value, str):
        yield from (parse(text) for text in references(value))
