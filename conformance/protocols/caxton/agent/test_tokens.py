"""What a client does with its token, and when it is refused."""

from __future__ import annotations

import pytest

from conformance.examiner import Examiner, Observation
from conformance.exchange import of_transcript
from conformance.judge import Judge
from conformance.marks import UnjudgeableError, requirement
from conformance.protocols.caxton.bearing import gone_in_order, hammered, healthy, wrecked
from conformance.protocols.caxton.notes import Notebook
from conformance.protocols.caxton.situations import NAMES
from conformance.protocols.caxton.story import exchanges, same_request
from conformance.sent import judge_secret
from mockserver.transcript import HttpExchange

_EVERY_SITUATION = pytest.mark.parametrize("situation", NAMES)

_HEADER = "X-Caxton-Token"

_AGAIN = 4
"""The same request from which on it is repeated again and again, and"""
_WITHIN = 4.0
"""the seconds in which."""


@requirement("CAXTON-AGENT-TOK-001", "CAXTON-AGENT-TOK-002")
@_EVERY_SITUATION
async def test_flow_the_token_is_shown(situation: str, examiner: Examiner, judge: Judge) -> None:
    """A handshake may do without (silence 3); what it brings in that header is the token."""
    seen = await examiner.observe(situation)
    token = seen.values["token"]
    for heard in seen.exchanges:
        if "." in heard.operation:
            scheme, _, shown = heard.headers.get("authorization", "").partition(" ")
            judge.holds(
                "CAXTON-AGENT-TOK-002",
                scheme.lower() == "bearer" and shown.strip() == token,
                _wrong("authorization", heard.headers.get("authorization"), token),
                of_transcript(heard),
            )
        elif heard.operation and (heard.operation != "events" or _HEADER in heard.headers):
            shown = heard.headers.get(_HEADER, "")
            judge.holds(
                "CAXTON-AGENT-TOK-001",
                shown == token,
                _wrong(_HEADER, heard.headers.get(_HEADER), token),
                of_transcript(heard),
            )


@requirement("CAXTON-AGENT-TOK-003")
@_EVERY_SITUATION
async def test_the_token_is_kept(situation: str, examiner: Examiner, judge: Judge) -> None:
    seen = await examiner.observe(situation)
    token = seen.values["token"]

    def places(heard: HttpExchange) -> list[str | bytes]:
        """Silence 3: a handshake may have no other place for it than its URL."""
        alone = heard.operation == "events" and heard.headers.get(_HEADER) != token
        return [heard.path, heard.body, "" if alone else heard.query]

    judge_secret(judge, "CAXTON-AGENT-TOK-003", seen, token, "the token", places=places)


@requirement("CAXTON-AGENT-TOK-004")
@pytest.mark.parametrize("situation", ["unauthorized"])
async def test_a_bad_token_is_not_hammered(
    situation: str, examiner: Examiner, judge: Judge, book: Notebook
) -> None:
    await healthy(examiner)
    seen, notes = await examiner.observe(situation), book.of(situation)
    refused = [heard for heard in seen.exchanges if heard.status == 401]
    if not refused:
        if not notes.strikes:
            raise UnjudgeableError("the client had gone before")
        return
    worst = hammered(seen)
    judge.holds(
        "CAXTON-AGENT-TOK-004",
        not worst and not _left_badly(seen, refused),
        f"{len(worst)} requests came without a pause"
        if worst
        else (seen.ending.describe() if seen.ending else ""),
        *exchanges(worst[:3] or refused[:1]),
    )


@requirement("CAXTON-AGENT-TOK-005")
@_EVERY_SITUATION
async def test_forbidden_requests_are_not_repeated(
    situation: str, examiner: Examiner, judge: Judge
) -> None:
    seen = await examiner.observe(situation)
    forbidden = [heard for heard in seen.exchanges if heard.status == 403]
    if not forbidden:
        return
    runs = ([h for h in forbidden if _repeats(first, h)] for first in forbidden)
    worst = max(runs, key=len)
    judge.holds(
        "CAXTON-AGENT-TOK-005",
        len(worst) < _AGAIN,
        f"the same request was sent {len(worst)} times within {_WITHIN:g} s",
        *exchanges(worst[:3]),
    )


def _repeats(first: HttpExchange, other: HttpExchange) -> bool:
    return 0 <= other.real - first.real < _WITHIN and same_request(first, other)


def _left_badly(seen: Observation, refused: list[HttpExchange]) -> bool:
    """Did it end over it, and not as one says that something is wrong?"""
    ending = seen.ending
    if ending is None or (ending.asked and not wrecked(seen)) or gone_in_order(seen):
        return False
    last = [heard for heard in seen.exchanges if heard.operation != "events"][-1:]
    return wrecked(seen) or not last or last[0].number <= refused[-1].number


def _wrong(name: str, shown: str | None, token: str) -> str:
    if shown is None:
        return f"there is no {name}"
    return f"{name} brings {shown.replace(token, '(the token)')!r}, not the token"
