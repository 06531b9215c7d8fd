"""A message body as lines to read, with the offending values marked."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import orjson

from schemas import pointer as json_pointer

__all__ = ["LIMIT", "Body", "Line", "parsed", "pretty", "size"]

LIMIT = 20_000
"""Characters of one body that a report shows."""

_DEPTH = 80  # deeper values stay on one line: nobody reads them, and recursion is finite
_INDENT = "  "
_TALL = 15  # lines
_NARROW = 40  # characters of a line on a phone

Steps = tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of a pretty body: `indent + key + value + tail`.

    `hit` marks an offending value, `missing` the place of a value that should be there and is
    not; on the first line of either, `pointer` is its JSON Pointer.
    """

    indent: str = ""
    key: str = ""
    value: str = ""
    tail: str = ""
    hit: bool = False
    missing: bool = False
    pointer: str = ""

    def __str__(self) -> str:
        mark = f"    <-- {self.pointer}" if self.pointer else ""
        return f"{self.indent}{self.key}{self.value}{self.tail}{mark}"

    def __len__(self) -> int:
        return len(self.indent) + len(self.key) + len(self.value) + len(self.tail) + 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """The lines of a body, none where there is no body; `cut` says what was left out, if any."""

    lines: tuple[Line, ...] = ()
    cut: str = ""

    @property
    def tall(self) -> bool:
        """May it be more than fits beside other things, on a narrow screen too?"""
        return len(self.lines) > _TALL or sum(map(len, self.lines)) > _TALL * _NARROW

    def __str__(self) -> str:
        return "\n".join([*map(str, self.lines), *([f"[{self.cut}]"] if self.cut else [])])


def parsed(body: Any) -> Any:
    """The body as data: text that holds a JSON object or array is taken for what it holds."""
    if isinstance(body, str) and body.lstrip()[:1] in ("{", "["):
        try:
            return orjson.loads(body)
        except orjson.JSONDecodeError:
            return body
    return body


def pretty(body: Any, pointers: Sequence[str] = (), limit: int = LIMIT) -> Body:
    """A body, indented, with the values at `pointers` marked; after `limit` characters cut."""
    body = parsed(body)
    if body is None and "" not in pointers:
        return Body()
    marks = _Marks.of(body, pointers)
    lines = _text_lines(body, marks) if isinstance(body, str) else _lines(body, (), marks)
    kept: list[Line] = []
    used = 0
    for line in lines:
        used += len(line)
        if used > limit:
            room = len(line.value) - (used - limit)
            if room > 0:
                kept.append(replace(line, value=line.value[:room], tail=""))
            return Body(lines=tuple(kept), cut=_cut_note(body, limit))
        kept.append(line)
    return Body(lines=tuple(kept))


def size(body: Any) -> int:
    """About how many characters a body takes: a text as it is, else as JSON."""
    return len(body) if isinstance(body, str) else len(json.dumps(body, ensure_ascii=False))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Marks:
    """Where to mark: at values, and within containers that lack something."""

    values: Mapping[Steps, str]
    missing: Mapping[Steps, Sequence[tuple[str, str]]]

    @classmethod
    def of(cls, body: Any, pointers: Sequence[str]) -> _Marks:
        values: dict[Steps, str] = {}
        missing: dict[Steps, list[tuple[str, str]]] = {}
        for pointer in pointers:
            if pointer and isinstance(body, str):
                continue  # no JSON (or cut): there is no telling where in it that would be
            steps = json_pointer.parse(pointer)
            there, nearest = _reach(body, steps)
            rest = steps[len(there) :]
            if rest and isinstance(nearest, dict | list):
                missing.setdefault(there, []).append((rest[0], pointer))
            else:
                values[there] = pointer or "(whole body)"
        return cls(values=values, missing=missing)


def _reach(body: Any, steps: Steps) -> tuple[Steps, Any]:
    """How far into `body` the steps lead, and the value there."""
    for count, step in enumerate(steps):
        try:
            body = json_pointer.dig(body, [step])
        except LookupError:
            return steps[:count], body
    return steps, body


def _lines(
    value: Any,
    steps: Steps,
    marks: _Marks,
    shape: Line = Line(),
) -> Iterator[Line]:
    """The lines of a value. `shape` brings indent, key, tail and whether a parent is marked."""
    pointer = marks.values.get(steps, "")
    shape = replace(shape, hit=shape.hit or bool(pointer), pointer=pointer)
    lacking = marks.missing.get(steps, ())
    open_, close = ("{", "}") if isinstance(value, dict) else ("[", "]")
    plain = not isinstance(value, dict | list) or not (value or lacking) or len(steps) > _DEPTH
    if plain:
        yield replace(shape, value=json.dumps(value, ensure_ascii=False))
        return
    yield replace(shape, value=open_, tail="")
    inner = Line(indent=shape.indent + _INDENT, hit=shape.hit)
    children = _children(value)
    for number, (key, step, child) in enumerate(children, start=1):
        tail = "," if number < len(children) else ""
        yield from _lines(child, (*steps, step), marks, replace(inner, key=key, tail=tail))
    for name, missing in lacking:
        yield replace(inner, key=f"{_quoted(name)}: ", missing=True, pointer=missing)
    yield Line(indent=shape.indent, value=close, tail=shape.tail, hit=shape.hit)


def _children(value: Any) -> list[tuple[str, str, Any]]:
    """Each child with what is printed before it and its step in a pointer."""
    if isinstance(value, dict):
        return [(f"{_quoted(key)}: ", key, child) for key, child in value.items()]
    return [("", str(index), child) for index, child in enumerate(value)]


def _text_lines(text: str, marks: _Marks) -> Iterator[Line]:
    pointer = next(iter(marks.values.values()), "")
    for line in text.split("\n"):
        yield Line(value=line, hit=bool(marks.values), pointer=pointer)
        pointer = ""


def _quoted(key: str) -> str:
    return json.dumps(key, ensure_ascii=False)


def _cut_note(body: Any, limit: int) -> str:
    whole = max(size(body), limit)
    return f"cut here: the first {limit // 1000} of about {whole // 1000} kB are shown"
