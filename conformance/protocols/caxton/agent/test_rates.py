"""Whether a client stays within the limits, and what it does at them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import pytest

from conformance.examiner import Examiner, Observation
from conformance.judge import Judge
from conformance.marks import requirement
from conformance.protocols.caxton.bearing import gone_in_order, hammered, healthy
from conformance.protocols.caxton.notes import Notebook
from conformance.protocols.caxton.situations import NAMES, WELL
from conformance.protocols.caxton.story import asked, exchanges, good, same_request, sent_at, verb
from mockserver.transcript import HttpExchange

_LINES = {
    "CAXTON-AGENT-RATE-001": ("deployAgent",),
    "CAXTON-AGENT-RATE-002": ("sendMessage",),
    "CAXTON-AGENT-RATE-003": ("getSystemMetrics", "getAgentMetrics"),
}

_BEYOND = 3
"""Refusals within"""
_MOMENT = 1.5
"""seconds by which a client shows that it does not care for a limit: one is how it learns of it."""

_TRIES = 4
"""The same request before a limit is over from which on its pauses must grow."""

_GROWS = 1.3
"""How much longer than the first pause the last one is, at least, where pauses grow."""

_LATE = 4.0
"""Seconds beyond its own rhythm after which a client should have asked again."""

_QUOTA = 8
"""The same request from which on it is repeated again and again."""


@requirement(*_LINES)
@pytest.mark.parametrize("situation", WELL)
async def test_flow_limits_are_kept(situation: str, examiner: Examiner, judge: Judge) -> None:
    seen = await examiner.observe(situation)
    for row, verbs in _LINES.items():
        calls = asked(seen, *verbs)
        refused = [h for h in calls if h.status == 429 and b"RATE_LIMITED" in h.answer]
        runs = [[h for h in refused if 0 <= h.real - f.real < _MOMENT] for f in refused]
        worst = max(runs, key=len, default=[])
        if calls:
            judge.holds(
                row,
                len(worst) < _BEYOND,
                f"{len(calls)} requests, {len(worst)} of them beyond the limit within a moment",
                *exchanges(worst[:2]),
            )


@requirement("CAXTON-AGENT-RATE-004")
@pytest.mark.parametrize("situation", NAMES)
async def test_limits_are_waited_for(situation: str, examiner: Examiner, judge: Judge) -> None:
    seen = await examiner.observe(situation)
    if not any(heard.status == 429 for heard in seen.exchanges):
        return
    worst = hammered(seen)
    hit = bool(worst) and worst[0].status == 429
    judge.holds(
        "CAXTON-AGENT-RATE-004",
        not hit,
        f"{len(worst)} requests were refused and repeated without a pause",
        *exchanges(worst[:3]),
    )


@requirement("CAXTON-AGENT-RATE-005")
@pytest.mark.parametrize("situation", ["rate limited"])
async def test_limits_are_waited_for_as_told(
    situation: str, examiner: Examiner, judge: Judge
) -> None:
    """Until the time that was told, or in pauses that grow; a few tries are neither."""
    seen = await examiner.observe(situation)
    refused = [heard for heard in seen.exchanges if heard.status == 429]
    for first in refused:
        tries = [h for h in refused if h.number >= first.number and same_request(first, h)]
        judge.holds(
            "CAXTON-AGENT-RATE-005",
            len(tries) < _TRIES or _grow(tries),
            f"{len(tries)} tries before the limit was over, in pauses that do not grow",
            *exchanges(tries[:3]),
        )


def _grow(tries: Sequence[HttpExchange]) -> bool:
    first, last = (sent_at(b) - a.real for a, b in ((tries[0], tries[1]), (tries[-2], tries[-1])))
    return last > _GROWS * first


@requirement("CAXTON-AGENT-RATE-006")
@pytest.mark.parametrize("situation", ["rate limited"])
async def test_limits_are_not_the_end(
    situation: str, examiner: Examiner, judge: Judge, book: Notebook
) -> None:
    """Judged of what the client asks for more often than once, or cannot go on without."""
    normal = await healthy(examiner)
    seen, notes = await examiner.observe(situation), book.of(situation)
    if seen.ending is not None and not seen.ending.asked:
        return  # whether it left in order, another check tells
    said = bool(seen.ending and seen.ending.output.strip()) or gone_in_order(seen)
    for row in _verbs_refused(seen):
        calls = asked(seen, row)
        first = next(heard for heard in calls if heard.status == 429)
        again = [heard for heard in calls if heard.number > first.number]
        waited = notes.ended - first.real
        due = waited > _LATE + max(1.5 * _usual_gap(normal, row), normal.seconds)
        judge.holds(
            "CAXTON-AGENT-RATE-006",
            bool(again) or said or not due,
            f"{row} was refused once, and not asked again in {waited:.1f} s",
            *exchanges([first]),
        )


def _verbs_refused(seen: Observation) -> list[str]:
    return sorted({verb(heard) for heard in seen.exchanges if heard.status == 429})


def _usual_gap(normal: Observation, row: str) -> float:
    """The longest time between two of these, when all is well; 0 for what is asked but once."""
    times = [sent_at(heard) for heard in asked(normal, row)]
    return max((b - a for a, b in pairwise(times)), default=0.0)


@requirement("CAXTON-AGENT-RATE-007")
@pytest.mark.parametrize("situation", ["over quota"])
async def test_a_full_host_is_no_matter_of_waiting(
    situation: str, examiner: Examiner, judge: Judge
) -> None:
    seen = await examiner.observe(situation)
    full = [h for h in seen.exchanges if b"RESOURCE_LIMIT_EXCEEDED" in h.answer and not good(h)]
    for first in full:
        tries = [h for h in full if h.number >= first.number and same_request(first, h)]
        judge.holds(
            "CAXTON-AGENT-RATE-007",
            len(tries) < _QUOTA,
            f"the same request was sent {len(tries)} times to a host that is full",
            *exchanges(tries[:3]),
        )
