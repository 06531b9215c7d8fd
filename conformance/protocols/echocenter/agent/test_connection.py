"""How an agent comes, stays, comes back and goes."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import pytest

from conformance.examiner import Examiner, Observation
from conformance.exchange import Exchange, of_transcript
from conformance.judge import Judge
from conformance.marks import UnjudgeableError, requirement
from conformance.protocols.echocenter.replies import found_too_large
from conformance.protocols.echocenter.situations import (
    LAWFUL,
    LOSSES,
    NORMAL,
    OUTAGE,
    REFUSED,
    SITUATIONS,
)
from mockserver.transcript import Frame, HttpExchange

_EVERY_SITUATION = pytest.mark.parametrize("situation", [each.name for each in SITUATIONS])

_ALL_IS_WELL = pytest.mark.parametrize("situation", LAWFUL)

_AT_ONCE = 10
"""Attempts within one second from which on an agent hammers."""

_OVERLAP = 0.5
"""Seconds for which the old connection may still be there when the new one is."""


@requirement("ECHO-AGENT-CONN-001")
@pytest.mark.parametrize("situation", [NORMAL])
async def test_the_agent_connects(situation: str, examiner: Examiner, judge: Judge) -> None:
    seen = await examiner.observe(situation)
    ending = seen.ending.describe() if seen.ending else "it runs elsewhere"
    judge.holds(
        "ECHO-AGENT-CONN-001",
        bool(seen.frames) or any(heard.connection for heard in seen.exchanges),
        f"no WebSocket was opened at /api/ws within {seen.seconds:.0f} s; {ending}",
        *_exchanges(seen.exchanges[:3]),
    )


@requirement("ECHO-AGENT-CONN-004")
@_EVERY_SITUATION
async def test_the_agent_connects_nowhere_else(
    situation: str, examiner: Examiner, judge: Judge
) -> None:
    seen = await examiner.observe(situation)
    for heard in seen.exchanges:
        if heard.headers.get("Upgrade", "").lower() == "websocket":
            judge.holds(
                "ECHO-AGENT-CONN-004",
                heard.operation == "socket",
                f"the agent wants a WebSocket at {heard.path}",
                of_transcript(heard),
            )


@requirement("ECHO-AGENT-CONN-002")
@_EVERY_SITUATION
async def test_handshakes_show_the_token(situation: str, examiner: Examiner, judge: Judge) -> None:
    """The mock refuses exactly those who show none, or a wrong one."""
    seen = await examiner.observe(situation)
    for heard in seen.exchanges:
        if heard.operation == "socket" and not heard.faults:
            judge.holds(
                "ECHO-AGENT-CONN-002",
                heard.status != 401,
                f"the query {heard.query!r} shows no token, or another than the agent's own",
                of_transcript(heard),
            )


@requirement("ECHO-AGENT-CONN-005")
@_EVERY_SITUATION
async def test_one_connection_at_a_time(situation: str, examiner: Examiner, judge: Judge) -> None:
    seen = await examiner.observe(situation)
    opened = [heard for heard in seen.exchanges if heard.connection]
    both = [
        (one, other)
        for one, other in pairwise(opened)
        if _end(seen, one.connection) > other.real + _OVERLAP
    ]
    judge.holds(
        "ECHO-AGENT-CONN-005",
        not both,
        f"{len(both) + 1} connections were open at the same time",
        *_exchanges([heard for pair in both[:1] for heard in pair]),
    )


@requirement("ECHO-AGENT-CONN-006", "ECHO-AGENT-CONN-007")
@_ALL_IS_WELL
async def test_flow_the_agent_stays(situation: str, examiner: Examiner, judge: Judge) -> None:
    seen = await examiner.observe(situation)
    if found_too_large(seen.frames):
        raise UnjudgeableError("the agent says that a message is too large for it (1009)")
    own = [heard for heard in seen.frames if _given_up(seen, heard)]
    judge.holds(
        "ECHO-AGENT-CONN-006",
        not own,
        "the agent ended its connection, and nothing was wrong",
        *seen.shown(*own[:1]),
    )
    if seen.ending is not None:
        judge.holds(
            "ECHO-AGENT-CONN-007",
            seen.ending.asked,
            seen.ending.describe(),
            *seen.shown(*seen.frames[-3:]),
        )


@requirement("ECHO-AGENT-CONN-008")
@_EVERY_SITUATION
async def test_nobody_hammers(situation: str, examiner: Examiner, judge: Judge) -> None:
    seen = await examiner.observe(situation)
    attempts = [heard for heard in seen.exchanges if heard.operation == "socket"]
    worst = max(_within_a_second(attempts), key=len, default=[])
    judge.holds(
        "ECHO-AGENT-CONN-008",
        len(worst) < _AT_ONCE,
        f"{len(worst)} attempts to connect came within one second",
        *_exchanges(worst[:3]),
    )


@requirement("ECHO-AGENT-CONN-009", "ECHO-AGENT-CONN-010")
@pytest.mark.parametrize("situation", [LOSSES, OUTAGE])
async def test_flow_a_loss_is_lived_through(
    situation: str, examiner: Examiner, judge: Judge
) -> None:
    seen = await examiner.observe(situation)
    told = [heard for heard in seen.frames if _ended_by_us(heard) and heard.number <= seen.played]
    if not told:
        raise UnjudgeableError("the agent had no connection that it could lose")
    shown = seen.shown(told[-1])
    back = any(each.connection and each.number > told[-1].number for each in seen.exchanges)
    judge.holds("ECHO-AGENT-CONN-009", back or _left_with_words(seen), _left(seen), *shown)
    judge.holds("ECHO-AGENT-CONN-010", not _broke_down(seen), _left(seen), *shown)


@requirement("ECHO-AGENT-CONN-011", "ECHO-AGENT-CONN-012")
@pytest.mark.parametrize("situation", [REFUSED])
async def test_flow_a_refusal_is_lived_through(
    situation: str, examiner: Examiner, judge: Judge
) -> None:
    seen = await examiner.observe(situation)
    refused = [heard for heard in seen.exchanges if heard.faults]
    if not refused:
        raise UnjudgeableError("the agent did not try to connect anew")
    shown = _exchanges(refused[:2])
    judge.holds("ECHO-AGENT-CONN-011", len(refused) > 1 or _said_why(seen), _left(seen), *shown)
    judge.holds("ECHO-AGENT-CONN-012", not _broke_down(seen), _left(seen), *shown)


@requirement("ECHO-AGENT-CONN-013", "ECHO-AGENT-CONN-014")
@_EVERY_SITUATION
async def test_flow_the_agent_ends_when_asked(
    situation: str, examiner: Examiner, judge: Judge
) -> None:
    seen = await examiner.observe(situation)
    if seen.ending is None or not seen.ending.asked:
        raise UnjudgeableError("the agent was never asked to end")
    judge.holds("ECHO-AGENT-CONN-013", not seen.ending.stubborn, "it had to be killed")
    if situation in LAWFUL:  # elsewhere it may have told of another breakdown, and lived through it
        judge.holds("ECHO-AGENT-CONN-014", not seen.ending.wrecked, seen.ending.describe())


def _exchanges(heard: list[HttpExchange] | tuple[HttpExchange, ...]) -> list[Exchange]:
    return [of_transcript(each) for each in heard]


def _end(seen: Observation, connection: int) -> float:
    """When a connection ended, on the machine's clock."""
    ends = [
        heard.real
        for heard in seen.frames
        if heard.connection == connection and heard.kind in ("close", "lost")
    ]
    last = seen.entries[-1].real if seen.entries else 0.0
    return min(ends, default=last)


def _given_up(seen: Observation, heard: Frame) -> bool:
    """Is it the agent's own end of a connection, in the middle of things?"""
    closed = [each for each in seen.frames if _ended_by_us(each)]
    return (
        heard.sender == "agent"
        and heard.kind in ("close", "lost")
        and heard.number <= seen.played
        and all(each.connection != heard.connection for each in closed)
    )


def _ended_by_us(heard: Frame) -> bool:
    return heard.sender == "coordinator" and heard.kind in ("close", "lost")


def _within_a_second(attempts: list[HttpExchange]) -> Iterator[list[HttpExchange]]:
    for number, first in enumerate(attempts):
        yield [each for each in attempts[number:] if each.real < first.real + 1.0]


def _said_why(seen: Observation) -> bool:
    """Did it say anything? Of one that runs elsewhere we hear nothing."""
    if seen.ending is None:
        return True
    return bool(seen.ending.output.strip())


def _left_with_words(seen: Observation) -> bool:
    gone = seen.ending is None or not seen.ending.asked
    return gone and _said_why(seen)


def _broke_down(seen: Observation) -> bool:
    return seen.ending is not None and seen.ending.broke_down


def _left(seen: Observation) -> str:
    if seen.ending is None or seen.ending.asked:
        return "the agent neither comes back nor ends nor says why"
    return seen.ending.describe()
