"""Tasks that wait for an agent and come by heartbeat and by poll, to it alone and as they are."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from conformance.judge import Judge
from conformance.marks import case, requirement
from conformance.protocols.stella.fleet import Fleet
from conformance.protocols.stella.jobs import WAYS, Depot, Haul, Job, Way, tasks_of

_PAUSE = 0.15
"""Seconds between looks: a coordinator may hand its tasks on in the background."""

_MORE = 55
"""Tasks beyond what fits on most pages."""


@pytest.fixture
def depot(fleet: Fleet) -> Depot:
    return Depot(fleet)


def _ids(rows: Sequence[dict[str, Any]]) -> list[Any]:
    return [row.get("taskId") for row in rows]


# Coming


@requirement("STELLA-TASK-008")
async def test_polls_where_nothing_waits(fleet: Fleet, judge: Judge) -> None:
    agents = [await fleet.register() for _ in range(2)]
    for turn in range(3):
        for agent in agents:
            said = await fleet.poll(agent)
            judge.status("STELLA-TASK-008", said, 200)
            judge.equal("STELLA-TASK-008", said, "/tasks", [])
            if turn == 1:
                await fleet.heartbeat(agent)


@pytest.mark.parametrize(
    ("row", "way"), [case("STELLA-TASK-009", "heartbeat"), case("STELLA-TASK-010", "poll")]
)
@requirement("STELLA-TASK-012", "STELLA-TASK-017", "STELLA-TASK-032")
async def test_flow_tasks_come_to_their_agent(
    row: str, way: Way, fleet: Fleet, depot: Depot, judge: Judge
) -> None:
    """Each agent uses one way alone, and once has tasks running, as in the document's example. The
    last has no tasks, and asks on both.
    """
    elders = await depot.for_elders()
    *owners, idle = [await fleet.register() for _ in range(4)]
    for turn in range(2):
        jobs = {owner.id: await depot.several(owner, turn + 1) for owner in owners}
        _judge_nothing(judge, await depot.look(idle))
        for owner in owners:
            mine = jobs[owner.id]
            haul = await depot.fetch(way, owner, *mine, running=2 * turn)
            missing = haul.lack(mine)
            wrong = f"{len(missing)} of {len(mine)} tasks do not come with a {way}"
            judge.holds(row, not missing, wrong, *haul.said[:1])
            others = [job for other in owners if other is not owner for job in jobs[other.id]]
            _judge_own(judge, haul, [*others, *elders])
            _judge_once(judge, haul)
            told = [haul.first(job) for job in mine]
            for job, came in zip(mine, told, strict=True):
                if came is not None:
                    wrong = f"the task {job.id} comes as {came.get('taskId')}"
                    fine = came.get("taskId") == job.id
                    judge.holds("STELLA-TASK-017", fine, wrong, haul.last)
    _judge_nothing(judge, await depot.look(idle))


def _judge_nothing(judge: Judge, haul: Haul) -> None:
    for said in haul.said:
        rows = tasks_of(said)
        wrong = f"an agent for which nothing was made is given {_ids(rows)}"
        judge.holds("STELLA-TASK-012", not rows, wrong, said)


def _judge_own(judge: Judge, haul: Haul, others: Sequence[Job]) -> None:
    wrong = "an agent is given the tasks of another"
    judge.holds("STELLA-TASK-012", not haul.names(*others), wrong, haul.last)


def _judge_once(judge: Judge, haul: Haul) -> None:
    for said in haul.said:
        ids = [str(name) for name in _ids(tasks_of(said))]
        wrong = f"one answer shows a task more than once: {ids}"
        judge.holds("STELLA-TASK-032", len(ids) == len(set(ids)), wrong, said)


@pytest.mark.parametrize(
    ("row", "way", "count"),
    [
        case("STELLA-TASK-013", "heartbeat", 11),
        case("STELLA-TASK-014", "poll", 11),
        case("STELLA-TASK-014", "poll", _MORE),
    ],
)
@requirement("STELLA-TASK-016", "STELLA-TASK-031", "STELLA-TASK-032")
async def test_flow_many_tasks(row: str, way: Way, count: int, fleet: Fleet, judge: Judge) -> None:
    """A coordinator may hand them over in parts: what has come is done before the rest is asked
    for.
    """
    depot = Depot(fleet)
    agent = await fleet.register()
    jobs = await depot.several(agent, count)
    haul = await depot.fetch(way, agent, *jobs)
    missing = haul.lack(jobs)
    first = tasks_of(haul.said[0])
    wrong = f"of {count} tasks that wait {len(first)} come at once"
    judge.holds("STELLA-TASK-031", len(first) >= min(count, 11), wrong, haul.said[0])
    _judge_once(judge, haul)
    done: set[str] = set()
    came = haul
    while missing and (new := _new(came, jobs, done)):
        for task_id in new:
            await fleet.complete(agent, task_id)
            done.add(task_id)
        came = await depot.fetch(way, agent, *missing)
        missing = came.lack(missing)
    wrong = f"{len(missing)} of {count} tasks that waited at once do not come with a {way}"
    judge.holds(row, not missing, wrong, haul.said[0], came.last)
    ids = {str(row.get("taskId")) for job in jobs for row in (*haul.of(job), *came.of(job))}
    wrong = f"{count} tasks came under {len(ids)} ids"
    judge.holds("STELLA-TASK-016", bool(missing) or len(ids) == count, wrong, haul.said[0])


def _new(haul: Haul, jobs: Sequence[Job], done: set[str]) -> list[str]:
    """The ids of those that came and are not done."""
    ids = [job.id for job in jobs if haul.has(job)]
    return [task_id for task_id in ids if task_id not in done]


@requirement("STELLA-TASK-015", "STELLA-TASK-012")
async def test_flow_many_agents_at_the_same_time(fleet: Fleet, depot: Depot, judge: Judge) -> None:
    agents = [await fleet.register() for _ in range(6)]
    await asyncio.gather(*map(fleet.wake, agents))  # before there is anything to fetch
    for turn in range(2):
        made = await asyncio.gather(*(depot.make(agent) for agent in agents * 2))
        jobs = {a.id: [job for job in made if job.agent is a] for a in agents}
        ways = [WAYS[(at + turn) % 2] for at in range(len(agents))]
        hauls = await asyncio.gather(
            *(
                depot.fetch(way, agent, *jobs[agent.id])
                for way, agent in zip(ways, agents, strict=True)
            )
        )
        for agent, haul in zip(agents, hauls, strict=True):
            missing = haul.lack(jobs[agent.id])
            wrong = f"of tasks for several agents at once {len(missing)} do not come"
            judge.holds("STELLA-TASK-015", not missing, wrong, haul.last)
            _judge_own(judge, haul, [job for job in made if job.agent is not agent])


@requirement("STELLA-TASK-010")
async def test_flow_tasks_that_are_alike(fleet: Fleet, depot: Depot, judge: Judge) -> None:
    """Of one type, one priority and one timeout: each has an id of its own."""
    agent = await fleet.register()
    jobs = [await depot.make(agent, priority=7, timeout=240) for _ in range(3)]
    haul = await depot.fetch("poll", agent, *jobs)
    for _ in range(3):
        if len(set(_ids(haul.rows))) >= len(jobs):
            break
        await asyncio.sleep(_PAUSE)
        haul = await depot.look(agent, ["poll"])
    came = set(_ids(haul.rows))
    wrong = f"of {len(jobs)} tasks that differ in their payload alone {len(came)} come with a poll"
    judge.holds("STELLA-TASK-010", len(came) >= len(jobs), wrong, haul.last, pointer="/tasks")


@requirement("STELLA-TASK-033")
async def test_tasks_wait_for_who_sent_no_heartbeat(
    fleet: Fleet, depot: Depot, judge: Judge
) -> None:
    agent = await fleet.register()
    job = await depot.make(agent, asleep=True)
    haul = await depot.fetch("poll", agent, job)
    wrong = "a task of an agent that has sent no heartbeat does not come with a poll"
    judge.holds("STELLA-TASK-033", haul.has(job), wrong, haul.last)
    said = await fleet.complete(agent, job.id, served=False)
    wrong = f"its report by an agent that has sent no heartbeat is answered {said.outcome}"
    judge.holds("STELLA-TASK-033", said.ok, wrong, said)


# Cancelled


@pytest.mark.parametrize(
    ("row", "way"), [case("STELLA-TASK-027", "heartbeat"), case("STELLA-TASK-028", "poll")]
)
@requirement("STELLA-TASK-029")
async def test_flow_cancelled_tasks_do_not_come(
    row: str, way: Way, fleet: Fleet, depot: Depot, judge: Judge
) -> None:
    """One is cancelled before it came, one after; others stay, also those of another agent."""
    agent, other = [await fleet.register() for _ in range(2)]
    known = await depot.make(agent)
    await depot.fetch(way, agent, known)
    first, gone, last = await depot.several(agent, 3)
    foreign = await depot.make(other)
    await fleet.cancel(agent, gone.id)
    await fleet.cancel(agent, known.id)
    haul = await depot.fetch(way, agent, first, last)
    missing = haul.lack([first, last])
    wrong = f"after a cancellation {len(missing)} of two other tasks do not come"
    judge.holds("STELLA-TASK-029", not missing, wrong, haul.last)
    theirs = await depot.fetch(way, other, foreign)
    wrong = "after a cancellation the task of another agent does not come"
    judge.holds("STELLA-TASK-029", theirs.has(foreign), wrong, theirs.last)
    again = await depot.look(agent, [way, way])
    for job, when in ((gone, "before it came"), (known, "after it had come")):
        shown = [s for s in (*haul.said, *again.said) if any(map(job.named, tasks_of(s)))]
        wrong = f"a task that was cancelled {when} comes with a {way}"
        judge.holds(row, not shown, wrong, *shown[:1])
