"""Ways to spoil a value, and which of them suit which shape of field."""

from __future__ import annotations

import json
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from .model import Json, Obj

__all__ = ["GONE", "SHAPES", "SPOILERS", "Shape", "Spoiler", "Spot"]

GONE: Final = object()
"""What a spoiler returns to take the field away."""

Shape = Literal[
    "success",
    "health",
    "release",
    "message",
    "echo",
    "state",
    "text",
    "uuid",
    "time",
    "clock",
    "count",
    "tally",
    "number",
    "score",
    "texts",
    "tags",
    "text_map",
    "map",
    "numbers",
    "object",
    "array",
    "detail",
]


@dataclass(frozen=True, kw_only=True, slots=True)
class Spot:
    """A value in an answer, with what stood there in the first and in the previous answer."""

    value: Json
    first: Json
    previous: Json
    host: Obj
    arg: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Spoiler:
    """How a value goes wrong; `words` completes the sentence "the field ..."."""

    name: str
    words: str
    spoil: Callable[[Spot], Json]
    implied: bool = False


def _unformatted(spot: Spot) -> str:
    """The template, as when the `f` before the string was forgotten."""
    words = str(spot.value).split(" ")
    return " ".join(["Agent", "{agent_id}", *words[2:]]) if words[0] == "Agent" else "{message}"


def _date_only(spot: Spot) -> str:
    return str(spot.value)[:10]


def _rows() -> tuple[tuple[str, str, Callable[[Spot], Json]], ...]:
    return (
        ("missing", "is missing", lambda _: GONE),
        ("null", "is null", lambda _: None),
        ("number", "is a number", lambda _: 7),
        ("zero", "is always 0", lambda _: 0),
        ("true", "is true", lambda _: True),
        ("text", "is a string", lambda spot: str(spot.value)),
        ("listed", "is wrapped in a list", lambda spot: [spot.value]),
        ("wrapped", "is wrapped in an object", lambda spot: {"value": spot.value}),
        ("blank", "is an empty string", lambda _: ""),
        ("ok", "says `ok`", lambda _: "ok"),
        ("error", "says `error`", lambda _: "error"),
        ("upper", "is in capitals", lambda spot: str(spot.value).upper()),
        ("altered", "has other words", lambda _: "Operation completed."),
        ("unformatted", "shows its template", _unformatted),
        ("placeholder", "is always `string`", lambda _: "string"),
        ("previous", "comes from the request before", lambda spot: spot.previous),
        ("frozen", "never changes after the first answer", lambda spot: spot.first),
        ("epoch", "is in seconds since 1970", lambda _: 1_778_172_557.0),
        ("rfc1123", "is in the notation of HTTP", lambda _: "Thu, 07 May 2026 16:49:17 GMT"),
        ("slashed", "is in the American notation", lambda _: "05/07/2026 04:49:17 PM"),
        ("impossible", "names no moment", lambda _: "2026-13-45T25:61:61Z"),
        ("date_only", "lacks the time of day", _date_only),
        ("negative", "is negative", lambda _: -1),
        ("fraction", "is not whole", lambda spot: spot.value + 0.5),
        ("one_more", "is one too many", lambda spot: spot.value + 1),
        ("one_less", "is one too few", lambda spot: spot.value - 1),
        ("percent", "is in percent", lambda _: 100.0),
        ("above_one", "exceeds 1", lambda _: 1.5),
        ("joined", "is one string with commas", lambda spot: ",".join(spot.value)),
        ("emptied", "is always empty", lambda spot: type(spot.value)()),
        ("first_only", "stops after its first entry", _first_only),
        ("numbered", "contains numbers", lambda spot: [*range(len(spot.value) or 1)]),
        ("nulled", "contains nulls", _nulled),
        ("keyed", "is an object instead of a list", lambda spot: dict(enumerate(spot.value))),
        ("paired", "is a list of pairs", lambda spot: [list(pair) for pair in spot.value.items()]),
        ("stringified", "is JSON inside a string", lambda spot: json.dumps(spot.value)),
        ("text_values", "contains strings for numbers", _text_values),
        ("not_uuid", "is no UUID", lambda _: "task-0001"),
        ("short", "is a UUID cut short", lambda spot: str(spot.value)[:18]),
        ("nil", "is always the nil UUID", lambda _: "00000000-0000-0000-0000-000000000000"),
        ("swagger", "is 2.0", lambda _: "2.0"),
        ("three", "is the number 3", lambda _: 3),
    )


def _first_only(spot: Spot) -> Json:
    if isinstance(spot.value, list):
        return spot.value[:1]
    return dict([*spot.value.items()][:1])


def _nulled(spot: Spot) -> Json:
    if isinstance(spot.value, list):
        return [*spot.value, None]
    return {**dict.fromkeys(spot.value), "default": None}


def _text_values(spot: Spot) -> Json:
    return {name: str(value) for name, value in spot.value.items()}


_IMPLIED: Final = (
    Spoiler(
        name="frozen",
        words="never changes after the first answer",
        spoil=lambda spot: spot.first,
        implied=True,
    ),
)
"""Spoilers that only the most natural reading forbids; keyed with a trailing question mark."""

SPOILERS: Final[Mapping[str, Spoiler]] = MappingProxyType(
    {name: Spoiler(name=name, words=words, spoil=spoil) for name, words, spoil in _rows()}
    | {f"{spoiler.name}?": spoiler for spoiler in _IMPLIED}
)

_TIME: Final = (
    "missing",
    "null",
    "epoch",
    "rfc1123",
    "slashed",
    "impossible",
    "date_only",
    "blank",
)

SHAPES: Final[Mapping[Shape, tuple[str, ...]]] = MappingProxyType(
    {
        "success": ("missing", "null", "true", "ok", "error", "upper"),
        "health": ("missing", "null", "true", "ok", "upper"),
        "release": ("missing", "null", "three", "swagger"),
        "message": ("missing", "null", "listed", "altered", "unformatted", "blank"),
        "echo": ("missing", "null", "number", "listed", "placeholder", "previous", "upper"),
        "state": ("missing", "null", "number", "frozen", "upper"),
        "text": ("missing", "null", "number"),
        "uuid": ("missing", "null", "number", "not_uuid", "short", "nil", "previous"),
        "time": (*_TIME, "frozen"),
        "clock": (*_TIME, "frozen?"),
        "count": ("missing", "null", "text", "negative", "fraction"),
        "tally": ("missing", "null", "text", "negative", "one_more", "one_less", "zero"),
        "number": ("missing", "null", "text", "negative"),
        "score": ("missing", "null", "text", "negative", "percent", "above_one"),
        "texts": ("missing", "null", "joined", "emptied", "first_only", "numbered", "nulled"),
        "tags": ("missing", "null", "joined", "numbered"),
        "text_map": ("missing", "null", "paired", "emptied", "first_only", "nulled"),
        "map": ("missing", "null", "paired", "stringified", "emptied", "first_only"),
        "numbers": ("missing", "null", "paired", "emptied", "first_only", "text_values"),
        "object": ("missing", "null", "listed", "stringified"),
        "array": ("missing", "null", "keyed", "wrapped", "emptied", "nulled"),
        "detail": ("missing", "null", "number", "blank"),
    }
)
