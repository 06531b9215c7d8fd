"""What a command of the control interface is told, taken apart: bad input says what is wrong."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["members", "number", "seconds", "text"]


def text(said: Mapping[str, Any], name: str) -> str:
    """A text that is not empty."""
    value = said.get(name)
    if not isinstance(value, str):
        raise TypeError(f'"{name}" is a text, not {value!r}')
    if not value:
        raise ValueError(f'"{name}" is empty')
    return value


def number(said: Mapping[str, Any], name: str) -> float:
    """A number that is no truth value."""
    value = said.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f'"{name}" is a number, not {value!r}')
    return value


def seconds(said: Mapping[str, Any], name: str) -> float:
    """A stretch of time, at most a century long."""
    value = number(said, name)
    if not 0 < value <= _CENTURY:
        raise ValueError(f'"{name}" is more than 0 and at most {_CENTURY} seconds, not {value!r}')
    return value


def members(said: Mapping[str, Any], name: str) -> dict[str, Any]:
    """A JSON object."""
    value = said.get(name)
    if not isinstance(value, dict):
        raise TypeError(f'"{name}" is a JSON object, not {value!r}')
    return value


_CENTURY = 100 * 365 * 24 * 3600
