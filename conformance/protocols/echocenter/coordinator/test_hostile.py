"""What nobody should send: whatever becomes of who sends it, the others are served."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from conformance.clients.raw import RawSocket
from conformance.clients.rfc6455 import frame_bytes
from conformance.judge import Judge
from conformance.marks import case, requirement
from conformance.protocols.echocenter.audit import AMBIENT
from conformance.protocols.echocenter.door import SOCKET
from conformance.protocols.echocenter.hostility import (
    BAD_FRAMES,
    CONTROL_FRAMES,
    MESSAGES,
    NO_NUMBERS,
    TEXTS,
    abuse,
    is_endless,
)
from conformance.protocols.echocenter.principals import Cast
from conformance.protocols.echocenter.room import Room
from conformance.protocols.echocenter.said import chats, mentions, texts
from conformance.protocols.echocenter.siege import Send, Siege

pytestmark = requirement(*AMBIENT, "ECHO-WIRE-002")

_DEEP = "ECHO-ODD-005"
"""What may cost a coordinator a while."""

_NO_TEXT = "ECHO-ODD-009"
"""A CHAT whose payload is anything but text, numbers among them that JSON cannot say."""

_CHAT = '{"type":"CHAT","target_id":%d,"payload":%s}'

_HUGE = 60_000

_UNREAD = 130
"""Messages of 50 KB for one who does not read: more than two systems keep between them by
themselves, which is some 4 MiB.
"""

_HELD_UP = 0.5
"""Seconds after which a send was made to wait."""


@pytest.fixture
async def besieged(room: Room, cast: Cast, judge: Judge) -> Callable[[str], Awaitable[Siege]]:
    async def begin(row: str) -> Siege:
        siege = Siege(room, cast, judge, row)
        await siege.begin()
        return siege

    return begin


Begin = Callable[[str], Awaitable[Siege]]


def _text(text: str) -> Send:
    return lambda socket: socket.send_text(text, lawful=False)


def _message(message: dict[str, Any]) -> Send:
    return lambda socket: socket.send(message, lawful=False)


def _binary(data: bytes) -> Send:
    return lambda socket: socket.send_frame(2, data)


def _bytes(raw: bytes) -> Send:
    return lambda socket: socket.send_bytes(raw)


@requirement("ECHO-ODD-017", "ECHO-ODD-018")
@pytest.mark.parametrize(("row", "words"), [case(row, TEXTS[row]) for row in TEXTS])
async def test_texts_of_no_use_harm_nobody(
    row: str, words: list[str], besieged: Begin, judge: Judge
) -> None:
    siege = await besieged(row)
    await (siege.endure if row == _DEEP else siege.endure_and_hear)(map(_text, words))
    _judge_unheard(judge, siege)
    await siege.room.settle()


@pytest.mark.parametrize(("row", "messages"), [case(row, MESSAGES[row]) for row in MESSAGES])
@requirement("ECHO-ODD-017", "ECHO-ODD-018", "ECHO-ODD-019")
async def test_messages_of_no_use_harm_nobody(
    row: str, messages: list[dict[str, Any]], besieged: Begin, judge: Judge
) -> None:
    siege = await besieged(row)
    number = siege.room.number(siege.victim.person)
    endure = siege.endure_and_hear if row == "ECHO-ODD-004" else siege.endure
    acts = [_message(abuse(said, number)) for said in messages]
    if row == _NO_TEXT:
        acts += [_text(_CHAT % (number, value)) for value in NO_NUMBERS]
    await endure(acts)
    if row in ("ECHO-ODD-004", "ECHO-ODD-010"):  # others may lawfully go somewhere
        _judge_unheard(judge, siege)
    if row == _NO_TEXT:
        _judge_numbers(judge, siege)
    await siege.room.settle()


def _judge_numbers(judge: Judge, siege: Siege) -> None:
    """A number that JSON has no word for may be passed on as something else, or not at all."""
    for guest in siege.room.guests:
        found = [frame for frame in texts(guest) if is_endless(frame)]
        wrong = f"{guest.person.name} is sent NaN or Infinity, which is no JSON"
        judge.holds("ECHO-ODD-019", not found, wrong, *found[:1])


def _judge_unheard(judge: Judge, siege: Siege) -> None:
    """No CHAT of the villain's reached anybody."""
    numbers = [siege.cast.number(one) for one in siege.cast.hostile]
    for guest in siege.room.guests:
        found = [
            frame
            for frame in chats(guest)
            if frame.value("/sender_id") in numbers
            and not any(mentions(frame, mark) for mark in siege.afterwards)
        ]
        wrong = f"{guest.person.name} was delivered as a CHAT what nobody can use"
        judge.holds("ECHO-ODD-017", not found, wrong, *siege.sent[-1:], *found[:1])


@requirement("ECHO-ODD-006")
async def test_huge_messages_harm_nobody(besieged: Begin) -> None:
    siege = await besieged("ECHO-ODD-006")
    number = siege.room.number(siege.second.person)
    huge = {"type": "CHAT", "target_id": number + 987_654, "payload": "h" * _HUGE}
    await siege.endure(
        [
            _message(huge),
            _text('{"type": "CHAT", "payload": "' + "u" * _HUGE),
            _text("v" * _HUGE),
            _message({"type": "SYSTEM_LOG", "payload": {"level": "INFO", "content": "l" * _HUGE}}),
            _text("[" + "1," * 25_000 + "1]"),
        ]
    )
    await siege.room.settle()


@requirement("ECHO-ODD-007", "ECHO-ODD-017")
async def test_binary_frames_harm_nobody(besieged: Begin, judge: Judge) -> None:
    siege = await besieged("ECHO-ODD-007")
    words = (b"\x00\x01\x02", b"", b"\xff" * 300, b"[1]", b'{"type": "SYSTEM_LOG"}')
    await siege.endure(map(_binary, words))
    _judge_unheard(judge, siege)
    await siege.room.settle()


@requirement("ECHO-ODD-012", "ECHO-WIRE-017")
async def test_frames_that_break_the_rfc_harm_nobody(besieged: Begin, judge: Judge) -> None:
    siege = await besieged("ECHO-ODD-012")
    await siege.endure(_bytes(raw) for raw in BAD_FRAMES)
    await siege.room.settle()
    await _judge_not_taken(judge, siege)


async def _judge_not_taken(judge: Judge, siege: Siege) -> None:
    """A CHAT for somebody who is there, in frames that are none. Whoever is passed a text that is
    no UTF-8 can but hang up, now or when it comes back: so it is for one who is needed no more.
    """
    target = await siege.room.enter(await siege.cast.newcomer(), see=False)
    target.may_end = True
    await siege.room.known()
    number = siege.room.number(target.person)
    await target.listed()
    for strange, rsv in ((b"", 4), (b"", 1), (b"\xff", 0), (b"\xed\xa0\x80", 0)):
        mark = siege.cast.dialogue.new("m") + "."
        body = b'{"type":"CHAT","target_id":%d,"payload":"%s ' % (number, mark.encode())
        raw = frame_bytes(1, body + strange + b'"}', rsv=rsv)
        socket = await siege.come((await siege.cast.villains(1))[0])
        sent = await socket.send_bytes(raw)
        await socket.ended(0.05)
        await siege.room.tell(siege.first, siege.second)
        found = [f for f in target.socket.frames if f.sender == "peer" and mentions(f, mark)]
        wrong = "a frame that breaks RFC 6455 was taken and delivered"
        judge.holds("ECHO-WIRE-017", not found, wrong, sent, *found[:1])
        socket.abort()


@requirement("ECHO-ODD-013")
async def test_unusual_control_frames_harm_nobody(besieged: Begin) -> None:
    siege = await besieged("ECHO-ODD-013")
    await siege.endure(_bytes(raw) for raw in CONTROL_FRAMES)
    await siege.room.settle()


@requirement("ECHO-ODD-014")
async def test_connections_that_end_anyhow_harm_nobody(besieged: Begin) -> None:
    siege = await besieged("ECHO-ODD-014")

    async def half_a_frame(socket: RawSocket) -> None:
        await socket.send_bytes(b"\x81\xfe\x40\x00mask{")
        socket.abort()

    async def half_a_message(socket: RawSocket) -> None:
        await socket.send_frame(1, b'{"type": "CHAT", ', fin=False)
        socket.abort()

    async def half_open(socket: RawSocket) -> None:
        await socket.send({"type": "SYSTEM_LOG", "payload": {"level": "INFO", "content": "x"}})
        socket.shutdown_write()

    async def reset(socket: RawSocket) -> None:
        socket.abort()

    await siege.endure([half_a_frame, half_a_message, reset, half_open, reset])
    await siege.room.settle()


@requirement("ECHO-ODD-015")
async def test_who_does_not_read_harms_nobody(besieged: Begin, cast: Cast) -> None:
    siege = await besieged("ECHO-ODD-015")
    deaf, talker = await siege.room.newcomers(2)
    deaf.may_end = talker.may_end = True
    number = siege.room.number(deaf.person)
    deaf.socket.pause()

    async def talk(_: RawSocket) -> None:
        """A coordinator may make the talker wait, and then it has been enough."""
        chat = {"type": "CHAT", "target_id": number, "payload": "d" * 50_000}
        cast.said.add(str(chat["payload"]))
        for _turn in range(_UNREAD):
            sent = await talker.socket.send(chat)
            if talker.socket.closed or time.monotonic() - sent.at > _HELD_UP:
                break

    await siege.endure([talk])
    deaf.socket.abort()
    await siege.room.settle()


@requirement("ECHO-ODD-016")
async def test_a_flood_of_connections_harms_nobody(besieged: Begin) -> None:
    siege = await besieged("ECHO-ODD-016")
    room = siege.room
    people = await siege.cast.newcomers(4)

    async def flood(_: RawSocket) -> None:
        queries = [{"token": person.token} for person in people] * 3 + [{"token": "none"}] * 8
        opened = await asyncio.gather(
            *(room.opener.raw(SOCKET, "flood", query=query) for query in queries)
        )
        for socket in opened:
            if isinstance(socket, RawSocket):
                socket.abort()

    await siege.endure([flood, flood])
    await room.settle()
