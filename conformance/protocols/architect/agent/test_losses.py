"""What a script does when its connection goes, and when nobody lets it in."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

import pytest

from conformance.examiner import Examiner, Observation
from conformance.exchange import of_transcript
from conformance.judge import Judge
from conformance.marks import UnjudgeableError, case, requirement
from conformance.protocols.architect.coping import says_why
from conformance.protocols.architect.playbook import Playbook
from conformance.protocols.architect.scripts import LIST, messages, parting, read_requests
from conformance.protocols.architect.situations import LOSSES, NORMAL, REFUSED
from mockserver.transcript import HttpExchange

_NO_PAUSE = 0.1
"""Seconds that nobody would call a pause, on average: a busy machine adds to one or the other."""

_SPLIT_SECOND = 0.2
"""Seconds in which all those who begin to work when a connection is there have begun."""

_HAMMERING = 4
"""Connections in a row, without a pause before, from which on a script hammers."""


@pytest.mark.parametrize(
    ("row", "situation"),
    [
        case("ARCH-AGENT-LOSS-001", "lost"),
        case("ARCH-AGENT-LOSS-002", "closed"),
        case("ARCH-AGENT-LOSS-003", "outage"),
        case("ARCH-AGENT-LOSS-003", REFUSED),
    ],
)
async def test_loss_is_lived_through(
    row: str, situation: str, examiner: Examiner, book: Playbook, judge: Judge
) -> None:
    seen = await examiner.observe(situation)
    normal = await examiner.observe(NORMAL)
    away = [heard for heard in seen.exchanges if heard.status in (401, 503)]
    struck = bool(away) if row == "ARCH-AGENT-LOSS-003" else bool(book.of(situation))
    if not struck or seen.ending is None:
        raise UnjudgeableError("the script was not there to lose its connection")
    usually_ends = normal.ending is not None and not normal.ending.asked
    done = usually_ends and len(messages(seen.frames)) >= len(messages(normal.frames))
    silently = not (seen.ending.asked or done or says_why(seen, normal))
    # One that never came in may end as the example does, which leaves it to its runtime to say why.
    broke = seen.ending.broke_down and situation != REFUSED
    judge.holds(
        row,
        not broke and not silently,
        seen.ending.describe(),
        *map(of_transcript, away[-1:]),
        *seen.shown(*seen.frames[-2:]),
    )


@requirement("ARCH-AGENT-LOSS-004", "ARCH-AGENT-LOSS-005")
@pytest.mark.parametrize("situation", ["lost", "closed"])
async def test_flow_script_comes_back(
    situation: str, examiner: Examiner, book: Playbook, judge: Judge
) -> None:
    seen = await examiner.observe(situation)
    strikes = [strike for strike in book.of(situation) if strike.kind == situation]
    if not strikes or not book.habits.lively:
        raise UnjudgeableError("the script had said what it had to say")
    for before, strike in zip(strikes, [*strikes[1:], None], strict=True):
        until = strike.number if strike else seen.played
        back = [each for each in seen.exchanges if before.number < each.number < until]
        there = [each for each in back if each.connection]
        if there:
            said = [each for each in messages(seen.frames) if before.number < each.number]
            judge.holds(
                "ARCH-AGENT-LOSS-004",
                bool(said) or _was_ended(there[-1], seen),
                "the script is connected again, and says nothing more",
                of_transcript(there[-1]),
            )
        if before is not strikes[0]:
            gone = seen.ending is not None and not seen.ending.asked
            judge.holds(
                "ARCH-AGENT-LOSS-005",
                bool(back) or gone or _is_slow(seen, book, strikes[0].real),
                "the script came back after the first loss, and stays away after this one",
                *seen.shown(*seen.frames[-1:]),
            )


def _was_ended(handshake: HttpExchange, seen: Observation) -> bool:
    """Did the connection end too soon for the script to say anything?"""
    end = parting(seen.frames, handshake.connection)
    return end is not None and end.real - handshake.real < 1.0


def _is_slow(seen: Observation, book: Playbook, lost: float) -> bool:
    """Did it take so long to come back the first time that we cannot wait for the second?"""
    first = next((each.real for each in seen.exchanges if each.real > lost), lost)
    return 4 * (first - lost) > book.patience


@requirement("ARCH-AGENT-LOSS-006")
@pytest.mark.parametrize("situation", [*LOSSES, REFUSED])
async def test_coming_back_takes_a_pause(situation: str, examiner: Examiner, judge: Judge) -> None:
    seen = await examiner.observe(situation)
    pauses = list(_pauses(seen))
    if not pauses:
        raise UnjudgeableError("the script did not try to come back")
    rows = [pauses[at : at + _HAMMERING] for at in range(len(pauses) - _HAMMERING + 1)]
    took = min(map(sum, rows), default=_HAMMERING * _NO_PAUSE)
    judge.holds(
        "ARCH-AGENT-LOSS-006",
        took >= _HAMMERING * _NO_PAUSE,
        f"{_HAMMERING} times in a row it came back, after {took / _HAMMERING:.2f} s on average",
        *map(of_transcript, seen.exchanges[-2:]),
    )


@requirement("ARCH-AGENT-LOSS-007")
@pytest.mark.parametrize("situation", ["outage", REFUSED])
async def test_attempts_do_not_multiply(situation: str, examiner: Examiner, judge: Judge) -> None:
    seen, normal = await examiner.observe(situation), await examiner.observe(NORMAL)
    away = [heard for heard in seen.exchanges if heard.status in (401, 503)]
    held = max(1, sum(bool(heard.connection) for heard in normal.exchanges))
    if len(away) < 2 * held:
        raise UnjudgeableError("the script tried too seldom to tell")
    crowds = [crowd for each in away if len(crowd := _beside(each, away)) > held]
    judge.holds(
        "ARCH-AGENT-LOSS-007",
        len(crowds) <= held,  # one that tries two ways at once does so each time anew
        f"{max(map(len, crowds), default=0)} connections are asked for at once, "
        f"and {held} when all is well",
        *map(of_transcript, crowds[0][:2] if crowds else ()),
    )


@requirement("ARCH-AGENT-LOSS-008")
@pytest.mark.parametrize("situation", ["lost", "closed"])
async def test_work_does_not_multiply(
    situation: str, examiner: Examiner, book: Playbook, judge: Judge
) -> None:
    """What asks for the catalogue when it comes, and twice each time it comes back, works twice."""
    seen = await examiner.observe(situation)
    asked: dict[int, list[float]] = defaultdict(list)
    for each in read_requests(seen.frames):
        if each.action == LIST:
            asked[each.heard.connection].append(each.heard.real)
    said = [each for each in seen.frames if each.kind in ("text", "binary")]
    lasts = {each.connection: each.real for each in said}
    lived = {connection: lasts[connection] - times[0] for connection, times in asked.items()}
    often = [
        sum(when < times[0] + _SPLIT_SECOND for when in times)
        for connection, times in asked.items()
        if lived[connection] >= next(iter(lived.values())) / 3
    ]  # what the end of the play cuts short has not begun to work
    if len(often) < 2 or not book.of(situation):
        raise UnjudgeableError("the script did not ask for the catalogue on two connections")
    judge.holds(
        "ARCH-AGENT-LOSS-008",
        min(often[1:]) <= often[0],
        f"when it comes back it asks {min(often[1:])} times for the catalogue at once, and came "
        f"with {often[0]}",
        *seen.shown(*(each.heard for each in read_requests(seen.frames)[-2:])),
    )


def _beside(one: HttpExchange, away: list[HttpExchange]) -> list[HttpExchange]:
    """Those that were dialled before this one was refused, and refused after it was dialled."""
    return [each for each in away if each.dialled < one.real and one.dialled < each.real]


def _pauses(seen: Observation) -> Iterator[float]:
    """Seconds between the latest end of a connection, or refusal, and each time that it dials then:
    how long its handshake takes is the machine's business. It may hold several connections.
    """
    ends = [_end(each, seen) for each in seen.exchanges]
    for each in seen.exchanges:
        before = max((end for end in ends if end is not None and end < each.real), default=None)
        if before is not None:
            came = each.dialled if each.dialled > before else each.real  # or on the same connection
            yield came - before


def _end(handshake: HttpExchange, seen: Observation) -> float | None:
    """When what it asked for was over; `None` where it never was."""
    if not handshake.connection:
        return handshake.real
    end = parting(seen.frames, handshake.connection)
    return None if end is None else end.real
