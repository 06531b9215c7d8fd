"""Amounts of memory and CPU, which may be written in more ways than one."""

from __future__ import annotations

import re
from typing import Any

__all__ = ["cpu_of", "more_memory", "same_memory"]

_MEMORY = re.compile(r"\s*([0-9]+(?:\.[0-9]+)?)\s*([kKmMgGtT]?)(i?)([bB]?|[bB]ytes?)\s*")

_POWERS = {"": 0, "k": 1, "m": 2, "g": 3, "t": 4}


def same_memory(shown: Any, asked: str) -> bool:
    """Is it the same amount? Whether a kilobyte has 1000 bytes or 1024 is nowhere said, nor in
    which unit an amount is shown.
    """
    ways = [(one, other) for one in _bytes(shown) for other in _bytes(asked)]
    return any(abs(one - other) <= 0.005 * other for one, other in ways)


def more_memory(one: Any, other: Any) -> bool:
    """Is the one amount above the other, whichever way both are read?"""
    first, second = _bytes(one), _bytes(other)
    return bool(first and second) and min(first) > max(second)


def _bytes(value: Any) -> set[float]:
    found = _MEMORY.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        return set()
    power = _POWERS[found[2].lower()]
    bases = (1024,) if found[3] else (1000, 1024)
    return {float(found[1]) * base**power for base in bases}


def cpu_of(value: Any) -> float | None:
    """An amount of CPU without a unit; `None` for one that has a unit, or is none."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        return float(value)
    except ValueError:
        return None
