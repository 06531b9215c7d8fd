"""Everything that a script sends, in every situation, held against RFC 6455 and JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest

from conformance.examiner import Examiner, Observation
from conformance.exchange import MISSING, read_json
from conformance.judge import Judge
from conformance.marks import UnjudgeableError, requirement
from conformance.plugin import Suite
from conformance.protocols.architect.coping import own_ends
from conformance.protocols.architect.playbook import Playbook
from conformance.protocols.architect.scripts import messages, parting
from conformance.protocols.architect.situations import NAMES, NORMAL
from mockserver.transcript import Frame as Heard

_EVERY_SITUATION = pytest.mark.parametrize("situation", NAMES)

_SIGTERM = -15
"""The code of a process that SIGTERM ended before it could do anything about it."""


@requirement("ARCH-AGENT-WIRE-002", "ARCH-AGENT-WIRE-004")
@_EVERY_SITUATION
async def test_flow_messages_are_lawful(
    situation: str, suite: Suite, examiner: Examiner, judge: Judge
) -> None:
    """What is in them, the schema of their place judges, and frames the general rules."""
    seen = await examiner.observe(situation)
    channel = suite.protocol.channels["socket"]
    for frame in seen.shown(*seen.frames):
        judge.see_frame(frame, channel)
    for heard in messages(seen.frames):
        sound = judge.holds(
            "ARCH-AGENT-WIRE-002",
            read_json(heard.data) is not MISSING,
            "a message is not JSON",
            *seen.shown(heard),
        )
        if sound:
            twice = _twice(heard.data)
            told = f"{', '.join(twice)}: more than once in one object"
            judge.holds("ARCH-AGENT-WIRE-004", not twice, told, *seen.shown(heard))


def _twice(data: bytes) -> list[str]:
    found: list[str] = []

    def note(pairs: list[tuple[str, Any]]) -> None:
        names = [name for name, _ in pairs]
        found.extend(name for name in dict.fromkeys(names) if names.count(name) > 1)

    json.loads(data, object_pairs_hook=note)
    return found


@requirement("ARCH-AGENT-WIRE-005")
@pytest.mark.parametrize("situation", ["large replies", "fragments"])
async def test_pings_are_answered(situation: str, examiner: Examiner, judge: Judge) -> None:
    seen = await examiner.observe(situation)
    pings = [each for each in seen.frames if each.kind == "ping" and each.sender == "coordinator"]
    judged = [ping for ping in pings if _answered(ping, seen) or _was_read(ping, seen)]
    if not judged:
        raise UnjudgeableError("there was no ping that the script must have read")
    for ping in judged:
        judge.holds(
            "ARCH-AGENT-WIRE-005",
            _answered(ping, seen),
            f"a ping with {len(ping.data)} bytes, and no pong with the same",
            *seen.shown(ping, *_own(seen, ping)[:2]),
        )


def _own(seen: Observation, since: Heard) -> list[Heard]:
    """What the script did on that connection from then on."""
    return [
        each
        for each in seen.frames
        if each.connection == since.connection
        and each.sender == "agent"
        and each.number > since.number
    ]


def _answered(ping: Heard, seen: Observation) -> bool:
    """Only the latest of several pings needs a pong."""
    later = {
        each.data
        for each in seen.frames
        if each.kind == "ping"
        and each.sender == "coordinator"
        and each.connection == ping.connection
        and each.number >= ping.number
    }
    return any(each.kind == "pong" and each.data in later for each in _own(seen, ping))


def _was_read(ping: Heard, seen: Observation) -> bool:
    """Did the script read on behind it? Two more commands, each after a reply, say so."""
    return len(messages(_own(seen, ping))) > 1


@requirement("ARCH-AGENT-WIRE-006")
@pytest.mark.parametrize("situation", ["closed", "outage"])
async def test_close_is_answered(
    situation: str, examiner: Examiner, book: Playbook, judge: Judge
) -> None:
    seen = await examiner.observe(situation)
    closed = [each for each in seen.frames if each.kind == "close" and each.number <= seen.played]
    ours = [each for each in closed if each.sender == "coordinator" and each.code in (1001, 1012)]
    first = [each for each in ours if parting(seen.frames, each.connection) is each]
    if not first or not book.of(situation):
        raise UnjudgeableError("the script had left before its connection was closed")
    for close in first:
        answers = [each.kind for each in _own(seen, close)]
        if "close" in answers or "lost" in answers:
            judge.holds(
                "ARCH-AGENT-WIRE-006",
                "close" in answers,
                f"the connection was closed with {close.code}, and ended without an answer",
                *seen.shown(close),
            )


@requirement("ARCH-AGENT-WIRE-007")
@_EVERY_SITUATION
async def test_connections_are_closed(situation: str, examiner: Examiner, judge: Judge) -> None:
    seen = await examiner.observe(situation)
    ending = seen.ending
    if ending is None or ending.stubborn or ending.broke_down or ending.code == _SIGTERM:
        ends = own_ends(seen)  # what becomes of the others, it had no say in
    else:
        used = dict.fromkeys(each.connection for each in messages(seen.frames))
        ends = _of_agent([parting(seen.frames, connection) for connection in used])
    if ending is not None and ending.broke_down:
        raise UnjudgeableError("the script broke down, and its connections with it")
    for end in ends:
        judge.holds(
            "ARCH-AGENT-WIRE-007",
            end.kind == "close",
            "it ended the connection without a close frame",
            *seen.shown(end),
        )


def _of_agent(ends: Sequence[Heard | None]) -> list[Heard]:
    return [each for each in ends if each is not None and each.sender == "agent"]


@requirement("ARCH-AGENT-GEN-003")
async def test_script_does_not_break_down(examiner: Examiner, judge: Judge) -> None:
    seen = await examiner.observe(NORMAL)
    if seen.ending is None:
        raise UnjudgeableError("the script runs elsewhere")
    judge.holds(
        "ARCH-AGENT-GEN-003",
        not seen.ending.broke_down,
        seen.ending.describe(),
        *seen.shown(*seen.frames[-2:]),
    )


@requirement("ARCH-AGENT-GEN-004")
@_EVERY_SITUATION
async def test_script_ends_when_asked(situation: str, examiner: Examiner, judge: Judge) -> None:
    seen = await examiner.observe(situation)
    if seen.ending is None or not seen.ending.asked:
        raise UnjudgeableError("the script was never asked to end")
    judge.holds(
        "ARCH-AGENT-GEN-004",
        not seen.ending.stubborn,
        "the script had to be killed: SIGTERM left it",
    )
