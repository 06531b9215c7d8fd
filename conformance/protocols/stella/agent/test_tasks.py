"""Whether an agent does what it is given, once, and tells the truth about it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

import pytest

from conformance.examiner import Examiner
from conformance.exchange import Exchange, of_transcript
from conformance.frames import Frame
from conformance.judge import Judge
from conformance.marks import UnjudgeableError, case, requirement
from conformance.protocols.stella.biography import Delivery, Life, Way, Work
from conformance.protocols.stella.coping import exchanges, lived
from conformance.protocols.stella.foreman import secret_of
from conformance.protocols.stella.notes import Notebook
from conformance.protocols.stella.pace import hasty, usual_gap
from conformance.protocols.stella.situations import NAMES, NORMAL, OUTSIDE
from conformance.sent import judge_secret
from mockserver.transcript import HttpExchange

_WAYS: Mapping[str, Way] = {
    "STELLA-AGENT-TASK-001": "heartbeat",
    "STELLA-AGENT-TASK-002": "heartbeat",
    "STELLA-AGENT-TASK-003": "poll",
    "STELLA-AGENT-STREAM-011": "stream",
}


@pytest.mark.parametrize(
    ("row", "situation"),
    [
        case("STELLA-AGENT-TASK-001", NORMAL),
        case("STELLA-AGENT-TASK-002", "many tasks"),
        case("STELLA-AGENT-TASK-003", NORMAL),
        case("STELLA-AGENT-STREAM-011", NORMAL),
        case("STELLA-AGENT-STREAM-011", "many tasks"),
    ],
)
async def test_tasks_are_carried_out(
    row: str, situation: str, examiner: Examiner, judge: Judge, book: Notebook
) -> None:
    """An agent may leave the tasks of its heartbeats alone where it takes them on another way."""
    life, way = await lived(examiner, situation), _WAYS[row]
    works = life.by(way)
    if not works or (way == "heartbeat" and book.ways and way not in book.ways):
        return
    left = [work for work in works if work.owed and not work.completions]
    judge.holds(
        row,
        not left,
        f"{len(left)} of {len(works)} tasks that came by {way} were not reported: "
        f"{', '.join(work.id for work in left[:4])}",
        *_told(life, [work.deliveries[0] for work in left[:1]]),
    )


@requirement("STELLA-AGENT-TASK-003")
@pytest.mark.parametrize("situation", [n for n in NAMES if n not in OUTSIDE])
async def test_polls_are_the_agents_own(situation: str, examiner: Examiner, judge: Judge) -> None:
    life = await lived(examiner, situation)
    for heard in life.seen.exchanges:
        if heard.operation == "getPendingTasks":
            judge.holds(
                "STELLA-AGENT-TASK-003",
                heard.parameters.get("id") == life.agent_id,
                f"{heard.path} is not for {life.agent_id}, as which the agent was registered",
                of_transcript(heard),
            )


@requirement("STELLA-AGENT-TASK-004")
@pytest.mark.parametrize("situation", ["no tasks", "another interval"])
async def test_polls_keep_their_interval(situation: str, examiner: Examiner, judge: Judge) -> None:
    life = await lived(examiner, situation)
    polls = life.polls
    if len(polls) < 2:
        return  # polling is the agent's own choice
    wrong = hasty(polls, life.poll_interval)
    usual = usual_gap(polls)
    if not wrong and len(polls) > 3 and usual > 2 * life.poll_interval + 0.5:
        wrong = f"the usual gap is {usual:.1f} s, and {life.poll_interval:g} s were configured"
    judge.holds("STELLA-AGENT-TASK-004", not wrong, wrong, *exchanges(polls[-2:]))


@pytest.mark.parametrize(
    ("row", "situation"),
    [case("STELLA-AGENT-TASK-005", "two ways"), case("STELLA-AGENT-TASK-006", "told again")],
)
async def test_tasks_that_come_twice_are_done_once(
    row: str, situation: str, examiner: Examiner, judge: Judge
) -> None:
    life = await lived(examiner, situation)
    for work in life.given:
        if len(work.deliveries) > 1 and work.completions:
            reports, times = _acknowledged(work), len(work.deliveries)
            judge.holds(
                row,
                len(reports) < 2,
                f"{work.id} was told {times} times and reported {len(reports)} times",
                *_told(life, work.deliveries[:2]),
                *exchanges(reports[:2]),
            )


@requirement("STELLA-AGENT-TASK-007")
@pytest.mark.parametrize("situation", ["odd tasks"])
async def test_unknown_types_are_no_success(
    situation: str, examiner: Examiner, judge: Judge, book: Notebook
) -> None:
    life = await lived(examiner, situation)
    for work in _of(life, book, situation, "unknown type"):
        judge.holds(
            "STELLA-AGENT-TASK-007",
            bool(work.completions) and not work.succeeded,
            f"a task of the type {work.deliveries[0].task.get('taskType')!r} was "
            + ("reported as a success" if work.succeeded else "not reported"),
            *_told(life, work.deliveries[:1]),
            *exchanges(work.completions[:1]),
        )


@requirement("STELLA-AGENT-TASK-008")
@pytest.mark.parametrize("situation", ["odd tasks"])
async def test_ids_come_back_as_they_were(
    situation: str, examiner: Examiner, judge: Judge, book: Notebook
) -> None:
    life = await lived(examiner, situation)
    strays = [heard for heard in life.completions if heard.parameters["taskId"] not in _ids(life)]
    strays += [heard for heard in life.seen.exchanges if not heard.operation and heard.path]
    for work in _of(life, book, situation, "odd id"):
        judge.holds(
            "STELLA-AGENT-TASK-008",
            bool(work.completions),
            f"no report came of the task with the id {work.id!r}",
            *_told(life, work.deliveries[:1]),
            *exchanges(strays[:2]),
        )


@requirement("STELLA-AGENT-TASK-009")
@pytest.mark.parametrize("situation", [n for n in NAMES if n not in OUTSIDE])
async def test_credentials_are_kept(situation: str, examiner: Examiner, judge: Judge) -> None:
    life = await lived(examiner, situation)
    seen = life.seen
    for work in life.given:
        secret = secret_of(work.id)
        if not any(secret in json.dumps(each.task) for each in work.deliveries):
            continue
        told = f"a credential of {work.id}"
        judge_secret(judge, "STELLA-AGENT-TASK-009", seen, secret, told, places=_everything)


@requirement("STELLA-AGENT-LIFE-010")
@pytest.mark.parametrize("situation", ["asked to end"])
async def test_unfinished_tasks_are_no_success(
    situation: str, examiner: Examiner, judge: Judge
) -> None:
    """Judged of an agent that takes a long task's time, as the one in another situation showed, or
    as long for each: a success that comes sooner is none.
    """
    life, other = await lived(examiner, situation), await lived(examiner, "long task")
    if life.seen.ending is None or not life.seen.ending.asked:
        raise UnjudgeableError("the agent was never asked to end")
    if not life.given:
        return
    obedient = [
        work.completions[0].real - work.deliveries[0].real > _MOST_OF_IT * _asked(work)
        for work in other.given
        if work.completions
    ]
    usual = _took(await lived(examiner, NORMAL)) + _took(other)
    soon = 0.0 if not usual else min(usual) - _SOONER
    obeys = bool(obedient) and all(obedient)
    if not obeys and soon < _SOONER:
        return  # no task takes it so long that it could be interrupted
    for work in life.given:
        after = [
            each
            for each in work.succeeded
            if each.number > life.seen.played
            and (obeys or each.real - work.deliveries[0].real < soon)
        ]
        judge.holds(
            "STELLA-AGENT-LIFE-010",
            not after,
            f"{work.id} was reported as a success when the agent was asked to end",
            *_told(life, work.deliveries[:1]),
            *exchanges(after[:1]),
        )


def _everything(heard: HttpExchange) -> list[str | bytes]:
    return [heard.path, heard.query, heard.body, *heard.headers.values()]


def _took(life: Life) -> list[float]:
    """Seconds from the first news of each task to its report."""
    return [w.completions[0].real - w.deliveries[0].real for w in life.given if w.completions]


_SOONER = 0.5
"""Seconds by which a report comes sooner than any other, and is no accident."""

_MOST_OF_IT = 0.8
"""Of the time that a task was to take, from which on it took that and not some of the agent's."""


def _asked(work: Work) -> float:
    """Seconds that a task was to take; 2 where it was not told."""
    payloads = [each.task.get("payload") for each in work.deliveries]
    told = [each.get("duration") for each in payloads if isinstance(each, dict)]
    return max([each for each in told if isinstance(each, int | float)], default=2.0)


def _acknowledged(work: Work) -> list[HttpExchange]:
    """The reports of a task, but for those that failed and were therefore sent again."""
    return [each for each in work.completions if each.status == 200]


def _ids(life: Life) -> set[str]:
    return {work.id for work in life.given}


def _of(life: Life, book: Notebook, situation: str, purpose: str) -> list[Work]:
    """The tasks that were given for a purpose, and reached the agent."""
    wanted = set(book.of(situation).of(purpose))
    return [work for work in life.given if work.owed and work.id in wanted]


def _told(life: Life, deliveries: Sequence[Delivery]) -> list[Exchange | Frame]:
    """What told the agent of a task."""
    shown: list[Exchange | Frame] = []
    for each in deliveries:
        if isinstance(each.entry, HttpExchange):
            shown.append(of_transcript(each.entry))
        else:
            shown += life.seen.shown(each.entry)
    return shown
