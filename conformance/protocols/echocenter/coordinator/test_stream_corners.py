"""Streams with unusual ids, unusual final CHATs, and streams that break off."""

from __future__ import annotations

from typing import Any

import pytest

from conformance.exchange import MISSING
from conformance.frames import Frame
from conformance.judge import Judge, same
from conformance.marks import UnjudgeableError, requirement
from conformance.protocols.echocenter.audit import AMBIENT
from conformance.protocols.echocenter.principals import Cast
from conformance.protocols.echocenter.room import Room
from conformance.protocols.echocenter.said import Guest, Said, chats, mentions
from conformance.protocols.echocenter.streaming import Stream, came, judge_ids

pytestmark = requirement(*AMBIENT)

_FINALS = ("", "  the last words\n", "a whole reply " * 120)
"""Beside the last chunk, which a final CHAT may be as well."""

_TURNS = 3


async def _listener(room: Room, otherwise: Guest) -> Guest:
    """A person, for to agents streams need not go at all."""
    people = await room.people(1)
    return people[0] if people else otherwise


@requirement("ECHO-STREAM-005", "ECHO-STREAM-006", "ECHO-STREAM-009", "ECHO-CHAT-036")
async def test_final_chat_is_kept_whatever_it_says(room: Room, cast: Cast, judge: Judge) -> None:
    """The whole text, or the last piece once more; which of them is left open."""
    sender, other = await room.newcomers(2)
    target = await _listener(room, other)
    for text in ("the last piece", *_FINALS):
        stream = Stream(room=room, sender=sender, target=target, id=cast.dialogue.new("s"))
        await stream.bare("counting ")
        await stream.bare("the last piece")
        sent = await _final(room, cast, stream, text)
        await stream.end()
        last = await room.say(sender, target, "that was all")
        await room.heard(target, last)
        await _judge_final(judge, stream, text, sent, last)
    await room.settle()


async def _final(room: Room, cast: Cast, stream: Stream, text: str) -> Frame:
    """A final CHAT that is just this text."""
    cast.said.add(text)
    number = room.number(stream.target.person)
    message = {"type": "CHAT", "target_id": number, "payload": text, "stream_id": stream.id}
    return await stream.sender.socket.send(message)


async def _judge_final(judge: Judge, stream: Stream, text: str, sent: Frame, last: Said) -> None:
    """There is nothing else of the sender's, but for what it said last."""
    known, target = stream.room.cast.number_of(stream.sender), stream.target

    def is_it(frame: Frame) -> bool:
        own = same(frame.value("/sender_id"), known)
        return frame.value("/type") == "CHAT" and own and not mentions(frame, last.mark)

    if not any(map(is_it, chats(target, stream.since))):  # what was said last may overtake it
        await target.socket.hope(is_it, stream.room.patience, "payload", stream.since)
    found = [frame for frame in chats(target, stream.since) if is_it(frame)]
    row = "ECHO-STREAM-005" if text else "ECHO-CHAT-036"
    judge.holds(row, bool(found), "the final CHAT of a stream did not arrive", sent)
    if found:
        actual = found[0].value("/payload")
        wrong = "the payload of a final CHAT is not what was sent"
        judge.holds("ECHO-CHAT-004", actual == text, wrong, sent, found[0], pointer="/payload")
        judge_ids(judge, stream, came(stream, "CHAT_STREAM"), found, [])


@requirement("ECHO-STREAM-006", "ECHO-STREAM-009")
@pytest.mark.parametrize("kind", ["mixed", "long", "number"])
async def test_unusual_stream_id_is_one_id(kind: str, room: Room, cast: Cast, judge: Judge) -> None:
    """Whether a peer takes it is left open. Where it passes it on, it does so throughout."""
    sender, other = await room.newcomers(2)
    target = await _listener(room, other)
    sender.may_end = True
    made = cast.dialogue.new("s")
    ids: dict[str, Any] = {
        "mixed": f"Reply-{made}-Of-Scout",
        "long": f"{made}-{'0123456789' * 6}",
        "number": 7_000_000 + sum(map(ord, made)),
    }
    stream = Stream(room=room, sender=sender, target=target, id=ids[kind])
    await stream.chunk("begun")
    final = await stream.finish()
    await stream.end()
    await room.tell(other, target, "and now to something else")
    heard = await room.wait(target, final)
    chunks = came(stream, "CHAT_STREAM")
    if heard is not None and any(f.value("/stream_id") not in (MISSING, None) for f in chunks):
        judge_ids(judge, stream, chunks, [heard], came(stream, "CHAT_STREAM_END"))
    await room.settle()


@requirement("ECHO-STREAM-001", "ECHO-STREAM-002")
async def test_what_is_streamed_before_leaving_arrives(
    room: Room, cast: Cast, judge: Judge
) -> None:
    """As a CHAT does whose sender leaves right after it."""
    target = await room.human()
    for turn in range(_TURNS):
        (leaver,) = await room.newcomers(1)
        stream = Stream(room=room, sender=leaver, target=target, id=cast.dialogue.new("s"))
        if turn == 0:
            last = (await stream.chunk("I am off")).frame
        else:
            await stream.chunk("I am off")
            await stream.finish()
            last = await stream.end()
        await room.leave(leaver)
        await _judge_farewell(judge, stream, last)
    await room.settle()


async def _judge_farewell(judge: Judge, stream: Stream, last: Frame) -> None:
    row, kind = ("ECHO-STREAM-001", "CHAT_STREAM")
    if stream.ended is not None:
        row, kind = ("ECHO-STREAM-002", "CHAT_STREAM_END")
    if not came(stream, kind):
        patience, target = stream.room.patience, stream.target.socket
        await target.hope(lambda _: bool(came(stream, kind)), patience, "stream", stream.since)
    wrong = f"a {kind} did not arrive whose sender left right after it"
    judge.holds(row, bool(came(stream, kind)), wrong, last)


@requirement("ECHO-STREAM-023")
async def test_who_comes_back_goes_on_with_no_stream(room: Room, cast: Cast, judge: Judge) -> None:
    """A stream broke off with its connection: what is said on the next is no part of it."""
    sender, other = await room.newcomers(2)
    target = await _listener(room, other)
    stream = Stream(room=room, sender=sender, target=target, id=cast.dialogue.new("s"))
    await stream.chunk("I was about to say")
    await room.round()
    told = [frame.value("/stream_id") for frame in came(stream, "CHAT_STREAM")]
    if target is not other and not told:
        raise UnjudgeableError("the chunk of the stream did not arrive")
    room.vanish(sender)
    back = await room.enter(sender.person)
    await room.known()
    heard = await room.tell(back, target, "here I am again", "ECHO-STREAM-023")
    if heard is not None:
        shown = heard.value("/stream_id")
        wrong = f"a plain CHAT after a reconnect is delivered with the stream_id {shown!r}"
        part = shown not in (MISSING, None, "") and shown in (stream.id, *told)
        judge.holds("ECHO-STREAM-023", not part, wrong, heard, pointer="/stream_id")
    await room.settle()
