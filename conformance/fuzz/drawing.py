"""Values that a JSON Schema allows, to its corners."""

from __future__ import annotations

import re
from collections.abc import Mapping
from math import ceil, floor
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from conformance.fuzz.facets import Facets, SchemaError

__all__ = ["ANYTHING", "EXTRA", "Drawer", "types_of"]

_Plain = Mapping[str, Any]

_SAFE = 2**53 - 1
"""The largest whole number that every reader of JSON knows exactly (RFC 8259, 6)."""

_LONG = 200
"""Characters of the texts that are drawn on purpose to be long."""

_MOST = 4
"""Items of a list, and members that nobody asked for, unless the schema wants more."""

EXTRA = "x-assay-"
"""How the names begin of members that a schema does not name: nobody gives them a meaning."""

_SCALARS: SearchStrategy[Any] = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-_SAFE, _SAFE),
    st.floats(-1e15, 1e15, allow_subnormal=False),
    st.text(max_size=12),
)

ANYTHING: SearchStrategy[Any] = st.recursive(
    _SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=6,
)
"""Any JSON at all."""

_FORMATS: Mapping[str, SearchStrategy[str]] = {
    "date-time": st.datetimes().map(lambda at: at.isoformat() + "Z"),
    "date": st.dates().map(str),
    "uuid": st.uuids().map(str),
    "uri": st.from_regex(r"https?://[a-z]{1,12}\.test(/[a-z0-9]{0,8}){0,3}", fullmatch=True),
    "email": st.from_regex(r"[a-z]{1,8}@[a-z]{1,8}\.test", fullmatch=True),
    "ipv4": st.ip_addresses(v=4).map(str),
    "ipv6": st.ip_addresses(v=6).map(str),
}

_IMPLIED = (
    ("object", ("properties", "required", "additionalProperties", "minProperties")),
    ("array", ("items", "minItems", "maxItems", "uniqueItems")),
    ("string", ("pattern", "minLength", "maxLength", "format")),
    ("number", ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum")),
)
"""What a schema is about that names no type."""


class Drawer:
    """Draws what the schemas of one document allow. What is drawn keeps each keyword but `not`,
    and may meet an `if` without its `then`: who uses it filters by a validator.
    """

    def __init__(self, facets: Facets) -> None:
        self.facets = facets
        self._known: dict[int, tuple[_Plain | bool, SearchStrategy[Any]]] = {}

    def of(self, schema: _Plain | bool) -> SearchStrategy[Any]:
        """Values of a schema as it is written."""
        known = self._known.get(id(schema))
        if known is None:  # schemas may go round in circles: they are looked at when drawn from
            drawn = st.deferred(lambda: st.one_of(*map(self.of_plain, self.facets.plain(schema))))
            known = self._known[id(schema)] = (schema, drawn)
        return known[1]

    def of_plain(self, plain: _Plain) -> SearchStrategy[Any]:
        """Values of a plain schema."""
        if "const" in plain:
            return st.just(plain["const"])
        if "enum" in plain:
            return st.sampled_from(plain["enum"])
        types = types_of(plain)
        if not types:
            return ANYTHING
        return st.one_of([self._of_type(name, plain) for name in types])

    def _of_type(self, name: str, plain: _Plain) -> SearchStrategy[Any]:
        if name == "object":
            return _object(self, plain)
        if name == "array":
            return self._array(plain)
        if name == "string":
            return _text(plain)
        if name in ("integer", "number"):
            return _number(plain, whole=name == "integer")
        return st.none() if name == "null" else st.booleans()

    def _array(self, plain: _Plain) -> SearchStrategy[Any]:
        least = plain.get("minItems", 0)
        most = plain.get("maxItems", least + _MOST)
        return st.lists(
            self.of(plain.get("items", True)),
            min_size=least,
            max_size=most,
            unique_by=repr if plain.get("uniqueItems") else None,
        )


@st.composite
def _object(draw: DrawFn, drawer: Drawer, plain: _Plain) -> dict[str, Any]:
    """What is required, some of what else is named, and at times what nobody named."""
    named: Mapping[str, Any] = plain.get("properties", {})
    required = plain.get("required", ())
    names = [*named, *(name for name in required if name not in named)]
    more = plain.get("additionalProperties", True)
    made: dict[str, Any] = {}
    for name in names:
        if name in required or (named[name] is not False and draw(st.booleans())):
            made[name] = draw(drawer.of(named.get(name, more)))
    least = plain.get("minProperties", 0) - len(made)
    if more is not False:
        for name in draw(_extras(least)):
            made[name] = draw(drawer.of(more) if more is not True else ANYTHING)
    return made


def _extras(least: int) -> SearchStrategy[list[str]]:
    name = st.text(max_size=6).map(lambda text: EXTRA + text)
    some = st.lists(name, min_size=max(least, 0), max_size=max(least, 0) + 2, unique=True)
    return some if least > 0 else st.one_of(st.just([]), st.just([]), some)


def _text(plain: _Plain) -> SearchStrategy[str]:
    patterns = plain.get("pattern", ())
    least, most = plain.get("minLength", 0), plain.get("maxLength")
    if patterns:
        return st.from_regex(_python(patterns[0]))
    if "format" in plain:
        if plain["format"] not in _FORMATS:
            raise SchemaError(f"nothing is drawn for the format {plain['format']!r}")
        return _FORMATS[plain["format"]]
    ends = [least] if most is None else [least, most]
    corners = [st.text(min_size=size, max_size=size) for size in ends]
    if most is None:
        corners.append(st.text("aé世🚀 ", min_size=max(least, _LONG), max_size=max(least, _LONG)))
    return st.one_of(st.text(min_size=least, max_size=most), *corners)


def _python(pattern: str) -> re.Pattern[str]:
    """A pattern of ECMA-262 for Python, where `$` would also match before a line's end."""
    return re.compile(pattern[:-1] + r"\Z" if pattern.endswith("$") else pattern)


def _number(plain: _Plain, *, whole: bool) -> SearchStrategy[Any]:
    least, most = plain.get("minimum", -_SAFE), plain.get("maximum", _SAFE)
    above, below = plain.get("exclusiveMinimum"), plain.get("exclusiveMaximum")
    low = least if above is None else max(least, int(above) + 1)
    high = most if below is None else min(most, int(below) - (below == int(below)))
    integers = st.integers(ceil(low), floor(high))
    if whole:
        return integers
    floats = st.floats(
        least if above is None else max(least, above),
        most if below is None else min(most, below),
        allow_subnormal=False,
        exclude_min=above is not None and above >= least,
        exclude_max=below is not None and below <= most,
    )
    return st.one_of(floats, integers) if ceil(low) <= floor(high) else floats


def types_of(plain: _Plain) -> list[str]:
    """The types that a plain schema speaks of; none where it speaks of all."""
    said = plain.get("type")
    if said is not None:
        return said if isinstance(said, list) else [said]
    return [name for name, keywords in _IMPLIED if any(key in plain for key in keywords)][:1]
