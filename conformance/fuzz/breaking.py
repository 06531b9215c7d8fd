"""Values that a JSON Schema forbids, each by one keyword, in a value that is legal otherwise."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from conformance.fuzz.drawing import ANYTHING, EXTRA, Drawer, types_of
from schemas import pointer as json_pointer

__all__ = ["Breaker", "Broken"]

_Plain = Mapping[str, Any]

_DEEPEST = 6
"""Levels down to which something is broken: schemas may go round in circles."""

_CORNERS: Sequence[Any] = (
    None, True, False, 0, 1, -1, 1.5, "", "x", "1", "null", "true", [], ["x"], [[]], {}, {"x": 1},
)  # fmt: skip
"""Values of every type."""

_IS: Mapping[str, Callable[[Any], bool]] = {
    "null": lambda value: value is None,
    "boolean": lambda value: isinstance(value, bool),
    "integer": lambda value: (
        not isinstance(value, bool)
        and (isinstance(value, int) or (isinstance(value, float) and value.is_integer()))
    ),
    "number": lambda value: not isinstance(value, bool) and isinstance(value, int | float),
    "string": lambda value: isinstance(value, str),
    "array": lambda value: isinstance(value, list),
    "object": lambda value: isinstance(value, dict),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Broken:
    """A value that is not legal: `keyword` is broken at `pointer`, where the value stands or, of
    `required`, where it is missing.
    """

    value: Any
    keyword: str
    pointer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Breach:
    """One way to break a schema: which keyword, at which steps, and the values that do."""

    keyword: str
    steps: tuple[str, ...]
    values: SearchStrategy[Any]


class Breaker:
    """Breaks the schemas of one document. What comes of it may be legal by an alternative all the
    same: who uses it filters by a validator. `wholes` are objects that are legal, to begin with
    beside those that are drawn.
    """

    def __init__(self, drawer: Drawer, wholes: Sequence[Any] = ()) -> None:
        self._drawer = drawer
        self._wholes = [whole for whole in wholes if isinstance(whole, dict)]

    def of(self, schema: _Plain | bool) -> SearchStrategy[Broken]:
        """Broken values of a schema; none at all where it allows everything."""
        return st.one_of([_told(breach) for breach in self._breaches(schema, 0)])

    def _breaches(self, schema: _Plain | bool, depth: int) -> Iterator[_Breach]:
        if isinstance(schema, bool) or depth > _DEEPEST:
            return
        for plain in self._drawer.facets.plain(schema):
            yield from self._own(plain, depth)
            yield from self._inner(plain, depth)

    def _own(self, plain: _Plain, depth: int) -> Iterator[_Breach]:
        """What breaks this very value."""
        types = types_of(plain)
        if "type" in plain and types:
            yield _breach("type", _of_other_type(types))
        named = [keyword for keyword in ("const", "enum") if keyword in plain]
        for keyword in named:
            legal = plain["enum"] if keyword == "enum" else [plain["const"]]
            yield _breach(keyword, _near(legal))
        for forbidden in plain.get("not", ()):
            yield _breach("not", self._drawer.of(forbidden))
        if not named:
            yield from _bounds(plain)
            yield from self._lists(plain)
            yield from self._objects(plain, depth)

    def _lists(self, plain: _Plain) -> Iterator[_Breach]:
        def lists(**bounds: int) -> SearchStrategy[Any]:
            return self._drawer.of_plain({**plain, **bounds, "type": "array"})

        least, most = plain.get("minItems", 0), plain.get("maxItems")
        if least > 0:
            yield _breach("minItems", lists(minItems=0, maxItems=least - 1))
        if most is not None:
            yield _breach("maxItems", lists(minItems=most + 1, maxItems=most + 2))
        if plain.get("uniqueItems"):
            some = lists(minItems=max(least, 1))
            yield _breach("uniqueItems", some.map(lambda items: [*items, items[0]]))

    def _whole(self, plain: _Plain, depth: int) -> SearchStrategy[Any]:
        """Legal objects."""
        drawn = self._drawer.of_plain({**plain, "type": "object"})
        known = depth == 0 and self._wholes
        return st.one_of(drawn, st.sampled_from(known)) if known else drawn

    def _objects(self, plain: _Plain, depth: int) -> Iterator[_Breach]:
        whole = self._whole(plain, depth)
        for name in plain.get("required", ()):
            yield _breach("required", whole.map(_without(name)), name)
        if plain.get("additionalProperties") is False:
            extra = st.tuples(whole, ANYTHING).map(lambda both: {**both[0], EXTRA: both[1]})
            yield _breach("additionalProperties", extra, EXTRA)
        if plain.get("minProperties", 0) > 0:
            yield _breach("minProperties", st.just({}))

    def _inner(self, plain: _Plain, depth: int) -> Iterator[_Breach]:
        """What breaks a member or an item, in a whole that is legal otherwise."""
        types = types_of(plain)
        if "object" in types:
            alone = self._whole(plain, depth)
            named = dict(plain.get("properties", {}))
            more = plain.get("additionalProperties")
            if isinstance(more, Mapping):
                named[f"{EXTRA}one"] = more
            for name, member in named.items():
                for breach in self._breaches(member, depth + 1):
                    yield _within(breach, name, alone, _put(name))
        if "array" in types and "items" in plain:
            alone = self._drawer.of_plain({**plain, "type": "array"})
            for breach in self._breaches(plain["items"], depth + 1):
                yield _within(breach, "0", alone, _first)


def _told(breach: _Breach) -> SearchStrategy[Broken]:
    pointer = json_pointer.join(breach.steps)
    return breach.values.map(
        lambda value: Broken(value=value, keyword=breach.keyword, pointer=pointer)
    )


def _breach(keyword: str, values: SearchStrategy[Any], *steps: str) -> _Breach:
    return _Breach(keyword=keyword, steps=steps, values=values)


def _within(
    breach: _Breach,
    step: str,
    whole: SearchStrategy[Any],
    put: Callable[[tuple[Any, Any]], Any],
) -> _Breach:
    return _Breach(
        keyword=breach.keyword,
        steps=(step, *breach.steps),
        values=st.tuples(whole, breach.values).map(put),
    )


def _put(name: str) -> Callable[[tuple[Any, Any]], Any]:
    return lambda both: {**both[0], name: both[1]}


def _first(both: tuple[Any, Any]) -> Any:
    items, broken = both
    return [broken, *items[1:]]


def _without(name: str) -> Callable[[Any], Any]:
    return lambda made: {key: value for key, value in made.items() if key != name}


def _of_other_type(types: Sequence[str]) -> SearchStrategy[Any]:
    others = [value for value in _CORNERS if not any(_IS[name](value) for name in types)]
    return st.sampled_from(others)


def _near(legal: Sequence[Any]) -> SearchStrategy[Any]:
    """What comes near to one of these, and what does not."""
    texts = [value for value in legal if isinstance(value, str)]
    near = [
        other
        for text in texts
        for other in (text.swapcase(), f"{text} ", f" {text}", text[:-1], text + text[-1:], "")
    ]
    known = [value for value in near if value not in legal]
    return st.one_of(*([st.sampled_from(known)] if known else []), _of_same_type(legal))


def _of_same_type(legal: Sequence[Any]) -> SearchStrategy[Any]:
    if all(isinstance(value, str) for value in legal):
        return st.text(max_size=12).filter(lambda text: text not in legal)
    return ANYTHING.filter(lambda value: value not in legal)


def _bounds(plain: _Plain) -> Iterator[_Breach]:
    if "minimum" in plain:
        least = plain["minimum"]
        yield _breach("minimum", st.one_of(st.just(least - 1), st.integers(max_value=least - 1)))
    if "maximum" in plain:
        most = plain["maximum"]
        yield _breach("maximum", st.one_of(st.just(most + 1), st.integers(min_value=most + 1)))
    for keyword in ("exclusiveMinimum", "exclusiveMaximum"):
        if keyword in plain:
            yield _breach(keyword, st.just(plain[keyword]))
    if plain.get("minLength", 0) > 0:
        yield _breach("minLength", st.text(max_size=plain["minLength"] - 1))
    if "maxLength" in plain:
        size = plain["maxLength"] + 1
        yield _breach("maxLength", st.text(min_size=size, max_size=size + 20))
    for keyword in ("pattern", "format"):
        if keyword in plain:
            yield _breach(keyword, st.text(max_size=20))
