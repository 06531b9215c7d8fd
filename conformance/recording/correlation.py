"""Values that come back: what a client made up becomes an input, what a coordinator made up an
output of the step that told it, and whoever says it again says an expression.
"""

from __future__ import annotations

import re
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from conformance.recording.concealing import placeholders
from conformance.recording.meaning import Meaning
from conformance.recording.places import Place, places
from conformance.recording.records import Asked, Record

__all__ = ["Correlation"]


@dataclass(eq=False, slots=True, kw_only=True)
class _Origin:
    """Where a value was said first, by whom, and what it is called if it is said again."""

    place: Place
    number: int
    step: str
    asked: bool
    used: bool = False
    name: str = ""

    @property
    def is_input(self) -> bool:
        return self.place.sender == "agent"

    @property
    def expression(self) -> str:
        if self.is_input:
            return f"$inputs.{self.name}"
        return f"$steps.{self.step}.outputs.{self.name}"

    @property
    def source(self) -> str:
        """What the step that told it makes an output of."""
        whose = "$response.body" if self.asked else "$message.payload"
        return f"{whose}#{self.place.pointer}" if self.place.pointer else whose


_WORD = re.compile(r"assay-secret-\d+|\w(?:[\w.@+-]*\w)?")
"""What may be an id inside of a text."""

_GIVEN = {"token", "username", "password", "url", "agent"}
"""Inputs that a player fills in by itself, with what a peer is reached or an agent started with."""


class Correlation:
    """Of all records, whose steps are called as in `steps` (by number)."""

    def __init__(
        self, records: Sequence[Record], steps: Mapping[int, str], meaning: Meaning
    ) -> None:
        self._meaning = meaning
        self._origins: dict[tuple[type, Any], list[_Origin]] = {}
        self._inside: dict[str, _Origin] = {}
        self._literals: dict[str, str] = {}
        self._inputs: dict[str, dict[str, Any]] = {}
        self._outputs: dict[str, dict[str, str]] = {}
        for record in records:
            if record.number in steps:
                self._read(record, steps[record.number])
        self._christen()

    @property
    def inputs(self) -> dict[str, dict[str, Any]]:
        """The schemas of all inputs, by name."""
        literals = {
            name: {"type": "string", "default": text} for text, name in self._literals.items()
        }
        return {**self._inputs, **literals}

    def outputs(self, step: str) -> Mapping[str, str]:
        """What a step has to keep for later ones."""
        return self._outputs.get(step, {})

    def written(self, value: Any, sender: str, number: int, field: str = "") -> Any:
        """A value as the scenario says it, at any depth."""
        if isinstance(value, dict):
            return {key: self.written(item, sender, number, key) for key, item in value.items()}
        if isinstance(value, list):
            return [self.written(item, sender, number, field) for item in value]
        origin = self._origin(Place(value=value, sender=sender, field=field))
        if origin is not None and self._is_known(origin, number):
            return origin.expression
        if not isinstance(value, str):
            return value
        return self._text(value, number)

    # What comes back

    def _read(self, record: Record, step: str) -> None:
        for place in places(record):
            origin = self._origin(place)
            if origin is not None:
                origin.used = origin.used or _counts(origin, place, record.number)
            elif self._meaning.is_value(place.value, place.field):
                self._add(place, record, step)
            self._look_inside(place, record.number)

    def _add(self, place: Place, record: Record, step: str) -> None:
        origin = _Origin(
            place=place,
            number=record.number,
            step=step,
            asked=isinstance(record, Asked),
            used=place.sender == "agent" and _is_owed(place),
        )
        self._origins.setdefault(_key(place.value), []).append(origin)
        value = place.value
        if isinstance(value, str) and self._meaning.stands_out(value, place.field):
            self._inside.setdefault(value, origin)

    def _look_inside(self, place: Place, number: int) -> None:
        if isinstance(place.value, str):
            for match in self._matches(place.value):
                origin = self._inside[match[0]]
                if origin.place.value != place.value:
                    origin.used = origin.used or _counts(origin, place, number)

    def _matches(self, text: str) -> list[re.Match[str]]:
        """The words of a text that are values of somebody's."""
        return [match for match in _WORD.finditer(text) if match[0] in self._inside]

    def _origin(self, place: Place) -> _Origin | None:
        if not self._meaning.is_value(place.value, place.field):
            return None
        known = self._origins.get(_key(place.value), ())
        return next(
            (
                each
                for each in known
                if self._meaning.same(place.value, each.place.field, place.field)
            ),
            None,
        )

    # What it is called

    def _christen(self) -> None:
        every = (each for known in self._origins.values() for each in known if each.used)
        for origin in sorted(every, key=lambda each: each.number):
            name = _name(origin.place)
            if origin.is_input:
                origin.name = _unique(name, self._inputs)
                self._inputs[origin.name] = _schema(origin.place)
            else:
                kept = self._outputs.setdefault(origin.step, {})
                origin.name = _unique(name, kept)
                kept[origin.name] = origin.source

    @staticmethod
    def _is_known(origin: _Origin, number: int) -> bool:
        """What a step's own answer tells cannot be said by an expression yet."""
        return origin.used and (origin.is_input or origin.number < number)

    def _text(self, text: str, number: int) -> str:
        if text.startswith("$") or "{$" in text:
            return f"$inputs.{self._literal(text)}"
        parts, end = [], 0
        for match in self._matches(text):
            origin = self._inside[match[0]]
            if self._is_known(origin, number):
                if match[0] == text:
                    return origin.expression
                parts += [text[end : match.start()], f"{{{origin.expression}}}"]
                end = match.end()
        return "".join([*parts, text[end:]])

    def _literal(self, text: str) -> str:
        """The input that stands for a text which would be read as an expression."""
        if text not in self._literals:
            self._literals[text] = _unique("text", {*self._inputs, *self._literals.values()})
        return self._literals[text]


def _counts(origin: _Origin, place: Place, number: int) -> bool:
    """Is it worth an expression that it is said again there? What a coordinator made up and says
    again itself tells nothing.
    """
    if origin.is_input:
        return origin.number < number or place.sender != "agent"
    return origin.number < number and place.sender == "agent"


def _is_owed(place: Place) -> bool:
    """Must somebody else give it in any case: a secret, or whose it is?"""
    return place.value in placeholders(str(place.value)) or place.login


def _key(value: Any) -> tuple[type, Any]:
    return type(value), value  # or 1 would be true


def _schema(place: Place) -> dict[str, Any]:
    if isinstance(place.value, int):
        return {"type": "integer", "default": place.value}
    if placeholders(place.value):
        return {"type": "string", "format": "password", "description": _UNTOLD}
    return {"type": "string", "default": place.value}


_UNTOLD = "A secret, which was not recorded."


def _name(place: Place) -> str:
    name = place.field
    if place.where == "header":
        last = name.rpartition("-")[2].lower()
        name = "token" if last == "authorization" else last
    name = re.sub(r"[^A-Za-z0-9_-]+", "_", name).strip("_") or "value"
    proof = place.login or (name == "token" and place.where in ("header", "query"))
    return f"own_{name}" if place.sender == "agent" and name in _GIVEN and not proof else name


def _unique(name: str, taken: Container[str]) -> str:
    if name not in taken:
        return name
    number = 2
    while f"{name}-{number}" in taken:
        number += 1
    return f"{name}-{number}"
