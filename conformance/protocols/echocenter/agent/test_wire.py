"""How an agent speaks WebSocket, beyond what the general rules see."""

from __future__ import annotations

import pytest

from conformance.examiner import Examiner, Observation
from conformance.judge import Judge
from conformance.marks import UnjudgeableError, requirement
from conformance.protocols.echocenter.forms import PINGS
from conformance.protocols.echocenter.situations import BROKEN, LOSSES, OUTAGE
from mockserver.transcript import Frame

_PROMPT = 1.5
"""Seconds within which it is the agent who ends a connection: our mock hangs up later."""


@requirement("ECHO-AGENT-WIRE-005")
@pytest.mark.parametrize("situation", ["pings"])
async def test_pings_are_answered(situation: str, examiner: Examiner, judge: Judge) -> None:
    seen = await examiner.observe(situation)
    left = [heard.data for heard in seen.frames if heard.sender == "agent" and heard.kind == "pong"]
    pings = [heard for heard in seen.frames if heard.kind == "ping" and heard.data in PINGS]
    pings = [heard for heard in pings if heard.sender == "coordinator"]
    if not pings:
        raise UnjudgeableError("the agent was not there to be asked for a sign of life")
    for heard in pings:
        answered = heard.data in left
        judge.holds(
            "ECHO-AGENT-WIRE-005",
            answered,
            f"no pong brought back the {len(heard.data)} bytes of a ping",
            *seen.shown(heard),
        )
        if answered:
            left.remove(heard.data)


@requirement("ECHO-AGENT-WIRE-006", "ECHO-AGENT-WIRE-010")
@pytest.mark.parametrize("situation", [LOSSES, OUTAGE])
async def test_closes_are_answered(situation: str, examiner: Examiner, judge: Judge) -> None:
    seen = await examiner.observe(situation)
    told = [
        heard
        for heard in seen.frames
        if heard.sender == "coordinator" and heard.kind == "close" and heard.number <= seen.played
    ]
    if not told:
        raise UnjudgeableError("the agent had no connection that could be closed")
    for heard in told:
        answers = [
            other
            for other in seen.frames
            if other.sender == "agent"
            and other.connection == heard.connection
            and other.kind == "close"
        ]
        ended = any(
            _ended_by_it(other, heard.connection, seen) and other.real - heard.real < _PROMPT
            for other in seen.frames
        )
        judge.holds(
            "ECHO-AGENT-WIRE-006",
            bool(answers) or ended,
            "the agent did not answer a close frame, nor did it end the connection",
            *seen.shown(heard),
        )
        if ended:
            judge.holds(
                "ECHO-AGENT-WIRE-010",
                bool(answers),
                "the agent answered a close frame by the end of the connection alone",
                *seen.shown(heard),
            )


@requirement("ECHO-AGENT-WIRE-009")
@pytest.mark.parametrize("situation", BROKEN)
async def test_broken_frames_end_a_connection(
    situation: str, examiner: Examiner, judge: Judge
) -> None:
    seen = await examiner.observe(situation)
    for heard in seen.frames:
        if heard.sender == "coordinator" and heard.kind == "raw":
            judge.holds(
                "ECHO-AGENT-WIRE-009",
                any(_ended_by_it(other, heard.connection, seen) for other in seen.frames),
                f"the agent goes on after a frame that RFC 6455 forbids: {heard.data!r}",
                *seen.shown(heard),
            )


def _ended_by_it(heard: Frame, connection: int, seen: Observation) -> bool:
    ended = heard.sender == "agent" and heard.kind in ("close", "lost")
    return ended and heard.connection == connection and heard.number <= seen.played
