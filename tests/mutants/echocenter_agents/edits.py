"""Small ways to spoil an outgoing message, and to combine them; each returns an Edit."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from tests.mutants.echocenter_agents.model import Edit, Json, Kind, Memory, Say, Step

__all__ = [
    "REPLIES",
    "STREAM",
    "Test",
    "as_text",
    "doubled",
    "drop",
    "instead",
    "late",
    "on",
    "put",
    "put_from",
    "rename",
    "same",
    "silent",
    "then",
    "whole",
]

Test = Callable[[Say, Memory], bool]

REPLIES = frozenset({Kind.CHAT, Kind.FINAL})
STREAM = frozenset({Kind.CHUNK, Kind.FINAL, Kind.END})


def same(say: Say, _memory: Memory) -> Iterable[Step]:
    """No change."""
    return (say,)


def silent(_say: Say, _memory: Memory) -> Iterable[Step]:
    """Nothing is sent."""
    return ()


def doubled(say: Say, _memory: Memory) -> Iterable[Step]:
    """Sent twice."""
    return (say, say)


def on(kinds: Iterable[Kind], edit: Edit, *, only: Test | None = None) -> Edit:
    """Spoil only messages of these kinds that also pass ``only``."""
    chosen = frozenset(kinds)

    def chosen_edit(say: Say, memory: Memory) -> Iterable[Step]:
        meant = say.kind in chosen and (only is None or only(say, memory))
        return edit(say, memory) if meant else (say,)

    return chosen_edit


def late(edit: Edit, after: int) -> Edit:
    """Spoil from the message number ``after`` of its kind on, counted from 0."""
    return lambda say, memory: edit(say, memory) if memory.sent[say.kind] >= after else (say,)


def then(edit: Edit, *steps: Step) -> Edit:
    """Do more after the message."""
    return lambda say, memory: (*edit(say, memory), *steps)


def whole(make: Callable[[Mapping[str, Json], Say, Memory], Json]) -> Edit:
    """Put something else in place of the message."""

    def edit(say: Say, memory: Memory) -> Iterable[Step]:
        message = say.message if isinstance(say.message, Mapping) else {}
        yield replace(say, message=make(message, say, memory))

    return edit


def instead(value: Json) -> Edit:
    """Always the same message."""
    return whole(lambda _message, _say, _memory: value)


def put(where: str, value: Json) -> Edit:
    """Set one member; a dot in ``where`` leads into the payload."""
    return whole(lambda message, _say, _memory: _with(message, where.split("."), value))


def put_from(where: str, make: Callable[[Say, Memory], Json]) -> Edit:
    """Set one member to what ``make`` says."""
    return whole(lambda message, say, memory: _with(message, where.split("."), make(say, memory)))


def drop(where: str) -> Edit:
    """Leave one member out; a dot in ``where`` leads into the payload."""
    head, _, inner = where.partition(".")

    def without(message: Mapping[str, Json], _say: Say, _memory: Memory) -> Json:
        if not inner:
            return {name: value for name, value in message.items() if name != head}
        nested = message.get(head)
        members = nested if isinstance(nested, Mapping) else {}
        return {**message, head: {key: each for key, each in members.items() if key != inner}}

    return whole(without)


def rename(old: str, new: str) -> Edit:
    """Call one member, or one member of the payload, by another name."""
    outer, _, inner = old.rpartition(".")

    def renamed(message: Mapping[str, Json], _say: Say, _memory: Memory) -> Json:
        if not outer:
            return {new if name == old else name: value for name, value in message.items()}
        nested = message.get(outer)
        members = nested if isinstance(nested, Mapping) else {}
        changed = {new if name == inner else name: value for name, value in members.items()}
        return {**message, outer: changed}

    return whole(renamed)


def as_text(make: Callable[[Any], str | bytes]) -> Edit:
    """Write the message in another way than as plain JSON."""
    return lambda say, _memory: (replace(say, raw=make(say.message)),)


def _with(message: Mapping[str, Json], steps: list[str], value: Json) -> Json:
    head, *rest = steps
    if not rest:
        return {**message, head: value}
    nested = message.get(head)
    return {**message, head: _with(nested if isinstance(nested, Mapping) else {}, rest, value)}
