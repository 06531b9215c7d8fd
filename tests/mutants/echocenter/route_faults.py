"""Who hears it: messages that go to wrong receivers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Final

from .fault import Fault, Seed, Talk, table
from .seeds import Edit, chat, others, tick

if TYPE_CHECKING:
    from .model import Line

__all__ = ["ROUTE_FAULTS"]


def _lines(choose: Callable[[Talk], list[Line]]) -> Edit:
    """Other receivers; a message without a target keeps what the reading makes of it."""

    def edit(one: Talk) -> None:
        if one.target is not None:
            one.lines = list(dict.fromkeys(choose(one)))

    return edit


def _agents(one: Talk) -> list[Line]:
    return [line for line in others(one) if not line.principal.human]


def _humans(one: Talk) -> list[Line]:
    return [line for line in others(one) if line.principal.human]


def _target(one: Talk) -> int:
    assert one.target is not None
    return one.target.id


def _offline(choose: Callable[[Talk], list[Line]]) -> Edit:
    """Somebody else, where the target is known but not here."""
    return _lines(lambda one: one.lines or choose(one))


def _unknown(one: Talk) -> None:
    number = one.message.get("target_id")
    if one.target is None and isinstance(number, int) and number > 0:
        one.lines = others(one)


def _stick(one: Talk) -> list[Line]:
    """Everything goes where the first message went."""
    first = one.memo.setdefault(one.line, one.lines)
    return list(first)


def _trail(one: Talk) -> list[Line]:
    """The target before this one hears it too."""
    before = one.memo.get(one.line)
    one.memo[one.line] = one.target
    return one.lines + (one.hub.lines_of(before) if before is not None else [])


def _global_trail(one: Talk) -> list[Line]:
    before = one.memo.get("target")
    one.memo["target"] = one.target
    return one.lines + (one.hub.lines_of(before) if before is not None else [])


def _room(one: Talk) -> list[Line]:
    """Whoever ever wrote to the sender hears what the sender says."""
    friends = one.memo.setdefault("friends", {})
    friends.setdefault(_target(one), set()).add(one.line.principal.id)
    known = friends.get(one.line.principal.id, set())
    return one.lines + [line for line in others(one) if line.principal.id in known]


def _late_copies(one: Talk) -> list[Line]:
    return others(one) if tick(one, "all") > 10 else one.lines


def _routes() -> Iterator[tuple[str, str, Edit]]:
    yield "all", "everybody hears it", _lines(others)
    yield (
        "sender_too",
        "an agent hears its own message",
        _lines(lambda one: [*one.lines, *([] if one.line.principal.human else [one.line])]),
    )
    yield "agents_too", "all agents hear it", _lines(lambda one: one.lines + _agents(one))
    yield "humans_too", "all humans hear it", _lines(lambda one: one.lines + _humans(one))
    yield (
        "admin_too",
        "the administrator hears it",
        _lines(lambda one: one.lines + one.hub.lines_of(one.hub.registry.admin)),
    )
    yield (
        "agents_instead",
        "it goes to all other agents",
        _lines(lambda one: [line for line in _agents(one) if line not in one.lines]),
    )
    yield (
        "humans_for_agents",
        "what an agent says goes to all humans",
        _lines(lambda one: one.lines if one.line.principal.human else _humans(one)),
    )
    yield "sender_instead", "it comes back to the sender", _lines(lambda one: [one.line])
    yield "first_line", "it goes to whoever connected first", _lines(lambda one: one.hub.lines[:1])
    yield "last_line", "it goes to whoever connected last", _lines(lambda one: one.hub.lines[-1:])
    yield (
        "line_number",
        "target_id is taken for a place in the list of connections",
        _lines(lambda one: one.hub.lines[_target(one) - 1 : _target(one)]),
    )
    yield (
        "off_by_one",
        "it goes to the next higher id",
        _lines(
            lambda one: [line for line in one.hub.lines if line.principal.id == _target(one) + 1]
        ),
    )
    yield (
        "modulo",
        "ids that are equal modulo 4 share messages",
        _lines(
            lambda one: [
                line
                for line in one.hub.lines
                if line in one.lines or (line.principal.id - _target(one)) % 4 == 0
            ]
        ),
    )
    yield (
        "prefix",
        "ids that start with the target's digits hear it too",
        _lines(
            lambda one: [
                line
                for line in one.hub.lines
                if str(line.principal.id).startswith(str(_target(one)))
            ]
        ),
    )
    yield (
        "one_digit",
        "only the last digit of target_id counts",
        _lines(
            lambda one: [
                line for line in one.hub.lines if line.principal.id % 10 == _target(one) % 10
            ]
        ),
    )
    yield (
        "name_prefix",
        "agents whose names begin with the same 5 signs share messages",
        _lines(
            lambda one: [
                line
                for line in one.hub.lines
                if line in one.lines
                or (one.target is not None and line.principal.name[:5] == one.target.name[:5])
            ]
        ),
    )
    yield "sticky", "all messages of a connection go where the first went", _lines(_stick)
    yield "previous_too", "the sender's previous target hears it too", _lines(_trail)
    yield (
        "anyones_previous_too",
        "the target of the message before hears it too",
        _lines(_global_trail),
    )
    yield "room", "whoever wrote to the sender hears what it says", _lines(_room)
    yield "late_all", "from the eleventh message on everybody hears it", _lines(_late_copies)
    yield "offline_to_all", "what is for somebody offline goes to everybody", _offline(others)
    yield "offline_to_humans", "what is for somebody offline goes to humans", _offline(_humans)
    yield (
        "offline_to_agent",
        "what is for an agent offline goes to another",
        _offline(lambda one: _agents(one)[:1]),
    )
    yield (
        "~offline_bounced",
        "what is for somebody offline comes back",
        _offline(lambda one: [one.line]),
    )
    yield "unknown_to_all", "what is for an unknown id goes to everybody", _unknown


def _edits(rows: Iterator[tuple[str, str, Edit]]) -> Iterator[tuple[str, str, Seed]]:
    for name, summary, edit in rows:
        mark = "~" if name.startswith("~") else ""
        yield f"{mark}chat.route.{name.removeprefix('~')}", summary, chat(edit)


ROUTE_FAULTS: Final[tuple[Fault, ...]] = tuple(
    table("3.C Replying to Instructions", _edits(_routes()))
)
