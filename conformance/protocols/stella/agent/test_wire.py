"""How an agent speaks WebSocket, beyond what the general rules see."""

from __future__ import annotations

import pytest

from conformance.examiner import Examiner, Observation
from conformance.judge import Judge
from conformance.marks import UnjudgeableError, case, requirement
from conformance.protocols.stella.biography import Life
from conformance.protocols.stella.coping import lived
from conformance.protocols.stella.notes import Notebook
from conformance.protocols.stella.odd import LENGTHS, PINGS
from mockserver.transcript import Frame

_PIECES = ("fragments", "ping between", *(f"{length} bytes" for length in LENGTHS))


@requirement("STELLA-AGENT-WIRE-015")
@pytest.mark.parametrize("situation", ["pieces"])
async def test_pings_are_answered(
    situation: str, examiner: Examiner, judge: Judge, book: Notebook
) -> None:
    seen = (await lived(examiner, situation)).seen
    left = [heard.data for heard in seen.frames if heard.sender == "agent" and heard.kind == "pong"]
    pings = [heard for heard in seen.frames if heard.kind == "ping" and heard.data in PINGS]
    pings = [heard for heard in pings if heard.sender == "coordinator"]
    if not pings and book.streams:
        raise UnjudgeableError("the agent was not there to be asked for a sign of life")
    for heard in pings:
        answered = heard.data in left
        judge.holds(
            "STELLA-AGENT-WIRE-015",
            answered,
            f"no pong brought back the {len(heard.data)} bytes of a ping",
            *seen.shown(heard),
        )
        if answered:
            left.remove(heard.data)


@requirement("STELLA-AGENT-WIRE-016")
@pytest.mark.parametrize("situation", ["lost streams", "restart"])
async def test_closes_are_answered(situation: str, examiner: Examiner, judge: Judge) -> None:
    seen = (await lived(examiner, situation)).seen
    told = [
        heard
        for heard in seen.frames
        if heard.sender == "coordinator" and heard.kind == "close" and heard.number <= seen.played
    ]
    for heard in told:
        own = [f for f in seen.frames if f.sender == "agent" and f.connection == heard.connection]
        closes = [frame for frame in own if frame.kind == "close"]
        after = [f for f in own if closes and f.number > closes[0].number and f.kind != "lost"]
        judge.holds(
            "STELLA-AGENT-WIRE-016",
            bool(closes) and not after,
            "something followed the agent's close frame"
            if after
            else "the agent did not answer a close frame with one",
            *seen.shown(heard, *closes[:1], *after[:1]),
        )


@pytest.mark.parametrize(
    ("row", "situation"),
    [case("STELLA-AGENT-WIRE-017", "pieces")],
)
async def test_messages_are_understood_in_every_form(
    row: str, situation: str, examiner: Examiner, judge: Judge, book: Notebook
) -> None:
    life, notes = await lived(examiner, situation), book.of(situation)
    if "stream" not in book.ways:
        return  # nothing shows whether it understood
    for form in _PIECES:
        for work in (life.works[name] for name in notes.of(form) if name in life.works):
            if work.owed and not _too_large(life):
                shown = [e.entry for e in work.deliveries if isinstance(e.entry, Frame)]
                judge.holds(
                    row,
                    bool(work.completions),
                    f"a task that came in another form ({form}) was not reported",
                    *life.seen.shown(*shown),
                )


@requirement("STELLA-AGENT-WIRE-018")
@pytest.mark.parametrize("situation", ["broken frames"])
async def test_broken_frames_end_a_stream(situation: str, examiner: Examiner, judge: Judge) -> None:
    seen = (await lived(examiner, situation)).seen
    for heard in seen.frames:
        if heard.sender == "coordinator" and heard.kind == "raw":
            judge.holds(
                "STELLA-AGENT-WIRE-018",
                any(_ended_by_it(other, heard.connection, seen) for other in seen.frames),
                f"the agent goes on after a frame that RFC 6455 forbids: {heard.data!r}",
                *seen.shown(heard),
            )


def _ended_by_it(heard: Frame, connection: int, seen: Observation) -> bool:
    ended = heard.sender == "agent" and heard.kind in ("close", "lost")
    return ended and heard.connection == connection and heard.number <= seen.played


def _too_large(life: Life) -> bool:
    """Does the agent say so (1009)? The document sets no limit."""
    return any(f.sender == "agent" and f.code == 1009 for f in life.seen.frames)
