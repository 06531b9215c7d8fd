"""Parameters, actions and criteria: references to components followed, lists laid together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from schemas.arazzo.criteria import Criterion, read_criterion
from schemas.arazzo.expressions import ExpressionError, parse
from schemas.arazzo.model import Parameter
from schemas.arazzo.page import Page, Spot, nearest

__all__ = ["Placed", "criteria", "followed", "parameter", "placed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """An object and where it stands: in a list, or in the components that the list refers to.

    `shared` tells that a whole workflow has it.
    """

    said: Mapping[str, Any]
    at: Spot
    shared: bool = False

    @property
    def name(self) -> tuple[str, str]:
        """What tells it from others in its list."""
        return self.said["name"], self.said.get("in", "")


def followed(page: Page, said: Sequence[Any], at: Spot, kind: str) -> Iterator[Placed]:
    """Each of a list, with what it refers to in its place. `kind` is that of the components."""
    for index, each in enumerate(said):
        here = (*at, str(index))
        if "reference" not in each:
            yield Placed(said=each, at=here)
            continue
        name = _component(page, each["reference"], (*here, "reference"), kind)
        if name is None:
            continue
        found = page.said["components"][kind][name]
        if "value" in each:
            yield Placed(said={**found, "value": each["value"]}, at=here)
        else:
            yield Placed(said=found, at=("components", kind, name))


def _component(page: Page, text: str, at: Spot, kind: str) -> str | None:
    try:
        expression = parse(text)
    except ExpressionError as error:
        page.complain_of(error, text, at)
        return None
    known = page.said.get("components", {}).get(kind, {})
    if expression.root != "components" or expression.names[0] != kind:
        page.complain(at, f"a reference to {kind} is meant here", text, f"$components.{kind}.NAME")
    elif expression.names[1] not in known:
        message = f"there is no {expression.names[1]} in components/{kind}"
        page.complain(at, message, text, nearest(expression.names[1], known))
    else:
        return expression.names[1]
    return None


def placed(page: Page, own: Sequence[Placed], shared: Sequence[Placed], what: str) -> list[Placed]:
    """A step's own before those of its workflow, which they stand in for by name."""
    names: set[tuple[str, str]] = set()
    for each in own:
        if each.name in names:
            page.complain(each.at, f"this {what} stands here twice", each.said["name"])
        names.add(each.name)
    return [*own, *(each for each in shared if each.name not in names)]


def parameter(page: Page, each: Placed) -> Parameter:
    value = page.value(each.said["value"], (*each.at, "value"))
    return Parameter(name=each.said["name"], value=value, place=each.said.get("in", ""))


def criteria(page: Page, said: Sequence[Mapping[str, Any]], at: Spot) -> list[Criterion]:
    """Those that can be understood; the others are complained about."""
    found = []
    for index, each in enumerate(said):
        here = (*at, str(index))
        try:
            found.append(read_criterion(each))
        except ExpressionError as error:
            page.complain_of(error, each["condition"], (*here, _wrong_key(each)))
    return found


def _wrong_key(said: Mapping[str, Any]) -> str:
    """Which of a criterion's two texts it is that can't be understood."""
    if "context" in said and said.get("type", "simple") != "simple":
        try:
            parse(said["context"])
        except ExpressionError:
            return "context"
    return "condition"
