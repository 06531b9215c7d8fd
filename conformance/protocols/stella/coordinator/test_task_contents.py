"""What tasks hold when they come: what they were made with, and nothing of others."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import pytest

from conformance.exchange import MISSING, Exchange
from conformance.hooks import HookError
from conformance.judge import Judge, same
from conformance.marks import UnjudgeableError, requirement
from conformance.protocols.stella.fleet import Agent, Fleet
from conformance.protocols.stella.hours import Hours
from conformance.protocols.stella.jobs import Depot, Haul, Job, Way
from conformance.protocols.stella.reckoning import Reckoning

_A_WHILE = 75.0
"""Seconds between the making of a task and its coming: more than any tolerance."""

_LARGE = "".join(f"  crane-{at}: {{image: 'crane:v{at}'}}\n" for at in range(200))
"""Some KiB of text, as a task of its kind has."""


@pytest.fixture
def depot(fleet: Fleet) -> Depot:
    return Depot(fleet)


def _more(fleet: Fleet) -> int:
    """For a timeout: where time jumps no task is over by then, be it in seconds or milliseconds."""
    return 80_000 if fleet.hours.can_jump else 0


def _variants(fleet: Fleet) -> list[dict[str, Any]]:
    """Tasks that differ in everything, and types of one kind that are not the same."""
    new, more = fleet.new, _more(fleet)
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
                "note": 'für Größe: 世界 🚢 "quoted" & <b>bold</b>',
                "tag": "2.30",
                "restartPolicy": {"maxRetries": 0, "onlyIf": ["onFailure"]},
            },
            "credentials": {
                "vault.user": new("user"),
                "vault.secret": "p&ss <w>\"'ör+d$",
                "registry.token": new("token"),
                "proxy.password": new("proxy"),
            },
            "timeout": 3600 + more,
            "priority": 42,
        },
        {
            "taskType": "compose.up",
            "payload": {"project": new("berth"), "composeFile": _LARGE},
            "timeout": 7 + more,
        },
    ]


async def _large(fleet: Fleet, depot: Depot, agent: Agent) -> list[Job]:
    """A task of some size, where it can be made."""
    payload = {"project": fleet.new("berth"), "composeFile": _LARGE * 6}
    with suppress(HookError):
        return [await depot.make(agent, payload=payload, timeout=3602 + _more(fleet))]
    return []


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
    """And stay so when they come again, also after a heartbeat has brought them."""
    agent = await fleet.register()
    clock = Reckoning(hours, agent)
    jobs, haul = await _as_made("poll", fleet, depot, judge, agent)
    await fleet.heartbeat(agent)
    if hours.can_jump:
        await hours.jump(_A_WHILE)
    again = await depot.look(agent, ["poll"])
    came = [(haul, job, haul.first(job) or {}) for job in jobs]
    came += [(again, job, row) for job in jobs for row in again.of(job)]
    for each, job, row in came:
        told = row.get("createdAt")
        fine = clock.right(told, job.made)
        wrong = f"a task has {told} for createdAt, which is not when it was made"
        judge.holds("STELLA-TASK-024", fine, wrong, each.last, actual=told)


async def _as_made(
    way: Way, fleet: Fleet, depot: Depot, judge: Judge, agent: Agent | None = None
) -> tuple[list[Job], Haul]:
    agent = agent or await fleet.register()
    jobs = [await depot.make(agent, **fields) for fields in _variants(fleet)]
    jobs += await _large(fleet, depot, agent)
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


@requirement("STELLA-TASK-035")
async def test_nulls_in_payloads_are_kept(fleet: Fleet, depot: Depot, judge: Judge) -> None:
    """Where a task with such a payload can be made."""
    agent = await fleet.register()
    payload = {"project": fleet.new("berth"), "proxy": None, "limits": {"memory": None}}
    try:
        job = await depot.make(agent, payload=payload)
    except HookError as error:
        raise UnjudgeableError(f"no task can be made with null in its payload: {error}") from error
    haul = await depot.fetch("heartbeat", agent, job)
    told = (haul.first(job) or {}).get("payload", MISSING)
    wrong = f"a task comes with {told!r} for payload, not {payload!r}"
    judge.holds("STELLA-TASK-035", same(told, payload), wrong, haul.last, expected=payload)


_NUMBERS: tuple[tuple[Way, str, tuple[float, ...]], ...] = (
    ("heartbeat", "timeout", (0, 90.5, 90000)),
    ("poll", "priority", (0, -3, 150, 2.5)),
)
"""The document shows one number of each, and neither a unit nor a direction."""


@requirement("STELLA-TASK-036")
async def test_flow_numbers_of_tasks_are_kept(fleet: Fleet, depot: Depot, judge: Judge) -> None:
    """As far as such tasks can be made, and come."""
    judged = 0
    for way, name, numbers in _NUMBERS:
        agent = await fleet.register()
        jobs: list[Job] = []
        for number in numbers:
            with suppress(HookError):
                jobs.append(await depot.make(agent, **{name: number}))
        haul = await depot.fetch(way, agent, tries=1)
        for job in jobs:
            wanted = job.task[name]
            for row in haul.rows:
                if row.get("taskId") == job.id:
                    judged += 1
                    wrong = f"a task comes with {row.get(name)!r} for {name}, not {wanted!r}"
                    fine = same(row.get(name), wanted)
                    judge.holds("STELLA-TASK-036", fine, wrong, haul.last, expected=wanted)
    if not judged:
        raise UnjudgeableError("no such task can be made, or none comes under its id")


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
        *(await _in_the_name_of(fleet, job, other) if fleet.secure else ()),
        await fleet.heartbeat(other),
        await fleet.poll(other),
        await fleet.list(),
        await fleet.get(owner.id),
        await fleet.get(other.id),
    ]
    for each in said:
        wrong = f"an answer to {each.operation} shows the credentials of a task of another agent"
        judge.holds("STELLA-TASK-030", secret not in each.answer, wrong, each)


async def _in_the_name_of(fleet: Fleet, job: Job, other: Agent) -> list[Exchange]:
    """What another agent is told that asks in the name of the task's own."""
    return [
        await fleet.heartbeat(job.agent, by=other),
        await fleet.poll(job.agent, by=other),
        await fleet.complete(job.agent, job.id, by=other),
    ]
