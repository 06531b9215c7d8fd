"""Faults that only show when messages, connections or registrations overlap."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Final

from .fault import Enrol, Fault, Seed, Talk, table
from .model import TALK, Principal
from .seeds import pause

if TYPE_CHECKING:
    from .hub import Hub
    from .model import Line

__all__ = ["RACE_FAULTS"]


def _shared(read: Callable[[Talk], Any], write: Callable[[Talk, Any], object]) -> Seed:
    """What belongs to one message is kept where the next one overwrites it."""

    async def talk(one: Talk) -> None:
        if one.kind in TALK:
            one.memo["shared"] = read(one)
            await pause()
            write(one, one.memo["shared"])

    return Seed(talk=talk)


def _overlapping(act: Callable[[Talk], object]) -> Seed:
    """Cannot bear two messages at a time."""

    async def talk(one: Talk) -> None:
        inside = one.memo["inside"] = one.memo.get("inside", 0) + 1
        await pause()
        one.memo["inside"] -= 1
        if inside > 1:
            act(one)

    return Seed(talk=talk)


def _same_target(act: Callable[[Talk], object]) -> Seed:
    """Cannot bear two messages for one target at a time."""

    async def talk(one: Talk) -> None:
        if one.target is None:
            return
        key = "inside", one.target.id
        inside = one.memo[key] = one.memo.get(key, 0) + 1
        await pause()
        one.memo[key] -= 1
        if inside > 1:
            act(one)

    return Seed(talk=talk)


def _cross(act: Callable[[Talk], object]) -> Seed:
    """Two principals that write to each other at the same time."""

    async def talk(one: Talk) -> None:
        if one.target is None or one.kind not in TALK:
            return
        mine, theirs = one.line.principal.id, one.target.id
        if mine == theirs:
            return
        writing = one.memo.setdefault("writing", set())
        writing.add((mine, theirs))
        crossed = (theirs, mine) in writing
        await pause()
        crossed = crossed or (theirs, mine) in writing
        writing.discard((mine, theirs))
        if crossed:
            act(one)

    return Seed(talk=talk)


def _deadlock(one: Talk) -> None:
    one.memo["stuck"] = True
    one.copies = 0


async def _stuck(hub: Hub, line: Line, data: str | bytes) -> bool:
    return bool(hub.memo.get("stuck"))


def _lose(one: Talk) -> None:
    one.copies = 0


def _twice(one: Talk) -> None:
    one.copies = 2


def _close(one: Talk) -> None:
    one.after.append(lambda: one.line.close(1011))


async def _leaver(one: Talk) -> None:
    """The list of receivers is older than the sending."""
    if one.kind in TALK:
        one.memo["moving"] = one.memo.get("moving", 0) + 1
        one.hub.spawn(_settled(one))


async def _settled(one: Talk) -> None:
    await asyncio.sleep(0.03)
    one.memo["moving"] -= 1


def _left(hub: Hub, line: Line) -> None:
    if hub.memo.get("moving"):
        hub.crash()


async def _sender_gone(one: Talk) -> None:
    """A message is lost when its sender leaves right after it."""
    if one.kind in TALK:
        await pause()
        line, lines = one.line, list(one.lines)
        one.lines = []

        async def later() -> None:
            await asyncio.sleep(0.05)
            if line in one.hub.lines:
                one.hub.tell(lines, one.out)

        one.hub.spawn(later())


async def _newcomer(one: Talk) -> None:
    """Who connects while a message is on its way hears it too."""
    if one.kind in TALK:
        known = list(one.hub.lines)
        await pause()
        one.lines = one.lines + [line for line in one.hub.lines if line not in known]


def _swapped_entry(hub: Hub, line: Line) -> None:
    """Two who enter at the same time exchange their identities."""
    now = asyncio.get_running_loop().time()
    before = hub.memo.get("entry")
    hub.memo["entry"] = (now, line)
    if before is not None and now - before[0] < 0.1 and before[1] in hub.lines:
        other: Line = before[1]
        line.principal, other.principal = other.principal, line.principal


def _one_entry(hub: Hub, line: Line) -> None:
    """Of two who enter at the same time one is never addressed."""
    now = asyncio.get_running_loop().time()
    before = hub.memo.get("entry", 0.0)
    hub.memo["entry"] = now
    if now - before < 0.1:
        hub.lines.remove(line)


def _slow(edit: Callable[[Enrol], object]) -> Seed:
    """Registrations that overlap: `edit` runs at once, the storing happens later."""

    def enrol(one: Enrol) -> None:
        one.pause = 0.03
        edit(one)

    return Seed(enrol=enrol)


def _overlaps(one: Enrol, key: str) -> Any:
    """What the registration that is still being stored left under `key`."""
    now = asyncio.get_running_loop().time()
    when, value = one.hub.memo.get(key, (0.0, None))
    return value if now - when < 0.025 else None


def _same(key: str) -> Callable[[Enrol], object]:
    def edit(one: Enrol) -> None:
        before = _overlaps(one, key)
        if before is not None:
            setattr(one, key, before)
        one.hub.memo[key] = (asyncio.get_running_loop().time(), getattr(one, key))

    return edit


def _lost_write() -> Seed:
    """The table is copied, changed, and written back."""

    def enrol(one: Enrol) -> None:
        one.pause = 0.03
        one.hub.memo[one.id] = list(one.hub.registry.everyone)

    def enrolled(hub: Hub, who: Principal) -> None:
        hub.registry.everyone[:] = [*hub.memo.pop(who.id), who]

    return Seed(enrol=enrol, enrolled=enrolled)


def _messages() -> Iterator[tuple[str, str, Seed]]:
    def sender(one: Talk) -> tuple[Any, Any]:
        return one.out["sender_id"], one.out["sender_name"]

    def set_sender(one: Talk, value: tuple[Any, Any]) -> None:
        one.out["sender_id"], one.out["sender_name"] = value

    yield "race.sender", "messages at the same time show one sender", _shared(sender, set_sender)
    yield (
        "race.sender_name",
        "messages at the same time show one name",
        _shared(lambda one: one.out["sender_name"], lambda one, v: one.out.update(sender_name=v)),
    )
    yield (
        "race.payload",
        "messages at the same time have one text",
        _shared(lambda one: one.out.get("payload"), lambda one, v: one.out.update(payload=v)),
    )
    yield (
        "race.target",
        "messages at the same time go to one target",
        _shared(lambda one: one.lines, lambda one, v: setattr(one, "lines", v)),
    )
    yield (
        "race.type",
        "messages at the same time have one type",
        _shared(lambda one: one.out["type"], lambda one, v: one.out.update(type=v)),
    )
    yield (
        "race.stream_id",
        "streams at the same time have one id",
        _shared(
            lambda one: one.out.get("stream_id"),
            lambda one, v: one.out.update(stream_id=v) if "stream_id" in one.out else None,
        ),
    )
    yield (
        "race.overlap.lost",
        "of messages at the same time all but the first are lost",
        _overlapping(_lose),
    )
    yield "race.overlap.twice", "messages at the same time are doubled", _overlapping(_twice)
    yield (
        "race.overlap.closes",
        "who sends while another sends is disconnected",
        _overlapping(_close),
    )
    yield (
        "race.overlap.crash",
        "messages at the same time end the server",
        _overlapping(lambda one: one.hub.crash()),
    )
    yield (
        "race.overlap.deadlock",
        "after messages at the same time nobody is heard",
        Seed(talk=_overlapping(_deadlock).talk, hear=_stuck),
    )
    yield (
        "race.target.lost",
        "of two messages at the same time for one target one is lost",
        _same_target(_lose),
    )
    yield (
        "race.target.crash",
        "two messages at the same time for one target end the server",
        _same_target(lambda one: one.hub.crash()),
    )
    yield (
        "race.cross.lost",
        "two that write to each other at the same time hear nothing",
        _cross(_lose),
    )
    yield (
        "race.cross.deadlock",
        "two that write to each other at the same time block all",
        Seed(talk=_cross(_deadlock).talk, hear=_stuck),
    )
    yield (
        "race.sender_gone",
        "a message is lost when its sender leaves right after it",
        Seed(talk=_sender_gone),
    )
    yield (
        "race.newcomer",
        "who connects while a message is on its way hears it",
        Seed(talk=_newcomer),
    )
    yield (
        "race.leaver",
        "a connection that ends right after a message ends the server",
        Seed(talk=_leaver, left=_left),
    )


def _entries() -> Iterator[tuple[str, str, Seed]]:
    yield (
        "race.entry.swapped",
        "two that connect at the same time exchange identities",
        Seed(joined=_swapped_entry),
    )
    yield (
        "race.entry.lost",
        "of two that connect at the same time one is never addressed",
        Seed(joined=_one_entry),
    )


def _registrations() -> Iterator[tuple[str, str, Seed]]:
    yield "race.register.lost", "of registrations at the same time only one is kept", _lost_write()
    yield (
        "race.register.token",
        "registrations at the same time share a token",
        _slow(_same("token")),
    )
    yield "race.register.id", "registrations at the same time share an id", _slow(_same("id"))
    yield "race.register.name", "registrations at the same time share a name", _slow(_same("name"))


RACE_FAULTS: Final[tuple[Fault, ...]] = (
    *table("3. Message Protocol", _messages()),
    *table("2. Connection", _entries()),
    *table("1. Authentication", _registrations()),
)
