"""Tells whether a message is legal and, if not, where and why.

jsonschema-rs decides. Accepting is fast (a compiled validator per message); explaining is slower
and happens only for what was rejected.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote

import jsonschema_rs

from schemas import pointer as json_pointer
from schemas.complaints import meant
from schemas.spec import Place, Protocol, Requirement

__all__ = ["Finding", "PlaceIndex", "Shape", "Validators", "Violation"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """One thing wrong with a message.

    `pointer` is the JSON Pointer of the offending value, or of the value that is missing;
    `keyword` the JSON Schema keyword that objects.
    """

    pointer: str
    keyword: str
    message: str
    value: Any

    @property
    def steps(self) -> tuple[str, ...]:
        return json_pointer.parse(self.pointer)

    def under(self, base: str) -> Violation:
        """The same, of a message that has the one it was found in at the pointer `base`."""
        return replace(self, pointer=base + self.pointer)

    def __str__(self) -> str:
        return f"{self.pointer or '(whole body)'}: {self.message}"


class Shape:
    """What one message or answer may look like: a compiled validator that can explain itself."""

    __slots__ = ("_validator", "accepts")

    def __init__(self, validator: jsonschema_rs.Draft202012Validator) -> None:
        self._validator = validator
        self.accepts = validator.is_valid

    @classmethod
    def of(cls, schema: Mapping[str, Any]) -> Shape:
        """Of a schema that stands alone. Raises `ValueError` for one that is none."""
        return cls(
            jsonschema_rs.Draft202012Validator(dict(schema), validate_formats=True, offline=True)
        )

    def explain(self, message: Any) -> list[Violation]:
        """Every violation, in the message's order; empty where the message is legal."""
        try:
            return [_violation(error) for error in self._validator.iter_errors(message)]
        except UnicodeEncodeError:  # half a surrogate pair: JSON can escape one, a validator not
            return self.explain(_without_halves(message))

    def certain(self, message: Any, unknown: Collection[str]) -> list[Violation]:
        """The violations that there are whatever stands at the pointers `unknown`: for a message
        of which not everything is known yet. Of alternatives, what the likeliest one objects to.
        """
        if self.accepts(message):
            return []
        places = [json_pointer.parse(pointer) for pointer in unknown]
        return [
            violation
            for error in self._validator.iter_errors(message)
            if not _hangs_on(error, places)
            for violation in map(_violation, meant(error))
            if not any(json_pointer.matches(at, violation.steps) for at in places)
        ]


class Validators:
    """The shapes of a protocol, each compiled once, when it is first wanted."""

    def __init__(self, protocol: Protocol) -> None:
        self._protocol = protocol
        self._base = f"urn:assay:{protocol.id}"
        documents = {
            "": dict(protocol.openapi),
            ":asyncapi": dict(protocol.asyncapi),
            ":grpc": dict(protocol.grpc),
        }
        self._registry = jsonschema_rs.Registry(
            [(self._base + name, document) for name, document in documents.items()],
            draft=jsonschema_rs.Draft202012,
        )
        self._shapes: dict[str, Shape] = {}

    def request(self, operation: str) -> Shape | None:
        """The shape of an operation's body, or `None` where it has none."""
        return self.at(self._protocol.operations[operation].request)

    def answer(self, operation: str, status: int) -> Shape | None:
        """The shape of an answer's body, or `None` where the body is free."""
        known = self._protocol.operations[operation]
        key = known.answer(status)
        return None if key is None else self.at(known.responses[key])

    def place(self, place: Place) -> Shape | None:
        """The shape of the body at a place, whatever its pointer."""
        if place.message:
            return self.message(place.message)
        operation = self._protocol.operations[place.operation]
        return self.at(operation.responses[place.answer] if place.answer else operation.request)

    def parameter(self, operation: str, name: str) -> Shape | None:
        """The shape of a path parameter, or `None` where it is not documented."""
        return self.at(self._protocol.operations[operation].parameters.get(name))

    def message(self, message: str) -> Shape | None:
        """The shape of a channel's message."""
        return self.at(self._protocol.messages[message].payload)

    def at(self, reference: str | None) -> Shape | None:
        """The shape at a reference into a bundled document: `#/paths/…` into OpenAPI's,
        `asyncapi#/components/…` into AsyncAPI's, `grpc#/rpcs/…` into that of the procedures.
        """
        if reference is None:
            return None
        shape = self._shapes.get(reference)
        if shape is None:
            name, _, fragment = reference.partition("#")
            base = f"{self._base}:{name}" if name else self._base
            shape = self._shapes[reference] = Shape(
                jsonschema_rs.Draft202012Validator(
                    {"$ref": f"{base}#{quote(fragment, safe='/~')}"},  # `{` is no URI
                    registry=self._registry,
                    validate_formats=True,
                    offline=True,
                )
            )
        return shape


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What one message says of one requirement: kept, or broken by these violations."""

    requirement: Requirement
    violations: tuple[Violation, ...] = ()


class PlaceIndex:
    """Which requirement owns which part of which message."""

    def __init__(self, requirements: Iterable[Requirement]) -> None:
        self._rows: dict[tuple[str, str], list[tuple[tuple[str, ...], Requirement]]] = {}
        for row in requirements:
            if row.place is not None:
                key = (row.place.subject, row.place.answer)
                self._rows.setdefault(key, []).append((row.place.steps, row))
        for rows in self._rows.values():
            rows.sort(key=lambda entry: len(entry[0]), reverse=True)  # the most particular first

    def owner(self, subject: str, answer: str, pointer: str) -> Requirement | None:
        """The most particular requirement that speaks of that place, or `None`.

        `subject` is an operation or a message of a channel.
        """
        steps = json_pointer.parse(pointer)
        for pattern, row in self._rows.get((subject, answer), ()):
            if json_pointer.matches(pattern, steps):
                return row
        return None

    def judge(
        self, subject: str, answer: str, message: Any, violations: Iterable[Violation]
    ) -> list[Finding]:
        """A finding for each requirement that `message` touches.

        A requirement is touched where its place exists in the message, or where a violation
        belongs to it; a requirement about the items of an empty list is not.
        """
        broken: dict[str, list[Violation]] = {}
        for violation in violations:
            row = self.owner(subject, answer, violation.pointer)
            if row is not None:
                broken.setdefault(row.id, []).append(violation)
        return [
            Finding(requirement=row, violations=tuple(broken.get(row.id, ())))
            for pattern, row in self._rows.get((subject, answer), ())
            if row.id in broken or _exists(message, pattern)
        ]


def _exists(message: Any, pattern: tuple[str, ...]) -> bool:
    return next(json_pointer.locations(message, pattern), None) is not None


_FAR_SIGHTED = frozenset(
    ("oneOf", "anyOf", "not", "contains", "uniqueItems", "const", "enum", "unevaluatedProperties")
)
"""Keywords that object to a value because of what stands below it."""

_CONDITIONAL = frozenset(("then", "else", "dependentSchemas"))


def _hangs_on(error: jsonschema_rs.ValidationError, places: Sequence[tuple[str, ...]]) -> bool:
    """Could another value at one of the places make this error go away?"""
    if _CONDITIONAL & {str(step) for step in error.evaluation_path}:
        return bool(places)
    steps = tuple(str(step) for step in error.instance_path)
    inside = any(json_pointer.matches(steps, at) for at in places)
    return inside and error.kind.name in _FAR_SIGHTED


def _violation(error: jsonschema_rs.ValidationError) -> Violation:
    steps: list[object] = list(error.instance_path)
    keyword = error.kind.name
    value = error.instance
    message = error.message
    if isinstance(error.kind, jsonschema_rs.ValidationErrorKind.Required):
        # The place of a missing value is where it should stand, not the object around it.
        steps.append(error.kind.property)
        message, value = "is missing", None
    return Violation(
        pointer=json_pointer.join(steps), keyword=keyword, message=message, value=_plain(value)
    )


def _without_halves(message: Any) -> Any:
    """With question marks for what is no character."""
    return json.loads(json.dumps(message, ensure_ascii=False).encode("utf-8", "replace"))


def _plain(value: Any) -> Any:
    return dict(value) if isinstance(value, Mapping) else value
