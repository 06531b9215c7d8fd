"""What takes its time: connections on which nothing is said, and messages that must not wait."""

from __future__ import annotations

import asyncio

from conformance.judge import Judge
from conformance.marks import requirement
from conformance.protocols.echocenter.audit import AMBIENT
from conformance.protocols.echocenter.room import Room
from conformance.protocols.echocenter.said import Guest

pytestmark = requirement(*AMBIENT)

_SILENCE = 6.2
"""Seconds: longer than careless limits, and shorter than those of any deployed system."""


@requirement("ECHO-CONN-009")
async def test_a_silent_connection_stays_in_use(room: Room, judge: Judge) -> None:
    """Of two one says nothing and the other hears nothing; a third talks to a fourth meanwhile."""
    silent, talker, listener = await room.newcomers(3)
    people = await room.people(1)
    for _ in range(4):
        await room.tell(talker, listener)
        await asyncio.sleep(_SILENCE / 4)
    for guest in (silent, *people):
        _judge_stayed(judge, guest)
    for guest in (silent, *people):
        if guest.socket.closed is None:
            await room.tell(talker, guest, "", "ECHO-CONN-009")
            await room.tell(guest, listener, "", "ECHO-CONN-009")
    await room.settle()


def _judge_stayed(judge: Judge, guest: Guest) -> None:
    closed = guest.socket.closed
    wrong = f"the connection of {guest.person.name} ended because nothing was said"
    shown = () if closed is None else (closed,)
    judge.holds("ECHO-CONN-009", closed is None, wrong, *shown)
    guest.may_end = closed is not None  # which is no more than implied
