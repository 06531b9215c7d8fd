"""Replies in pieces: chunks, the final CHAT, the end."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from conformance.exchange import MISSING
from conformance.frames import Frame
from conformance.judge import Judge, same
from conformance.marks import requirement
from conformance.protocols.echocenter.audit import AMBIENT
from conformance.protocols.echocenter.principals import Cast
from conformance.protocols.echocenter.room import Room
from conformance.protocols.echocenter.said import Guest, mentions, texts
from conformance.protocols.echocenter.streaming import STREAMED, Stream, came, judge_stream

pytestmark = requirement(*AMBIENT)

_TO_PERSON = ("ECHO-STREAM-001", "ECHO-STREAM-002")
_TO_AGENT = ("ECHO-STREAM-003", "ECHO-STREAM-004")
_BY_PERSON = ("ECHO-STREAM-026", "ECHO-STREAM-026")

_PIECES = (
    *("  the boats ", "\n", "", "  ", "Seven", "Seven", " in all: 七 ⛵. ", "x" * 300, "\tend"),
    '<b>Größe</b> & "so" ' * 110,
    *("Seven", "Seven", "Seven", "42", "true", "{}", "🚀\U0001d11e", "one\r\n", "two\rthree"),
    "word " * 720,
)

_VERY_MANY = 260


@requirement(*STREAMED, "ECHO-STREAM-014", "ECHO-STREAM-025", "ECHO-STREAM-028")
@pytest.mark.parametrize("to_person", [True, False])
async def test_flow_replies_in_pieces(
    to_person: bool,  # pytest gives it by name
    room: Room,
    cast: Cast,
    judge: Judge,
) -> None:
    sender, other = await room.newcomers(2)
    target = await room.human() if to_person else other
    await room.people(2)
    rows = _TO_PERSON if to_person else _TO_AGENT
    ids: list[Any] = []
    for turn in range(3):
        stream = Stream(room=room, sender=sender, target=target, id=cast.dialogue.new("s"))
        await _first_chunk(room, judge, stream)
        for piece in _PIECES:
            await stream.bare(piece)
        await stream.chunk("and counting")
        await stream.finish()
        await stream.end()
        await stream.arrive()
        judge_stream(judge, cast, stream, rows)
        wrong = f"the stream number {turn + 1} of one sender did not arrive"
        judge.holds("ECHO-STREAM-028", bool(came(stream, "CHAT_STREAM")), wrong)
        ids += [
            value
            for frame in came(stream, "CHAT_STREAM")[:1]
            if (value := frame.value("/stream_id")) not in (MISSING, None)
        ]
    wrong = f"three streams have the ids {ids!r}"
    if len(ids) > 1:
        judge.holds("ECHO-STREAM-014", len(set(map(repr, ids))) == len(ids), wrong)
    _judge_unheard(judge, room, sender, target)
    await room.settle()


async def _first_chunk(room: Room, judge: Judge, stream: Stream) -> None:
    """It comes before anything else is sent."""
    first = await stream.chunk("Counting ")
    target = stream.target.socket
    heard = await target.hope(lambda f: mentions(f, first.mark), room.patience, "chunk")
    wrong = "the first chunk of a stream did not come before the others were sent"
    judge.holds("ECHO-STREAM-025", heard is not None, wrong, first.frame)


def _judge_unheard(judge: Judge, room: Room, sender: Guest, target: Guest) -> None:
    """Ends and chunks that bear no mark reached nobody else either."""
    number = room.number(sender.person)
    for guest in room.guests:
        if guest is target or (guest.person is sender.person and guest.person.human):
            continue
        found = [
            frame
            for frame in texts(guest)
            if str(frame.value("/type")).startswith("CHAT_STREAM")
            and (frame.value("/sender_id") in (number, MISSING, None) or not guest.person.human)
        ]
        wrong = f"{guest.person.name} heard a part of a stream to somebody else"
        judge.holds("ECHO-STREAM-012", not found, wrong, *found[:1])


@requirement(*STREAMED, "ECHO-STREAM-013", "ECHO-STREAM-015")
async def test_flow_streams_at_the_same_time(room: Room, cast: Cast, judge: Judge) -> None:
    """Two to one target, and one of the two to another target as well."""
    left, right, target, second = await room.newcomers(4)
    people = await room.people(2)  # a reply to the second is not for the first
    new = cast.dialogue.new
    streams = [
        Stream(room=room, sender=left, target=target, id=new("s")),
        Stream(room=room, sender=right, target=target, id=new("s")),
        Stream(room=room, sender=left, target=second, id=new("s")),
        *(Stream(room=room, sender=right, target=person, id=new("s")) for person in people),
    ]
    left.streams = right.streams = True
    for turn in range(4):
        for stream in streams:
            await stream.chunk(f"piece {turn}")
    for stream in streams:
        await stream.finish()
        await stream.end()
    for stream in streams:
        await stream.arrive()
    reached = {each.target.person.human for each in streams if came(each, "CHAT_STREAM")}
    for stream in streams:
        rows = _TO_PERSON if stream.target.person.human else _TO_AGENT
        judge_stream(judge, cast, stream, rows)
        row = "ECHO-STREAM-013" if stream.target is target else "ECHO-STREAM-015"
        texts_sent = [text for text, _ in stream.chunks]
        texts_came = [frame.value("/payload") for frame in came(stream, "CHAT_STREAM")]
        if stream.target.person.human in reached:  # to agents, chunks need not go at all
            wrong = "streams at the same time are not kept apart"
            judge.holds(row, texts_came == texts_sent, wrong, *came(stream, "CHAT_STREAM")[:1])
        foreign = [each.id for each in streams if each is not stream]
        taken = [f for f in came(stream, "CHAT_STREAM") if f.value("/stream_id") in foreign]
        wrong = "a chunk is delivered with the stream_id of another stream"
        judge.holds("ECHO-STREAM-013", not taken, wrong, *taken[:1])
    await room.settle()


@requirement("ECHO-STREAM-006", "ECHO-STREAM-009", "ECHO-STREAM-014")
async def test_flow_two_replies_to_one_person_at_the_same_time(
    room: Room, cast: Cast, judge: Judge
) -> None:
    human = await room.human()
    (sender,) = await room.newcomers(1)
    ids = [cast.dialogue.new("s") for _ in range(2)]
    said = [
        (at, await room.say(sender, human, "piece", type=kind, fields={"stream_id": ids[at]}))
        for kind in ("CHAT_STREAM", "CHAT_STREAM", "CHAT")
        for at in range(2)
    ]
    for number in ids:
        message = {"type": "CHAT_STREAM_END", "target_id": room.number(human.person)}
        await sender.socket.send({**message, "stream_id": number})
    await room.heard(human, said[-1][1])
    told: tuple[list[Frame], list[Frame]] = ([], [])
    for at, each in said:
        found = (f for f in texts(human) if mentions(f, each.mark))
        told[at].extend(f for f in found if f.value("/stream_id") not in (MISSING, None))
    for frames in told:
        for frame in frames:
            row = "ECHO-STREAM-006" if frame.value("/type") == "CHAT" else "ECHO-STREAM-009"
            right = same(frame.value("/stream_id"), frames[0].value("/stream_id"))
            judge.holds(row, right, "a stream changes its stream_id", frames[0], frame)
    if all(told):
        first, second = told[0][0], told[1][0]
        apart = not same(first.value("/stream_id"), second.value("/stream_id"))
        wrong = "two streams that go on at the same time have one stream_id"
        judge.holds("ECHO-STREAM-014", apart, wrong, first, second)
    await room.settle()


@requirement(*STREAMED, "ECHO-STREAM-013")
async def test_flow_one_stream_ends_and_another_goes_on(
    room: Room, cast: Cast, judge: Judge
) -> None:
    left, right, target = await room.newcomers(3)
    new = cast.dialogue.new
    short = Stream(room=room, sender=left, target=target, id=new("s"))
    long = Stream(room=room, sender=right, target=target, id=new("s"))
    left.streams = right.streams = True
    await long.chunk("begun")
    await short.chunk("begun")
    await short.finish()
    await short.end()
    await long.chunk("going on")
    await long.chunk("and on")
    await long.finish()
    await long.end()
    for stream in (short, long):
        await stream.arrive()
    any_came = any(came(stream, "CHAT_STREAM") for stream in (short, long))
    for stream in (short, long):
        judge_stream(judge, cast, stream, _TO_AGENT)
        sent = [text for text, _ in stream.chunks]
        heard = [frame.value("/payload") for frame in came(stream, "CHAT_STREAM")]
        wrong = "the end of one stream is not the end of that alone"
        judge.holds("ECHO-STREAM-013", not any_came or heard == sent, wrong)
    await room.settle()


@requirement(*STREAMED)
@pytest.mark.parametrize("claim", ["sender_id", "sender_name"])
async def test_flow_nobody_streams_in_the_name_of_another(
    claim: str, room: Room, cast: Cast, judge: Judge
) -> None:
    forger, other, target = await room.agents(3)
    person = other.person
    fields = {"sender_id": room.number(person), "sender_name": person.name}
    stream = Stream(
        room=room,
        sender=forger,
        target=target,
        id=cast.dialogue.new("s"),
        fields={claim: fields[claim]},
    )
    forger.may_end = True  # nothing says that such a message is put up with
    await stream.chunk("believe me")
    if await forger.turned_out():
        await room.settle()
        return
    await stream.finish("believe me")
    await stream.end()
    await stream.arrive()
    judge_stream(judge, cast, stream, _TO_AGENT)
    for frame in texts(target):
        if str(frame.value("/type")).startswith("CHAT_STREAM"):
            wrong = f"{forger.person.name} streams in the name of {person.name}"
            taken = same(frame.value(f"/{claim}"), fields[claim])
            judge.holds("ECHO-STREAM-016", not taken, wrong, frame, pointer=f"/{claim}")
    await room.settle()


@requirement("ECHO-STREAM-016")
async def test_two_streams_of_one_id_are_not_one_senders(
    room: Room, cast: Cast, judge: Judge
) -> None:
    """Clients make the ids, and two can hit on the same one. Whether both streams are put up with
    is the peer's affair; what it delivers has its true sender.
    """
    left, right, target = await room.newcomers(3)
    left.may_end = right.may_end = target.may_end = True
    new = cast.dialogue.new("s")
    for _ in range(2):
        for sender in (left, right):
            stream = Stream(room=room, sender=sender, target=target, id=new)
            said = await stream.chunk("of my own")
            found = await target.socket.wait(partial(mentions, mark=said.mark), 1.0)
            known = cast.number_of(sender)
            if found is None or known is None:
                continue
            number = found.value("/sender_id")
            if number not in (MISSING, None):
                wrong = f"{sender.person.name} is {known}, and streams as {number!r}"
                right_one = same(number, known)
                judge.holds("ECHO-STREAM-016", right_one, wrong, found, pointer="/sender_id")
    await room.settle()


@requirement("ECHO-STREAM-029", "ECHO-STREAM-030")
async def test_ends_are_of_one_sender_and_may_say_something(
    room: Room, cast: Cast, judge: Judge
) -> None:
    """An id that another has used up is as good as any; and an end may bring a payload."""
    left, right, target, second = await room.newcomers(4)
    left.may_end = right.may_end = True
    new = cast.dialogue.new("s")
    used = Stream(room=room, sender=left, target=target, id=new)
    again = Stream(room=room, sender=right, target=second, id=new)
    talked = Stream(room=room, sender=left, target=target, id=cast.dialogue.new("s"))
    for stream in (used, again, talked):
        stream.since = stream.target.socket.mark()
        await stream.chunk("begun")
        final = await stream.finish()
        await stream.end(**({"payload": "that was all"} if stream is talked else {}))
        heard = await room.wait(stream.target, final)
        if stream is again and came(used, "CHAT"):
            wrong = "after another agent's stream of the same id a final CHAT did not arrive"
            judge.holds("ECHO-STREAM-029", heard is not None, wrong, final.frame)
    await room.round()
    if came(used, "CHAT_STREAM_END") and talked.ended is not None:
        if not came(talked, "CHAT_STREAM_END"):
            await target.socket.wait(lambda _: bool(came(talked, "CHAT_STREAM_END")), 0.5)
        told = bool(came(talked, "CHAT_STREAM_END"))
        wrong = "an end with a payload did not arrive, and one without did"
        judge.holds("ECHO-STREAM-030", told, wrong, talked.ended)
    await room.settle()


@requirement("ECHO-STREAM-023", "ECHO-STREAM-024")
async def test_flow_plain_chat_is_no_part_of_a_stream(room: Room, cast: Cast, judge: Judge) -> None:
    """Neither what its sender says besides, to its target or to another, nor what others say."""
    sender, target, third = await room.newcomers(3)
    plain = [await room.tell(sender, target, "before", "ECHO-STREAM-023")]
    stream = Stream(room=room, sender=sender, target=target, id=cast.dialogue.new("s"))
    await stream.chunk("one")
    for one, two in ((sender, target), (sender, third), (target, sender), (third, target)):
        plain.append(await room.tell(one, two, "in between", "ECHO-STREAM-023"))
    await stream.chunk("two")
    final = await room.heard(target, await stream.finish())
    await stream.end()
    plain.append(await room.tell(sender, target, "afterwards", "ECHO-STREAM-023"))
    plain.append(await room.tell(target, sender, "thanks", "ECHO-STREAM-023"))
    ids = [stream.id, MISSING if final is None else final.value("/stream_id")]
    for frame in plain:
        if frame is not None:
            told = frame.value("/stream_id")
            wrong = f"a plain CHAT is delivered with the stream_id {told!r}"
            part = told not in (MISSING, None, "") and told in ids
            judge.holds("ECHO-STREAM-023", not part, wrong, frame, pointer="/stream_id")
            bare = told in (MISSING, None, "")
            judge.holds("ECHO-STREAM-024", bare, wrong, frame, pointer="/stream_id")
    await room.settle()


@requirement(*STREAMED, "ECHO-STREAM-026")
async def test_flow_a_person_streams(room: Room, cast: Cast, judge: Judge) -> None:
    human = await room.human()
    (target,) = await room.newcomers(1)
    stream = Stream(room=room, sender=human, target=target, id=cast.dialogue.new("s"))
    for piece in ("one", "two"):
        await stream.chunk(piece)
    await stream.finish()
    await stream.end()
    await stream.arrive()
    judge_stream(judge, cast, stream, _BY_PERSON)
    for other in (await room.people(2))[1:]:
        human.may_end = True  # that people can speak to each other is no more than implied
        await _judge_onward(
            judge, Stream(room=room, sender=human, target=other, id=cast.dialogue.new("s"))
        )
    await room.settle()


async def _judge_onward(judge: Judge, stream: Stream) -> None:
    """From a person to a person."""
    said = await stream.chunk("between us")
    await stream.end()
    target = stream.target.socket
    heard = await target.hope(lambda f: mentions(f, said.mark), stream.room.patience, "chunk")
    wrong = "what a person streams to another person does not arrive"
    judge.holds("ECHO-STREAM-026", heard is not None, wrong, said.frame)


@requirement(*STREAMED, "ECHO-STREAM-027")
async def test_flow_a_stream_may_be_long(room: Room, cast: Cast, judge: Judge) -> None:
    sender, target = await room.newcomers(2)
    people = await room.people(1)
    target = people[0] if people else target
    stream = Stream(room=room, sender=sender, target=target, id=cast.dialogue.new("s"))
    for at in range(_VERY_MANY):
        await stream.bare(f"word{at} ")
    await stream.finish()
    await stream.end()
    await stream.arrive()
    judge_stream(judge, cast, stream, _TO_PERSON if people else _TO_AGENT)
    heard = [frame.value("/payload") for frame in came(stream, "CHAT_STREAM")]
    wrong = f"of {_VERY_MANY} chunks {len(heard)} came as they were sent"
    sent = [text for text, _ in stream.chunks]
    if heard:
        judge.holds("ECHO-STREAM-027", heard == sent, wrong)
    await room.settle()
