"""Is what a peer was told in answers of any use to it?"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from urllib.parse import unquote

from conformance.examiner import Observation
from mockserver.transcript import Entry, HttpExchange

__all__ = ["unheeded"]

_FEW, _MANY = 2, 3
"""Things made, none of which is ever spoken of again, that are no accident: of a peer that came
back to each of them while all was well, and of one that did not.
"""

_SLACK = 2.0
"""Seconds for which a peer may be later than it was while all was well."""


def unheeded(
    seen: Observation, normal: Observation, told: Callable[[HttpExchange], str]
) -> list[HttpExchange]:
    """The answers that told of what was made, of a peer that never came back to any of it, though
    it did so while all was well: to half of it at least, and in less time. Empty for every other.

    `told` gives the id that an answer tells of something new, or an empty text.
    """
    usual = list(_afterwards(normal, told))
    pauses = [pause for _, pause in usual if pause is not None]
    if not pauses or 2 * len(pauses) < len(usual):
        return []
    made = list(_afterwards(seen, told))
    if any(pause is not None for _, pause in made):
        return []
    end = seen.until or max(each.real for each in seen.entries)
    limit = end - 2 * max(pauses) - _SLACK
    ripe = [heard for heard, _ in made if heard.real < limit]
    return ripe if len(ripe) >= (_FEW if len(pauses) == len(usual) else _MANY) else []


def _afterwards(
    seen: Observation, told: Callable[[HttpExchange], str]
) -> Iterator[tuple[HttpExchange, float | None]]:
    """What was made, each with the seconds until it was spoken of, or `None` where it never was."""
    entries = seen.entries
    for at, heard in enumerate(entries):
        if isinstance(heard, HttpExchange) and (made := told(heard)):
            later = (each for each in entries[at + 1 :] if _speaks_of(each, made))
            first = next(later, None)
            yield heard, None if first is None else first.real - heard.real


def _speaks_of(entry: Entry, made: str) -> bool:
    forms: Sequence[bytes] = (made.encode(), json.dumps(made)[1:-1].encode())
    if isinstance(entry, HttpExchange):
        asked = f"{unquote(entry.path)}?{unquote(entry.query)}"
        return made in asked or any(form in entry.body for form in forms)
    return entry.sender == "agent" and any(form in entry.data for form in forms)
