"""Complaints, and what is needed to tell what a client has been told."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

__all__ = ["Complaint", "Rule", "broken", "plain", "suspected"]


@dataclass(frozen=True, slots=True)
class Complaint:
    """Something wrong. ``implied``: only plain reading says so."""

    text: str
    implied: bool


def plain(text: str) -> Complaint:
    """What the document says or shows is broken."""
    return Complaint(text, implied=False)


def suspected(text: str) -> Complaint:
    """What follows from it by plain reading is broken."""
    return Complaint(text, implied=True)


_Weigh = Callable[[str], Complaint]

_MISSING: object = object()


@dataclass(frozen=True, slots=True)
class Rule:
    """What one member must be: of a type, which is plain to see, and sensible, which is implied."""

    where: str
    """Dots lead into objects, ``*`` into lists."""
    is_typed: Callable[[Any], bool]
    is_sane: Callable[[Any], bool] = lambda _value: True
    needed: _Weigh | None = None
    sanity: _Weigh = suspected


def broken(rule: Rule, body: Any) -> Iterator[Complaint]:
    """How ``body`` breaks a rule."""
    for value in _found(body, rule.where):
        if value is _MISSING:
            if rule.needed is not None:
                yield rule.needed(f"{rule.where} is missing")
        elif not rule.is_typed(value):
            yield plain(f"{rule.where} is {value!r}")
        elif not rule.is_sane(value):
            yield rule.sanity(f"{rule.where} is {value!r}")


def _found(body: Any, where: str) -> Iterator[Any]:
    head, _, rest = where.partition(".")
    if head == "*":
        for item in body if isinstance(body, list) else []:
            yield from _found(item, rest) if rest else [item]
    elif not isinstance(body, dict):
        # What should be an object has a rule of its own.
        return
    elif rest:
        yield from _found(body.get(head), rest)
    else:
        yield body.get(head, _MISSING)
