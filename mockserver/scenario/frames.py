"""What a flow keeps: the workflows and the steps that are under way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from mockserver.scenario.acts import Sight
from schemas.arazzo.criteria import worth
from schemas.arazzo.expressions import NOTHING, ExpressionError, Scope
from schemas.arazzo.model import Action, Scenario, Step, Workflow

__all__ = ["Flight", "Frame", "called", "defaults", "scope_of", "worked_out"]


@dataclass(slots=True, kw_only=True, eq=False)
class Flight:
    """A step under way. `near` is why what looked like it was not it."""

    number: int
    step: Step
    frame: Frame
    count: int = 0
    near: str = ""
    paused: bool = False


@dataclass(slots=True, kw_only=True, eq=False)
class Frame:
    """A workflow under way. `caller` is the step of another one that called it; `returns` is where
    it goes on after the step that a retry asked for; `broken` is what the client did wrong though
    the play went on.
    """

    workflow: Workflow
    steps: Sequence[Step]
    waited: frozenset[str]
    inputs: dict[str, Any]
    caller: Flight | None = None
    at: int = 0
    done: dict[str, dict[str, Any]] = field(default_factory=dict)
    tries: dict[tuple[str, str], int] = field(default_factory=dict)
    returns: tuple[str, int] | None = None
    broken: str = ""

    def breaks(self, step: Step, what: str) -> None:
        self.broken = self.broken or f"{step.id}: {what}"

    def place(self, step: str) -> int:
        return next(at for at, each in enumerate(self.steps) if each.id == step)


def defaults(workflow: Workflow) -> dict[str, Any]:
    shapes = workflow.inputs.get("properties", {})
    return {name: shape["default"] for name, shape in shapes.items() if "default" in shape}


def called(follow: Action) -> Step:
    """A goto or a retry that leads to a workflow, as the step that calls it."""
    return Step(id=follow.name, workflow=follow.workflow, parameters=follow.parameters)


def scope_of(
    scenario: Scenario,
    workflows: Mapping[str, Mapping[str, Mapping[str, Any]]],
    frame: Frame,
    sight: Sight,
    outputs: Mapping[str, Any],
) -> Scope:
    """All that expressions can see at a step, with what was seen of it."""
    return Scope(
        url=sight.url,
        method=sight.method,
        status=sight.status,
        request=sight.request,
        response=sight.response,
        message=sight.message,
        inputs={**frame.inputs, **sight.bound},
        outputs=outputs,
        steps=frame.done,
        workflows=workflows,
        sources={name: source.fields for name, source in scenario.sources.items()},
        components=scenario.components,
        self_uri=scenario.self_uri or NOTHING,
    )


def worked_out(values: Mapping[str, Any], scope: Scope) -> tuple[dict[str, Any], str]:
    """Outputs by name, without those that lead nowhere; and why the first of those does."""
    found: dict[str, Any] = {}
    missing = ""
    for name, value in values.items():
        try:
            found[name] = worth(value, scope)
        except ExpressionError as error:
            missing = missing or f"its output {name}: {error}"
    return found, missing
