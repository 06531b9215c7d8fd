"""Amounts as the document writes them: memory, CPU, durations. Bad ones are refused."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

from mockserver.protocols.caxton.answers import INVALID, RefusedError

__all__ = ["bytes_of", "fuel", "memory_text", "millicores", "seconds_of"]

_BYTES: Mapping[str, int] = {
    "": 1,
    "b": 1,
    "k": 1000,
    "kb": 1000,
    "kib": 1 << 10,
    "ki": 1 << 10,
    "m": 10**6,
    "mb": 10**6,
    "mib": 1 << 20,
    "mi": 1 << 20,
    "g": 10**9,
    "gb": 10**9,
    "gib": 1 << 30,
    "gi": 1 << 30,
    "t": 10**12,
    "tb": 10**12,
    "tib": 1 << 40,
}
_SECONDS: Mapping[str, float] = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}

_MEMORY = re.compile(r"([0-9]{1,15}(?:\.[0-9]{1,9})?)\s?([A-Za-z]*)")
_CPU = re.compile(r"([0-9]{1,15}(?:\.[0-9]{1,9})?)(m?)")
_PART = re.compile(r"([0-9]{1,12}(?:\.[0-9]{1,9})?)(ms|s|m|h|d|w)")
_BARE = re.compile(r"[0-9]{1,12}(?:\.[0-9]{1,9})?")

_FUEL_OF_A_MILLICORE = 1000
"""Silence 6: the example's agent asks for 100000 and is shown with "100m"."""


def bytes_of(text: str) -> int:
    """`"50MB"` and its like."""
    found = _MEMORY.fullmatch(text)
    unit = _BYTES.get(found[2].lower()) if found else None
    if found is None or unit is None:
        raise _wrong("memory", text, 'a number with a unit, like "64MB"')
    return int(float(found[1]) * unit)


def memory_text(amount: float) -> str:
    """Bytes, rounded down to a whole unit."""
    for unit, size in (("MB", 10**6), ("KB", 1000)):
        if amount >= size:
            return f"{int(amount // size)}{unit}"
    return f"{int(amount)}B"


def millicores(cpu: str | float) -> float:
    """What an amount of CPU comes to: fuel as a number or a text, or `"100m"`."""
    found = _CPU.fullmatch(cpu) if isinstance(cpu, str) else None
    if isinstance(cpu, str) and found is None:
        raise _wrong("cpu", cpu, 'fuel, like "100000", or "100m"')
    if found is not None and found[2]:
        return float(found[1])
    return float(found[1] if found else cpu) / _FUEL_OF_A_MILLICORE


def fuel(cpu: str | float) -> float | str:
    """As the receipt of a deployment shows it: a number where it is one."""
    if not isinstance(cpu, str):
        return cpu
    try:
        number = float(cpu)
    except ValueError:
        return cpu
    return int(number) if number == math.floor(number) else number


def seconds_of(text: str, what: str) -> float:
    """`"5m"`, `"1h30m"`, `"250ms"`, also in the words of ISO 8601; a bare number is one of
    seconds.
    """
    text = text[2:].lower() if text.startswith("PT") else text
    if _BARE.fullmatch(text):
        return float(text)
    parts = list(_PART.finditer(text))
    if not parts or "".join(part[0] for part in parts) != text:
        raise _wrong(what, text, 'a duration, like "5m"')
    return sum(float(part[1]) * _SECONDS[part[2]] for part in parts)


def _wrong(what: str, value: Any, wanted: str) -> RefusedError:
    return RefusedError(INVALID, f"{what} is {wanted}, not {value!r}", field=what, value=value)
