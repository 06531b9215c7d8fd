"""Whether an agent shows that it lives, as often as it was told, and what it says of its work."""

from __future__ import annotations

from itertools import pairwise

import pytest

from conformance.examiner import Examiner
from conformance.exchange import of_transcript
from conformance.judge import Judge
from conformance.marks import UnjudgeableError, case, requirement
from conformance.protocols.stella.biography import Life, said_in
from conformance.protocols.stella.coping import exchanges, lived
from conformance.protocols.stella.notes import CALMED, Notebook, Notes
from conformance.protocols.stella.pace import (
    OVERHEAD,
    doubled,
    hasty,
    late,
    longest,
    usual_gap,
)
from conformance.protocols.stella.situations import NAMES, NORMAL, OUTSIDE, WELL
from mockserver.transcript import HttpExchange

_STEADY = ("no tasks", NORMAL)

_BUSY = "many tasks"
"""Where an agent may have more to do than a busy machine lets it."""

_STRETCHED = 1.5
"""Times the difference of two intervals from which on gaps differ by more than that."""

_ENOUGH = 4
"""Heartbeats whose usual gap tells something."""

_BUSY_MACHINE = 0.7
"""Seconds of grace from which on gaps are too rough to be compared."""

_WOUND_UP = 3.0
"""Seconds in which a task that was cancelled has come to its end."""

_REPEATED = ("told again", "two ways", "unavailable", "internal errors", "dropped connections")
"""Situations in which a task is told, or reported, more often than once."""

_OVERLAP = 0.8
"""Seconds in which a report and a heartbeat may cross."""


@requirement("STELLA-AGENT-HB-010")
@pytest.mark.parametrize("situation", [*_STEADY, _BUSY])
async def test_a_registered_agent_sends_heartbeats(
    situation: str, examiner: Examiner, judge: Judge, book: Notebook
) -> None:
    life, notes = await lived(examiner, situation), book.of(situation)
    assert life.registration is not None
    if life.registration not in life.seen.exchanges:
        return  # it was led here from another situation
    beats = life.heartbeats
    began = life.registration.real
    limit = 2 * life.interval + OVERHEAD + 0.5 + notes.grace
    waited = (beats[0].real if beats else notes.ended) - began
    if not beats and waited <= limit and _left(life):
        raise UnjudgeableError("the agent was gone before a heartbeat was due")
    judge.holds(
        "STELLA-AGENT-HB-010",
        bool(beats) and waited <= limit,
        f"the first heartbeat came {waited:.1f} s after the registration"
        if beats
        else f"no heartbeat came within {waited:.1f} s of the registration",
        *exchanges([life.registration, *beats[:1]]),
    )


@requirement("STELLA-AGENT-HB-010")
@pytest.mark.parametrize("situation", [n for n in NAMES if n not in OUTSIDE])
async def test_heartbeats_are_the_agents_own(
    situation: str, examiner: Examiner, judge: Judge
) -> None:
    life = await lived(examiner, situation)
    for heard in life.seen.exchanges:
        if heard.operation == "sendHeartbeat":
            judge.holds(
                "STELLA-AGENT-HB-010",
                heard.parameters.get("id") == life.agent_id,
                f"{heard.path} is not for {life.agent_id}, as which the agent was registered",
                of_transcript(heard),
            )


@pytest.mark.parametrize(
    ("row", "situation"),
    [
        *(case("STELLA-AGENT-HB-011", name) for name in _STEADY),
        case("STELLA-AGENT-HB-013", "another interval"),
    ],
)
async def test_heartbeats_are_not_late(
    row: str, situation: str, examiner: Examiner, judge: Judge, book: Notebook
) -> None:
    life, notes = _configured(await lived(examiner, situation)), book.of(situation)
    beats = _beating(life)
    wrong = late(beats, life.interval, beats[0].real, _end(life, notes), notes.grace)
    judge.holds(row, not wrong, wrong, *exchanges(beats[-2:]))


@requirement("STELLA-AGENT-HB-011")
@pytest.mark.parametrize("situation", [n for n in WELL if n not in (*_STEADY, _BUSY)])
async def test_heartbeats_do_not_stop(
    situation: str, examiner: Examiner, judge: Judge, book: Notebook
) -> None:
    """With others at work on the same machine, nothing finer can be told."""
    life, notes = await lived(examiner, situation), book.of(situation)
    beats = _beating(life)
    silent = longest(beats, beats[0].real, _end(life, notes))
    judge.holds(
        "STELLA-AGENT-HB-011",
        silent <= 2.5 * life.interval + 1 + notes.grace,
        f"no heartbeat came for {silent:.1f} s, and {life.interval:g} s were configured",
        *exchanges(beats[-2:]),
    )


@requirement("STELLA-AGENT-HB-011")
async def test_a_lost_stream_ends_no_heartbeats(
    examiner: Examiner, judge: Judge, book: Notebook
) -> None:
    """No heartbeat was refused meanwhile: they come as ever when all is calm again."""
    situation = "lost streams"
    life, notes = await lived(examiner, situation), book.of(situation)
    if CALMED not in notes.marks or _left(life):
        return
    silent = longest(life.heartbeats, notes.marks[CALMED], notes.ended)
    judge.holds(
        "STELLA-AGENT-HB-011",
        silent <= 2.5 * life.interval + 1 + notes.grace,
        f"no heartbeat came for {silent:.1f} s after streams were lost, and "
        f"{life.interval:g} s were configured",
        *exchanges(life.heartbeats[-2:]),
    )


@pytest.mark.parametrize(
    ("row", "situation"),
    [
        case("STELLA-AGENT-HB-012", "no tasks"),
        case("STELLA-AGENT-HB-013", "another interval"),
    ],
)
async def test_heartbeats_are_not_early(
    row: str, situation: str, examiner: Examiner, judge: Judge
) -> None:
    life = _configured(await lived(examiner, situation))
    beats = _beating(life)
    wrong = hasty(beats, life.interval)
    judge.holds(row, not wrong, wrong, *exchanges(_closest(beats)))


@requirement("STELLA-AGENT-HB-012")
@pytest.mark.parametrize("situation", ["lost streams", "restart"])
async def test_a_new_beginning_adds_no_second_rhythm(
    situation: str, examiner: Examiner, judge: Judge, book: Notebook
) -> None:
    """Some begin with heartbeats anew wherever they begin anew, and do not end those from before.
    A heartbeat out of turn when it connects, or when a task ends, is anybody's right: only what
    comes when all is calm again is counted.
    """
    life, notes = await lived(examiner, situation), book.of(situation)
    if CALMED not in notes.marks:
        return
    since, until = notes.marks[CALMED], _end(life, notes)
    beats = [each for each in life.heartbeats if since < each.real < until]
    wrong = doubled(beats, life.interval, notes.grace)
    judge.holds("STELLA-AGENT-HB-012", not wrong, wrong, *exchanges(beats[:3]))


@requirement("STELLA-AGENT-HB-013")
async def test_a_longer_interval_is_longer_by_what_was_configured(
    examiner: Examiner, judge: Judge, book: Notebook
) -> None:
    """What an agent needs beside its interval is in both gaps, and does not count."""
    calm, other = "no tasks", "another interval"
    one, two = await lived(examiner, calm), _configured(await lived(examiner, other))
    wanted = two.interval - one.interval
    more = usual_gap(two.heartbeats) - usual_gap(one.heartbeats)
    limit, grace = _STRETCHED * wanted, max(book.of(calm).grace, book.of(other).grace)
    if min(len(one.heartbeats), len(two.heartbeats)) >= _ENOUGH and grace < _BUSY_MACHINE:
        judge.holds(
            "STELLA-AGENT-HB-013",
            more <= limit,
            f"an interval that is {wanted:g} s longer made the usual gap {more:.2f} s longer",
            *exchanges(two.heartbeats[-2:]),
        )


@requirement("STELLA-AGENT-HB-014")
@pytest.mark.parametrize("situation", ["long task"])
async def test_heartbeats_go_on_while_tasks_run(
    situation: str, examiner: Examiner, judge: Judge, book: Notebook
) -> None:
    """From the taking of the first task to the end: one that never rests again is seen too."""
    life, notes = await lived(examiner, situation), book.of(situation)
    taken = [each.deliveries[0].real for each in life.given]
    if not taken:
        return  # it takes no tasks at all
    silent = longest(life.heartbeats, min(taken), _end(life, notes))
    limit = 2 * life.interval + OVERHEAD + 0.5 + notes.grace
    judge.holds(
        "STELLA-AGENT-HB-014",
        silent <= limit,
        f"no heartbeat came for {silent:.1f} s while there were tasks, and "
        f"{life.interval:g} s were configured",
        *exchanges(life.heartbeats[-2:]),
    )


@requirement("STELLA-AGENT-HB-015")
@pytest.mark.parametrize("situation", [n for n in WELL if n != "cancelled"])
async def test_running_tasks_are_told_truly(
    situation: str, examiner: Examiner, judge: Judge, book: Notebook
) -> None:
    life = await lived(examiner, situation)
    slack = _OVERLAP + book.of(situation).grace
    for heard in life.heartbeats:
        told = said_in(heard).get("runningTasks")
        if isinstance(told, bool) or not isinstance(told, int):
            continue
        most = _open(life, heard, slack)
        judge.holds(
            "STELLA-AGENT-HB-015",
            told <= most,
            f"a heartbeat tells of {told} running tasks, and {most} were taken and not reported",
            of_transcript(heard),
            pointer="/runningTasks",
            expected=most,
            actual=told,
        )


@requirement("STELLA-AGENT-HB-015")
@pytest.mark.parametrize("situation", _REPEATED)
async def test_reported_tasks_are_counted_no_more(
    situation: str, examiner: Examiner, judge: Judge, book: Notebook
) -> None:
    """By the last heartbeat that comes when every task was reported, whatever they went through:
    they were told twice, and perhaps begun twice, or a report of them failed.
    """
    life, grace = await lived(examiner, situation), book.of(situation).grace
    taken = [work.taken for work in life.given]
    ends = [each.real + _OVERLAP for each in taken if each]
    ends += [work.deliveries[-1].real + _WOUND_UP for work in life.given]
    late = [heard for heard in life.heartbeats if max(ends, default=0.0) + grace < heard.real]
    told = said_in(late[-1]).get("runningTasks") if late else None
    if not all(taken) or not isinstance(told, int) or isinstance(told, bool):
        return
    judge.holds(
        "STELLA-AGENT-HB-015",
        told <= 0,
        f"a heartbeat tells of {told} running tasks, long after all were reported",
        of_transcript(late[-1]),
        pointer="/runningTasks",
        expected=0,
        actual=told,
    )


@requirement("STELLA-AGENT-HB-018")
@pytest.mark.parametrize("situation", ["cancelled", "lost streams"])
async def test_cancelled_tasks_are_counted_no_more(
    situation: str, examiner: Examiner, judge: Judge, book: Notebook
) -> None:
    """By the last heartbeat that comes some seconds after a cancellation: what is stopped may take
    a while to end.
    """
    life = await lived(examiner, situation)
    slack = _WOUND_UP + book.of(situation).grace
    gone = [work.cancelled for work in life.given if work.cancelled]
    late = [h for h in life.heartbeats if gone and h.real > gone[0].real + slack]
    told = said_in(late[-1]).get("runningTasks") if late else None
    if not isinstance(told, int) or isinstance(told, bool):
        return
    moment = late[-1].real
    left = sum(
        work.deliveries[0].real < moment
        and not (work.cancelled and work.cancelled.real + slack < moment)
        and not (work.taken and work.taken.real + _OVERLAP + slack - _WOUND_UP < moment)
        for work in life.given
    )
    judge.holds(
        "STELLA-AGENT-HB-018",
        told <= left,
        f"a heartbeat tells of {told} running tasks, and all but {left} were reported or cancelled "
        "long before",
        of_transcript(late[-1]),
        *life.seen.shown(gone[0]),
        pointer="/runningTasks",
        expected=left,
        actual=told,
    )


@requirement("STELLA-AGENT-HB-017")
@pytest.mark.parametrize("situation", ["long task"])
async def test_a_running_task_is_counted(
    situation: str, examiner: Examiner, judge: Judge, book: Notebook
) -> None:
    """Some time after it came and before it is reported: what is told may have been found out a
    while before.
    """
    life, grace = await lived(examiner, situation), book.of(situation).grace
    for heard in life.heartbeats:
        told = said_in(heard).get("runningTasks")
        if isinstance(told, bool) or not isinstance(told, int):
            continue
        running = [
            work.id
            for work in life.given
            if work.completions
            and work.deliveries[0].real + _OVERLAP + OVERHEAD + grace < heard.real
            and heard.real < work.completions[0].real - _OVERLAP - grace
        ]
        if running:
            judge.holds(
                "STELLA-AGENT-HB-017",
                told > 0,
                f"a heartbeat tells of no running task in the middle of {running[0]!r}",
                of_transcript(heard),
                pointer="/runningTasks",
                actual=told,
            )


@requirement("STELLA-AGENT-HB-016")
@pytest.mark.parametrize("situation", WELL)
async def test_usage_is_not_negative(situation: str, examiner: Examiner, judge: Judge) -> None:
    life = await lived(examiner, situation)
    for heard in life.heartbeats:
        usage = said_in(heard).get("resourceUsage")
        for name, value in usage.items() if isinstance(usage, dict) else ():
            if isinstance(value, int | float) and name in ("cpu", "memory", "disk"):
                judge.holds(
                    "STELLA-AGENT-HB-016",
                    value >= 0,
                    f"{name} is {value}",
                    of_transcript(heard),
                    pointer=f"/resourceUsage/{name}",
                    actual=value,
                )


def _open(life: Life, heard: HttpExchange, slack: float) -> int:
    """The tasks that may run for all that was said. One whose report failed may be counted still,
    and so may one that came again and was begun again: other rows are about that.
    """
    return sum(
        work.deliveries[0].real < heard.real + slack
        and (work.taken is None or heard.real < work.taken.real + slack or len(work.deliveries) > 1)
        for work in life.given
    )


def _configured(life: Life) -> Life:
    """One that another situation registered keeps the interval that it was told there."""
    if life.seen.situation == "another interval" and life.registration not in life.seen.exchanges:
        raise UnjudgeableError("an agent that runs elsewhere registers once, for one interval")
    return life


def _beating(life: Life) -> tuple[HttpExchange, ...]:
    """Its heartbeats. Raises `UnjudgeableError` where there is none, which another row tells."""
    if not life.heartbeats:
        raise UnjudgeableError("the agent sent no heartbeat")
    return life.heartbeats


def _end(life: Life, notes: Notes) -> float:
    """When the play ended, or the agent did by itself."""
    if _left(life):
        return life.seen.entries[-1].real
    return notes.ended


def _left(life: Life) -> bool:
    return life.seen.ending is not None and not life.seen.ending.asked


def _closest(beats: tuple[HttpExchange, ...]) -> tuple[HttpExchange, ...]:
    """The two that followed each other soonest."""
    return min(pairwise(beats), key=lambda two: two[1].real - two[0].real, default=beats)
