"""Status logs: taken at every level, in nobody's way, and shown as they are."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest

from conformance.exchange import MISSING, read_json
from conformance.frames import Frame
from conformance.judge import Judge
from conformance.marks import case, requirement
from conformance.protocols.echocenter.audit import AMBIENT, was_said
from conformance.protocols.echocenter.principals import Cast
from conformance.protocols.echocenter.room import Room
from conformance.protocols.echocenter.said import Guest, chats, mentions, texts

pytestmark = requirement(*AMBIENT)

_LEVELS = ("INFO", "WARNING", "ERROR", "SUCCESS")

_GRACE = 0.4
"""Seconds in which a log may still come that was sent before what has come."""

_CONTENTS = (
    "Processing task batch #42...",
    "Überprüfung 完了 ✅ 🚀",
    "Tail  of the LOG: 100% <done> & 'well'...",
    "line one\nline two",
    "a long way to go, " * 20,
)


async def _log(guest: Guest, level: str, content: str, **more: Any) -> Frame:
    payload = {"level": level, "content": content}
    return await guest.socket.send({"type": "SYSTEM_LOG", "payload": payload, **more})


@pytest.mark.parametrize(
    ("row", "level"), [case(f"ECHO-LOG-00{at}", level) for at, level in enumerate(_LEVELS, 1)]
)
async def test_log_of_each_level_is_taken(row: str, level: str, room: Room, judge: Judge) -> None:
    """On a connection that says nothing else before, and again later."""
    agent, other = await room.agents(2)
    for content in ("Agent Online", "Processing task batch #42..."):
        frame = await _log(agent, level, content)
        heard = [
            await room.tell(agent, other, "after a log"),
            await room.tell(other, agent, "to who has logged"),
        ]
        lost = agent.socket.closed
        wrong = f"after a log of level {level} its sender is not heard, or does not hear"
        shown = () if lost is None else (lost,)
        judge.holds(row, None not in heard and lost is None, wrong, frame, *shown)
    await room.settle()


@requirement("ECHO-LOG-005", "ECHO-LOG-006", "ECHO-LOG-007")
async def test_flow_logs_are_in_nobodys_way(room: Room, judge: Judge) -> None:
    """Long ones, many of them, between messages and before a person who may be shown them."""
    agent, other = await room.newcomers(2)
    people = await room.people(2)
    said = []
    for content in ("L" * 600, "long " * 800, *_CONTENTS):
        await _log(agent, "INFO", content)
        said.append((other, await room.say(agent, other, "in the middle")))
    await room.all_heard(said, "ECHO-LOG-005")
    said = []
    for turn in range(15):
        await _log(agent, _LEVELS[turn % 4], f"Turn {turn}")
        said.append((other, await room.say(agent, other, f"chat {turn}")))
    await room.all_heard(said, "ECHO-LOG-006", "ECHO-LOG-007")
    said = []
    for guest in (*people, agent, other):
        await _log(other, "WARNING", "and the others")
        said.append((guest, await room.say(agent if guest is not agent else other, guest)))
    await room.all_heard(said, "ECHO-LOG-007")
    wrong = "the connection of somebody ended after logs"
    stayed = [guest for guest in room.guests if not guest.left]
    ended = [guest.socket.closed for guest in stayed if guest.socket.closed is not None]
    judge.holds("ECHO-LOG-007", not ended, wrong, *ended[:1])
    await room.settle()


@requirement("ECHO-LOG-008")
async def test_log_is_no_chat(room: Room, cast: Cast, judge: Judge) -> None:
    agent, other, _ = await room.agents(3)
    await room.people(2)
    marks = [cast.dialogue.new("m") + "." for _ in range(3)]
    sent = [
        await _log(agent, "INFO", f"{marks[0]} for the dashboard"),
        await _log(agent, "ERROR", f"{marks[1]} aside", target_id=room.number(other.person)),
        await _log(agent, "INFO", f"{marks[2]} own", target_id=room.number(agent.person)),
    ]
    await room.round()
    for guest in room.guests:
        for mark, log in zip(marks, sent, strict=True):
            chat = [
                frame
                for frame in texts(guest)
                if mentions(frame, mark) and str(frame.value("/type")).startswith("CHAT")
            ]
            wrong = f"{guest.person.name} was delivered a log as a CHAT"
            judge.holds("ECHO-LOG-008", not chat, wrong, log, *chat[:1])
    people = {cast.number_of(guest) for guest in room.guests if guest.person.human}
    for frame in chats(agent):
        ours = was_said(cast, frame.data.decode("utf-8", "replace"))
        answered = frame.value("/sender_id") in people and not ours
        wrong = "a log is answered by a CHAT of somebody who said nothing"
        judge.holds("ECHO-LOG-008", not answered, wrong, sent[0], frame)
    await room.settle()


@requirement(
    "ECHO-LOG-009",
    "ECHO-LOG-010",
    "ECHO-LOG-011",
    "ECHO-LOG-012",
    "ECHO-LOG-013",
    "ECHO-LOG-014",
    "ECHO-LOG-015",
)
async def test_flow_logs_are_shown_as_they_are(room: Room, cast: Cast, judge: Judge) -> None:
    human = await room.human()
    agent, other = await room.agents(2)
    await room.people(2)
    logs = [
        (level, f"{cast.dialogue.new('m')}. {content}")
        for content in _CONTENTS
        for level in _LEVELS
    ]
    logs.append(("INFO", "4" + "".join(str(ord(sign) % 10) for sign in cast.dialogue.new("m"))))
    claimed = {"sender_id": room.number(other.person), "sender_name": other.person.name}
    sent = {content: await _log(agent, level, content) for level, content in logs}
    forged = f"{cast.dialogue.new('m')}. forged"
    of_other = f"{cast.dialogue.new('m')}. another's"
    sent[forged], sent[of_other] = await asyncio.gather(
        _log(agent, "INFO", forged, **claimed), _log(other, "INFO", of_other)
    )
    in_order = [content for _, content in logs]
    logs += [("INFO", forged), ("INFO", of_other)]
    await room.tell(agent, human)
    await room.tell(other, human)
    await human.socket.never(lambda _: False, _GRACE)
    found = {content: _shown(room, content) for _, content in logs}
    seen = [frame for frames in found.values() for frame in frames]
    wrong = "none of the logs reached anybody"
    judge.holds("ECHO-LOG-009", bool(seen), wrong, *list(sent.values())[:1])
    if seen:
        for level, content in logs:
            _judge_log(judge, level, content, sent[content], found[content])
            sender = other if content == of_other else agent
            for frame in found[content][:1]:
                _judge_sender(judge, cast, sender, sent[content], frame)
        _judge_order(judge, [frame for content in in_order for frame in found[content][:1]])
    await room.settle()


def _judge_order(judge: Judge, shown: list[Frame]) -> None:
    """Logs of one sender, in the order in which they were sent."""
    late = [two for one, two in pairwise(shown) if two.at < one.at]
    wrong = "of two logs of one sender the later is shown first"
    judge.holds("ECHO-LOG-015", not late, wrong, *late[:1])


def _shown(room: Room, content: str) -> list[Frame]:
    """In how many frames one person is shown a log, where any person is."""
    mark = content.partition(" ")[0]
    for guest in room.guests:
        frames = [frame for frame in texts(guest) if mentions(frame, mark)]
        if frames and guest.person.human:
            return frames
    return []


def _judge_log(judge: Judge, level: str, content: str, sent: Frame, shown: list[Frame]) -> None:
    wrong = f"other logs are shown, and one of level {level} is not"
    judge.holds("ECHO-LOG-010", bool(shown), wrong, sent)
    if not shown:
        return
    judge.holds("ECHO-LOG-014", len(shown) == 1, "a log is shown twice", sent, *shown[:2])
    words = [value for _, value in _values(shown[0].json)]
    others = [each for each in _LEVELS if each != level and each in words]
    wrong = f"a log of level {level} is shown as another"
    judge.holds("ECHO-LOG-011", level in words and not others, wrong, sent, shown[0])
    wrong = "the content of a log is shown altered"
    judge.holds("ECHO-LOG-012", content in words, wrong, sent, shown[0])


def _judge_sender(judge: Judge, cast: Cast, agent: Guest, sent: Frame, shown: Frame) -> None:
    """Who is said to have sent a log, where anybody is."""
    number = cast.number_of(agent)
    for key, value in _values(shown.json):
        if key in ("sender_id", "agent_id") and isinstance(value, int) and number is not None:
            judge.holds("ECHO-LOG-013", value == number, f"{key} is {value}", sent, shown)
        if key in ("sender_name", "agent_name") and isinstance(value, str):
            right = value in agent.person.names
            judge.holds("ECHO-LOG-013", right, f"{key} is {value!r}", sent, shown)


def _values(data: Any, key: str = "") -> Iterator[tuple[str, Any]]:
    """All values with their keys, those of JSON within a text included."""
    if isinstance(data, dict):
        for name, value in data.items():
            yield from _values(value, str(name))
    elif isinstance(data, list):
        for value in data:
            yield from _values(value, key)
    else:
        yield key, data
        inner = read_json(data.encode()) if isinstance(data, str) and data[:1] in "{[" else MISSING
        if isinstance(inner, dict | list):
            yield from _values(inner)
