"""JSON as it goes over the wire: fast for what is common, exact for what is not."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import orjson

__all__ = ["read_json", "texts_in", "write_json"]

_DEEPEST = 200
"""Levels of nesting that are read: what was read is written again, and writers give up at 255."""

_DIGITS = b"0123456789"
_LONG = 19
_LONG_NUMBER = re.compile(rb"[0-9]{%d}" % _LONG)
"""orjson makes a float of an integer beyond 64 bits, and a token must come back as it went."""


def read_json(data: bytes) -> Any:
    """JSON to data. Raises `ValueError` where it is none, or deeper than anybody writes."""
    said = orjson.loads(data)
    if _digits(data) >= _LONG and _LONG_NUMBER.search(data):
        said = json.loads(data)
    if len(data) > _DEEPEST and data.count(b"[") + data.count(b"{") > _DEEPEST:
        # Seldom: then it is worth a closer look.
        level = [said]
        for _ in range(_DEEPEST):
            level = [child for item in level for child in _children(item)]
        if level:
            raise ValueError(f"nested deeper than {_DEEPEST} levels")
    return said


def _digits(data: bytes) -> int:
    """How many there are: far quicker than to search for a long number."""
    return len(data) - len(data.translate(None, _DIGITS))


def texts_in(value: Any) -> Iterator[str]:
    """All texts of JSON, but for the names of its fields."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping | list):
        for item in value.values() if isinstance(value, Mapping) else value:
            yield from texts_in(item)


def write_json(value: Any) -> bytes:
    """Data to compact JSON."""
    try:
        # A copy: what orjson gives holds on to kilobytes, and the transcript keeps thousands.
        return memoryview(orjson.dumps(value)).tobytes()
    except TypeError:  # an integer beyond 64 bits, or half a surrogate pair
        return json.dumps(value, separators=(",", ":")).encode()


def _children(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()
