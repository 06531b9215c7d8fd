"""Everything that a client sends, in every situation, held against the document."""

from __future__ import annotations

import pytest

from conformance.examiner import Examiner, Observation
from conformance.exchange import of_transcript
from conformance.judge import Judge
from conformance.marks import requirement
from conformance.plugin import Suite
from conformance.protocols.caxton.situations import NAMES, NORMAL, WELL
from mockserver.transcript import Frame

_EVERY_SITUATION = pytest.mark.parametrize("situation", NAMES)


@requirement("CAXTON-AGENT-LIFE-001")
@_EVERY_SITUATION
async def test_flow_what_is_sent_is_lawful(
    situation: str, examiner: Examiner, judge: Judge, suite: Suite
) -> None:
    """Bodies and messages are judged by the schema of their place, all else by general rules."""
    seen = await examiner.observe(situation)
    if situation == NORMAL:
        judge.holds(
            "CAXTON-AGENT-LIFE-001",
            bool(seen.exchanges),
            f"the client said nothing within {seen.seconds:.0f} s; "
            + (seen.ending.describe() if seen.ending else "it runs elsewhere"),
        )
    for heard in seen.exchanges:
        judge.see_request(heard)
    channel = suite.protocol.channels["events"]
    for frame in seen.frames:
        if frame.kind == "lost" and (situation not in WELL or frame.number > seen.played):
            continue  # it was given cause to end it at once, or was asked to
        if frame.sender == "coordinator" and frame.kind == "close" and _echoes(frame, seen):
            continue  # the code is the client's own
        (shown,) = seen.shown(frame)
        judge.see_frame(shown, channel)


@requirement("CAXTON-AGENT-WIRE-014")
@_EVERY_SITUATION
async def test_handshakes_have_keys_of_their_own(
    situation: str, examiner: Examiner, judge: Judge
) -> None:
    seen = await examiner.observe(situation)
    known: dict[str, int] = {}
    for heard in seen.exchanges:
        key = heard.headers.get("Sec-WebSocket-Key")
        if heard.operation != "events" or not key or not heard.status:
            continue  # what was dropped without an answer, libraries send once more as it was
        judge.holds(
            "CAXTON-AGENT-WIRE-014",
            key not in known,
            f"the key {key} came with the handshake {known.get(key)} already",
            of_transcript(heard),
        )
        known[key] = heard.number


def _echoes(close: Frame, seen: Observation) -> bool:
    """Is our close frame the answer to the client's?"""
    return any(
        frame.sender == "agent"
        and frame.kind == "close"
        and frame.connection == close.connection
        and frame.number < close.number
        for frame in seen.frames
    )
