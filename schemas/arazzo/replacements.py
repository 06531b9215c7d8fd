"""Payload Replacement Objects: values that are set in a payload."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import jsonpath_rfc9535

from schemas import pointer as json_pointer
from schemas.arazzo.criteria import read_value
from schemas.arazzo.expressions import ExpressionError
from schemas.arazzo.model import Replacement

__all__ = ["read_replacement"]


def read_replacement(said: Mapping[str, Any]) -> Replacement:
    """Raises `ExpressionError` for a target that can't be understood."""
    target = said["target"]
    kind = said.get("targetSelectorType", "jsonpointer")
    put = _KINDS[_name(kind)](target)
    return Replacement(target=target, value=read_value(said["value"]), put=put)


def _name(kind: Any) -> str:
    if isinstance(kind, dict):
        if kind["version"] not in ("rfc9535", "rfc6901"):
            raise ExpressionError(f"{kind['version']} is not understood; rfc9535 and rfc6901 are")
        kind = kind["type"]
    if kind == "xpath":
        raise ExpressionError("xpath is for XML, and no payload here is any: use jsonpath")
    return str(kind)


_Put = Callable[[Any, Any], Any]


def _pointed(target: str) -> _Put:
    if target and not target.startswith("/"):
        raise ExpressionError(f"a JSON Pointer begins with /, and here with {target[0]!r}")
    steps = json_pointer.parse(target)
    return lambda payload, value: _set(payload, steps, value, target)


def _queried(target: str) -> _Put:
    try:
        query = jsonpath_rfc9535.compile(target)
    except jsonpath_rfc9535.JSONPathError as error:
        raise ExpressionError(f"{target} is no JSONPath of RFC 9535: {error}") from error

    def put(payload: Any, value: Any) -> Any:
        places = [[str(step) for step in node.location] for node in query.find(payload)]
        if not places:
            raise ExpressionError(f"{target} finds nothing in the payload")
        for steps in places:
            payload = _set(payload, steps, value, target)
        return payload

    return put


_KINDS: Mapping[str, Callable[[str], _Put]] = {"jsonpointer": _pointed, "jsonpath": _queried}


def _set(payload: Any, steps: Sequence[str], value: Any, target: str) -> Any:
    """A copy of the payload with the value; a key of an object may be a new one."""
    if not steps:
        return value
    changed = copy.copy(payload)
    step, *rest = steps
    if isinstance(changed, dict) and (step in changed or not rest):
        changed[step] = _set(changed.get(step), rest, value, target)
    elif isinstance(changed, list) and step.isdigit() and int(step) < len(changed):
        changed[int(step)] = _set(changed[int(step)], rest, value, target)
    else:
        raise ExpressionError(f"the payload has no place {target}")
    return changed
