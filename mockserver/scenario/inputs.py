"""The inputs of a workflow: what is given, what is made up, and what is left to the client."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from mockserver.scenario.scales import Direction
from schemas.arazzo.expressions import NOTHING
from schemas.arazzo.model import Workflow
from schemas.validation import Shape

__all__ = ["InputError", "chosen", "given", "given_by_name", "shapes_of", "supplied"]


class InputError(ValueError):
    """An input is missing, or is not what its schema asks for."""


def shapes_of(workflow: Workflow) -> Mapping[str, Any]:
    """The schemas of a workflow's inputs by name. One that is `true` or `false` has no fields."""
    shapes = workflow.inputs.get("properties", {}) if isinstance(workflow.inputs, dict) else {}
    return {name: shape if isinstance(shape, dict) else {} for name, shape in shapes.items()}


def given_by_name(workflow: Workflow, said: Mapping[str, Any]) -> dict[str, Any]:
    """What is said for several workflows, as far as it is this one's."""
    return {name: said[name] for name in said if name in shapes_of(workflow)}


def given(
    workflow: Workflow,
    direction: Direction,
    said: Mapping[str, Any],
    known: Mapping[str, Any],
    fresh: Callable[[str], str],
) -> dict[str, Any]:
    """The inputs that a workflow begins with.

    `said` are those that somebody gave, `known` those that the target or the agent's own start
    give; what is asked for by neither falls out. `fresh` makes a text of a prefix that no other
    run uses. Backward, the client chooses what nobody has given. Raises `InputError`.
    """
    shapes = shapes_of(workflow)
    unknown = sorted(set(said) - set(shapes))
    if unknown:
        names = ", ".join(shapes) or "none"
        raise InputError(f"{workflow.id} has no input {unknown[0]!r}; it has {names}")
    found: dict[str, Any] = {}
    if workflow.clients > 1 and "client" in known:
        found["client"] = known["client"]
    for name in shapes:
        if name in said:
            found[name] = said[name]
        elif name in known:
            found[name] = known[name]
        elif direction == "forward" and (value := chosen(workflow, name, fresh)) is not NOTHING:
            found[name] = value
    if direction == "forward":
        _check_missing(workflow, found)
    _check(workflow, found)
    return found


def chosen(workflow: Workflow, name: str, fresh: Callable[[str], str]) -> Any:
    """What an input is where nobody gives it: a fresh text, or its default; `NOTHING` where its
    schema has neither.
    """
    shape = shapes_of(workflow).get(name, {})
    return fresh(str(shape["x-fresh"])) if "x-fresh" in shape else shape.get("default", NOTHING)


def supplied(
    direction: Direction,
    known: Mapping[str, Any] | None = None,
    fresh: Callable[[str], str] = lambda text: text,
) -> Callable[[Workflow, Mapping[str, Any]], dict[str, Any]]:
    """The same for workflows that others call: a function of the workflow and of what it is handed.
    It raises `InputError`.
    """

    def inputs_of(workflow: Workflow, handed: Mapping[str, Any]) -> dict[str, Any]:
        return given(workflow, direction, handed, known or {}, fresh)

    return inputs_of


def _check_missing(workflow: Workflow, found: Mapping[str, Any]) -> None:
    wanted = workflow.inputs.get("required", ()) if isinstance(workflow.inputs, dict) else ()
    for name in wanted:
        if name not in found:
            raise InputError(f"{workflow.id} wants the input {name!r}: give --input {name}=VALUE")


def _check(workflow: Workflow, found: Mapping[str, Any]) -> None:
    """What is there must be what the schema asks for; what is not may be still to come."""
    if not isinstance(workflow.inputs, dict):
        return
    shape = {name: part for name, part in workflow.inputs.items() if name != "required"}
    wrong = Shape.of(shape).explain(
        {name: found[name] for name in shapes_of(workflow).keys() & found.keys()}
    )
    if wrong:
        first = wrong[0]
        raise InputError(f"{workflow.id}: the input {first.pointer[1:] or 's'} {first.message}")
