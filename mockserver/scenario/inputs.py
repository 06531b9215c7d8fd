"""The inputs of a workflow: what is given, what is made up, and what is left to the client."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from mockserver.scenario.scales import Direction
from schemas.arazzo.model import Workflow
from schemas.validation import Shape

__all__ = ["InputError", "given"]


class InputError(ValueError):
    """An input is missing, or is not what its schema asks for."""


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
    shapes: Mapping[str, Any] = workflow.inputs.get("properties", {})
    unknown = sorted(set(said) - set(shapes))
    if unknown:
        names = ", ".join(shapes) or "none"
        raise InputError(f"{workflow.id} has no input {unknown[0]!r}; it has {names}")
    found: dict[str, Any] = {}
    for name, shape in shapes.items():
        if name in said:
            found[name] = said[name]
        elif name in known:
            found[name] = known[name]
        elif direction == "forward" and "x-fresh" in shape:
            found[name] = fresh(str(shape["x-fresh"]))
        elif direction == "forward" and "default" in shape:
            found[name] = shape["default"]
    if direction == "forward":
        _check(workflow, found)
    return found


def _check(workflow: Workflow, found: Mapping[str, Any]) -> None:
    for name in workflow.inputs.get("required", ()):
        if name not in found:
            raise InputError(f"{workflow.id} wants the input {name!r}: give --input {name}=VALUE")
    wrong = Shape.of(workflow.inputs).explain(dict(found))
    if wrong:
        first = wrong[0]
        raise InputError(f"{workflow.id}: the input {first.pointer[1:] or 's'} {first.message}")
