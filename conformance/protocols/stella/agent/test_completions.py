"""How an agent reports the end of its tasks."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise
from typing import Any

import pytest

from conformance.examiner import Examiner
from conformance.exchange import of_transcript
from conformance.judge import Judge, same
from conformance.marks import UnjudgeableError, requirement
from conformance.protocols.stella.biography import Work, said_in
from conformance.protocols.stella.coping import exchanges, hammered, left_with_words, lived
from conformance.protocols.stella.foreman import digest_of
from conformance.protocols.stella.notes import Notebook
from conformance.protocols.stella.plays import BEHIND
from conformance.protocols.stella.situations import CALM, NAMES, OUTSIDE, SETTLED
from mockserver.json_text import texts_in
from mockserver.transcript import HttpExchange

_EVERYWHERE = pytest.mark.parametrize("situation", [n for n in NAMES if n not in OUTSIDE])

_SET_UPON = ("unavailable", "internal errors", "dropped connections")

_AGAIN = 4
"""Reports from which on an agent reports again and again what nobody knows."""

_NO_PAUSE = 0.05
"""Seconds that nobody would call a pause."""

_BUSY = 0.7
"""Seconds of grace from which on a machine is so busy that answers may be lost in time."""

_IMPATIENT = 1.0
"""Seconds after which an agent may take an answer for lost."""

_OVER = ("cancelled", "unknown task", "unavailable", "internal errors", "restart")
"""Situations in which there is work when what befell the agent is over."""

_NOT_BY_THE_WAY = 3
"""Lines about another task that are no mere mention of what it waited for."""

_TIME_FOR_IT = 4.0
"""Seconds in which a short task is done."""

_CLOCKS = 3.0
"""Seconds that a time in a log may be off: clocks differ, and some are read to the second."""


@requirement("STELLA-AGENT-COMP-009")
@pytest.mark.parametrize("situation", SETTLED)
async def test_tasks_are_reported(
    situation: str, examiner: Examiner, judge: Judge, book: Notebook
) -> None:
    """Tasks on a way on which the agent never takes any are none that it has taken. What becomes of
    ids that a path must encode is judged by itself: the document shows none.
    """
    life, odd = await lived(examiner, situation), book.of(situation).of("odd id")
    works = [
        work
        for work in life.given
        if work.owed and work.deliveries[0].way in book.ways and work.id not in odd
    ]
    for work in works:
        strays = [h for h in life.completions if not life.works[_task(h)].deliveries]
        judge.holds(
            "STELLA-AGENT-COMP-009",
            bool(work.completions),
            f"the task {work.id!r}, which came by {work.deliveries[0].way}, was never reported",
            *exchanges(strays[:2]),
        )


@requirement("STELLA-AGENT-LIFE-011")
@pytest.mark.parametrize("situation", _OVER)
async def test_work_goes_on(
    situation: str, examiner: Examiner, judge: Judge, book: Notebook
) -> None:
    """What came when something was over, and early enough."""
    life, notes = await lived(examiner, situation), book.of(situation)
    if left_with_words(life.seen):
        return
    wanted = set(notes.of(BEHIND))
    for work in life.given:
        first = work.deliveries[0] if work.deliveries else None
        if work.id not in wanted or first is None or not work.owed or first.way not in book.ways:
            continue
        if notes.ended - first.real < _TIME_FOR_IT + notes.grace and not work.completions:
            continue  # it came too late to tell
        wrong = f"the task {work.id!r}, which came when something was over, was never reported"
        judge.holds("STELLA-AGENT-LIFE-011", bool(work.completions), wrong)


@requirement("STELLA-AGENT-COMP-010")
@_EVERYWHERE
async def test_reports_are_the_agents_own(situation: str, examiner: Examiner, judge: Judge) -> None:
    life = await lived(examiner, situation)
    for heard in life.completions:
        known = life.works[_task(heard)]
        before = [each for each in known.deliveries if each.entry.number < heard.number]
        own = heard.parameters.get("id") == life.agent_id
        if not known.deliveries and life.seen.ending is None:
            continue  # it may be of another situation, of an agent that was led here
        judge.holds(
            "STELLA-AGENT-COMP-010",
            own and bool(before),
            f"{heard.path} is not for {life.agent_id}, as which the agent was registered"
            if not own
            else f"the agent reports {_task(heard)!r}, and was given no such task before",
            of_transcript(heard),
        )


@requirement("STELLA-AGENT-COMP-011")
@pytest.mark.parametrize("situation", [*CALM, "odd tasks", "renewal", "slow answers", "restart"])
async def test_acknowledged_reports_are_not_repeated(
    situation: str, examiner: Examiner, judge: Judge, book: Notebook
) -> None:
    life = await lived(examiner, situation)
    busy = book.of(situation).grace > _BUSY
    for work in life.given:
        first = work.taken
        if first is None or len(work.deliveries) > 1:
            continue
        more = [each for each in work.completions if _repeats(each, first, busy=busy)]
        judge.holds(
            "STELLA-AGENT-COMP-011",
            not more,
            f"{work.id} was reported {len(more)} times more after that was acknowledged",
            *exchanges([first, *more[:1]]),
        )


@requirement("STELLA-AGENT-COMP-012")
@pytest.mark.parametrize("situation", _SET_UPON)
async def test_failed_reports_are_repeated(
    situation: str, examiner: Examiner, judge: Judge
) -> None:
    """Whoever tries again a few times in vain may give up: nothing says how often it must."""
    life = await lived(examiner, situation)
    struck = [work for work in life.given if work.completions and work.completions[0].faults]
    if left_with_words(life.seen):
        return  # another row is about that
    for work in struck:
        failed = [each for each in work.completions if each.faults]
        pauses = [again.real - first.real for first, again in _repeated(work)]
        judge.holds(
            "STELLA-AGENT-COMP-012",
            bool(pauses) and min(pauses) >= _NO_PAUSE,
            f"{work.id} was not reported again after a report of it failed"
            if not pauses
            else f"{work.id} was reported again {min(pauses):.2f} s after a report of it failed",
            *exchanges([*failed[:1], *work.completions[1:2]]),
        )


@requirement("STELLA-AGENT-COMP-016")
@pytest.mark.parametrize("situation", _SET_UPON)
async def test_repeated_reports_tell_the_same(
    situation: str, examiner: Examiner, judge: Judge
) -> None:
    life = await lived(examiner, situation)
    for work in life.given:
        for pair in _repeated(work):
            said, again = map(said_in, pair)
            first, then = said.get("success"), again.get("success")
            wrong = f"{work.id} is reported with success {first!r}, and then with {then!r}"
            judge.holds("STELLA-AGENT-COMP-016", same(first, then), wrong, *exchanges(pair))
            for member in ("result", "logs"):
                gone = bool(said.get(member)) and not again.get(member)
                wrong = f"{work.id} is reported again without the {member} that it had"
                judge.holds("STELLA-AGENT-COMP-016", not gone, wrong, *exchanges(pair))


def _repeated(work: Work) -> list[tuple[HttpExchange, HttpExchange]]:
    """The reports of it that failed, each with the next."""
    return [(first, again) for first, again in pairwise(work.completions) if first.faults]


@requirement("STELLA-AGENT-COMP-013")
@pytest.mark.parametrize("situation", ["unknown task"])
async def test_unknown_tasks_are_given_up(situation: str, examiner: Examiner, judge: Judge) -> None:
    life = await lived(examiner, situation)
    refused = [work for work in life.given if work.completions]
    if life.given and not refused:
        raise UnjudgeableError("the agent reported nothing that could be refused")
    for work in refused:
        count = len(work.completions)
        judge.holds(
            "STELLA-AGENT-COMP-013",
            count < _AGAIN and not hammered(life.seen),
            f"{work.id} was reported {count} times, and each report was answered 404",
            *exchanges(work.completions[:3]),
        )


@requirement("STELLA-AGENT-COMP-014")
@pytest.mark.parametrize("situation", CALM)
async def test_times_in_logs_are_true(
    situation: str, examiner: Examiner, judge: Judge, book: Notebook
) -> None:
    life = await lived(examiner, situation)
    slack = _CLOCKS + book.of(situation).grace
    for work in life.given:
        for heard in work.completions[:1]:
            for pointer, said in _times(heard):
                wrong = _untrue(said, work, heard, slack)
                judge.holds(
                    "STELLA-AGENT-COMP-014",
                    not wrong,
                    wrong,
                    of_transcript(heard),
                    pointer=pointer,
                    actual=said,
                )


@requirement("STELLA-AGENT-COMP-015")
@pytest.mark.parametrize("situation", CALM)
async def test_results_are_of_their_own_tasks(
    situation: str, examiner: Examiner, judge: Judge
) -> None:
    """By what no other task has: its id, and the digest in its payload."""
    life = await lived(examiner, situation)
    for work in life.given:
        for heard in work.completions[:1]:
            others = [each.id for each in life.given if each is not work]
            told = {*texts_in(said_in(heard).get("result"))}
            alien = [other for other in others if told & {other, digest_of(other)}]
            judge.holds(
                "STELLA-AGENT-COMP-015",
                not alien,
                f"the result of {work.id} names what is of {', '.join(alien)} alone",
                of_transcript(heard),
                pointer="/result",
            )
            strange = [line for line in _lines(heard) if _tells_of(line, others, work.id)]
            judge.holds(
                "STELLA-AGENT-COMP-015",
                len(strange) < _NOT_BY_THE_WAY,
                f"the logs of {work.id} tell of another task: {', '.join(strange[:3])}",
                of_transcript(heard),
                pointer="/logs",
            )


def _lines(heard: HttpExchange) -> list[str]:
    """The messages of its logs."""
    logs = said_in(heard).get("logs")
    lines = [line.get("message") for line in logs or () if isinstance(line, dict)]
    return [line for line in lines if isinstance(line, str)]


def _tells_of(line: str, others: Sequence[str], own: str) -> bool:
    """Does it name another task and not its own?"""
    return own not in line and any(other in line for other in others)


def _task(heard: HttpExchange) -> str:
    return heard.parameters["taskId"]


def _repeats(heard: HttpExchange, first: HttpExchange, *, busy: bool) -> bool:
    """An answer that was slow, or found a machine that was, may not have come in time."""
    slow = "delay" in first.faults or (busy and heard.real - first.real > _IMPATIENT)
    return heard.number > first.number and not slow


def _times(heard: HttpExchange) -> list[tuple[str, Any]]:
    logs = said_in(heard).get("logs")
    return [
        (f"/logs/{number}/timestamp", line["timestamp"])
        for number, line in enumerate(logs if isinstance(logs, list) else [])
        if isinstance(line, dict) and isinstance(line.get("timestamp"), str)
    ]


def _untrue(said: str, work: Work, heard: HttpExchange, slack: float) -> str:
    """What is wrong with a time, in words, or nothing. Its form is another row's affair."""
    try:
        told = datetime.fromisoformat(said)
    except ValueError:
        return ""
    if told.tzinfo is None:
        return f"{said} does not say its zone"
    taken = heard.at - (heard.real - work.deliveries[0].real)
    early, late = taken - slack - told.timestamp(), told.timestamp() - heard.at - slack
    if early > 0:
        return f"{said} is {early + slack:.0f} s before the task was taken"
    return f"{said} is {late + slack:.0f} s after the report" if late > 0 else ""
