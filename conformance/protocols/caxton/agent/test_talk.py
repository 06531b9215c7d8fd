"""How a client talks: FIPA's words, whose message is whose answer, and what it waits for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

import pytest

from conformance.examiner import Examiner, Observation
from conformance.exchange import of_transcript
from conformance.judge import Judge
from conformance.marks import requirement
from conformance.protocols.caxton.acts import ACTS
from conformance.protocols.caxton.bearing import healthy, wrecked
from conformance.protocols.caxton.notes import NORMAL, Notebook, Notes
from conformance.protocols.caxton.situations import CALM, NAMES
from conformance.protocols.caxton.story import (
    about,
    answer_of,
    asked,
    exchanges,
    good,
    message_of,
    sent_at,
    shape_of,
    told_texts,
    verb,
)
from mockserver.transcript import HttpExchange

_EVERY_SITUATION = pytest.mark.parametrize("situation", NAMES)

_EVER = 65.0
"""Seconds from which on to wait is to wait for ever: a minute is a usual limit."""


@requirement("CAXTON-AGENT-FIPA-001")
@_EVERY_SITUATION
async def test_performatives_are_of_fipa(situation: str, examiner: Examiner, judge: Judge) -> None:
    for heard, message in _messages(await examiner.observe(situation)):
        act = message.get("performative")
        if isinstance(act, str) and act:
            judge.holds(
                "CAXTON-AGENT-FIPA-001",
                act in ACTS,
                f"{act!r} is no communicative act of FIPA",
                of_transcript(heard),
                actual=act,
            )


@requirement("CAXTON-AGENT-FIPA-010")
@_EVERY_SITUATION
async def test_nobody_talks_to_itself(situation: str, examiner: Examiner, judge: Judge) -> None:
    for heard, message in _messages(await examiner.observe(situation)):
        sender, receiver = message.get("sender"), message.get("receiver")
        if isinstance(sender, str) and sender:
            judge.holds(
                "CAXTON-AGENT-FIPA-010",
                sender != receiver,
                f"a message goes from {sender!r} to {receiver!r}",
                of_transcript(heard),
                pointer="/sender",
                actual=sender,
            )


@requirement("CAXTON-AGENT-FIPA-002")
@pytest.mark.parametrize("situation", [name for name in CALM if name != NORMAL])
async def test_conversations_are_not_shared(
    situation: str, examiner: Examiner, judge: Judge
) -> None:
    """A client may have one long conversation. But one that another client has too, which knows
    nothing of this one, is none.
    """
    seen, other = await examiner.observe(situation), await examiner.observe(NORMAL)
    begun, elsewhere = _begun(seen), _begun(other)
    for name, calls in begun.items():
        alone = len(begun) == len(elsewhere) == 1
        judge.holds(
            "CAXTON-AGENT-FIPA-002",
            not (alone and name in elsewhere and len(calls) > 1),
            f"{len(calls)} exchanges, and those of another client, have the "
            f"conversation_id {name!r}",
            *exchanges(calls[:2]),
        )


def _begun(seen: Observation) -> Mapping[str, Sequence[HttpExchange]]:
    """The messages that answer none, by their conversation."""
    found: dict[str, list[HttpExchange]] = {}
    for heard, message in _messages(seen):
        name = message.get("conversation_id")
        if isinstance(name, str) and name and "in_reply_to" not in message:
            found.setdefault(name, []).append(heard)
    return found


@requirement("CAXTON-AGENT-FIPA-003")
@_EVERY_SITUATION
async def test_replies_can_be_told_apart(situation: str, examiner: Examiner, judge: Judge) -> None:
    """A message that may not have arrived is repeated as it was; a call for proposals goes to
    several.
    """
    known: dict[str, tuple[HttpExchange, Mapping[str, Any]]] = {}
    for heard, message in _messages(await examiner.observe(situation)):
        name = message.get("reply_with")
        if not isinstance(name, str) or not name:
            continue
        before = known.get(name)
        lawful = before is None or not _taken(before[0]) or _of_one_call(before[1], message)
        judge.holds(
            "CAXTON-AGENT-FIPA-003",
            lawful or sent_at(heard) < before[0].real,  # type: ignore[index]
            f"the reply_with {name!r} was another message's already",
            *exchanges([before[0]] if before else []),
            of_transcript(heard),
        )
        known[name] = heard, message


@requirement("CAXTON-AGENT-FIPA-004")
@_EVERY_SITUATION
async def test_answers_belong_to_messages(situation: str, examiner: Examiner, judge: Judge) -> None:
    """What they refer to was told to the client, or is a word of its own from before."""
    seen = await examiner.observe(situation)
    told: dict[str, int] = {}
    for number, text in told_texts(seen.entries):
        told.setdefault(text, number)
    replies = _told_messages(seen)
    for heard, message in _messages(seen):
        name = message.get("in_reply_to")
        if isinstance(name, str) and name:
            known = told.get(name, heard.number) < heard.number
            first = replies.get(name)
            fits = first is None or _fits(first, message)
            judge.holds(
                "CAXTON-AGENT-FIPA-004",
                known and fits,
                f"in_reply_to {name!r}: "
                + ("it belongs to another conversation" if known else "nobody was heard to say it"),
                of_transcript(heard),
            )


@requirement("CAXTON-AGENT-FIPA-005")
@_EVERY_SITUATION
async def test_senders_keep_their_name(situation: str, examiner: Examiner, judge: Judge) -> None:
    known: dict[str, tuple[str, HttpExchange]] = {}
    for heard, message in _messages(await examiner.observe(situation)):
        name, sender = message.get("conversation_id"), message.get("sender")
        if isinstance(name, str) and isinstance(sender, str) and name and sender:
            before, first = known.setdefault(name, (sender, heard))
            judge.holds(
                "CAXTON-AGENT-FIPA-005",
                before == sender,
                f"{name!r}: the sender is {sender!r}, and was {before!r}",
                *exchanges([first, heard]),
            )


@requirement("CAXTON-AGENT-FIPA-007", "CAXTON-AGENT-GRPC-014")
@pytest.mark.parametrize("situation", ["no replies"])
async def test_flow_nobody_waits_for_ever(
    situation: str, examiner: Examiner, judge: Judge, book: Notebook
) -> None:
    await healthy(examiner)
    seen, notes = await examiner.observe(situation), book.of(situation)
    if not asked(seen, "sendMessage") or len(notes.strikes) < 2:
        return
    if wrecked(seen):
        judge.holds("CAXTON-AGENT-FIPA-007", False, seen.ending.describe() if seen.ending else "")
        return
    looks = ("queryMessages",) if book.looks_for_replies else ()
    last, waited = _last_thing(seen, notes, besides=("events", *looks))
    rests = waited <= book.silence + notes.grace  # so it does where it gets its answers
    left = seen.ending is not None and not seen.ending.asked
    fine = verb(last) != "sendMessage" or "grpc-timeout" in last.headers or rests or left
    if not fine and waited < _EVER:
        judge.inconclusive("CAXTON-AGENT-FIPA-007", f"it may wait for longer than {waited:.0f} s")
    else:
        wrong = f"it waits for a reply since {waited:.0f} s"
        judge.holds("CAXTON-AGENT-FIPA-007", fine, wrong, of_transcript(last))
    _judge_deadlines(judge, seen, notes)


def _last_thing(
    seen: Observation, notes: Notes, besides: Sequence[str]
) -> tuple[HttpExchange, float]:
    """What the client asked last besides some operations, and for how long (seconds) it has done
    nothing else since. A call that is not answered when all is over was begun long before it is
    written down.
    """

    def at(heard: HttpExchange) -> float:
        return heard.real if heard.number <= seen.played else sent_at(heard)

    own = [h for h in seen.exchanges if h.operation not in besides]
    own = [heard for heard in own if sent_at(heard) <= notes.ended]
    last = max(own, key=at)
    return last, notes.ended - at(last)


def _judge_deadlines(judge: Judge, seen: Observation, notes: Notes) -> None:
    """A deadline that the call brings, or a client that gives it up by its own clock."""
    for heard in seen.exchanges:
        if not heard.operation.endswith("SendMessageAndWait"):
            continue
        waited = notes.ended - sent_at(heard)
        given_up = b"nobody waits" in heard.answer and heard.number <= seen.played
        if given_up or "grpc-timeout" in heard.headers or waited >= _EVER:
            judge.holds(
                "CAXTON-AGENT-GRPC-014",
                given_up or "grpc-timeout" in heard.headers,
                f"the call has no deadline, and was not given up in {waited:.0f} s",
                of_transcript(heard),
            )
        else:
            judge.inconclusive(
                "CAXTON-AGENT-GRPC-014", f"it may give the call up later than in {waited:.0f} s"
            )


@requirement("CAXTON-AGENT-GRPC-015")
@_EVERY_SITUATION
async def test_calls_that_wait_can_be_answered(
    situation: str, examiner: Examiner, judge: Judge
) -> None:
    for heard, message in _messages(await examiner.observe(situation)):
        if heard.operation.endswith("SendMessageAndWait"):
            judge.holds(
                "CAXTON-AGENT-GRPC-015",
                bool(message.get("reply_with") or message.get("conversation_id")),
                "the message brings neither reply_with nor conversation_id",
                of_transcript(heard),
            )


@requirement("CAXTON-AGENT-FIPA-009")
@_EVERY_SITUATION
async def test_undelivered_messages_are_not_waited_for(
    situation: str, examiner: Examiner, judge: Judge
) -> None:
    """To look for the answer to what was never delivered, again and again, is to wait for it."""
    seen = await examiner.observe(situation)
    for heard, message in _messages(seen):
        name = message.get("conversation_id")
        if heard.status < 500 or heard.faults or b"MESSAGE_DELIVERY_FAILED" not in heard.answer:
            continue
        looks = [
            each
            for each in asked(seen, "queryMessages")
            if each.number > heard.number and name and f"conversation_id={name}" in each.query
        ]
        judge.holds(
            "CAXTON-AGENT-FIPA-009",
            len(looks) < _LOOKS,
            f"{len(looks)} looks for the answer to a message that was not delivered",
            of_transcript(heard),
            *exchanges(looks[:2]),
        )


_LOOKS = 20


@requirement("CAXTON-AGENT-SAFE-002")
@pytest.mark.parametrize("situation", ["dropped connections"])
async def test_lost_messages_keep_their_ids(
    situation: str, examiner: Examiner, judge: Judge
) -> None:
    """The same words, again, sooner than the client would otherwise say them, and with nothing in
    between: that is a repetition, and must be known for one. To send and to ask are two things.
    """
    seen, normal = await examiner.observe(situation), await examiner.observe(NORMAL)
    usual = _usual_gap(normal)
    for heard, message in _messages(seen):
        if heard.status:
            continue
        following = [each for each in seen.exchanges if each.number > heard.number]
        again = following[0] if following else None
        if again is None or verb(again) != "sendMessage" or again.real - heard.real > usual / 3:
            judge.holds("CAXTON-AGENT-SAFE-002", True, "")
            continue
        second = message_of(again)
        repeated = heard.operation == again.operation and _words(message) == _words(second)
        ids = ("conversation_id", "reply_with")
        judge.holds(
            "CAXTON-AGENT-SAFE-002",
            not repeated or all(message.get(name) == second.get(name) for name in ids),
            "a message that got no answer was sent again under other ids",
            *exchanges([heard, again]),
        )


def _usual_gap(normal: Observation) -> float:
    """The shortest time in which the client says the same once more, when all is well."""
    times: dict[str, list[float]] = {}
    for heard, message in _messages(normal):
        times.setdefault(_words(message), []).append(sent_at(heard))
    gaps = [b - a for each in times.values() for a, b in pairwise(each)]
    return min(gaps, default=9.0)


def _words(message: Mapping[str, Any]) -> str:
    return shape_of([message.get("performative"), message.get("receiver"), message.get("content")])


def _messages(seen: Observation) -> Iterator[tuple[HttpExchange, Mapping[str, Any]]]:
    for heard in asked(seen, "sendMessage"):
        message = message_of(heard)
        if message and heard.status != 401:
            yield heard, message


def _taken(heard: HttpExchange) -> bool:
    """Was the client told, in words that it can read, that the message is on its way?"""
    return good(heard) and ("." in heard.operation or "message_id" in answer_of(heard))


def _of_one_call(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Are both the same call for proposals, to different agents?"""
    same = one.get("conversation_id") == other.get("conversation_id")
    acts = {one.get("performative"), other.get("performative")}
    return same and acts == {"cfp"} and one.get("receiver") != other.get("receiver")


def _fits(first: Mapping[str, Any], answer: Mapping[str, Any]) -> bool:
    """Does an answer go where the message came from, in its conversation?"""
    return all(
        not first.get(theirs) or answer.get(ours) in (None, first.get(theirs))
        for theirs, ours in (("conversation_id", "conversation_id"), ("sender", "receiver"))
    )


def _told_messages(seen: Observation) -> Mapping[str, Mapping[str, Any]]:
    """The messages that histories told, by their reply_with."""
    found: dict[str, Mapping[str, Any]] = {}
    for heard in asked(seen, "queryMessages"):
        for message in _listed(heard):
            name = message.get("reply_with")
            if isinstance(name, str) and message.get("sender") != about(heard):
                found.setdefault(name, message)
    return found


def _listed(heard: HttpExchange) -> Sequence[Mapping[str, Any]]:
    told = answer_of(heard).get("messages") if good(heard) else None
    return [each for each in told if isinstance(each, dict)] if isinstance(told, list) else []
