"""What is said arrives as it was said, whatever it looks like."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass

import pytest

from conformance.exchange import MISSING
from conformance.frames import Frame
from conformance.judge import Judge
from conformance.marks import case, requirement
from conformance.protocols.echocenter.audit import AMBIENT
from conformance.protocols.echocenter.payloads import PAYLOADS
from conformance.protocols.echocenter.principals import Cast
from conformance.protocols.echocenter.room import Room
from conformance.protocols.echocenter.said import Guest, chats, mentions, outgrown

pytestmark = requirement(*AMBIENT)

_IMPLIED = ("ECHO-CHAT-035", "ECHO-CHAT-036", "ECHO-CHAT-037")
"""That these are put up with at all is no more than implied."""


@pytest.mark.parametrize(("row", "payloads"), [case(row, PAYLOADS[row]) for row in PAYLOADS])
async def test_payload_arrives_as_it_is(
    row: str, payloads: list[str], room: Room, cast: Cast, judge: Judge
) -> None:
    """From an agent to an agent, and to and from a person if there is one.

    These texts bear no mark: a target that nobody else speaks to hears all of them and no others.
    """
    agent, target, second, third = await room.newcomers(4)
    people = await room.people(1)
    to_people = [(third, person) for person in people]
    by_people = [(person, second) for person in people]  # the last, for it may cost a connection
    for pairs in ([(agent, target), *to_people], by_people):
        for sender, _ in pairs:
            sender.may_end = row in _IMPLIED
        sent = await asyncio.gather(*(_send_all(room, cast, payloads, *pair) for pair in pairs))
        for each, (_, hearer) in zip(sent, pairs, strict=True):
            _judge_all(judge, row, each, hearer)
    await room.settle()


@dataclass(frozen=True, kw_only=True)
class _Sent:
    """What was sent, since when, and the mark of what was said after it. `own` is the number of
    its target, to whom its own words may come back.
    """

    sender: Guest
    own: int
    payloads: list[str]
    frames: list[Frame]
    since: int
    last: str


async def _send_all(
    room: Room, cast: Cast, payloads: list[str], sender: Guest, target: Guest
) -> _Sent:
    number = room.number(target.person)
    await target.listed()
    since = target.socket.mark()
    frames = []
    for payload in payloads:
        cast.said.add(payload)
        message = {"type": "CHAT", "target_id": number, "payload": payload}
        frames.append(await sender.socket.send(message))
    last = await room.say(sender, target, "that was all")
    await room.wait(target, last)  # which waits on while others come
    sent = _Sent(
        sender=sender,
        own=number,
        payloads=list(payloads),
        frames=frames,
        since=since,
        last=last.mark,
    )
    if _missing(sent, target) and not outgrown(sender):  # the last may overtake others
        await target.socket.hope(
            lambda _: not _missing(sent, target), room.patience, "payload", since
        )
    return sent


def _judge_all(judge: Judge, row: str, sent: _Sent, target: Guest) -> None:
    missing = _missing(sent, target)
    strange = [
        frame
        for frame in _came(sent, target)
        if (value := frame.value("/payload")) is not MISSING
        and not (isinstance(value, str) and value in sent.payloads)
    ]
    for payload, frame in zip(sent.payloads, sent.frames, strict=True):
        if payload in missing and outgrown(sent.sender, frame):
            sent.sender.may_end = True
            judge.inconclusive(row, f"a text of {len(payload)} signs ended the connection")
            continue
        judge.holds(
            row,
            payload not in missing,
            "a payload did not arrive as it was sent",
            frame,
            *strange[:1],
            pointer="/payload",
            expected=payload,
            actual=strange[0].value("/payload") if strange else None,
        )


def _came(sent: _Sent, target: Guest) -> list[Frame]:
    came = (frame for frame in chats(target, sent.since) if not mentions(frame, sent.last))
    return [frame for frame in came if frame.value("/sender_id") != sent.own]


def _missing(sent: _Sent, target: Guest) -> Counter[str]:
    """The payloads that did not come, as often as they are missing."""
    values = [frame.value("/payload") for frame in _came(sent, target)]
    return Counter(sent.payloads) - Counter(value for value in values if isinstance(value, str))
