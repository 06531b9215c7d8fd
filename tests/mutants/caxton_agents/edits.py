"""Small ways to spoil a request or a message, and to combine them; each returns an Edit."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from tests.mutants.caxton_agents.model import Draft, Edit, Item, Json, Memory, What

__all__ = [
    "doubled",
    "drop",
    "form",
    "header",
    "instead",
    "method",
    "number",
    "on",
    "path",
    "put",
    "put_from",
    "query",
    "raw",
    "rename",
    "then",
    "unheader",
    "wasm",
]


def doubled(item: Item, _memory: Memory) -> Iterable[Item]:
    """Sent twice."""
    return (item, item)


def on(*chosen: What, edit: Edit) -> Edit:
    """Spoil only what is meant for these."""
    return lambda item, memory: edit(item, memory) if item.what in chosen else (item,)


def then(first: Edit, second: Edit) -> Edit:
    """Spoil it in one way and in another."""
    return lambda item, memory: [
        last for middle in first(item, memory) for last in second(middle, memory)
    ]


def instead(value: Json) -> Edit:
    """Another body altogether."""
    return lambda item, _memory: (replace(item, body=value),)


def put(where: str, value: Json) -> Edit:
    """Set one member; dots lead into objects, ``*`` into each item of a list."""
    return put_from(where, lambda _item, _memory: value)


def put_from(where: str, make: Callable[[Item, Memory], Json]) -> Edit:
    """Set one member to what ``make`` says."""

    def edit(item: Item, memory: Memory) -> Iterable[Item]:
        value = make(item, memory)
        return (replace(item, body=_changed(item.body, where, lambda _old: {"": value})),)

    return edit


def drop(where: str) -> Edit:
    """Leave one member out."""
    return lambda item, _memory: (replace(item, body=_changed(item.body, where, lambda _old: {})),)


def rename(where: str, new: str) -> Edit:
    """Call one member by another name."""
    return lambda item, _memory: (
        replace(item, body=_changed(item.body, where, lambda old: {new: old})),
    )


def raw(make: Callable[[Json], str | bytes]) -> Edit:
    """Other bytes than the encoded body, made of the body."""

    def edit(item: Item, _memory: Memory) -> Iterable[Item]:
        made = make(item.body)
        if isinstance(item, Draft):
            return (replace(item, raw=made.encode() if isinstance(made, str) else made),)
        return (replace(item, raw=made),)

    return edit


def _draft(change: Callable[[Draft, Memory], Draft]) -> Edit:
    return lambda item, memory: (change(item, memory) if isinstance(item, Draft) else item,)


def header(name: str, value: str) -> Edit:
    """Set a header; ``{token}``, ``{name}`` and ``{id}`` are filled in."""

    def change(item: Draft, memory: Memory) -> Draft:
        others = [pair for pair in item.headers if pair[0].lower() != name.lower()]
        return replace(item, headers=(*others, (name, _filled(value, item, memory))))

    return _draft(change)


def unheader(name: str) -> Edit:
    """Leave a header out."""
    return _draft(
        lambda item, _memory: replace(
            item, headers=tuple(pair for pair in item.headers if pair[0].lower() != name.lower())
        )
    )


def path(template: str) -> Edit:
    """Another path; ``{path}`` is the right one, ``{id}`` what it is about."""
    return _draft(lambda item, memory: replace(item, path=_filled(template, item, memory)))


def method(name: str) -> Edit:
    """Another method."""
    return _draft(lambda item, _memory: replace(item, method=name))


def query(name: str, value: str | None, *, new: str = "") -> Edit:
    """Set a parameter, call it ``new``, or leave it out (None)."""

    def change(item: Draft, memory: Memory) -> Draft:
        old = dict(item.query)
        was = old.pop(name, "")
        if value is not None:
            old[new or name] = _filled(value.replace("{value}", was), item, memory)
        return replace(item, query=tuple(old.items()))

    return _draft(change)


def form(**changes: Any) -> Edit:
    """Another multipart body."""
    return _draft(
        lambda item, _memory: (
            replace(item, form=replace(item.form, **changes)) if item.form else item
        )
    )


def wasm(make: Callable[[bytes], bytes]) -> Edit:
    """Another module."""
    return _draft(lambda item, _memory: replace(item, wasm=make(item.wasm or b"")))


def number(**numbers: int) -> Edit:
    """Other numbers for fields of a call."""
    return _draft(lambda item, _memory: replace(item, numbers=numbers))


def _filled(template: str, item: Draft, memory: Memory) -> str:
    for name, value in (
        ("path", item.path),
        ("id", item.id or memory.agent_id),
        ("token", memory.token),
        ("name", memory.name),
    ):
        template = template.replace(f"{{{name}}}", value)
    return template


_Make = Callable[[Json], Mapping[str, Json]]
"""What becomes of one member: by its new names, where the empty one is the old one."""


def _changed(body: Json, where: str, make: _Make) -> Json:
    head, _, rest = where.partition(".")
    if head == "*":
        items = body if isinstance(body, Sequence) and not isinstance(body, str) else []
        return [_changed(each, rest, make) if rest else make(each).get("") for each in items]
    members = body if isinstance(body, Mapping) else {}
    if rest:
        return {**members, head: _changed(members.get(head), rest, make)}
    new = {name or head: value for name, value in make(members.get(head)).items()}
    return {**{name: value for name, value in members.items() if name != head}, **new}
