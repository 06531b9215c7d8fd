"""Ways with less in them, to see what a finding needs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from conformance.exchange import MISSING, read_json
from conformance.fuzz.lawfulness import Asked

__all__ = ["Way", "smaller"]


@dataclass(frozen=True, slots=True)
class Way:
    """Requests in their order as they were made up, and the id that each created, or an empty
    text.
    """

    asked: tuple[Asked, ...] = ()
    created: tuple[str, ...] = ()

    def on(self, asked: Asked, created: str) -> Way:
        """One step further."""
        return Way((*self.asked, asked), (*self.created, created))

    def stands_on(self, value: str) -> bool:
        """Does a path in it lead to that?"""
        return any(value in asked.parameters.values() for asked in self.asked)

    def shorter(self) -> Iterator[Way]:
        """With the end of it alone, or without one of its steps, as long as no other leads to what
        that created; then with less in one of its bodies.
        """
        half = len(self.asked) // 2
        if half > 1 and not any(map(self._is_needed, range(half))):
            yield Way(self.asked[half:], self.created[half:])
        for index in range(len(self.asked) - 1):
            if not self._is_needed(index):
                yield self._without(index)
        for index, asked in enumerate(self.asked):
            body = MISSING if asked.body is None else read_json(asked.body)
            for less in smaller(body):
                yield self._with(index, replace(asked, body=json.dumps(less).encode()))

    def _is_needed(self, index: int) -> bool:
        created = self.created[index]
        return bool(created) and any(
            created in asked.parameters.values() for asked in self.asked[index + 1 :]
        )

    def _without(self, index: int) -> Way:
        return Way(
            self.asked[:index] + self.asked[index + 1 :],
            self.created[:index] + self.created[index + 1 :],
        )

    def _with(self, index: int, asked: Asked) -> Way:
        return Way((*self.asked[:index], asked, *self.asked[index + 1 :]), self.created)


def smaller(value: Any) -> Iterator[Any]:
    """The same JSON value with one thing less, the greater steps before the lesser."""
    if isinstance(value, dict):
        yield from ({k: v for k, v in value.items() if k != name} for name in value)
        yield from (
            {**value, name: less} for name, child in value.items() for less in smaller(child)
        )
        odd = (name for name in value if not (name.isascii() and name.isidentifier()))
        yield from (
            {("x" if k == name else k): v for k, v in value.items()}
            for name in odd
            if "x" not in value
        )
    elif isinstance(value, list):
        yield from (value[:index] + value[index + 1 :] for index in range(len(value)))
        yield from (
            [*value[:index], less, *value[index + 1 :]]
            for index, child in enumerate(value)
            for less in smaller(child)
        )
    elif isinstance(value, str) and len(value) > 1:
        half = len(value) // 2
        yield from (value[:half], value[half:])
    elif isinstance(value, int | float) and not isinstance(value, bool) and value:
        yield 0
