"""How a client speaks WebSocket, beyond what the general rules see."""

from __future__ import annotations

import pytest

from conformance.examiner import Examiner, Observation
from conformance.judge import Judge
from conformance.marks import UnjudgeableError, requirement
from conformance.protocols.caxton.hearing import PINGS
from conformance.protocols.caxton.notes import Notebook
from mockserver.transcript import Frame


@requirement("CAXTON-AGENT-WIRE-015")
@pytest.mark.parametrize("situation", ["pieces"])
async def test_pings_are_answered(
    situation: str, examiner: Examiner, judge: Judge, book: Notebook
) -> None:
    """On a connection that lasts: the last of several pings may answer for all of them."""
    seen = await examiner.observe(situation)
    pings = [h for h in seen.frames if h.kind == "ping" and h.sender == "coordinator"]
    pings = [heard for heard in pings if heard.data in PINGS and heard.number <= seen.played]
    if not pings and book.listens:
        raise UnjudgeableError("the client subscribed to nothing, and was not pinged")
    for heard in pings:
        pongs = [p for p in _own(seen, heard.connection, "pong") if p.number > heard.number]
        judge.holds(
            "CAXTON-AGENT-WIRE-015",
            any(pong.data in _from(pings, heard) for pong in pongs),
            f"no pong brought back the {len(heard.data)} bytes of a ping, or those of a later one",
            *seen.shown(heard),
        )


def _from(pings: list[Frame], ping: Frame) -> list[bytes]:
    """What a pong may bring back: RFC 6455 lets the latest ping stand for those before it."""
    return [p.data for p in pings if p.connection == ping.connection and p.number >= ping.number]


@requirement("CAXTON-AGENT-WIRE-016")
@pytest.mark.parametrize("situation", ["lost connections", "restart"])
async def test_closes_are_answered(situation: str, examiner: Examiner, judge: Judge) -> None:
    seen = await examiner.observe(situation)
    for heard in seen.frames:
        if heard.sender != "coordinator" or heard.kind != "close" or heard.number > seen.played:
            continue
        own = _own(seen, heard.connection)
        closes = [frame for frame in own if frame.kind == "close"]
        after = [f for f in own if closes and f.number > closes[0].number and f.kind != "lost"]
        judge.holds(
            "CAXTON-AGENT-WIRE-016",
            bool(closes) and not after,
            "something followed the client's close frame"
            if after
            else "the client did not answer a close frame with one",
            *seen.shown(heard, *closes[:1], *after[:1]),
        )


@requirement("CAXTON-AGENT-WIRE-018")
@pytest.mark.parametrize("situation", ["broken frames"])
async def test_broken_frames_end_a_connection(
    situation: str, examiner: Examiner, judge: Judge
) -> None:
    seen = await examiner.observe(situation)
    for heard in seen.frames:
        if heard.sender == "coordinator" and heard.kind == "raw":
            judge.holds(
                "CAXTON-AGENT-WIRE-018",
                any(_ended_by_it(other, heard.connection, seen) for other in seen.frames),
                f"the client goes on after a frame that RFC 6455 forbids: {heard.data!r}",
                *seen.shown(heard),
            )


def _own(seen: Observation, connection: int, kind: str = "") -> list[Frame]:
    return [
        frame
        for frame in seen.frames
        if frame.sender == "agent"
        and frame.connection == connection
        and (not kind or frame.kind == kind)
    ]


def _ended_by_it(heard: Frame, connection: int, seen: Observation) -> bool:
    ended = heard.sender == "agent" and heard.kind in ("close", "lost")
    return ended and heard.connection == connection and heard.number <= seen.played
