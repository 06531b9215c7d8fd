"""By which number somebody is routed, where no answer says it for certain: it is tried out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from conformance.frames import Frame
from conformance.marks import UnjudgeableError
from conformance.protocols.echocenter.said import Guest, mentions

if TYPE_CHECKING:
    from conformance.protocols.echocenter.room import Room

__all__ = ["find_number", "place"]

_TRIED = 200
"""Numbers that are tried in turn, where nobody's is told: the smallest, which may be used again,
and those above all that were seen, for numbers may grow.
"""


async def place(room: Room, guest: Guest) -> None:
    """See to it that the number of somebody who was here before is still its own: nothing says
    that it is. Raises `UnjudgeableError` where it is another, and cannot be found out.
    """
    async with room.placing:
        await _placed(room, guest)
    if guest.number is None:
        guest.number = room.cast.number(guest.person)


async def _placed(room: Room, guest: Guest) -> None:
    if guest.placed:
        return
    cast = room.cast
    if cast.fleeting is None:
        cast.fleeting = await _are_fleeting(room)
        here = {each.person for each in room.guests if each.placed}
        if cast.fleeting:
            cast.forget(one for one in cast.numbers if one not in here)
    if cast.fleeting:
        cast.forget([guest.person])
        await find_number(room, guest)
    guest.placed = True


async def find_number(room: Room, guest: Guest) -> None:
    """Find out a guest's number. Raises `UnjudgeableError` where there is no way."""
    if guest.person.numbers and not (guest.before and room.cast.fleeting):
        await _try_numbers(room, guest)
    if room.cast.number(guest.person) is None:
        await _ask_for_number(room, guest)
    guest.number = room.number(guest.person)


async def _are_fleeting(room: Room) -> bool:
    """Has who leaves and comes back another number, by which it is reached? Newcomers try it out,
    of whom one does so; another comes in between, for a number that is free may be used again.
    """
    try:
        *people, between = await room.cast.newcomers(3)
        stays, goes = [await room.enter(one) for one in people]
        for guest in (stays, goes):
            if room.cast.number(guest.person) is None:
                await find_number(room, guest)
        before = await _shown(room, goes, stays)
        await room.leave(goes)
        other = await room.enter(between)
        goes = await room.enter(goes.person)
        goes.placed = True
        after = await _shown(room, goes, stays)
    except UnjudgeableError:
        return False
    fleeting = None not in (before, after) and before != after
    if fleeting and after is not None:
        fleeting = await _heard(room, stays, goes, [after]) is not None
    for guest in (stays, goes, other):
        await room.leave(guest)
    return fleeting


async def _try_numbers(room: Room, guest: Guest) -> None:
    """Several are told: the one that reaches it is its own."""
    asker = await _somebody_but(room, guest)
    found = await _heard(room, asker, guest, guest.person.numbers)
    if found is not None:
        room.cast.settle(guest.person, found[0])


async def _ask_for_number(room: Room, guest: Guest) -> None:
    """None is told: whoever is spoken to sees it."""
    other = await _somebody_but(room, guest)
    if room.cast.number(other.person) is None:
        await _search(room, other)
    number = await _shown(room, guest, other)
    if number is not None:
        room.cast.settle(guest.person, number)


async def _shown(room: Room, guest: Guest, other: Guest) -> int | None:
    """The number that another sees when a guest speaks to it."""
    number = room.cast.number(other.person)
    found = None if number is None else await _heard(room, guest, other, [number])
    shown = None if found is None else found[1].value("/sender_id")
    return shown if isinstance(shown, int) and not isinstance(shown, bool) else None


async def _heard(
    room: Room, sender: Guest, target: Guest, numbers: Sequence[int]
) -> tuple[int, Frame] | None:
    """By which of these numbers what one says reaches another, and what it hears."""
    await target.listed()
    marks = {room.cast.dialogue.new("m") + ".": number for number in numbers}
    room.cast.said.update(marks)
    for mark, number in marks.items():
        await sender.socket.send({"type": "CHAT", "target_id": number, "payload": mark})
    frame = await target.socket.wait(
        lambda frame: any(mentions(frame, mark) for mark in marks),
        room.patience.seconds("chat") or 0.0,
    )
    if frame is None:
        return None
    return next((number, frame) for mark, number in marks.items() if mentions(frame, mark))


async def _search(room: Room, guest: Guest) -> None:
    """Nobody's number is known, so somebody who may be shut out for it tries small ones, and those
    after the largest that was ever seen.
    """
    if room.cast.hopeless:
        return
    scout = await room.enter(await room.cast.newcomer())
    scout.may_end = True
    small, largest = range(1, _TRIED + 1), room.cast.largest
    above = range(largest + 1, largest + 1 + _TRIED)
    found = await _heard(room, scout, guest, list(dict.fromkeys([*small, *above])))
    if found is None:
        room.cast.hopeless = True
    else:
        room.cast.settle(guest.person, found[0])
    await room.leave(scout)


async def _somebody_but(room: Room, guest: Guest) -> Guest:
    """Somebody to try it with: a guest whose number is known, or one who comes for that."""
    here = [each for each in room.guests if not each.left and each.placed]
    known = [each for each in here if room.cast.number(each.person) is not None]
    other = next((each for each in known if each.person is not guest.person), None)
    if other is not None:
        return other
    cast = room.cast
    candidates = [*(await cast.agents(1)), *(await cast.others())]
    if cast.fleeting is not False:  # who was here before may have another number now
        fresh = [each for each in candidates if not cast.was_here(each)]
        candidates = fresh or [await cast.newcomer()]
    certain = [each for each in candidates if cast.number(each) is not None]
    spare = next((each for each in [*certain, *candidates] if each is not guest.person), None)
    return await room.enter(spare or (await cast.agents(2))[1])
