"""A connection: as whom one enters, and how long one stays."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Final

from .fault import Fault, Gate, Seed, prefixed, table
from .model import Principal

if TYPE_CHECKING:
    from .hub import Hub
    from .model import Line

__all__ = ["LIFE_FAULTS"]


def _gate(edit: Callable[[Gate], object]) -> Seed:
    return Seed(gate=edit)


def _guest(gate: Gate) -> Principal:
    return gate.hub.registry.existing


def _instead(who: Callable[[Gate, Principal], Principal]) -> Seed:
    """The right token makes the wrong principal."""

    def edit(gate: Gate) -> None:
        if gate.result is not None:
            gate.result = who(gate, gate.result)

    return _gate(edit)


def _seen(gate: Gate, key: object) -> int:
    count = int(gate.hub.memo.get(key, 0)) + 1
    gate.hub.memo[key] = count
    return count


def _identities() -> Iterator[tuple[str, str, Seed]]:
    def first_new(gate: Gate, who: Principal) -> Principal:
        agents = list(gate.hub.registry.agents())
        return agents[1] if len(agents) > 1 and not who.human else who

    def neighbour(gate: Gate, who: Principal) -> Principal:
        agents = list(gate.hub.registry.agents())
        at = agents.index(who) if who in agents else 0
        return who if who.human else agents[at - 1]

    def second_time(gate: Gate, who: Principal) -> Principal:
        return neighbour(gate, who) if _seen(gate, who.id) > 1 else who

    def slot(gate: Gate, who: Principal) -> Principal:
        freed = gate.hub.memo.pop("freed", None)
        return freed or who

    def late(gate: Gate, who: Principal) -> Principal:
        return _guest(gate) if _seen(gate, "all") > 5 else who

    yield (
        "existing",
        "each agent is taken for the first one",
        _instead(lambda gate, who: who if who.human else _guest(gate)),
    )
    yield "first_new", "each agent is taken for the first new one", _instead(first_new)
    yield "neighbour", "an agent is taken for the one registered before it", _instead(neighbour)
    yield (
        "admin",
        "each agent is taken for the administrator",
        _instead(lambda gate, who: gate.hub.registry.admin),
    )
    yield "reconnected", "who comes back is taken for another agent", _instead(second_time)
    yield "slot", "who connects after somebody left is taken for who left", _freed(slot)
    yield (
        "late",
        "from the sixth connection on everybody is taken for the first agent",
        _instead(late),
    )
    yield "last", "who connects is taken for whoever connected before", _instead(_last)


def _last(gate: Gate, who: Principal) -> Principal:
    before = gate.hub.memo.get("before", who)
    gate.hub.memo["before"] = who
    return before if isinstance(before, Principal) else who


def _freed(who: Callable[[Gate, Principal], Principal]) -> Seed:
    """A place that became free is given away with its name."""

    def left(hub: Hub, line: Line) -> None:
        hub.memo["freed"] = line.principal

    return Seed(gate=_instead(who).gate, left=left)


def _closing(delay: float, test: Callable[[Line], bool] = lambda _: True) -> Seed:
    async def later(line: Line) -> None:
        await asyncio.sleep(delay)
        if test(line):
            line.close(1000, "idle")

    return Seed(joined=lambda hub, line: hub.spawn(later(line)))


def _lives() -> Iterator[tuple[str, str, Seed]]:
    def drop(lines: Callable[[Hub, Line], list[Line]]) -> Callable[[Hub, Line], object]:
        return lambda hub, line: [one.close(1001) for one in lines(hub, line)]

    def rest(hub: Hub, line: Line) -> list[Line]:
        return [one for one in hub.lines if one is not line]

    def agents(hub: Hub, line: Line) -> list[Line]:
        return [one for one in rest(hub, line) if not one.principal.human]

    yield "live.replaces_all", "a new connection ends all others", Seed(joined=drop(rest))
    yield (
        "live.replaces_agents",
        "a new connection ends those of other agents",
        Seed(joined=drop(agents)),
    )
    yield (
        "live.leaving_ends_all",
        "when one leaves all others are disconnected",
        Seed(left=drop(rest)),
    )
    yield (
        "live.unheard_all",
        "when one leaves nobody is heard any more",
        Seed(left=lambda hub, _: hub.memo.update(deaf=True), hear=_deaf),
    )
    yield "live.unheard_back", "who comes back is not heard", Seed(left=_notes, hear=_deaf_back)
    yield (
        "live.leaving_crashes",
        "when one leaves the server ends",
        Seed(left=lambda hub, _: hub.crash()),
    )
    yield "live.ends_at_once", "each connection is closed at once", _closing(0.0)
    yield "~live.ends_after_1s", "a connection is closed after a second", _closing(1.0)
    yield (
        "~live.ends_if_silent",
        "who says nothing for a second is disconnected",
        _closing(1.0, lambda line: not line.heard),
    )
    yield "~live.ends_after_3s", "a connection is closed after three seconds", _closing(3.0)
    yield (
        "live.forgets",
        "who hears nothing for a second is never addressed again",
        Seed(joined=_forgets),
    )


async def _deaf(hub: Hub, line: Line, data: str | bytes) -> bool:
    return bool(hub.memo.get("deaf"))


def _notes(hub: Hub, line: Line) -> None:
    hub.memo.setdefault("left", set()).add(line.principal.id)


async def _deaf_back(hub: Hub, line: Line, data: str | bytes) -> bool:
    return line.principal.id in hub.memo.get("left", ())


def _forgets(hub: Hub, line: Line) -> None:
    async def later() -> None:
        await asyncio.sleep(1.0)
        if not line.told and line in hub.lines:
            hub.lines.remove(line)

    hub.spawn(later())


LIFE_FAULTS: Final[tuple[Fault, ...]] = (
    *table("2. Connection", prefixed("gate.identity.", _identities())),
    *table("2. Connection", prefixed("gate.", _lives())),
)
