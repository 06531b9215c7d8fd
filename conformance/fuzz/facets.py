"""JSON Schemas made plain: without references, conjunctions or alternatives, ready to draw from."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NoReturn

from schemas import pointer as json_pointer

__all__ = ["Facets", "SchemaError"]

_Schema = Mapping[str, Any]

_NOTES = frozenset(
    {
        "$id",
        "$schema",
        "contentEncoding",
        "contentMediaType",
        "default",
        "deprecated",
        "description",
        "examples",
        "title",
    }
)
"""What forbids nothing."""

_ALTERNATIVES = ("anyOf", "if", "then", "else")

_NARROWER: Mapping[str, Callable[[Any, Any], Any]] = {
    "minimum": max,
    "exclusiveMinimum": max,
    "minLength": max,
    "minItems": max,
    "minProperties": max,
    "maximum": min,
    "exclusiveMaximum": min,
    "maxLength": min,
    "maxItems": min,
    "maxProperties": min,
}
"""Bounds, and which of two is the narrower one."""

_KEPT = frozenset(
    {
        *_NARROWER,
        *_ALTERNATIVES,
        "additionalProperties",
        "const",
        "enum",
        "format",
        "items",
        "not",
        "pattern",
        "properties",
        "required",
        "type",
        "uniqueItems",
    }
)


class SchemaError(ValueError):
    """A schema says something that nothing is drawn for: names the keyword."""


class _NeverError(Exception):
    """Nothing meets both of two schemas."""


class Facets:
    """The schemas of one document, as plain ones.

    A plain schema has no `$ref`, `allOf`, `anyOf` or `if`; what stood in `not` and `pattern` is a
    list, all of which hold. The schemas of its members are still as they were written.
    """

    def __init__(self, document: _Schema) -> None:
        self._document = document

    def at(self, pointer: str) -> _Schema:
        """The schema at a JSON Pointer of the document."""
        found: _Schema = json_pointer.dig(self._document, json_pointer.parse(pointer))
        return found

    def plain(self, schema: _Schema | bool) -> list[dict[str, Any]]:
        """The plain schemas one of which a value meets that meets this one. The first is the
        broadest. Not each value that meets one of them is legal: who draws must look.

        Raises `SchemaError` for a keyword that is not known here.
        """
        if schema is True:
            return [{}]
        if schema is False:
            raise SchemaError("nothing can be drawn where nothing is legal")
        return [self._sound(each) for each in self._plain(schema)]

    def _joined(self, schema: dict[str, Any]) -> dict[str, Any]:
        """With all that it refers to, and all that must hold beside it."""
        joined: dict[str, Any] = {}
        for part in self._parts(schema):
            joined = _both(joined, part)
        return joined

    def _parts(self, schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
        own = {key: value for key, value in schema.items() if key not in ("$ref", "allOf")}
        if "$ref" in schema:
            yield from self._parts(dict(self.at(schema["$ref"].removeprefix("#"))))
        for part in schema.get("allOf", ()):
            yield from self._parts(dict(part))
        yield _listed(own)

    def _alternatives(self, schema: dict[str, Any]) -> list[dict[str, Any]]:
        choices = schema.pop("choices", [])
        found = [schema]
        for choice in choices:
            parts = [part for each in choice for part in self._plain(each)]
            found = [both for one in found for part in parts for both in _either(one, part)]
        return found

    def _plain(self, schema: _Schema) -> list[dict[str, Any]]:
        try:
            return self._alternatives(self._joined(dict(schema)))
        except _NeverError:
            return []

    @staticmethod
    def _sound(schema: dict[str, Any]) -> dict[str, Any]:
        unknown = schema.keys() - _KEPT - _NOTES
        if unknown:
            raise SchemaError(f"nothing is drawn for the keyword {min(unknown)!r}")
        return {key: value for key, value in schema.items() if key not in _NOTES}


def _listed(schema: dict[str, Any]) -> dict[str, Any]:
    """With what can be said more than once as lists, and with the choices that there are."""
    listed = {key: value for key, value in schema.items() if key not in _ALTERNATIVES}
    for key in ("not", "pattern"):
        if key in listed:
            listed[key] = [listed[key]]
    choices = [schema["anyOf"]] if "anyOf" in schema else []
    if "if" in schema:
        met = {"allOf": [schema["if"], schema.get("then", {})]}
        choices.append([schema.get("else", {}), met])
    return {**listed, "choices": choices} if choices else listed


def _either(one: dict[str, Any], other: Mapping[str, Any]) -> list[dict[str, Any]]:
    try:
        return [_both(one, other)]
    except _NeverError:
        return []


def _both(one: dict[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    """What holds where both hold."""
    both = dict(one)
    for key, value in other.items():
        both[key] = _joint(key, both[key], value) if key in both else value
    return both


def _joint(key: str, one: Any, other: Any) -> Any:
    """One keyword that both have."""
    if one == other or key in _NOTES:
        return other
    join = _JOINTS.get(key)
    if join is None:
        raise SchemaError(f"{key!r} is said twice: {one!r} and {other!r}")
    return join(one, other)


def _never(_one: Any, _other: Any) -> NoReturn:
    raise _NeverError


def _members(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    shared = {name: {"allOf": [one[name], other[name]]} for name in one.keys() & other.keys()}
    return {**one, **other, **shared}


def _listed_once(one: list[Any], other: list[Any]) -> list[Any]:
    return list(dict.fromkeys([*one, *other]))


def _all_of(one: Any, other: Any) -> dict[str, Any]:
    return {"allOf": [one, other]}


def _in_both(one: list[Any], other: list[Any]) -> list[Any]:
    return _some([value for value in one if value in other])


def _some(values: list[Any]) -> list[Any]:
    if not values:
        raise _NeverError
    return values


def _types(one: list[str] | str, other: list[str] | str) -> list[str]:
    left, right = _as_list(one), _as_list(other)
    shared = [name for name in left if name in right]
    if "integer" not in shared and {"integer", "number"} <= {*left, *right}:
        shared.append("integer")
    return _some(shared)


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


_JOINTS: Mapping[str, Callable[[Any, Any], Any]] = {
    **_NARROWER,
    "additionalProperties": _all_of,
    "choices": operator.add,
    "const": _never,
    "enum": _in_both,
    "items": _all_of,
    "not": operator.add,
    "pattern": operator.add,
    "properties": _members,
    "required": _listed_once,
    "type": _types,
}
"""What holds of a keyword that two schemas have, where both hold."""
