"""Small ways to spoil a request or a message, and to combine them; each returns an Edit."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from urllib.parse import quote

from tests.mutants.stella_agents.model import Draft, Edit, Item, Json, Memory, Say, Wear, What

__all__ = [
    "doubled",
    "drop",
    "header",
    "instead",
    "late",
    "method",
    "on",
    "path",
    "put",
    "put_from",
    "raw",
    "rename",
    "repath",
    "silent",
    "unheader",
    "wearing",
]


def silent(_item: Item, _memory: Memory) -> Iterable[Item]:
    """Nothing is sent."""
    return ()


def doubled(item: Item, _memory: Memory) -> Iterable[Item]:
    """Sent twice."""
    return (item, item)


def on(*chosen: What, edit: Edit) -> Edit:
    """Spoil only what is meant for these."""
    return lambda item, memory: edit(item, memory) if item.what in chosen else (item,)


def late(edit: Edit, after: int) -> Edit:
    """Spoil from number ``after`` of its kind on, counted from 0."""
    return lambda item, memory: edit(item, memory) if item.nth >= after else (item,)


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


def raw(make: Callable[[Item], str]) -> Edit:
    """Another text than the JSON of the body."""

    def edit(item: Item, _memory: Memory) -> Iterable[Item]:
        text = make(item)
        if isinstance(item, Draft):
            return (replace(item, raw=text.encode()),)
        return (replace(item, raw=text),)

    return edit


def header(name: str, value: str) -> Edit:
    """Set a header; ``{token}``, ``{jwt}`` and ``{id}`` stand for the agent's own."""

    def edit(item: Item, memory: Memory) -> Iterable[Item]:
        if isinstance(item, Say):
            return (item,)
        others = [pair for pair in item.headers if pair[0].lower() != name.lower()]
        return (replace(item, headers=(*others, (name, _filled(value, item, memory)))),)

    return edit


def unheader(name: str) -> Edit:
    """Leave a header out."""

    def edit(item: Item, _memory: Memory) -> Iterable[Item]:
        if isinstance(item, Say):
            return (item,)
        kept = tuple(pair for pair in item.headers if pair[0].lower() != name.lower())
        return (replace(item, headers=kept),)

    return edit


def path(template: str) -> Edit:
    """Another path; ``{path}`` is the right one, ``{task}`` the task's id as a path has it."""

    def edit(item: Item, memory: Memory) -> Iterable[Item]:
        if isinstance(item, Say):
            return (item,)
        own = (("task", item.task), ("id", memory.agent_id), ("name", memory.name))
        place = template
        for word, value in own:
            place = place.replace(f"{{{word}}}", quote(value, safe=""))
        return (replace(item, path=_filled(place, item, memory)),)

    return edit


def repath(make: Callable[[str], str]) -> Edit:
    """What ``make`` makes of the right path."""
    return lambda item, _memory: (
        (replace(item, path=make(item.path)),) if isinstance(item, Draft) else (item,)
    )


def method(name: str) -> Edit:
    """Another method."""
    return lambda item, _memory: (
        (replace(item, method=name),) if isinstance(item, Draft) else (item,)
    )


def wearing(wear: Wear) -> Edit:
    """Another certificate."""
    return lambda item, _memory: (replace(item, wear=wear),) if isinstance(item, Draft) else (item,)


def _filled(template: str, item: Draft, memory: Memory) -> str:
    for name, value in (
        ("path", item.path),
        ("task", item.task),
        ("token", memory.token),
        ("jwt", memory.jwt),
        ("id", memory.agent_id),
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
