"""What can be done to a field of a message: pure functions from a message to a broken one."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from conformance.mutation.catalogue_fields import Field
from schemas import pointer as json_pointer

__all__ = ["ABSENT", "BREAKING", "STRUCTURAL", "VALUES", "broken", "other_texts", "values_at"]

ABSENT: Final = object()
"""In the place of a message that an operator cannot change."""

STRUCTURAL = ("drop", "rename")
"""Take a member of an object away, or give it another name."""

VALUES = ("wrong", "stale")
"""Put another value in that the schemas still allow."""

_UNLIKELY = "unheard-of"
_DATE = re.compile(r"^([0-9]{3})([0-9])(?=-?[0-9]{2}-?[0-9]{2})")

Accepts = Callable[[Any], bool]


@dataclass(frozen=True, slots=True)
class _Aim:
    operator: str
    field: Field
    accepts: Accepts
    earlier: Sequence[Any]


def broken(
    operator: str, message: Any, field: Field, accepts: Accepts, earlier: Sequence[Any] = ()
) -> Any:
    """The message with every value at the field changed, or `ABSENT` where that is not possible.

    `accepts` tells whether a message keeps the schemas: operators on values must keep them, all
    others should break them. `earlier` are the values that stood there in an earlier message.
    """
    places = list(json_pointer.locations(message, field.steps))
    if operator in STRUCTURAL:
        changed = copy.deepcopy(message)
        done = [_restructured(changed, at, operator) for at in reversed(places) if at]
        return changed if any(done) else ABSENT
    changed, aim = ABSENT, _Aim(operator, field, accepts, earlier)
    for at in places:
        before = message if changed is ABSENT else changed
        after = _replaced(before, at, aim)
        changed = changed if after is ABSENT else after
    return changed


def values_at(message: Any, field: Field) -> list[Any]:
    """The values at a field, in the message's order."""
    return [json_pointer.dig(message, at) for at in json_pointer.locations(message, field.steps)]


def _restructured(message: Any, at: tuple[str, ...], operator: str) -> bool:
    parent = json_pointer.dig(message, at[:-1])
    if not isinstance(parent, dict):
        return False
    value = parent.pop(at[-1])
    if operator == "rename":
        parent[f"{at[-1]}_"] = value
    return True


def _replaced(message: Any, at: tuple[str, ...], aim: _Aim) -> Any:
    """The message with one value changed, or `ABSENT`."""
    value = json_pointer.dig(message, at)
    lawful = aim.operator in VALUES
    known = aim.operator == "stale"
    offered = aim.earlier if known else BREAKING[aim.operator](value, aim.field)
    spare = ABSENT
    for candidate in offered:
        if _same(candidate, value):
            continue
        tried = _put(message, at, candidate)
        if aim.accepts(tried) is lawful:
            return tried
        spare = tried if spare is ABSENT else spare
    return ABSENT if lawful else spare


def _same(one: Any, other: Any) -> bool:
    return type(one) is type(other) and bool(one == other)


def _put(message: Any, at: tuple[str, ...], value: Any) -> Any:
    """The message with another value at a place; what lies beside it is shared."""
    if not at:
        return value
    step = at[0]
    if isinstance(message, list):
        index = int(step)
        inner = _put(message[index], at[1:], value)
        return [*message[:index], inner, *message[index + 1 :]]
    return {**message, step: _put(message[step], at[1:], value)}


# What may stand in a value's place, the likeliest first


def _retype(value: Any, _: Field) -> Iterable[Any]:
    if isinstance(value, str):
        return (7, [value], {"value": value}, True)
    if isinstance(value, bool):
        return (str(value).lower(), int(value), [value])
    if isinstance(value, int | float):
        return (str(value), [value], {"value": value}, True)
    if isinstance(value, list):
        return ({}, "text", 7)
    if isinstance(value, dict):
        return ([], "text", 7)
    return (7, "text", [], {})


def _null(_value: Any, _: Field) -> Iterable[Any]:
    return (None,)


def _out_of_enum(value: Any, field: Field) -> Iterable[Any]:
    if not (field.said("enum") or field.said("const")):
        return ()
    if isinstance(value, bool):
        return (not value,)
    if isinstance(value, int | float):
        return (value + 1000,)
    return (_UNLIKELY, f"{value}-", "")


def _fraction(value: Any, field: Field) -> Iterable[Any]:
    whole = isinstance(value, int) and not isinstance(value, bool)
    return (value + 0.5,) if whole and "integer" in _types(field) else ()


def _below(value: Any, field: Field) -> Iterable[Any]:
    if not _is_number(value):
        return ()
    return [each - 1 for each in field.said("minimum")] + field.said("exclusiveMinimum")


def _above(value: Any, field: Field) -> Iterable[Any]:
    if not _is_number(value):
        return ()
    return [each + 1 for each in field.said("maximum")] + field.said("exclusiveMaximum")


def _too_short(value: Any, field: Field) -> Iterable[Any]:
    if isinstance(value, str):
        return [value[: least - 1] for least in field.said("minLength") if least]
    if isinstance(value, list):
        return [value[: least - 1] for least in field.said("minItems") if least]
    if isinstance(value, dict):
        return [dict([*value.items()][: least - 1]) for least in field.said("minProperties")]
    return ()


def _too_long(value: Any, field: Field) -> Iterable[Any]:
    if isinstance(value, str):
        return [(value or "x") * (most + 1) for most in field.said("maxLength")]
    if isinstance(value, list) and value:
        return [[*value, *[value[-1]] * most] for most in field.said("maxItems")]
    return ()


def _malformed(value: Any, field: Field) -> Iterable[Any]:
    if not isinstance(value, str) or not (field.said("pattern") or field.said("format")):
        return ()
    return (f"?{value}", "?", "")


def _wrong(value: Any, field: Field) -> Iterator[Any]:
    """Of an object, its members are what can be wrong."""
    for members in field.said("enum"):
        yield from members
    if value is None or isinstance(value, bool):
        yield from (not value,) if isinstance(value, bool) else ("text", 7)
    elif isinstance(value, str):
        yield from other_texts(value)
    elif isinstance(value, int | float):
        yield from (value + 1, value - 1, value / 2, value / 2 + 0.25, value + 100)
    elif isinstance(value, list):
        yield from (value[:-1], [*value, *value[-1:]], ["text"], [{}]) if value else (["text"],)


def other_texts(value: str) -> Iterator[str]:
    """Others of the same form, so that a pattern may still fit: one sign is another of its kind."""
    if (date := _DATE.sub(lambda found: found[1] + str((int(found[2]) + 1) % 10), value)) != value:
        yield date
    for index in range(len(value) - 1, -1, -1):
        if (other := _other_sign(value[index])) != value[index]:
            yield value[:index] + other + value[index + 1 :]
            if index < len(value) - 8:
                break
    yield f"{value}x"
    yield _UNLIKELY


def _other_sign(sign: str) -> str:
    if sign.isdecimal() and sign.isascii():
        return str((int(sign) + 1) % 10)
    if sign.isalpha() and sign.isascii():
        return {"a": "b", "A": "B"}.get(sign, "a" if sign.islower() else "A")
    return sign


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _types(field: Field) -> set[str]:
    said: set[str] = set()
    for each in field.said("type"):
        said |= {each} if isinstance(each, str) else set(each)
    return said


BREAKING: Mapping[str, Callable[[Any, Field], Iterable[Any]]] = {
    "retype": _retype,
    "null": _null,
    "out-of-enum": _out_of_enum,
    "fraction": _fraction,
    "below-minimum": _below,
    "above-maximum": _above,
    "too-short": _too_short,
    "too-long": _too_long,
    "malformed": _malformed,
    "wrong": _wrong,
}
"""What each operator on a value offers in its place."""
