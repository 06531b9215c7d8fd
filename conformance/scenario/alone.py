"""The part of one client of a scenario, where somebody else takes the other parts. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from schemas.arazzo.model import Action, Deed, Scenario, Step, Workflow

__all__ = ["alone", "clients"]


def clients(scenario: Scenario) -> list[str]:
    """Who does anything in it, in the order in which they come."""
    steps = (step for workflow in scenario.workflows.values() for step in workflow.steps)
    return list(dict.fromkeys(step.client for step in steps if not step.workflow))


def alone(scenario: Scenario, client: str) -> Scenario:
    """The scenario without the steps of anybody else, and without what is done to the coordinator.
    What leads to a step that is left out leads to the next one, or to the end.
    """
    workflows = {
        key: _without_others(workflow, client) for key, workflow in scenario.workflows.items()
    }
    return replace(scenario, workflows=workflows)


def _without_others(workflow: Workflow, client: str) -> Workflow:
    left = [step for step in workflow.steps if step.workflow or step.client == client]
    names = {step.id for step in left}
    later: dict[str, str] = {}
    following = ""
    for step in reversed(workflow.steps):
        following = step.id if step.id in names else following
        later[step.id] = following
    steps = [_freed(step, later, names) for step in left]
    return replace(workflow, steps=steps, state=_own(workflow.state))


def _freed(step: Step, later: dict[str, str], names: set[str]) -> Step:
    return replace(
        step,
        on_success=[_led(action, later) for action in step.on_success],
        on_failure=[_led(action, later) for action in step.on_failure],
        depends_on=[name for name in step.depends_on if name in names or "." in name],
        before=_own(step.before),
        after=_own(step.after),
    )


def _own(deeds: Sequence[Deed]) -> list[Deed]:
    return [deed for deed in deeds if deed.kind == "wait"]


def _led(action: Action, later: dict[str, str]) -> Action:
    if not action.step:
        return action
    step = later.get(action.step, action.step)
    if step:
        return replace(action, step=step)
    return replace(action, step="", kind="end" if action.kind == "goto" else action.kind)
