"""Ways to spoil a value, and which of them suit which shape of field."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final, Literal, TypeAlias

__all__ = ["GONE", "SHAPES", "SPOILERS", "Shape", "Spoiler"]

GONE: Final = object()
"""What a spoiler returns to take the field away."""

Shape: TypeAlias = Literal[
    "id",
    "name",
    "text",
    "jwt",
    "seconds",
    "level",
    "cert",
    "key",
    "time",
    "state",
    "texts",
    "usage",
    "share",
    "map",
    "rows",
    "object",
    "count",
    "true",
    "kind",
]


@dataclass(frozen=True, kw_only=True, slots=True)
class Spoiler:
    """How a value goes wrong; `words` completes the sentence "the field ..."."""

    name: str
    words: str
    spoil: Callable[[Any, Any], Any]
    """From the value, and the one that stood there in the first answer."""
    implied: bool = False


def _text_of(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _naive(value: Any) -> Any:
    return str(value)[:19]


def _epoch(value: Any) -> Any:
    return int(datetime.fromisoformat(str(value)).timestamp()) if value else 0


def _first_only(value: Any) -> Any:
    return value[:1] if isinstance(value, list) else dict([*value.items()][:1])


def _bare(value: Any) -> Any:
    """A PEM text without its armour."""
    return "".join(line for line in str(value).split("\n") if not line.startswith("-"))


def _rows() -> tuple[tuple[str, str, Callable[[Any, Any], Any]], ...]:
    return (
        ("missing", "is missing", lambda value, first: GONE),
        ("null", "is null", lambda value, first: None),
        ("number", "is a number", lambda value, first: 7),
        ("blank", "is an empty string", lambda value, first: ""),
        ("text", "is a string", lambda value, first: _text_of(value)),
        ("listed", "is wrapped in a list", lambda value, first: [value]),
        ("first", "is that of the first answer for ever", lambda value, first: first),
        ("upper", "is in capitals", lambda value, first: str(value).upper() + "X"),
        ("short", "is cut short", lambda value, first: str(value)[: len(str(value)) // 2]),
        ("opaque", "is no JWT", lambda value, first: "opaque-1"),
        ("two_parts", "has no signature", lambda value, first: str(value).rpartition(".")[0]),
        ("zero", "is 0", lambda value, first: 0),
        ("negative", "is negative", lambda value, first: -1),
        ("tenfold", "is ten times what it should be", lambda value, first: value * 10),
        ("true", "is true", lambda value, first: True),
        ("false", "is false", lambda value, first: False),
        ("one", "is 1", lambda value, first: 1),
        ("word", "is a word", lambda value, first: "true"),
        ("bare", "has lost its armour", lambda value, first: _bare(value)),
        ("garbled", "does not decode", lambda value, first: str(value).replace("A", "!")),
        ("epoch", "is in seconds since 1970", lambda value, first: _epoch(value)),
        ("http_date", "is an HTTP date", lambda value, first: "Tue, 02 Mar 2027 08:00:00 GMT"),
        ("impossible", "names no moment", lambda value, first: "2027-02-31T24:61:00Z"),
        ("date_only", "lacks the time of day", lambda value, first: str(value)[:10]),
        ("alive", "is no documented status", lambda value, first: "alive"),
        ("joined", "is one string with commas", lambda value, first: ",".join(map(str, value))),
        ("emptied", "is always empty", lambda value, first: type(value)()),
        ("first_only", "stops after its first entry", lambda value, first: _first_only(value)),
        ("numbered", "contains numbers", lambda value, first: [*range(len(value) or 1)]),
        ("nulled", "ends with a null", lambda value, first: [*value, None]),
        ("keyed", "is an object, not a list", lambda value, first: {"items": value}),
        ("stringified", "is JSON inside a string", lambda value, first: json.dumps(value)),
    )


_IMPLIED: Final = (
    Spoiler(
        name="naive", words="names no zone", spoil=lambda value, first: _naive(value), implied=True
    ),
)

SPOILERS: Final[Mapping[str, Spoiler]] = MappingProxyType(
    {name: Spoiler(name=name, words=words, spoil=spoil) for name, words, spoil in _rows()}
    | {one.name: one for one in _IMPLIED}
)

_MOMENT: Final = (
    "missing",
    "null",
    "epoch",
    "http_date",
    "impossible",
    "date_only",
    "blank",
    "naive",
)

SHAPES: Final[Mapping[Shape, tuple[str, ...]]] = MappingProxyType(
    {
        "id": ("missing", "null", "number", "blank", "listed", "first", "short"),
        "name": ("missing", "null", "number", "first", "upper", "blank"),
        "text": ("missing", "null", "number", "first", "blank"),
        "jwt": ("missing", "null", "number", "blank", "first", "opaque", "two_parts"),
        "seconds": ("missing", "null", "text", "zero", "negative", "true"),
        "level": ("missing", "null", "number", "listed"),
        "cert": ("missing", "null", "blank", "bare", "garbled", "short", "number", "listed"),
        "key": ("missing", "null", "blank", "bare", "garbled", "number"),
        "time": _MOMENT,
        "state": ("missing", "null", "number", "upper", "alive", "blank", "first"),
        "texts": (
            "missing",
            "null",
            "joined",
            "emptied",
            "first_only",
            "numbered",
            "nulled",
            "first",
        ),
        "usage": ("missing", "null", "listed", "stringified", "emptied", "first"),
        "share": ("missing", "null", "text", "negative", "tenfold", "zero"),
        "map": ("missing", "null", "stringified", "emptied", "first_only", "listed"),
        "rows": ("missing", "null", "keyed", "stringified", "nulled", "emptied"),
        "object": ("missing", "null", "listed", "stringified"),
        "count": ("missing", "null", "text", "tenfold", "zero"),
        "true": ("missing", "null", "false", "one", "word"),
        "kind": ("missing", "null", "upper", "number"),
    }
)
