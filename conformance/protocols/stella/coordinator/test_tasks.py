"""Tasks that wait for an agent and come by heartbeat and by poll, to it alone and as they are."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from conformance.exchange import MISSING
from conformance.hooks import HookError
from conformance.judge import Judge, same
from conformance.marks import case, requirement
from conformance.protocols.stella.fleet import Agent, Fleet
from conformance.protocols.stella.hours import Hours
from conformance.protocols.stella.jobs import WAYS, Depot, Haul, Job, Way, tasks_of
from conformance.protocols.stella.reckoning import Reckoning

_A_WHILE = 75.0
"""Seconds between the making of a task and its coming: more than any tolerance."""

_LARGE = "".join(f"  crane-{at}: {{image: 'crane:v{at}'}}\n" for at in range(200))
"""Some KiB of text, as a task of its kind has."""

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


# As they are


def _variants(fleet: Fleet) -> list[dict[str, Any]]:
    """Tasks that differ in everything, and types of one kind that are not the same. Where time
    jumps, none is over by then.
    """
    new, more = fleet.new, 3600 if fleet.hours.can_jump else 0
    return [
        {
            "taskType": "docker.pull",
            "payload": {"project": new("berth"), "image": "crane", "tag": "v9.1"},
            "timeout": 45 + more,
        },
        {
            "taskType": "docker.run",
            "payload": {
                "project": new("berth"),
                "ports": [8443, 9443],
                "limits": {"cpus": 0.75, "share": 0.123456789, "memory": "512m", "swap": False},
                "note": 'für Größe: 世界 🚢 "quoted"',
                "restartPolicy": {"maxRetries": 0, "onlyIf": ["onFailure"]},
            },
            "credentials": {
                "vault.user": new("user"),
                "vault.secret": "p&ss <w>\"'örd$",
                "registry.token": new("token"),
                "proxy.password": new("proxy"),
            },
            "timeout": 3600,
            "priority": 42,
        },
        {
            "taskType": "compose.up",
            "payload": {"project": new("berth"), "composeFile": _LARGE},
            "timeout": 7 + more,
        },
    ]


_BY_WAY: dict[Way, dict[str, str]] = {
    "heartbeat": {
        "taskType": "STELLA-TASK-018",
        "payload": "STELLA-TASK-019",
        "credentials": "STELLA-TASK-020",
        "timeout": "STELLA-TASK-021",
    },
    "poll": {"taskType": "STELLA-TASK-022", "priority": "STELLA-TASK-023"},
}


@requirement(*_BY_WAY["heartbeat"].values())
async def test_flow_tasks_by_heartbeat_are_as_made(
    fleet: Fleet, depot: Depot, judge: Judge
) -> None:
    await _as_made("heartbeat", fleet, depot, judge)


@requirement(*_BY_WAY["poll"].values(), "STELLA-TASK-024")
async def test_flow_tasks_by_poll_are_as_made(
    fleet: Fleet, depot: Depot, hours: Hours, judge: Judge
) -> None:
    agent = await fleet.register()
    clock = Reckoning(hours, agent)
    jobs, haul = await _as_made("poll", fleet, depot, judge, agent)
    for job in jobs:
        told = (haul.first(job) or {}).get("createdAt")
        fine = clock.right(told, job.made)
        wrong = f"a task has {told} for createdAt, which is not when it was made"
        judge.holds("STELLA-TASK-024", fine, wrong, haul.last, actual=told)


async def _as_made(
    way: Way, fleet: Fleet, depot: Depot, judge: Judge, agent: Agent | None = None
) -> tuple[list[Job], Haul]:
    agent = agent or await fleet.register()
    jobs = [await depot.make(agent, **fields) for fields in _variants(fleet)]
    if fleet.hours.can_jump:
        await fleet.hours.jump(_A_WHILE)
    haul = await depot.fetch(way, agent, *jobs)
    for job in jobs:
        _judge_as_made(judge, way, job, haul.first(job), haul)
    again = await depot.look(agent, [way])
    for job in jobs:
        if again.names(job):
            _judge_as_made(judge, way, job, again.first(job), again)
    return jobs, haul


def _judge_as_made(
    judge: Judge, way: Way, job: Job, came: dict[str, Any] | None, haul: Haul
) -> None:
    for name, row in _BY_WAY[way].items():
        value = MISSING if came is None else came.get(name, MISSING)
        wrong = f"a task comes with {value!r} for {name}, not {job.task[name]!r}"
        fine = value is not MISSING and same(value, job.task[name])
        judge.holds(row, fine, wrong, haul.last, expected=job.task[name])


@requirement("STELLA-TASK-019", "STELLA-TASK-020")
async def test_flow_tasks_with_less_than_the_one_before(
    fleet: Fleet, depot: Depot, judge: Judge
) -> None:
    """A task without credentials, or with an empty payload, where one can be made, does not come
    with those of one before it. Others may be there by default.
    """
    agent = await fleet.register()
    jobs = [await depot.make(agent)]
    await depot.fetch("heartbeat", agent, *jobs)
    for row, name in (("STELLA-TASK-020", "credentials"), ("STELLA-TASK-019", "payload")):
        try:
            job = await depot.make(agent, **{name: {}})
        except HookError:  # whether a task may have none is unsaid
            continue
        haul = await depot.fetch("heartbeat", agent, job)
        shown = (haul.first(job) or {}).get(name)
        told = list(shown.values()) if isinstance(shown, dict) else []
        leaked = [each for known in jobs for each in _texts(known.task[name]) if each in told]
        jobs.append(job)
        wrong = f"a task that was made with no {name} comes with {shown!r}, another's"
        judge.holds(row, not leaked, wrong, haul.last, pointer="/tasks")


def _texts(of: Mapping[str, Any]) -> list[str]:
    """Those that no other task has."""
    return [value for value in of.values() if isinstance(value, str)]


@requirement("STELLA-TASK-030")
async def test_credentials_are_for_the_agent_alone(
    fleet: Fleet, depot: Depot, judge: Judge
) -> None:
    owner, other = [await fleet.register() for _ in range(2)]
    job = await depot.make(owner)
    secret = str(job.task["credentials"]["vault.secret"]).encode()
    said = [
        await fleet.heartbeat(other),
        await fleet.poll(other),
        await fleet.list(),
        await fleet.get(owner.id),
        await fleet.get(other.id),
    ]
    for each in said:
        wrong = f"an answer to {each.operation} shows the credentials of a task of another agent"
        judge.holds("STELLA-TASK-030", secret not in each.answer, wrong, each)


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
