"""What is judged of everything that the guests of a check hear, whatever the check is about."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from conformance.exchange import MISSING, read_json, value_at
from conformance.frames import Frame
from conformance.judge import Judge, same
from conformance.protocols.echocenter.principals import Cast
from conformance.protocols.echocenter.said import Guest, Said, mentions, outgrown, texts

__all__ = ["AMBIENT", "audit", "was_said"]

AMBIENT = (
    "ECHO-CONN-001",
    "ECHO-CONN-002",
    "ECHO-CHAT-001",
    "ECHO-CHAT-002",
    "ECHO-CHAT-003",
    "ECHO-CHAT-004",
    "ECHO-CHAT-005",
    "ECHO-CHAT-006",
    "ECHO-CHAT-007",
    "ECHO-CHAT-008",
    "ECHO-CHAT-012",
    "ECHO-CHAT-033",
    "ECHO-SECRET-001",
    "ECHO-STREAM-012",
)
"""What is judged in every check that uses a room, whatever else it is about."""

_STREAMED = ("CHAT_STREAM", "CHAT_STREAM_END")


def audit(judge: Judge, guests: Sequence[Guest], said: Sequence[Said], cast: Cast) -> None:
    """Judge who was told what, by whom, and who was let stay."""
    for guest in guests:
        _stayed(judge, guest)
        _kept_secret(judge, guest, cast)
        _nothing_made_up(judge, guest, cast)
    for each in said:
        if each.type == "CHAT":
            for guest in guests:
                _delivered(judge, guest, each, cast)
        _confined(judge, guests, each)


def _stayed(judge: Judge, guest: Guest) -> None:
    if guest.may_end or outgrown(guest):
        return
    closed = guest.socket.closed
    ended = closed is not None and closed.sender == "peer" and not guest.left
    ours = [frame for frame in guest.socket.frames if frame.sender == "assay"][-1:]
    judge.holds(
        "ECHO-CONN-002",
        not ended,
        f"the connection of {guest.person.name} was ended by the coordinator",
        *ours,
        *(() if closed is None else (closed,)),
    )


def _kept_secret(judge: Judge, guest: Guest, cast: Cast) -> None:
    tokens = [one.token.encode() for one in cast.known if not one.human]
    shown = [f for f in texts(guest) if any(token in f.data for token in tokens)]
    judge.holds("ECHO-SECRET-001", not shown, "a message shows an agent's token", *shown[:1])


def _nothing_made_up(judge: Judge, guest: Guest, cast: Cast) -> None:
    """No CHAT in the name of an agent of ours that never said it to anybody."""
    if cast.fleeting:
        return  # a number of ours may have been another's when that was said
    ours = {
        cast.number(one): one.name
        for one in cast.known
        if one.registration is not None and one not in cast.hostile
    }
    ours.pop(None, None)
    for frame in texts(guest):
        said = frame.json
        if not isinstance(said, dict) or said.get("type") != "CHAT":
            continue
        number, payload = said.get("sender_id"), said.get("payload")
        if isinstance(number, int) and number in ours and isinstance(payload, str):
            judge.holds(
                "ECHO-CHAT-008",
                was_said(cast, payload),
                f"{guest.person.name} was told something that {ours[number]} never said",
                frame,
                pointer="/payload",
            )


_MARK = re.compile(r"m-[0-9a-z-]+\.")


def was_said(cast: Cast, payload: str) -> bool:
    """Did anybody of ours say that? What a payload was altered to is another requirement's matter:
    then it holds the mark all the same.
    """
    return payload in cast.said or any(mark in cast.said for mark in _MARK.findall(payload.lower()))


def _delivered(judge: Judge, guest: Guest, said: Said, cast: Cast) -> None:
    """What one guest heard of one CHAT, where it is its target."""
    if said.target is not guest.person:
        return
    found = [frame for frame in texts(guest) if mentions(frame, said.mark)]
    told = [frame for frame in found if frame.value("/type") == "CHAT"]
    if found and not guest.left:
        judge.holds(
            "ECHO-CHAT-007",
            bool(told),
            "what is delivered for a CHAT has another type",
            said.frame,
            found[0],
            pointer="/type",
            expected="CHAT",
        )
    if not told:
        return
    judge.holds("ECHO-CHAT-002", len(told) == 1, "a CHAT came twice", said.frame, *told[:2])
    _whole(judge, said, told[0])
    for row, pointer, expected in _sender_of(said, cast):
        actual = told[0].value(pointer)
        judge.holds(
            row,
            any(same(actual, each) for each in expected),
            f"{pointer} is not that of {said.sender.person.name}",
            said.frame,
            told[0],
            pointer=pointer,
            expected=expected[0],
            actual=None if actual is MISSING else actual,
        )
    number = value_at(read_json(told[0].data, float), "/sender_id")  # as it was written
    judge.holds(
        "ECHO-CHAT-012",
        not isinstance(number, float),
        f"sender_id is written {number!r}",
        told[0],
        pointer="/sender_id",
    )


def _whole(judge: Judge, said: Said, frame: Frame) -> None:
    actual = frame.value("/payload")
    judge.holds(
        "ECHO-CHAT-004",
        same(actual, said.payload),
        "the payload is not what was sent",
        said.frame,
        frame,
        pointer="/payload",
        expected=said.payload,
        actual=None if actual is MISSING else actual,
    )


def _sender_of(said: Said, cast: Cast) -> Iterator[tuple[str, str, Sequence[Any]]]:
    person, number = said.sender.person, cast.number_of(said.sender)
    if number is not None:
        yield "ECHO-CHAT-005", "/sender_id", [number]
    yield "ECHO-CHAT-006", "/sender_name", person.names


def _confined(judge: Judge, guests: Sequence[Guest], said: Said) -> None:
    """Nobody but its target heard it; what a person says may come back to it."""
    row = "ECHO-STREAM-012" if said.type in _STREAMED else "ECHO-CHAT-003"
    for guest in guests:
        if guest.person is said.target or _own(guest, said):
            continue
        found = [frame for frame in texts(guest) if mentions(frame, said.mark)]
        judge.holds(
            row,
            not found,
            f"{guest.person.name} heard what was said to others",
            said.frame,
            *found[:1],
        )


def _own(guest: Guest, said: Said) -> bool:
    """Is it a sender's own, and no CHAT to an agent? An error may well show what it is about."""
    if guest.person is not said.sender.person:
        return False
    found = [frame for frame in texts(guest) if mentions(frame, said.mark)]
    spoken = ("CHAT", *_STREAMED)
    spoken_to = any(frame.value("/type") in spoken for frame in found)
    return guest.person.human or said.absent or not spoken_to
