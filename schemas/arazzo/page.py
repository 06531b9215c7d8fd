"""A document while it is read: what it says, where that stands, and what is wrong with it."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

from schemas import pointer as json_pointer
from schemas.arazzo.criteria import read_value
from schemas.arazzo.expressions import NOTHING, Expression, ExpressionError, parse, references
from schemas.errors import Problem
from schemas.files import Lines

__all__ = ["Page", "Spot", "is_selector", "nearest", "spoken"]

Spot: TypeAlias = tuple[str, ...]
"""The steps of a JSON Pointer into the document."""


@dataclass(slots=True, kw_only=True)
class Page:
    """A document, and those that its sources name. `prefix` is what its names have before them."""

    path: Path
    said: Mapping[str, Any]
    lines: Lines
    problems: list[Problem]
    prefix: str = ""
    nested: dict[str, Page] = field(default_factory=dict)

    def complain(self, at: Spot, message: str, value: object = None, hint: str = "") -> None:
        """Keep a problem with what stands at `at`."""
        self.problems.append(
            Problem(
                file=str(self.path),
                line=self.lines.line(at),
                pointer=json_pointer.join(at),
                message=message,
                value=value,
                hint=hint,
            )
        )

    def value(self, said: Any, at: Spot) -> Any:
        """`criteria.read_value`, or `NOTHING` and a complaint about each text that is wrong."""
        try:
            return read_value(said)
        except ExpressionError as error:
            inner = () if is_selector(said) else _children(said)
            if not inner:
                self.complain_of(error, said, at)
            for step, child in inner:
                self.value(child, (*at, step))
            return NOTHING

    def complain_of(self, error: ExpressionError, said: Any, at: Spot) -> None:
        """Of a text that could not be understood, with the place inside it."""
        self.complain(at, f"{error}{_place(error, said)}", said)

    def walk(self) -> Iterator[Page]:
        """This document and all that it refers to."""
        yield self
        for page in self.nested.values():
            yield from page.walk()


def _place(error: ExpressionError, said: Any) -> str:
    """Where in a text it goes wrong, if that says more than its beginning."""
    if not isinstance(said, str) or not 0 < error.at < len(said):
        return ""
    return f", at character {error.at + 1}"


def _children(said: Any) -> list[tuple[str, Any]]:
    if isinstance(said, dict):
        return [*said.items()]
    return [(str(index), item) for index, item in enumerate(said)] if isinstance(said, list) else []


def is_selector(said: Any) -> bool:
    """Is it a Selector Object?"""
    return isinstance(said, dict) and said.keys() >= {"context", "selector", "type"}


def spoken(said: Any, at: Spot = ()) -> Iterator[tuple[Spot, Expression]]:
    """Every expression in a value as it is written, at any depth, with its place. What can't be
    understood is passed over: it was told when it was read.
    """
    children = [("context", said["context"])] if is_selector(said) else _children(said)
    for step, child in children:
        yield from spoken(child, (*at, step))
    for text in references(said) if isinstance(said, str) else ():
        try:
            yield at, parse(text)
        except ExpressionError:
            continue


def nearest(name: str, known: Iterable[str]) -> str:
    """A hint: the known name that is most like this one, or all of them where none is."""
    names = [*dict.fromkeys(known)]
    near = difflib.get_close_matches(name, names, n=1)
    folded = [each for each in names if each.casefold() == name.casefold()]
    if folded or near:
        return f"did you mean {(folded or near)[0]!r}?"
    return f"there is {', '.join(names)}" if names else "there is none"
