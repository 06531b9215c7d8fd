"""What becomes of a task that its agent reports as done, and of those that it may not report."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest

from conformance.exchange import Exchange
from conformance.hooks import HookError
from conformance.judge import Judge
from conformance.marks import UnjudgeableError, case, from_profile, requirement
from conformance.protocols.stella.fleet import Agent, Fleet
from conformance.protocols.stella.jobs import WAYS, Depot, Job, Way, judge_done, tasks_of
from conformance.protocols.stella.strangers import stranger_ids, turned_away

_LINES = 400

_MANY = 12

_LONG_AFTER = 1800.0

_LASTS = 86_000
"""A timeout that is not over between two tasks, be it in seconds or in milliseconds."""

_A_WHILE = 75.0
"""Seconds between two tasks, and no agent is offline meanwhile."""

_MESSAGES = (
    [f"crate {at} is aboard" for at in range(30)],
    ["Größe geprüft: 世界 🚢", 'it\'s "quoted", and has a \\ in it'],
)
"""What an agent may well have to say of its work."""


@pytest.fixture
def depot(fleet: Fleet) -> Depot:
    return Depot(fleet)


def _failed(fleet: Fleet) -> dict[str, Any]:
    return fleet.outcome(success=False, result={"error": "no berth was free", "code": "17"})


def _back(job: Job, said: Sequence[Exchange]) -> list[Exchange]:
    """The answers that bring it all the same."""
    return [each for each in said if any(map(job.named, tasks_of(each)))]


@pytest.mark.parametrize(
    ("row", "way"), [case("STELLA-TASK-025", "heartbeat"), case("STELLA-TASK-026", "poll")]
)
@requirement("STELLA-COMP-003", "STELLA-COMP-004", "STELLA-COMP-005")
async def test_flow_completed_tasks_do_not_come(
    row: str, way: Way, fleet: Fleet, depot: Depot, judge: Judge
) -> None:
    """Two are done and one fails, the newest first; the others stay, of the same type and of
    another agent.
    """
    agent, other = [await fleet.register() for _ in range(2)]
    known = await depot.several(agent, 3)
    await depot.fetch(way, agent, *known)
    waiting, foreign = await depot.several(agent, 2), await depot.make(other)
    newest, oldest, last = known[2], known[0], known[1]
    judge_done(judge, "STELLA-COMP-003", await fleet.complete(agent, newest.id))
    early = await depot.look(agent, [way])
    _judge_gone(judge, row, newest, early.said, way)
    judge_done(judge, "STELLA-COMP-004", await fleet.complete(agent, oldest.id, _failed(fleet)))
    judge_done(judge, "STELLA-COMP-003", await fleet.complete(agent, last.id))
    left = early.lack(waiting)
    haul = await depot.fetch(way, agent, *left)
    missing = haul.lack(left)
    wrong = f"after the completion of others {len(missing)} of two tasks do not come"
    judge.holds("STELLA-COMP-005", not missing, wrong, haul.last)
    theirs = await depot.fetch(way, other, foreign)
    wrong = "after a completion the task of another agent does not come"
    judge.holds("STELLA-COMP-005", theirs.has(foreign), wrong, theirs.last)
    again = await depot.look(agent, [way, way])
    for job in known:
        _judge_gone(judge, row, job, [*haul.said, *again.said], way)


def _judge_gone(judge: Judge, row: str, job: Job, said: Sequence[Exchange], way: Way) -> None:
    shown = _back(job, said)
    wrong = f"a task that was completed comes with a later {way}"
    judge.holds(row, not shown, wrong, *shown[:1])


_CROSSED: tuple[tuple[Way, Way, str], ...] = (
    ("heartbeat", "poll", "STELLA-TASK-026"),
    ("poll", "heartbeat", "STELLA-TASK-025"),
)


@requirement("STELLA-COMP-003", "STELLA-TASK-025", "STELLA-TASK-026")
async def test_flow_many_tasks_are_completed(fleet: Fleet, depot: Depot, judge: Judge) -> None:
    """One agent reports them one after the other."""
    agent = await fleet.register()
    jobs = await depot.several(agent, _MANY)
    await depot.fetch("heartbeat", agent, *jobs)
    for job in jobs:
        judge_done(judge, "STELLA-COMP-003", await fleet.complete(agent, job.id))
    await _judge_all_gone(judge, depot, agent, jobs)


async def _judge_all_gone(judge: Judge, depot: Depot, agent: Agent, jobs: Sequence[Job]) -> None:
    for _, way, row in _CROSSED:
        later = await depot.look(agent, [way])
        for job in jobs:
            _judge_gone(judge, row, job, later.said, way)


@requirement("STELLA-COMP-003", "STELLA-TASK-025", "STELLA-TASK-026")
async def test_flow_completed_tasks_come_on_no_other_way(
    fleet: Fleet, depot: Depot, judge: Judge
) -> None:
    for way, other_way, row in _CROSSED:
        agent = await fleet.register()
        job = await depot.make(agent)
        await depot.fetch(way, agent, job)
        judge_done(judge, "STELLA-COMP-003", await fleet.complete(agent, job.id))
        later = await depot.look(agent, [other_way, other_way])
        _judge_gone(judge, row, job, later.said, other_way)


@requirement("STELLA-COMP-003", "STELLA-COMP-005")
async def test_flow_completed_tasks_leave_those_that_are_like_them(
    fleet: Fleet, depot: Depot, judge: Judge
) -> None:
    """Of one type, with one payload. Who takes the second for the first gives them one id."""
    agent = await fleet.register()
    first = await depot.make(agent)
    await depot.fetch("heartbeat", agent, first)
    try:
        second = await depot.make(agent, **first.task)
    except HookError:  # whether there may be two is unsaid
        return
    judge_done(judge, "STELLA-COMP-003", await fleet.complete(agent, first.id))
    haul = await depot.fetch("heartbeat", agent, second)
    ids = {row.get("taskId") for row in haul.rows}
    wrong = "after the completion of a task another with the same payload does not come"
    fine = first.id == second.id or bool(ids - {first.id})
    judge.holds("STELLA-COMP-005", fine, wrong, haul.last)


@from_profile("standard")
@requirement("STELLA-COMP-005")
async def test_completed_tasks_leave_those_that_are_older(
    fleet: Fleet, depot: Depot, judge: Judge
) -> None:
    agent = await fleet.register()
    older = await depot.make(agent, timeout=_LASTS)
    await fleet.hours.jump(_A_WHILE)
    with suppress(HookError):  # whoever is offline by now need not be given anything
        newer = await depot.make(agent, timeout=_LASTS)
        await fleet.complete(agent, newer.id, served=False)  # which nobody fetched
    haul = await depot.fetch("heartbeat", agent, older)
    wrong = "after the completion of a task an older one does not come"
    judge.holds("STELLA-COMP-005", haul.has(older), wrong, haul.last)


_OVER = {
    "heartbeat": ("STELLA-TASK-025", "STELLA-TASK-027"),
    "poll": ("STELLA-TASK-026", "STELLA-TASK-028"),
}


@from_profile("standard")
@requirement("STELLA-COMP-003", "STELLA-COMP-004", *_OVER["heartbeat"], *_OVER["poll"])
async def test_what_is_over_stays_over(fleet: Fleet, depot: Depot, judge: Judge) -> None:
    """Long after the time limit of the tasks, and after any pause before a further attempt."""
    if not fleet.hours.can_jump:
        raise UnjudgeableError(
            "the target has no hook 'advance', with which to let time limits end"
        )
    agent = await fleet.register()
    done, failed, gone = [await depot.make(agent, timeout=60) for _ in range(3)]
    await depot.fetch("heartbeat", agent, done, failed, gone)
    judge_done(judge, "STELLA-COMP-003", await fleet.complete(agent, done.id))
    judge_done(judge, "STELLA-COMP-004", await fleet.complete(agent, failed.id, _failed(fleet)))
    over = [(done, 0), (failed, 0)]
    if "cancel_task" in fleet.target.hooks:
        await fleet.cancel(agent, gone.id)
        over.append((gone, 1))
    await fleet.hours.jump(_LONG_AFTER)
    for way in (*WAYS, *WAYS):
        said = (await depot.look(agent, [way])).last
        for job, which in over:
            wrong = f"a task that was over comes with a {way} half an hour later"
            judge.holds(_OVER[way][which], not _back(job, [said]), wrong, said)


# Others


@pytest.mark.parametrize("way", WAYS)
@requirement("STELLA-COMP-006", "STELLA-COMP-007", "STELLA-COMP-003")
async def test_flow_others_complete_nothing(
    way: Way, fleet: Fleet, depot: Depot, judge: Judge
) -> None:
    """Each task is reported by a stranger before it came to its owner, who reports it at last."""
    owner, stranger = [await fleet.register() for _ in range(2)]
    for row in ("STELLA-COMP-006", "STELLA-COMP-007"):
        job = await depot.make(owner)
        said = await _report(fleet, row, job, stranger)
        if row == "STELLA-COMP-006":
            wrong = f"a task that another agent reports under its owner's id: {said.outcome}"
            judge.holds(row, _unacknowledged(said), wrong, said)
        haul = await depot.fetch(way, owner, job)
        wrong = "a task that another agent reported does not come to its owner any more"
        judge.holds(row, haul.has(job), wrong, said, haul.last)
        await _report(fleet, row, job, stranger)
        judge_done(judge, "STELLA-COMP-003", await fleet.complete(owner, job.id))


def _unacknowledged(said: Exchange) -> bool:
    if said.status is None:
        return turned_away(said)
    return 400 <= said.status < 500 or said.at("/acknowledged") is False


async def _report(fleet: Fleet, row: str, job: Job, stranger: Agent) -> Exchange:
    """By another agent, under the owner's id or under its own."""
    if row == "STELLA-COMP-006":
        return await fleet.complete(job.agent, job.id, by=stranger)
    return await fleet.complete(stranger, job.id, served=False)


# What is reported


def _outcomes(fleet: Fleet) -> dict[str, dict[str, Any]]:
    line = fleet.outcome()["logs"][0]
    values = {
        "text": 'für Größe: 世界 🚢 "quoted" \\ \n',
        "numbers": [0, -1, 1.5, 1e12, 2**40],
        "nothing": None,
        "truth": [True, False],
        "deep": {"a": {"b": [{"c": {}}, [], [[]]]}},
    }
    many = [{**line, "message": f"crate {at} is aboard"} for at in range(_LINES)]
    return {
        "any values": fleet.outcome(result=values),
        "an empty result": fleet.outcome(result={}),
        "no lines of log": fleet.outcome(logs=[]),
        f"{_LINES} lines of log": fleet.outcome(logs=many),
        "lines of log of other levels": fleet.outcome(
            logs=[{**line, "level": level} for level in ("debug", "warn", "error")]
        ),
        "no lines of log of a failure": fleet.outcome(success=False, result={}, logs=[]),
    }


@requirement("STELLA-COMP-003")
async def test_flow_logs_of_ordinary_work(fleet: Fleet, depot: Depot, judge: Judge) -> None:
    """Nothing in them is unlike the document's example but the words, and how many there are."""
    agent = await fleet.register()
    jobs = await depot.several(agent, len(_MESSAGES))
    await depot.fetch("heartbeat", agent, *jobs)
    line = fleet.outcome()["logs"][0]
    for job, messages in zip(jobs, _MESSAGES, strict=True):
        logs = [{**line, "message": message} for message in messages]
        said = await fleet.complete(agent, job.id, fleet.outcome(logs=logs))
        judge_done(judge, "STELLA-COMP-003", said)


@requirement("STELLA-COMP-008", "STELLA-TASK-025", "STELLA-TASK-026")
async def test_flow_results_of_every_kind(fleet: Fleet, depot: Depot, judge: Judge) -> None:
    agent = await fleet.register()
    outcomes = _outcomes(fleet)
    jobs = await depot.several(agent, len(outcomes))
    await depot.fetch("heartbeat", agent, *jobs)
    done: list[Job] = []
    for job, (name, outcome) in zip(jobs, outcomes.items(), strict=True):
        plain = not outcome["logs"]
        said = await fleet.complete(agent, job.id, outcome, served=plain)
        wrong = f"a completion with {name} is answered {said.outcome}"
        taken = said.status == 200 and said.at("/acknowledged") is not False
        judge.holds("STELLA-COMP-008", taken, wrong, said)
        if said.status == 200:
            done.append(job)
    await _judge_all_gone(judge, depot, agent, done)


# What is no longer, or never was


def _judge_harmless(judge: Judge, row: str, said: Exchange, what: str) -> None:
    fine = said.status is not None and said.status < 500
    judge.holds(row, fine, f"the completion of {what} is answered {said.outcome}", said)


@requirement("STELLA-COMP-009")
async def test_flow_unknown_tasks(fleet: Fleet, depot: Depot, judge: Judge) -> None:
    agent = await fleet.register()
    job = await depot.make(agent)
    for task_id in (*_unknown(job), fleet.new("task")):
        said = await fleet.complete(agent, task_id, served=False)
        _judge_harmless(judge, "STELLA-COMP-009", said, "a task that nobody made")
    haul = await depot.fetch("heartbeat", agent, job)
    wrong = "after the completion of a task that nobody made one that waits does not come"
    judge.holds("STELLA-COMP-009", haul.has(job), wrong, haul.last)


def _unknown(job: Job) -> list[str]:
    """Ids of the form of this one's."""
    return stranger_ids(replace(job.agent, id=job.id))


@requirement("STELLA-COMP-010", "STELLA-TASK-025", "STELLA-TASK-026")
async def test_flow_second_completion(fleet: Fleet, depot: Depot, judge: Judge) -> None:
    agent = await fleet.register()
    job = await depot.make(agent)
    await depot.fetch("heartbeat", agent, job)
    await fleet.complete(agent, job.id)
    for outcome in (fleet.outcome(), _failed(fleet)):
        said = await fleet.complete(agent, job.id, outcome, served=False)
        _judge_harmless(judge, "STELLA-COMP-010", said, "a task that is done already")
    await _judge_not_back(judge, depot, "STELLA-COMP-010", job)


@requirement("STELLA-COMP-011")
async def test_flow_completion_of_a_cancelled_task(
    fleet: Fleet, depot: Depot, judge: Judge
) -> None:
    agent = await fleet.register()
    for outcome in (fleet.outcome(), _failed(fleet)):
        job = await depot.make(agent)
        await depot.fetch("poll", agent, job)
        await fleet.cancel(agent, job.id)
        said = await fleet.complete(agent, job.id, outcome, served=False)
        _judge_harmless(judge, "STELLA-COMP-011", said, "a task that was cancelled")
        await _judge_not_back(judge, depot, "STELLA-COMP-011", job)


async def _judge_not_back(judge: Judge, depot: Depot, row: str, job: Job) -> None:
    for way in WAYS:
        said = (await depot.look(job.agent, [way])).last
        wrong = f"after its completion it comes with a {way} again"
        judge.holds(row, not _back(job, [said]), wrong, said)
        if row == "STELLA-COMP-010":
            plain = "STELLA-TASK-025" if way == "heartbeat" else "STELLA-TASK-026"
            judge.holds(plain, not _back(job, [said]), wrong, said)
