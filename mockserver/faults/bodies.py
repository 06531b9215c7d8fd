"""What faults do to a body: to what it says, and to its bytes. Where there is nothing that a fault
could strike, `LookupError` says so.
"""

from __future__ import annotations

import string
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from mockserver.faults.fault import SEEDED
from mockserver.faults.plan import Stroke
from mockserver.world import Chance
from schemas import pointer as json_pointer

__all__ = [
    "UNHEARD_OF",
    "another_id",
    "garbled",
    "of_another_type",
    "of_its_type",
    "replaced",
    "spoiled",
    "without",
]

_EXTRA = {"x_unheard_of": {"since": "a later version"}}

UNHEARD_OF = b"\xca\x83\x06\x0aunheard of"
"""The field 12345 of a protocol buffer, a text: no document knows one of that number."""

_LENGTH = 64
"""Bytes of garbage."""

_OTHERS: tuple[Any, ...] = (None, True, 4711, "not what it was", [], {})

_Fits = Callable[[Any], bool]


def spoiled(said: Any, stroke: Stroke, correlation: str, fits: _Fits | None = None) -> Any:
    """What a body says once a fault of its content has struck; another body is left as it is.

    `correlation` points to the id that answers to a request, where the document names one. `fits`
    is given where types are fixed, as they are in gRPC: it tells what can be said at all. There, a
    value keeps its type, and one that does not fit is left out, as readers take it for absent.
    """
    fault, chance = stroke
    if fault.kind == "extra":
        if not isinstance(said, dict):
            raise LookupError("only an object has fields")
        return {**said, **_EXTRA}
    if fault.kind == "wrong_correlation":
        steps = _steps(correlation if fault.pointer is None else fault.pointer)
        return replaced(said, steps, another_id(json_pointer.dig(said, steps), chance))
    if fault.kind == "corrupt_field":
        return _corrupted(said, stroke, fits)
    return said


def garbled(data: bytes, stroke: Stroke, place: str) -> bytes:
    """The bytes of a body once a fault of its form has struck; others are left as they are."""
    kind = stroke.kind
    if kind == "garbage":
        return _garbage(stroke.chance, place)
    if kind in ("corrupt", "truncate") and not data:
        raise LookupError("nothing can be cut off")
    if kind in ("corrupt", "truncate"):
        return data[: len(data) // 2]
    return b"" if kind == "empty" else data


def replaced(said: Any, steps: tuple[str, ...], value: Any) -> Any:
    """A copy in which `value` stands at `steps`. Raises `LookupError` where nothing stands."""
    if not steps:
        return value
    head, rest = steps[0], steps[1:]
    child = replaced(json_pointer.dig(said, [head]), rest, value)
    if isinstance(said, dict):
        return {**said, head: child}
    return [child if index == int(head) else item for index, item in enumerate(said)]


def without(said: Any, steps: tuple[str, ...]) -> Any:
    """A copy without what stands at `steps`; an empty object where that is all."""
    if not steps:
        return {}
    if len(steps) > 1:
        child = without(json_pointer.dig(said, steps[:1]), steps[1:])
        return replaced(said, steps[:1], child)
    if isinstance(said, dict):
        return {name: value for name, value in said.items() if name != steps[0]}
    return [item for index, item in enumerate(said) if index != int(steps[0])]


def another_id(value: Any, chance: Chance) -> Any:
    """An id of the same form that is another. Raises `LookupError` for what is no id."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value + chance.randint(1, 1000)
    if not isinstance(value, str):
        raise LookupError(f"{value!r} is no id")  # noqa: TRY004  # there is nothing to strike
    hexadecimal = set(value) <= set(string.hexdigits + "-")
    for _ in range(100):  # an id of one digit may be drawn again
        drawn = "".join(_alike(letter, chance, hexadecimal=hexadecimal) for letter in value)
        if drawn != value:
            return drawn
    return f"{value}0"


def of_another_type(value: Any, chance: Chance) -> Any:
    """A value that has another JSON type."""
    return chance.choice([other for other in _OTHERS if _type(other) != _type(value)])


def of_its_type(value: Any, chance: Chance) -> Any:
    """Another value of the same JSON type; nothing in a list or an object."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int | float):
        return value + chance.randint(1, 1000)
    if isinstance(value, str):
        return another_id(value, chance)
    return type(value)() if isinstance(value, list | dict) else value


def _corrupted(said: Any, stroke: Stroke, fits: _Fits | None) -> Any:
    fault, chance = stroke
    if fault.pointer is None:
        places = list(_places(said))
        if not places:
            raise LookupError("it has no fields")
        steps = chance.choice(places)
    else:
        steps = json_pointer.parse(fault.pointer)
    old = json_pointer.dig(said, steps)
    value = fault.value
    if value is SEEDED:
        value = of_another_type(old, chance) if fits is None else of_its_type(old, chance)
    changed = replaced(said, steps, value)
    return changed if fits is None or fits(changed) else without(said, steps)


def _steps(pointer: str) -> tuple[str, ...]:
    if not pointer:
        raise LookupError("the document names no id that answers to a request")
    return json_pointer.parse(pointer)


def _places(said: Any, above: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Everything below the whole, as steps."""
    named: Iterable[tuple[Any, Any]] = said.items() if isinstance(said, dict) else ()
    named = enumerate(said) if isinstance(said, list) else named
    for name, child in named:
        steps = (*above, str(name))
        yield steps
        yield from _places(child, steps)


def _garbage(chance: Chance, place: str) -> bytes:
    if place == "websocket":  # a text of a WebSocket is UTF-8 whatever it says
        letters = string.ascii_letters + string.digits + string.punctuation
        return b"~" + "".join(chance.choices(letters, k=_LENGTH - 1)).encode()
    # A byte that no UTF-8 holds, or a type of the wire that no protocol buffer knows.
    first = b"\x0f" if place == "grpc" else b"\xff"
    return first + chance.randbytes(_LENGTH - 1)


def _alike(letter: str, chance: Chance, *, hexadecimal: bool) -> str:
    if letter in string.digits:
        return chance.choice(string.digits)
    for letters in (string.ascii_lowercase, string.ascii_uppercase):
        if letter in letters:
            return chance.choice(letters[:6] if hexadecimal else letters)
    return letter


def _type(value: Any) -> str:
    if isinstance(value, bool) or value is None:
        return type(value).__name__
    return "number" if isinstance(value, int | float) else type(value).__name__
