"""Request bodies: from bytes to JSON, and from JSON to a list of problems.

The field table is data, so that a fault can loosen or tighten a single line of it.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, NoReturn

from .model import AGENT_TYPES, STATUSES, Json, Obj, Op

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .reading import Reading

__all__ = [
    "FULL_BEAT",
    "METRIC_KEYS",
    "Field",
    "FieldTable",
    "Kind",
    "MalformedError",
    "Problem",
    "decode",
    "field_table",
    "problems",
    "without_nulls",
]

METRIC_KEYS: Final = ("active_connections", "pending_tasks", "cpu_usage", "memory_usage")

_MAX_DEPTH: Final = 200


class MalformedError(Exception):
    """The body is not JSON that a coordinator could hold."""


class Kind(StrEnum):
    """What a field may contain."""

    ANY = "any"
    TEXT = "text"
    ID = "id"
    TEXTS = "texts"
    LIST = "list"
    TEXT_MAP = "text map"
    OBJECT = "object"
    METRICS = "metrics"
    LAX_METRICS = "lax metrics"
    STATUS = "status"
    AGENT_TYPE = "agent type"
    TASK = "task"
    REQUIREMENTS = "requirements"


@dataclass(frozen=True, kw_only=True, slots=True)
class Field:
    """One line of a request body's table."""

    name: str
    kind: Kind
    required: bool = False


FULL_BEAT: Final = tuple(
    Field(name=name, kind=Kind.ANY, required=True)
    for name in ("agent_id", "status", "load_metrics", "timestamp")
)
"""What a heartbeat must hold where a coordinator wants everything."""

FieldTable = dict[Op, tuple[Field, ...]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Problem:
    """Why a body was refused: where, which sort, in words, and the offending value."""

    where: tuple[str | int, ...]
    code: str
    text: str
    value: Json = None


def field_table(reading: Reading) -> FieldTable:
    """The request bodies of the document, as strict as the reading has them."""
    typed = Kind.AGENT_TYPE if reading.checks_agent_type else Kind.TEXT
    filters = reading.checks_filters
    metrics = Kind.LAX_METRICS if reading.lax_numbers else Kind.METRICS
    deep = reading.checks_task_fields
    return {
        Op.REGISTER: (
            Field(
                name="agent_id",
                kind=Kind.ID if reading.empty_id_refused else Kind.TEXT,
                required=True,
            ),
            Field(name="agent_type", kind=typed, required=True),
            Field(name="capabilities", kind=Kind.TEXTS),
            Field(name="services", kind=Kind.TEXTS),
            Field(name="endpoints", kind=Kind.TEXT_MAP),
            Field(name="metadata", kind=Kind.OBJECT),
        ),
        Op.DISCOVER: (
            Field(name="status", kind=Kind.STATUS if filters else Kind.TEXT),
            Field(name="agent_type", kind=Kind.AGENT_TYPE if filters else Kind.TEXT),
            Field(name="capabilities", kind=Kind.TEXTS),
            Field(name="services", kind=Kind.TEXTS),
        ),
        Op.UPDATE: (
            Field(name="status", kind=Kind.STATUS, required=True),
            Field(name="load_metrics", kind=metrics),
        ),
        Op.SUBMIT: (
            Field(name="task_data", kind=Kind.TASK if deep else Kind.OBJECT, required=True),
            Field(name="priority", kind=Kind.TEXT, required=True),
            Field(name="requirements", kind=Kind.REQUIREMENTS if deep else Kind.OBJECT),
        ),
    }


def decode(raw: bytes, *, first_only: bool = False) -> Json:
    """Parse a body, or its first value.

    NaN, infinities and extreme nesting are not JSON that can be echoed.
    """
    reader = json.JSONDecoder(parse_constant=_refuse_constant, parse_float=_finite)
    try:
        text = raw.decode().strip()
        value = reader.raw_decode(text)[0] if first_only else reader.decode(text)
    except (ValueError, RecursionError) as error:
        raise MalformedError(str(error)) from error
    if _too_deep(value):
        message = "nested too deeply"
        raise MalformedError(message)
    return value


def without_nulls(body: Obj) -> Obj:
    """Leave out members that are null."""
    return {name: value for name, value in body.items() if value is not None}


def problems(body: Json, fields: Sequence[Field]) -> list[Problem]:
    """Everything that is wrong with a body, in the order of the table."""
    if not isinstance(body, dict):
        return [Problem(where=(), code="dict_type", text="should be an object", value=body)]
    found: list[Problem] = []
    for line in fields:
        if line.name in body:
            found += _check(line.kind, body[line.name], (line.name,))
        elif line.required:
            found.append(
                Problem(where=(line.name,), code="missing", text="Field required", value=body)
            )
    return found


def _refuse_constant(name: str) -> NoReturn:
    message = f"{name} is not JSON"
    raise ValueError(message)


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        message = f"{text} is out of range"
        raise ValueError(message)
    return number


def _too_deep(value: Json) -> bool:
    """Walk level by level: recursion would fail on the very bodies that this looks for."""
    level = [value]
    for _ in range(_MAX_DEPTH):
        level = [inner for outer in level for inner in _inside(outer)]
        if not level:
            return False
    return True


def _inside(value: Json) -> list[Json]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []


def _check(kind: Kind, value: Json, where: tuple[str | int, ...]) -> list[Problem]:
    if kind is Kind.ANY:
        return []
    if kind in _LISTS:
        return _check_listed(value, where, _LISTS[kind])
    if kind in (Kind.TEXT, Kind.ID):
        return _check_text(value, where, blank_allowed=kind is Kind.TEXT)
    if kind in (Kind.TEXTS, Kind.LIST):
        return _check_texts(value, where, items_matter=kind is Kind.TEXTS)
    return _check_object(kind, value, where)


def _check_text(
    value: Json, where: tuple[str | int, ...], *, blank_allowed: bool = True
) -> list[Problem]:
    if not isinstance(value, str):
        text = "should be a string"
        return [Problem(where=where, code="string_type", text=text, value=value)]
    if not value and not blank_allowed:
        text = "should not be empty"
        return [Problem(where=where, code="string_too_short", text=text, value=value)]
    return []


def _check_listed(
    value: Json, where: tuple[str | int, ...], allowed: tuple[str, ...]
) -> list[Problem]:
    if isinstance(value, str) and value in allowed:
        return []
    text = "should be one of " + ", ".join(allowed)
    return [Problem(where=where, code="enum", text=text, value=value)]


def _check_texts(
    value: Json, where: tuple[str | int, ...], *, items_matter: bool = True
) -> list[Problem]:
    if not isinstance(value, list):
        return [Problem(where=where, code="list_type", text="should be a list", value=value)]
    if not items_matter:
        return []
    return [
        problem
        for index, item in enumerate(value)
        for problem in _check_text(item, (*where, index))
    ]


def _check_object(kind: Kind, value: Json, where: tuple[str | int, ...]) -> list[Problem]:
    if not isinstance(value, dict):
        return [Problem(where=where, code="dict_type", text="should be an object", value=value)]
    if kind is Kind.TEXT_MAP:
        return [
            problem for name, item in value.items() for problem in _check_text(item, (*where, name))
        ]
    if kind in (Kind.METRICS, Kind.LAX_METRICS):
        lax = kind is Kind.LAX_METRICS
        return [
            Problem(where=(*where, name), code="float_type", text="should be a number", value=item)
            for name, item in value.items()
            if not _is_number(item, lax=lax)
        ]
    return [
        problem
        for name, inner in _INNER.get(kind, {}).items()
        if name in value
        for problem in _check(inner, value[name], (*where, name))
    ]


def _is_number(value: Json, *, lax: bool) -> bool:
    if isinstance(value, str | bool) and not lax:
        return False
    if not isinstance(value, int | float | str):
        return False
    try:
        return math.isfinite(float(value))
    except (ValueError, OverflowError):
        return False


_LISTS: Final[Mapping[Kind, tuple[str, ...]]] = MappingProxyType(
    {Kind.STATUS: STATUSES, Kind.AGENT_TYPE: AGENT_TYPES}
)

_INNER: Final[Mapping[Kind, Mapping[str, Kind]]] = MappingProxyType(
    {
        Kind.TASK: {
            "task_type": Kind.TEXT,
            "model": Kind.TEXT,
            "prompt": Kind.TEXT,
            "parameters": Kind.OBJECT,
        },
        Kind.REQUIREMENTS: {"capabilities": Kind.TEXTS, "agent_type": Kind.TEXT},
    }
)
