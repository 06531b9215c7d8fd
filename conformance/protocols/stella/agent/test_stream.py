"""What an agent says on its task stream, and when it opens one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from urllib.parse import unquote

import pytest

from conformance.examiner import Examiner, Observation
from conformance.exchange import of_transcript, read_json
from conformance.judge import Judge
from conformance.marks import UnjudgeableError, requirement
from conformance.protocols.stella.biography import Life, Work
from conformance.protocols.stella.coping import exchanges, left_with_words, lived
from conformance.protocols.stella.notes import Notebook
from conformance.protocols.stella.situations import NAMES, OUTSIDE, WELL
from conformance.protocols.stella.spelling import misspelt
from conformance.sent import busiest_second
from mockserver.transcript import Frame, HttpExchange

_EVERYWHERE = pytest.mark.parametrize("situation", [n for n in NAMES if n not in OUTSIDE])

_WELL = pytest.mark.parametrize("situation", WELL)

_UNDER_WAY = 0.5
"""Seconds in which what was under way may still come."""

_CROSSED = 0.1
"""Seconds by which what is told last may come behind the report, on a connection of its own."""

_DENIED = re.compile(rb'"[^"]*cancel[^"]*"\s*:\s*(?:false|null)')
"""A report that says it was not cancelled."""

_SHORT_OF = 1.0
"""Seconds by which a task is done too soon to be done at all."""

_OVERLAP = 1.0
"""Seconds for which the old stream may still be there when the new one is."""

_AT_ONCE = 8
"""Attempts to open the stream within one second from which on an agent hammers."""

_LOSSES = ("closed", "lost", "failed", "refused")


@requirement("STELLA-AGENT-STREAM-009")
@_EVERYWHERE
async def test_types_are_not_misspelt(situation: str, examiner: Examiner, judge: Judge) -> None:
    seen = await examiner.observe(situation)
    for frame, said in _messages(seen):
        kind = said.get("type")
        meant = misspelt(kind) if isinstance(kind, str) else ""
        judge.holds(
            "STELLA-AGENT-STREAM-009",
            not meant,
            f"{kind!r} is no type of the document, which says {meant}",
            *(seen.shown(frame) if meant else ()),
            pointer="/type",
        )


@requirement("STELLA-AGENT-STREAM-010")
@_EVERYWHERE
async def test_streams_are_the_agents_own(situation: str, examiner: Examiner, judge: Judge) -> None:
    life = await lived(examiner, situation)
    for heard in life.seen.exchanges:
        if heard.headers.get("Upgrade", "").lower() == "websocket":
            own = heard.operation == "taskStream"
            judge.holds(
                "STELLA-AGENT-STREAM-010",
                own and _whose(heard.path) == life.agent_id,
                f"the agent wants a stream at {heard.path}, and was registered as {life.agent_id}",
                of_transcript(heard),
            )


@requirement("STELLA-AGENT-STREAM-012", "STELLA-AGENT-STREAM-013", "STELLA-AGENT-STREAM-015")
@_WELL
async def test_flow_progress(
    situation: str, examiner: Examiner, judge: Judge, book: Notebook
) -> None:
    life = await lived(examiner, situation)
    slack = _CROSSED + book.of(situation).grace
    for work in life.given:
        told = [(f, s["progress"]) for f, s in work.progress if _is_number(s.get("progress"))]
        for frame, value in told:
            judge.holds(
                "STELLA-AGENT-STREAM-012",
                0 <= value <= 100,
                f"the progress of {work.id} is {value}",
                *life.seen.shown(frame),
                pointer="/progress",
            )
        for (before, low), (frame, high) in pairwise(told if len(work.deliveries) == 1 else []):
            judge.holds(
                "STELLA-AGENT-STREAM-013",
                high >= low,
                f"the progress of {work.id} goes from {low} back to {high}",
                *life.seen.shown(before, frame),
                pointer="/progress",
            )
        _after_completion(judge, life, work, slack)


def _after_completion(judge: Judge, life: Life, work: Work, slack: float) -> None:
    """Stream and report are connections of their own: what was under way may cross."""
    done = work.taken
    if done is None or len(work.deliveries) > 1:
        return
    late = [frame for frame, _ in work.progress if frame.real > done.real + done.took + slack]
    judge.holds(
        "STELLA-AGENT-STREAM-015",
        not late,
        f"the progress of {work.id} is told after its completion",
        *exchanges([done]),
        *life.seen.shown(*late[:1]),
    )


@requirement("STELLA-AGENT-STREAM-014")
@_EVERYWHERE
async def test_only_own_tasks_are_told_of(situation: str, examiner: Examiner, judge: Judge) -> None:
    life = await lived(examiner, situation)
    for work in life.works.values():
        for frame, said in work.told[:1]:
            if not work.deliveries and life.seen.ending is None:
                continue  # it may be of another situation, of an agent that was led here
            if said.get("type") in ("task_progress", "task_log"):
                judge.holds(
                    "STELLA-AGENT-STREAM-014",
                    any(each.entry.number < frame.number for each in work.deliveries),
                    f"the agent tells of {work.id!r}, and was given no such task",
                    *life.seen.shown(frame),
                    pointer="/taskId",
                )


@requirement("STELLA-AGENT-STREAM-016", "STELLA-AGENT-STREAM-017", "STELLA-AGENT-STREAM-018")
@pytest.mark.parametrize("situation", ["cancelled", "lost streams"])
async def test_flow_cancellation(
    situation: str, examiner: Examiner, judge: Judge, book: Notebook
) -> None:
    life, notes = await lived(examiner, situation), book.of(situation)
    slack = _UNDER_WAY + notes.grace
    for work in life.given:
        gone = work.cancelled
        if gone is None:
            if situation == "cancelled":  # what ends with a stream is judged as such
                _went_on(judge, life, work)
            continue
        if any(each.number < gone.number for each in work.completions):
            continue  # it was done by then
        wins = [
            each
            for each in work.succeeded
            if each.real > gone.real + slack or _too_soon(each, work, life)
        ]
        judge.holds(
            "STELLA-AGENT-STREAM-016",
            not wins,
            f"{work.id} was reported as a success after it was cancelled",
            *life.seen.shown(gone),
            *exchanges(wins[:1]),
        )
        chatter = [frame for frame, _ in work.progress if frame.real > gone.real + slack]
        judge.holds(
            "STELLA-AGENT-STREAM-017",
            not chatter,
            f"the progress of {work.id} is told after it was cancelled",
            *life.seen.shown(gone, *chatter[:1]),
        )


def _too_soon(report: HttpExchange, work: Work, life: Life) -> bool:
    """Is it a success long before its like, which nobody cancelled, comes to its end?"""
    took = [
        each.completions[0].real - each.deliveries[0].real
        for each in life.given
        if each.cancelled is None and each.completions
    ]
    return report.real - work.deliveries[0].real < min(took, default=0.0) - _SHORT_OF


def _went_on(judge: Judge, life: Life, work: Work) -> None:
    """One that nobody cancelled ends as all the others do that are like it."""
    cancelled = [each.cancelled for each in life.given if each.cancelled]
    if not cancelled:
        return
    usual = any(each.succeeded for each in life.given) or work.succeeded
    judge.holds(
        "STELLA-AGENT-STREAM-018",
        bool(work.completions) and bool(work.succeeded or not usual) and not _stopped(work),
        f"{work.id}, which nobody cancelled, was "
        + ("not reported as a success" if work.completions else "not reported"),
        *life.seen.shown(*cancelled[:1]),
        *exchanges(work.completions[:1]),
    )


def _stopped(work: Work) -> bool:
    """Does its report speak of a cancellation, other than to deny it?"""
    told = [each.body.lower() for each in work.completions if each not in work.succeeded]
    return any(b"cancel" in _DENIED.sub(b"", body) for body in told)


@requirement("STELLA-AGENT-STREAM-019")
@_EVERYWHERE
async def test_one_stream_at_a_time(
    situation: str, examiner: Examiner, judge: Judge, book: Notebook
) -> None:
    life = await lived(examiner, situation)
    slack = _OVERLAP + book.of(situation).grace
    both = [
        (one, other)
        for one, other in pairwise(life.streams)
        if _end(life.seen, one.connection) > other.real + slack
    ]
    if life.streams:
        judge.holds(
            "STELLA-AGENT-STREAM-019",
            not both,
            f"{len(both) + 1} streams were open at the same time",
            *exchanges(both[0] if both else ()),
        )


@requirement(
    "STELLA-AGENT-STREAM-020",
    "STELLA-AGENT-STREAM-022",
    "STELLA-AGENT-STREAM-023",
    "STELLA-AGENT-STREAM-024",
)
@pytest.mark.parametrize("situation", ["lost streams"])
async def test_flow_lost_streams(
    situation: str, examiner: Examiner, judge: Judge, book: Notebook
) -> None:
    life, notes = await lived(examiner, situation), book.of(situation)
    if not book.streams:
        return
    if not notes.strikes:
        raise UnjudgeableError("the agent had no stream that it could lose")
    for strike, until in pairwise([*(each.real for each in notes.strikes), notes.ended]):
        back = [each for each in life.streams if strike < each.real <= until]
        on = [each for each in (*life.heartbeats, *life.polls) if strike < each.real <= until]
        judge.holds(
            "STELLA-AGENT-STREAM-020",
            bool(back or on) or left_with_words(life.seen),
            f"nothing came for {until - strike:.1f} s after the stream had ended",
        )
    for name in (f"after {kind}" for kind in _LOSSES):
        for work in (life.works[each] for each in notes.of(name) if each in life.works):
            _again(judge, life, work)
    for work in (life.works[each] for each in notes.of("amid") if each in life.works):
        if work.owed and not left_with_words(life.seen):
            judge.holds(
                "STELLA-AGENT-STREAM-024",
                bool(work.completions),
                f"{work.id} was not reported: the stream ended while it was under way",
            )
    for work in life.given:
        judge.holds(
            "STELLA-AGENT-STREAM-023",
            len(work.completions) < 2 or len([e for e in work.completions if e.status == 200]) < 2,
            f"{work.id} was reported {len(work.completions)} times",
            *exchanges(work.completions[:2]),
        )


def _again(judge: Judge, life: Life, work: Work) -> None:
    if work.owed and work.deliveries[0].way == "stream":
        assigned = work.deliveries[0].entry
        judge.holds(
            "STELLA-AGENT-STREAM-022",
            bool(work.completions),
            f"{work.id}, which the reopened stream assigned, was not reported",
            *(life.seen.shown(assigned) if isinstance(assigned, Frame) else ()),
        )


@requirement("STELLA-AGENT-STREAM-021")
@_EVERYWHERE
async def test_streams_are_opened_with_pauses(
    situation: str, examiner: Examiner, judge: Judge
) -> None:
    life = await lived(examiner, situation)
    if life.handshakes:
        most = busiest_second(life.handshakes)
        judge.holds(
            "STELLA-AGENT-STREAM-021",
            most < _AT_ONCE,
            f"{most} attempts to open the stream came within one second",
            *exchanges(life.handshakes[:3]),
        )


def _messages(seen: Observation) -> Iterator[tuple[Frame, dict[str, object]]]:
    for frame in seen.frames:
        if frame.sender == "agent" and frame.kind in ("text", "binary"):
            said = read_json(frame.data)
            if isinstance(said, dict):
                yield frame, said


def _whose(path: str) -> str:
    """The id in a stream's path: a handshake that was refused tells of no parameters."""
    return unquote(path.rpartition("/")[0].rpartition("/")[2])


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _end(seen: Observation, connection: int) -> float:
    """When a connection ended, on the machine's clock."""
    ends = [
        frame.real
        for frame in seen.frames
        if frame.connection == connection and frame.kind in ("close", "lost")
    ]
    return min(ends, default=seen.entries[-1].real)
