"""Small ways to spoil a draft, and to combine them; each returns a Tamper."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from urllib.parse import quote

from tests.mutants.aitbc_agents.model import Draft, Json, Op, Tamper

__all__ = [
    "both",
    "drop",
    "encoded",
    "header",
    "on",
    "put",
    "rewrite_path",
    "use_method",
    "when",
    "whole",
]


def when(condition: Callable[[Draft], bool], tamper: Tamper) -> Tamper:
    """Spoil only the drafts that meet ``condition``."""
    return lambda draft: tamper(draft) if condition(draft) else draft


def on(op: Op, tamper: Tamper) -> Tamper:
    """Spoil only the requests of one operation."""
    return when(lambda draft: draft.op is op, tamper)


def both(first: Tamper, second: Tamper) -> Tamper:
    """One after the other."""
    return lambda draft: second(first(draft))


def whole(op: Op, make: Callable[[Json], Json]) -> Tamper:
    """Put something else in place of the whole body."""
    return on(op, lambda draft: replace(draft, payload=make(draft.payload)))


def put(op: Op, where: str, value: Json) -> Tamper:
    """Set one member; dots in ``where`` lead into nested objects."""
    return whole(op, lambda payload: _with(payload, where.split("."), value))


def drop(op: Op, where: str) -> Tamper:
    """Leave one top-level member out."""

    def without(payload: Json) -> Json:
        members = payload if isinstance(payload, Mapping) else {}
        return {key: value for key, value in members.items() if key != where}

    return whole(op, without)


def _with(payload: Json, steps: list[str], value: Json) -> dict[str, Json]:
    members = dict(payload) if isinstance(payload, Mapping) else {}
    head, *rest = steps
    members[head] = _with(members.get(head), rest, value) if rest else value
    return members


def encoded(make: Callable[[Json], bytes]) -> Tamper:
    """Write every body in another way."""

    def write(draft: Draft) -> Draft:
        return draft if draft.payload is None else replace(draft, raw=make(draft.payload))

    return write


def header(name: str, value: str | None) -> Tamper:
    """Set one header of every request with a body, or leave it out (None)."""

    def change(draft: Draft) -> Draft:
        kept = tuple(pair for pair in draft.headers if pair[0].lower() != name.lower())
        return replace(draft, headers=kept if value is None else (*kept, (name, value)))

    return when(lambda draft: draft.payload is not None, change)


def use_method(op: Op, method: str) -> Tamper:
    """Ask with another HTTP method."""
    return on(op, lambda draft: replace(draft, method=method))


def rewrite_path(op: Op, template: str) -> Tamper:
    """Ask at another path; ``{subject}`` is the encoded id or priority, ``{raw}`` the bare one."""

    def rewrite(draft: Draft) -> Draft:
        subject = quote(draft.subject, safe="")
        return replace(draft, path=template.format(subject=subject, raw=draft.subject))

    return on(op, rewrite)
