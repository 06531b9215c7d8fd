"""What a schema has against a file of ours, said so that a person can mend it.

Of alternatives only the one that was meant is told of, and of unknown fields the name that is most
like them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import jsonschema_rs

from schemas import pointer as json_pointer
from schemas.errors import nearest

__all__ = ["Complaint", "complaints", "meant"]

_LONGEST = 160


class Complaint(NamedTuple):
    """One thing that is wrong with what stands at `steps`. One that `follows` counts only where
    nothing else is wrong there.
    """

    steps: list[str]
    message: str
    hint: str = ""
    follows: bool = False


_HINTS: Mapping[tuple[str, ...], str] = {
    ("openapi-step-object", "allOf", "2", "oneOf"): (
        "a step has operationId or operationPath, or an action and a channelPath, or workflowId"
    ),
    ("dependsOn", "items", "oneOf", "0", "pattern"): (
        "STEP, $workflows.ID.steps.STEP or $sourceDescriptions.NAME.ID.steps.STEP"
    ),
    ("asyncapi-step-object", "allOf", "2", "then", "properties", "action", "const"): (
        "correlationId goes with action: receive"
    ),
    ("criterion-object", "dependentRequired"): "with a type, say what it is applied to: context",
    ("reply", "not"): "body and text exclude each other",
    ("with", "anyOf"): "with goes with hook or command",
    ("deed", "dependentRequired"): "connection goes with close",
}
"""By the end of a keyword's place in its schema, where the keyword itself says too little."""


def complaints(
    errors: Iterable[jsonschema_rs.ValidationError], schema_at: Callable[[str], Any]
) -> list[Complaint]:
    """What the errors of one value come to, without those that only follow from others.

    `schema_at` gives the schema that has a keyword, by the keyword's full address.
    """
    found = [each for error in errors for each in _told(error, schema_at)]
    plain = [each.steps for each in found if not each.follows]
    return [each for each in found if not each.follows or not _below(each.steps[:-1], plain)]


def _below(steps: list[str], places: list[list[str]]) -> bool:
    """Does one of the places lie there, or below?"""
    return any(place[: len(steps)] == steps for place in places)


def _told(
    error: jsonschema_rs.ValidationError, schema_at: Callable[[str], Any]
) -> Iterator[Complaint]:
    schema = schema_at(error.absolute_keyword_location or "")
    steps = [str(step) for step in error.instance_path]
    place = [str(step) for step in error.schema_path]
    match error.kind.name:
        case "oneOf" | "anyOf":
            keys = _required(schema, place)
            if keys and isinstance(error.instance, dict):
                yield _of_keys(error.instance, keys, steps, place)
            elif not any(getattr(error.kind, "context", ())):
                yield Complaint(steps, _short(error.message))
            else:
                for inner in meant(error):
                    yield from _told(inner, schema_at)
        case "unevaluatedProperties" | "additionalProperties":
            yield from _unknown(error, schema, steps, place)
        case kind:
            choices = getattr(error.kind, "options", ())
            hint = _hint(kind, str(error.instance), choices, place)
            yield Complaint(steps, _short(error.message), hint)


def _of_keys(
    instance: Mapping[str, Any], keys: list[str], steps: list[str], place: list[str]
) -> Complaint:
    """Of alternatives that each ask for a key, and for no more."""
    said = [key for key in keys if key in instance]
    if said:
        return Complaint(steps, f"{' and '.join(said)} exclude each other", "leave one of them")
    return Complaint(steps, f"has none of {', '.join(keys)}", _hint("required", "", (), place))


def meant(error: jsonschema_rs.ValidationError) -> list[jsonschema_rs.ValidationError]:
    """What the alternative that was meant has against a value that fits none of them; the error
    itself where it is not about alternatives.
    """
    branches = [branch for branch in getattr(error.kind, "context", ()) if branch]
    if not branches:
        return [error]
    return list(_chosen(error.instance, branches, [str(step) for step in error.schema_path]))


def _required(schema: Any, place: list[str]) -> list[str]:
    """The keys between which alternatives choose, where they ask for a key each and no more."""
    branches = _dug(schema, place)
    if not isinstance(branches, list) or any(each.keys() != {"required"} for each in branches):
        return []
    return [each["required"][0] for each in branches]


_Errors = Sequence[jsonschema_rs.ValidationError]


def _chosen(instance: Any, branches: list[_Errors], place: list[str]) -> _Errors:
    """What the alternative that was meant has against it, by the keys that are there."""
    if place[-2:] == ["step-object", "oneOf"] and isinstance(instance, dict):
        channel = {"action", "channelPath"} & instance.keys()
        return branches[1 if channel else 2 if "workflowId" in instance else 0]
    if isinstance(instance, dict) and any(map(_reusable, branches)):
        refers = "reference" in instance
        return next((each for each in branches if _reusable(each) is refers), branches[0])
    depth = max(len(error.instance_path) for error in branches[0])
    fitting = [each for each in branches if not _mistyped(each, depth)]
    return min(fitting or branches, key=len)


def _reusable(branch: _Errors) -> bool:
    """Is it the alternative that refers to a component?"""
    return any("reusable-object" in map(str, error.schema_path) for error in branch)


def _mistyped(branch: _Errors, depth: int) -> bool:
    return any(error.kind.name == "type" and len(error.instance_path) <= depth for error in branch)


def _unknown(
    error: jsonschema_rs.ValidationError, schema: Any, steps: list[str], place: list[str]
) -> Iterator[Complaint]:
    """Fields that nothing knows; and those that are known, and either do not go with the others or
    were only not looked at because something else is wrong.
    """
    known = sorted(_properties(schema, _dug(schema, place[:-1])))
    unexpected: Sequence[str] = getattr(error.kind, "unexpected", ())
    for name in unexpected:
        if name in known:
            message = f"{name!r} does not go with what else stands here"
            yield Complaint([*steps, name], message, follows=True)
        else:
            message = f"{name!r} is no field that is known here"
            yield Complaint([*steps, name], message, nearest(name, known))


def _properties(schema: Any, part: Any) -> set[str]:
    """The names of all fields that a part of a schema knows, whatever it refers to."""
    if not isinstance(part, dict):
        return set()
    found = set(part.get("properties", ()))
    reference = part.get("$ref", "")
    if reference.startswith("#/"):
        found |= _properties(schema, _dug(schema, json_pointer.parse(reference[1:])))
    parts = [part[keyword] for keyword in ("then", "else") if keyword in part]
    parts += [each for keyword in ("allOf", "oneOf", "anyOf") for each in part.get(keyword, ())]
    return found.union(*(_properties(schema, each) for each in parts))


def _dug(schema: Any, place: Sequence[str]) -> Any:
    try:
        return json_pointer.dig(schema, place)
    except LookupError:
        return None


def _hint(kind: str, said: str, choices: Iterable[Any], place: list[str]) -> str:
    for end, hint in _HINTS.items():
        if tuple(place[-len(end) :]) == end:
            return hint
    if kind == "enum":
        return nearest(said, map(str, choices))
    return "add what is missing" if kind == "required" else ""


def _short(text: str) -> str:
    """A message without the most of a long value in it."""
    half = _LONGEST // 2
    return text if len(text) <= _LONGEST else f"{text[:half]} … {text[-half:]}"
