"""Ways to spoil a value, and which of them suit which shape of field."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final, Literal, TypeAlias

__all__ = ["SHAPES", "SPOILERS", "Shape", "Spoiler", "spoil"]

_GONE: Final = object()

Shape: TypeAlias = Literal[
    "id",
    "name",
    "text",
    "state",
    "word",
    "time",
    "later",
    "whole",
    "total",
    "amount",
    "share",
    "object",
    "rows",
    "list",
    "any",
]


@dataclass(frozen=True, kw_only=True, slots=True)
class Spoiler:
    """How a value goes wrong; `words` completes the sentence "the field ..."."""

    name: str
    words: str
    spoil: Callable[[Any, Any], Any]
    """From the value, and the one that stood there in the first answer."""
    implied: bool = False


def _moved(value: Any, seconds: int) -> Any:
    from datetime import timedelta

    moment = datetime.fromisoformat(str(value)) + timedelta(seconds=seconds)
    return moment.isoformat().replace("+00:00", "Z")


def _epoch(value: Any) -> Any:
    return int(datetime.fromisoformat(str(value)).timestamp())


def _rows() -> tuple[tuple[str, str, Callable[[Any, Any], Any]], ...]:
    return (
        ("missing", "is missing", lambda value, first: _GONE),
        ("null", "is null", lambda value, first: None),
        ("number", "is a number", lambda value, first: 7),
        ("blank", "is an empty string", lambda value, first: ""),
        ("text", "is a string", lambda value, first: str(value)),
        ("listed", "is wrapped in a list", lambda value, first: [value]),
        ("first", "is that of the first answer for ever", lambda value, first: first),
        ("changed", "is not what was given", lambda value, first: f"{value}-x"),
        ("odd", "is no word of the document", lambda value, first: "alive"),
        ("epoch", "is in seconds since 1970", lambda value, first: _epoch(value)),
        ("http_date", "is an HTTP date", lambda value, first: "Tue, 02 Mar 2027 08:00:00 GMT"),
        ("impossible", "names no moment", lambda value, first: "2027-02-31T24:61:00Z"),
        ("negative", "is negative", lambda value, first: -1),
        ("fraction", "is no whole number", lambda value, first: value + 0.5),
        ("over", "is above 1", lambda value, first: 1.5),
        ("more", "is one too many", lambda value, first: value + 1),
        ("true", "is true", lambda value, first: True),
        ("stringified", "is JSON inside a string", lambda value, first: json.dumps(value)),
        ("keyed", "is an object, not a list", lambda value, first: {"items": value}),
        ("emptied", "is always empty", lambda value, first: type(value)()),
        ("nulled", "ends with a null", lambda value, first: [*value, None]),
    )


_IMPLIED: Final = (
    ("upper", "is in capitals", lambda value, first: str(value).upper()),
    ("naive", "names no zone", lambda value, first: str(value)[:19]),
    ("past", "lies an hour back", lambda value, first: _moved(value, -3600)),
    ("future", "lies a day ahead", lambda value, first: _moved(value, 86400)),
)

SPOILERS: Final[Mapping[str, Spoiler]] = MappingProxyType(
    {name: Spoiler(name=name, words=words, spoil=act) for name, words, act in _rows()}
    | {
        name: Spoiler(name=name, words=words, spoil=act, implied=True)
        for name, words, act in _IMPLIED
    }
)

_MOMENT: Final = ("missing", "null", "epoch", "http_date", "impossible", "naive")

SHAPES: Final[Mapping[Shape, tuple[str, ...]]] = MappingProxyType(
    {
        "id": ("missing", "null", "number", "blank", "listed", "first"),
        "name": ("missing", "null", "number", "changed", "first"),
        "text": ("missing", "null", "number"),
        "state": ("missing", "null", "number", "odd", "upper"),
        "word": ("missing", "null", "number", "upper"),
        "time": (*_MOMENT, "past"),
        "later": (*_MOMENT, "past"),
        "whole": ("missing", "null", "text", "negative", "fraction"),
        "total": ("missing", "null", "text", "negative", "more"),
        "amount": ("missing", "null", "text", "negative"),
        "share": ("missing", "null", "text", "negative", "over"),
        "object": ("missing", "null", "listed", "stringified", "emptied"),
        "rows": ("missing", "null", "keyed", "stringified", "emptied", "nulled"),
        "list": ("missing", "null", "keyed", "stringified"),
        "any": ("missing", "null", "stringified"),
    }
)


def spoil(body: Any, path: str, spoiler: Spoiler, memo: dict[Any, Any]) -> None:
    """Spoil a field in place; `*` in the path stands for each row. What is null stays."""
    steps = path.split("/")
    for host in _hosts(body, steps):
        value = host[steps[-1]]
        if value is None:
            continue
        first = memo.setdefault(("first", path), value)
        spoilt = spoiler.spoil(value, first)
        if spoilt is _GONE:
            del host[steps[-1]]
        else:
            host[steps[-1]] = spoilt


def _hosts(body: Any, steps: list[str]) -> list[Any]:
    """Every object that the last step of a path leads out of."""
    hosts = [body]
    for step in steps[:-1]:
        if step == "*":
            hosts = [row for host in hosts if isinstance(host, list) for row in host]
        else:
            hosts = [host[step] for host in hosts if isinstance(host, dict) and step in host]
    return [host for host in hosts if isinstance(host, dict) and steps[-1] in host]
