"""The tokens by which a script finds the replies to its commands."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import pytest

from conformance.examiner import Examiner, Observation
from conformance.judge import Judge
from conformance.marks import UnjudgeableError, requirement
from conformance.protocols.architect.scripts import Request, parting, read_requests
from conformance.protocols.architect.situations import NAMES
from mockserver.transcript import Frame as Heard

_EVERY_SITUATION = pytest.mark.parametrize("situation", NAMES)

_NO_RETRY = 0.2
"""Seconds within which nobody tries again for want of a reply: that is another command."""


@requirement("ARCH-AGENT-CORR-001", "ARCH-AGENT-CORR-002", "ARCH-AGENT-CORR-003")
@_EVERY_SITUATION
async def test_flow_tokens(situation: str, examiner: Examiner, judge: Judge) -> None:
    seen = await examiner.observe(situation)
    used: dict[tuple[int, str], Request] = {}
    for request in read_requests(seen.frames):
        judge.holds(
            "ARCH-AGENT-CORR-001",
            bool(request.token),
            f"{request.action} is called without idempotence",
            *seen.shown(request.heard),
        )
        if request.token:
            key = (request.heard.connection, request.token)
            _judge_repeat(used.get(key), request, seen, judge)
            used[key] = request


def _judge_repeat(
    before: Request | None, request: Request, seen: Observation, judge: Judge
) -> None:
    """A token again: for another command while the first waits, or later, or to try again."""
    shown = seen.shown(*(each.heard for each in (before, request) if each))
    waits = before is not None and before.waits_at(request.heard.number)
    soon = before is not None and request.heard.real - before.heard.real < _NO_RETRY
    other = before is not None and (soon or not request.like(before))
    told = f"the token {request.token} comes again"
    judge.holds("ARCH-AGENT-CORR-002", not (waits and other), f"{told}, and still waits", *shown)
    if not waits:
        judge.holds("ARCH-AGENT-CORR-003", before is None, f"{told} on its connection", *shown)


@dataclass(slots=True)
class _Span:
    """From when to when a connection was open, as entries of the transcript, and its tokens."""

    first: int
    last: int
    tokens: dict[str, Heard] = field(default_factory=dict)


@requirement("ARCH-AGENT-CORR-004")
@_EVERY_SITUATION
async def test_connections_share_no_token(situation: str, examiner: Examiner, judge: Judge) -> None:
    seen = await examiner.observe(situation)
    spans = [span for span in _spans(seen) if span.tokens]
    pairs = [(a, b) for at, a in enumerate(spans) for b in spans[:at]]
    beside = [(a, b) for a, b in pairs if a.first < b.last and b.first < a.last]
    if not beside:
        raise UnjudgeableError("the script had no two connections at the same time")
    for a, b in beside:
        shared = a.tokens.keys() & b.tokens.keys()
        shown = [tokens[each] for each in sorted(shared)[:1] for tokens in (b.tokens, a.tokens)]
        judge.holds(
            "ARCH-AGENT-CORR-004",
            not shared,
            f"two connections at the same time use the token {min(shared, default='')}",
            *seen.shown(*shown),
        )


def _spans(seen: Observation) -> Iterable[_Span]:
    spans: dict[int, _Span] = {}
    end = max((each.number for each in seen.entries), default=0)
    for request in read_requests(seen.frames):
        heard = request.heard
        over = parting(seen.frames, heard.connection)
        span = _Span(heard.number, over.number if over else end)
        span = spans.setdefault(heard.connection, span)
        if request.token:
            span.tokens.setdefault(request.token, heard)
    return spans.values()
