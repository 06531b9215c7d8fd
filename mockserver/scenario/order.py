"""In which order the steps of a workflow are begun, and which are begun ahead."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from typing import Any

from mockserver.scenario.asking import own_values
from schemas.arazzo.criteria import Selector
from schemas.arazzo.expressions import Expression, parse, references
from schemas.arazzo.model import Scenario, Step, Workflow

__all__ = ["in_order", "mains", "spoken", "waited_for"]


def mains(scenario: Scenario, wanted: str = "") -> list[Workflow]:
    """The workflows that are played for themselves, those that they depend on before them: all that
    no other one calls, or the one that is `wanted`. Raises `KeyError` where there is none.
    """
    called = {
        key
        for workflow in scenario.workflows.values()
        for step in workflow.steps
        for key in (
            step.workflow,
            *(each.workflow for each in (*step.on_success, *step.on_failure)),
        )
    }
    chosen = [wanted] if wanted else [key for key in scenario.own if key not in called]
    ordered: dict[str, Workflow] = {}

    def add(key: str) -> None:
        workflow = scenario.workflows[key]
        for before in workflow.depends_on:
            add(before)
        ordered.setdefault(key, workflow)

    for key in chosen or scenario.own:
        add(key)
    return list(ordered.values())


def waited_for(workflow: Workflow) -> frozenset[str]:
    """The receives that a later step waits for by name: what stands between goes on meanwhile."""
    wanted = {name for step in workflow.steps for name in step.depends_on}
    return frozenset(
        step.id for step in workflow.steps if step.id in wanted and step.action == "receive"
    )


def in_order(workflow: Workflow) -> tuple[Step, ...]:
    """As they are written, but for those that need what comes later: they come after it. Those that
    need each other, as in a loop, stay where they are.
    """
    steps = {step.id: step for step in workflow.steps}
    needs = {step.id: {*_needs(step)} & {*steps} - {step.id} for step in workflow.steps}
    places = {name: at for at, name in enumerate(steps)}
    if all(places[name] < places[each] for each, names in needs.items() for name in names):
        return tuple(workflow.steps)
    sorter = TopologicalSorter(needs)
    try:
        sorter.prepare()
    except CycleError:
        return tuple(workflow.steps)
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
    values: list[Any] = [*own_values(step), step.correlation, step.push, step.outputs]
    if step.reply is not None:
        values += [step.reply.headers, step.reply.body, step.reply.text]
    for deed in (*step.before, *step.after):
        values += [deed.said] if deed.kind == "fault" else [deed.value, deed.said]
    judged = (each for criterion in step.criteria for each in criterion.references)
    yield from (each.names[0] for each in (*spoken(values), *judged) if each.root == "steps")


def spoken(value: Any) -> Iterator[Expression]:
    """The expressions in a value, those of selectors among them."""
    if isinstance(value, Selector):
        yield value.context
    elif isinstance(value, Mapping | list):
        for item in value.values() if isinstance(value, Mapping) else value:
            yield from spoken(item)
    elif isinstance(value, str):
        yield from (parse(text) for text in references(value))
