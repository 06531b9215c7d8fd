"""By which number somebody is routed, where no answer says it for certain: it is tried out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.protocols.echocenter.said import Guest, mentions

if TYPE_CHECKING:
    from conformance.protocols.echocenter.room import Room

__all__ = ["find_number"]


async def find_number(room: Room, guest: Guest) -> None:
    """Find out a guest's number. Raises `UnjudgeableError` where there is no way."""
    if guest.person.numbers:
        await _try_numbers(room, guest)
    if room.cast.number(guest.person) is None:
        await _ask_for_number(room, guest)
    room.number(guest.person)


async def _try_numbers(room: Room, guest: Guest) -> None:
    """Several are told: the one that reaches it is its own."""
    asker = await _somebody_but(room, guest)
    await guest.listed()
    marks = {}
    for number in guest.person.numbers:
        mark = room.cast.dialogue.new("m") + "."
        marks[mark] = number
        room.cast.said.add(mark)
        await asker.socket.send({"type": "CHAT", "target_id": number, "payload": mark})
    frame = await guest.socket.wait(
        lambda frame: any(mentions(frame, mark) for mark in marks),
        room.patience.seconds("chat") or 0.0,
    )
    for mark, number in marks.items():
        if frame is not None and mentions(frame, mark):
            room.cast.settle(guest.person, number)


async def _ask_for_number(room: Room, guest: Guest) -> None:
    """None is told: whoever is spoken to sees it."""
    other = await _somebody_but(room, guest)
    if room.cast.number(other.person) is not None:
        said = await room.say(guest, other)
        frame = await room.wait(other, said)
        number = None if frame is None else frame.value("/sender_id")
        if isinstance(number, int) and not isinstance(number, bool):
            room.cast.settle(guest.person, number)


async def _somebody_but(room: Room, guest: Guest) -> Guest:
    """Somebody to try it with: a guest whose number is known, or one who comes for that."""
    known = [each for each in room.guests if room.cast.number(each.person) is not None]
    other = next((each for each in known if each.person is not guest.person), None)
    if other is not None:
        return other
    candidates = [*(await room.cast.agents(1)), *(await room.cast.others())]
    certain = [each for each in candidates if room.cast.number(each) is not None]
    spare = next((each for each in [*certain, *candidates] if each is not guest.person), None)
    return await room.enter(spare or (await room.cast.agents(2))[1])
