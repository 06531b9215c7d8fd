"""Small ways to spoil a draft, and to combine them; each returns a Tamper."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TypeAlias

from tests.mutants.architect_agents.model import LIST, Draft, Json, Tamper

__all__ = [
    "Condition",
    "calls",
    "drop",
    "from_nth",
    "later_connection",
    "listing",
    "parameters",
    "put",
    "rename",
    "text",
    "when",
    "whole",
]

Condition: TypeAlias = Callable[[Draft], bool]


def calls(draft: Draft) -> bool:
    """Any request but the one for the catalogue."""
    return draft.moment.action != LIST


def listing(draft: Draft) -> bool:
    """The request for the catalogue."""
    return draft.moment.action == LIST


def from_nth(number: int) -> Condition:
    """The ``number``-th request of a connection, counted from 1, and all after it."""
    return lambda draft: draft.moment.nth >= number - 1


def later_connection(draft: Draft) -> bool:
    """Any but the first connection."""
    return draft.moment.connection > 0


def when(condition: Condition, tamper: Tamper) -> Tamper:
    """Spoil only the drafts that meet ``condition``."""
    return lambda draft: tamper(draft) if condition(draft) else draft


def _members(draft: Draft) -> dict[str, Json]:
    return dict(draft.payload) if isinstance(draft.payload, Mapping) else {}


def whole(make: Callable[[dict[str, Json]], Json]) -> Tamper:
    """Put something else in place of the whole request."""
    return lambda draft: replace(draft, payload=make(_members(draft)))


def put(name: str, value: Json | Callable[[Json], Json]) -> Tamper:
    """Set one member, to a value or to something made from the old one."""

    def change(members: dict[str, Json]) -> Json:
        return {**members, name: value(members.get(name)) if callable(value) else value}

    return whole(change)


def drop(name: str) -> Tamper:
    """Leave one member out."""
    return whole(lambda members: {key: value for key, value in members.items() if key != name})


def rename(name: str, other: str) -> Tamper:
    """Misspell one key."""
    return whole(
        lambda members: {other if key == name else key: value for key, value in members.items()}
    )


def parameters(change: Callable[[dict[str, Json]], Json]) -> Tamper:
    """Change the parameters where there are any."""

    def spoil(draft: Draft) -> Draft:
        members = _members(draft)
        found = members.get("parameters")
        if not isinstance(found, Mapping) or not found:
            return draft
        return replace(draft, payload={**members, "parameters": change(dict(found))})

    return spoil


def text(write: Callable[[str], str | bytes]) -> Tamper:
    """Change the JSON text; bytes go out as a binary frame."""
    return lambda draft: replace(draft, raw=write(json.dumps(draft.payload)))
