"""Chat: it reaches its target, in whole, once and in order, and nobody else."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

from conformance.frames import Frame
from conformance.judge import Judge
from conformance.marks import UnjudgeableError, requirement
from conformance.protocols.echocenter.audit import AMBIENT
from conformance.protocols.echocenter.principals import Cast
from conformance.protocols.echocenter.room import Room
from conformance.protocols.echocenter.said import Guest, Said, chats, mentions, texts

pytestmark = requirement(*AMBIENT)

_BURST = 40
_LONG = 15
"""Messages in a row: several times this is beyond what a mistake may count to."""


@requirement("ECHO-CHAT-029", "ECHO-CHAT-026")
async def test_flow_agents_converse(room: Room) -> None:
    first, second, third = await room.agents(3)
    await room.people(2)
    for turn in range(3):
        heard = await room.tell(first, second, f"question {turn}", "ECHO-CHAT-029")
        if heard is not None:
            await _reply(room, second, first, heard)
    await room.tell(first, third, "aside", "ECHO-CHAT-029")
    await room.tell(third, second, "remark", "ECHO-CHAT-029")
    for _ in range(7):
        said = [(second, await room.say(first, second, "more")) for _ in range(_LONG)]
        await room.all_heard(said, "ECHO-CHAT-029")
    await room.settle()


async def _reply(room: Room, sender: Guest, asker: Guest, heard: Any) -> None:
    """Answer to the sender_id that was told, as the document's client does."""
    number = heard.value("/sender_id")
    if isinstance(number, int) and not isinstance(number, bool):
        said = await room.say(sender, asker, "Roger that!", fields={"target_id": number})
        await room.heard(asker, said, "ECHO-CHAT-026")


@requirement("ECHO-CHAT-025", "ECHO-CHAT-026")
async def test_flow_a_person_and_agents_converse(room: Room) -> None:
    human = await room.human()
    agent, bystander = await room.newcomers(2)
    await room.people(2)
    for turn in range(4):
        heard = await room.tell(human, agent, f"Please execute scan {turn}.", "ECHO-CHAT-025")
        if heard is not None:
            await _reply(room, agent, human, heard)
        await room.tell(bystander, human, "unasked", "ECHO-CHAT-026")
    await room.tell(human, bystander, "thanks", "ECHO-CHAT-025")
    await room.settle()


@requirement("ECHO-CHAT-027")
async def test_people_converse(room: Room) -> None:
    people = await room.people(2)
    if len(people) < 2:
        raise UnjudgeableError("only one person is known")
    await _implied(room, people[0], people[1], "ECHO-CHAT-027")
    await _implied(room, people[1], people[0], "ECHO-CHAT-027")


@requirement("ECHO-CHAT-028")
async def test_a_message_to_oneself_arrives(room: Room) -> None:
    (agent,) = await room.agents(1)
    await _implied(room, agent, agent, "ECHO-CHAT-028")


async def _implied(room: Room, sender: Guest, target: Guest, row: str, **how: Any) -> None:
    """Say something whose delivery is only implied."""
    said = await room.say(sender, target, "to whom it concerns", **how)
    sender.may_end = True  # which is no more than implied either
    await room.heard(target, said, row)


@requirement("ECHO-CONN-004")
async def test_flow_a_crowd_keeps_its_messages_apart(room: Room) -> None:
    """Numbers that are alike in every way, and all sorts of neighbours."""
    crowd = await room.agents(12)
    people = await room.people(2)
    said = [
        (guest, await room.say(crowd[(at + 5) % len(crowd)], guest))
        for at, guest in enumerate(crowd)
    ]
    await room.all_heard(said)
    everybody = [*people, *crowd]
    said = [
        (guest, await room.say(everybody[(at + 3) % len(everybody)], guest))
        for at, guest in enumerate(everybody)
    ]
    await room.all_heard(said)
    for person in people:
        await room.tell(person, crowd[7])
        await room.tell(crowd[7], person)
    await room.settle()


@requirement("ECHO-CHAT-019", "ECHO-CHAT-020")
async def test_flow_a_burst_arrives_in_whole_and_in_order(room: Room, judge: Judge) -> None:
    first, second, third = await room.agents(3)
    people = await room.people(1)
    pairs = [(first, second), (first, third), *((person, second) for person in people)]
    for sender, target in pairs:
        burst = [
            await room.say(sender, target, "long " * 200 if at % 7 == 3 else "short")
            for at in range(_BURST)
        ]
        for each in burst:
            await room.heard(target, each, "ECHO-CHAT-020")
        _judge_order(judge, target, burst)
    await room.settle()


@requirement("ECHO-CHAT-019")
async def test_a_long_message_is_not_overtaken(room: Room, judge: Judge) -> None:
    """Where it does not end the connection, as one of more than 4 KiB may."""
    sender, target = await room.newcomers(2)
    said = [await room.say(sender, target, words) for words in ("short", "long " * 1900, "short")]
    heard = [await room.wait(target, each) for each in said]
    if None not in heard:
        _judge_order(judge, target, said)
    await room.settle()


def _judge_order(judge: Judge, target: Guest, said: list[Said]) -> None:
    marks = [each.mark for each in said]
    came = [mark for frame in texts(target) for mark in marks if mark.encode() in frame.data]
    came = list(dict.fromkeys(came))
    wrong = next((at for at, mark in enumerate(came) if mark != marks[at]), None)
    shown = [] if wrong is None else [f for f in texts(target) if came[wrong].encode() in f.data]
    judge.holds(
        "ECHO-CHAT-019",
        wrong is None or len(came) < len(marks),
        "one message overtook another",
        *shown[:1],
    )


async def test_flow_the_same_words_to_several(room: Room, cast: Cast, judge: Judge) -> None:
    """Who tells two the same, or what another has just said, has not said it twice."""
    first, second, third = await room.newcomers(3)
    words = "All hands on deck, please."
    cast.said.add(words)
    sent = []
    for sender, target in ((first, second), (first, third), (second, third), (second, first)):
        await target.listed()
        message = {"type": "CHAT", "target_id": room.number(target.person), "payload": words}
        sent.append((sender, target, await sender.socket.send(message)))
    await room.round()
    for sender, target, frame in sent:
        number = room.number(sender.person)

        def is_it(heard: Frame, number: int = number) -> bool:
            return bool(heard.value("/payload") == words and heard.value("/sender_id") == number)

        if not any(map(is_it, chats(target))):  # a round may overtake it
            await target.socket.wait(is_it, room.patience.seconds("chat") or 0.0)
        wrong = "the same words to another target, or of another sender, did not arrive"
        judge.holds("ECHO-CHAT-001", any(map(is_it, chats(target))), wrong, frame)
    await room.settle()


@requirement("ECHO-CHAT-021", "ECHO-CHAT-022")
async def test_flow_all_speak_at_the_same_time(room: Room) -> None:
    """Each to its own, all to one, and two to each other."""
    guests = await room.agents(6)
    left, right = guests[0], guests[1]
    for turn in range(6):
        targets = guests[1:] + guests[:1]
        if turn % 2:
            targets = [left] * len(guests)
            targets[0] = right
        both = [(one, two) for one, two in zip(guests, targets, strict=True)]
        said = await asyncio.gather(
            *(room.say(one, two, one.person.name * (1 + turn)) for one, two in both)
        )
        for (_, target), each in zip(both, said, strict=True):
            await room.heard(target, each, "ECHO-CHAT-021")
    for _ in range(4):
        there, back = await asyncio.gather(room.say(left, right), room.say(right, left))
        await room.heard(right, there, "ECHO-CHAT-022")
        await room.heard(left, back, "ECHO-CHAT-022")
    await room.settle()


@requirement("ECHO-CHAT-019", "ECHO-CHAT-023", "ECHO-CHAT-032", "ECHO-CHAT-030", "ECHO-CHAT-031")
async def test_flow_who_leaves_and_who_is_not_there(room: Room, cast: Cast, judge: Judge) -> None:
    first, second, absent = await room.newcomers(3)
    people = await room.people(2)
    await room.leave(absent)
    for _ in range(3):
        (leaver,) = await room.newcomers(1)
        said = await room.say(leaver, second, "farewell")
        await asyncio.gather(room.leave(leaver), room.newcomers(1))
        await room.heard(second, said, "ECHO-CHAT-023")
    first.may_end = True  # whether that is tolerated is a row of its own
    nobody = max(number for one in cast.known if (number := cast.number(one))) + 987_654
    lost = [
        await room.say(first, absent, "are you there?", absent=True),
        await room.say(first, absent, "are you there now?", absent=True),
        await room.say(first, None, "is anybody there?", to=nobody, absent=True),
    ]
    for person in people[1:]:  # who is not to be mistaken for the other
        await room.leave(person)
        lost.append(await room.say(first, person, "are you there?", absent=True))
    fields = {"stream_id": cast.dialogue.new("s")}
    for kind in ("CHAT_STREAM", "CHAT_STREAM_END"):  # of which the audit sees who hears them
        await room.say(first, absent, "and so on", type=kind, fields=fields, absent=True)
    await room.newcomers(1)
    await room.round()
    for guest in room.guests:
        for each in lost:
            _judge_lost(judge, guest, each)
    judge.holds("ECHO-CHAT-031", first.socket.closed is None, "it ended the connection")
    back = await room.enter(absent.person)
    await room.tell(second, back, "welcome back")
    _judge_order(judge, back, lost[:2])  # where they were kept for it
    await room.leave(back)
    again = await room.enter(absent.person)
    await room.tell(second, again, "welcome again")
    for each in lost[:2]:
        came = [f for guest in (back, again) for f in chats(guest) if mentions(f, each.mark)]
        wrong = "a CHAT came again at the next connection of its target"
        judge.holds("ECHO-CHAT-002", len(came) < 2, wrong, each.frame, *came[:2])
    await room.settle()
    _judge_newcomers(judge, room)


def _judge_lost(judge: Judge, guest: Guest, said: Said) -> None:
    found = [f for f in texts(guest) if said.mark.encode() in f.data]
    if guest.person is said.sender.person:
        back = [frame for frame in found if frame.value("/type") == "CHAT"]
        wrong = "what was said to somebody who is not there came back"
        judge.holds("ECHO-CHAT-031", not back, wrong, said.frame, *back[:1])
    else:
        wrong = f"{guest.person.name} heard what was said to somebody who is not there"
        judge.holds("ECHO-CHAT-030", not found, wrong, said.frame, *found[:1])


def _judge_newcomers(judge: Judge, room: Room) -> None:
    for guest in room.guests:
        for said in room.said:
            if said.frame.at < guest.came and said.target is not guest.person:
                found = [f for f in texts(guest) if said.mark.encode() in f.data]
                wrong = f"{guest.person.name} came and heard what was said to others before"
                judge.holds("ECHO-CHAT-032", not found, wrong, said.frame, *found[:1])


_WRITTEN: dict[str, Callable[[Any], str]] = {
    "pretty": lambda message: json.dumps(message, indent=4),
    "line ends of another kind": lambda m: json.dumps(m, indent=2).replace("\n", "\r\n"),
    "compact": lambda message: json.dumps(message, separators=(",", ":")),
    "blanks": lambda message: json.dumps(message, separators=(" , ", " : ")),
    "reversed": lambda message: json.dumps(dict(reversed(list(message.items())))),
    "payload first": lambda m: json.dumps({"payload": m["payload"], **m}),
    "escapes": lambda message: json.dumps(message, ensure_ascii=True),
    "letters": lambda message: json.dumps(message, ensure_ascii=False),
    "escaped ascii": lambda m: json.dumps(m).replace("CHAT", "\\u0043HAT").replace("/", "\\/"),
}


@requirement("ECHO-CHAT-017")
async def test_json_may_be_written_in_any_way(room: Room, judge: Judge) -> None:
    first, second = await room.agents(2)
    words = "Größe ½ 世界 🚀 a/b\nnext"
    sent = [
        (form, target, await room.say(sender, target, words, text=write))
        for form, write in _WRITTEN.items()
        for sender, target in ((first, second), (second, first))
    ]
    for form, target, said in sent:
        heard = await room.heard(target, said)
        wrong = f"JSON in the form {form!r} was not understood"
        judge.holds("ECHO-CHAT-017", heard is not None, wrong, said.frame)
    await room.settle()


_AROUND: dict[str, Callable[[Any], str]] = {
    "before": lambda message: " \n\t" + json.dumps(message),
    "behind": lambda message: json.dumps(message) + "\n",
}


@requirement("ECHO-CHAT-018")
async def test_white_space_around_json_changes_nothing(room: Room) -> None:
    first, second = await room.agents(2)
    for write in _AROUND.values():
        await _implied(room, first, second, "ECHO-CHAT-018", text=write)


_FIELDS: list[dict[str, Any]] = [
    {"priority": 3, "meta": {"source": ["scout"]}, "note": None},
    {"local_id": "x1", "timestamp": "2026-05-08T06:15:00Z"},
]


@requirement("ECHO-CHAT-016")
async def test_further_fields_change_nothing(room: Room) -> None:
    first, second, _ = await room.agents(3)
    for fields in _FIELDS:
        await _implied(room, first, second, "ECHO-CHAT-016", fields=fields)
    await room.settle()
