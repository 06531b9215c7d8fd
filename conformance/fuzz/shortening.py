"""Smaller versions of a JSON value, to see which of it a finding needs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

__all__ = ["smaller"]


def smaller(value: Any) -> Iterator[Any]:
    """The same value with one thing less, the greater steps before the lesser."""
    if isinstance(value, dict):
        yield from ({k: v for k, v in value.items() if k != name} for name in value)
        yield from (
            {**value, name: less} for name, child in value.items() for less in smaller(child)
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
