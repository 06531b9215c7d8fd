"""Many at once: each is answered for itself, and nothing that was said is lost or mixed up."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterable
from typing import Any

from conformance.exchange import Exchange
from conformance.judge import Judge
from conformance.marks import UnjudgeableError, from_profile, requirement
from conformance.protocols.stella.fleet import Agent, Fleet, task_ids_of
from conformance.protocols.stella.jobs import judge_done
from conformance.protocols.stella.orders import amend, remove
from conformance.protocols.stella.roll import (
    CAPABILITIES,
    alike,
    judge_labels,
    judge_listed,
    rows_by_id,
    whole,
)

pytestmark = from_profile("standard")

_MANY = 8

_ROUNDS = 3


async def _crowd(fleet: Fleet, number: int = _MANY) -> tuple[list[Agent], list[Exchange]]:
    """Agents that registered at the same time, each with something of its own."""
    bodies = [
        fleet.registration(
            version=f"3.{index}.{index}",
            capabilities=[CAPABILITIES[index % 6], CAPABILITIES[(index + 2) % 6]],
            labels={"berth": f"berth-{index}"},
        )
        for index in range(number)
    ]
    tokens = [await fleet.mint() for _ in bodies]
    answers = await asyncio.gather(*map(fleet.ask_to_register, bodies, tokens))
    pairs = zip(bodies, answers, strict=True)
    return [fleet.agent_of(body, said) for body, said in pairs if said.ok], answers


async def _several(fleet: Fleet, number: int = _MANY) -> list[Agent]:
    """The same, where two at least were taken: others judge what becomes of registrations."""
    agents, answers = await _crowd(fleet, number)
    if len(agents) < 2:
        told = ", ".join(sorted({said.outcome for said in answers}))
        raise UnjudgeableError(f"agents that register at once are answered {told}")
    return agents


@requirement(
    "STELLA-LIST-013",
    "STELLA-LIST-014",
    "STELLA-REG-001",
    "STELLA-REG-015",
    "STELLA-REG-017",
    "STELLA-REG-037",
)
async def test_flow_registrations_at_once(fleet: Fleet, judge: Judge) -> None:
    for _ in range(2):
        agents, answers = await _crowd(fleet)
        for said in answers:
            judge.status("STELLA-REG-001", said, 201)
        ids = [agent.id for agent in agents]
        judge.holds(
            "STELLA-REG-015",
            len(set(ids)) == len(ids),
            f"of {len(ids)} agents that registered at once {len(ids) - len(set(ids))} share an id",
            *answers,
        )
        said = await whole(fleet)
        judge_listed(judge, "STELLA-LIST-013", said, agents)
        _judge_own(judge, "STELLA-REG-017", said, agents, ("name", "version", "capabilities"))
        for agent, seen in zip(
            agents, await asyncio.gather(*(fleet.get(each) for each in ids)), strict=True
        ):
            judge_labels(judge, agent, seen.at("/labels"), seen)
            judge_labels(judge, agent, rows_by_id(said).get(agent.id, {}).get("labels"), said)
        names = [row.get("name") for row in rows_by_id(said).values()]
        judge.holds(
            "STELLA-LIST-014",
            all(names.count(agent.name) <= 1 for agent in agents),
            "the list shows a name twice that was registered once",
            said,
        )


def _judge_own(
    judge: Judge, row: str, said: Exchange, agents: Iterable[Agent], fields: tuple[str, ...]
) -> None:
    shown = rows_by_id(said)
    for agent in agents:
        held = shown.get(agent.id, {})
        mixed = [name for name in fields if not alike(held.get(name), agent.body[name])]
        judge.holds(
            row,
            not mixed,
            f"of agents that registered at once {agent.name} is shown with the"
            f" {', '.join(mixed)} of another",
            agent.said,
            said,
            expected={name: agent.body[name] for name in mixed},
            actual={name: held.get(name) for name in mixed},
        )


@requirement("STELLA-HB-001", "STELLA-HB-011", "STELLA-HB-020", "STELLA-LIST-013")
async def test_flow_heartbeats_at_once(fleet: Fleet, judge: Judge) -> None:
    agents = await _several(fleet)
    for turn in range(_ROUNDS):
        usages = [
            {"cpu": 2.5 + 7 * index + turn, "memory": 50.5 - 3 * index - turn, "disk": 1.0 * index}
            for index in range(len(agents))
        ]
        beats = [_beat(fleet, *each, running=turn) for each in zip(agents, usages, strict=True)]
        for said in await asyncio.gather(*beats):
            judge.status("STELLA-HB-001", said, 200)
        listed = await whole(fleet)
        judge_listed(judge, "STELLA-LIST-013", listed, agents)
        for agent, usage in zip(agents, usages, strict=True):
            row = rows_by_id(listed).get(agent.id, {})
            _judge_beat(judge, agent, usage, row, listed)


def _beat(
    fleet: Fleet, agent: Agent, usage: dict[str, float], *, running: int
) -> Coroutine[Any, Any, Exchange]:
    skills = agent.body["capabilities"]
    pulse = fleet.pulse(resourceUsage=usage, capabilities=skills, runningTasks=running)
    return fleet.heartbeat(agent, pulse)


def _judge_beat(
    judge: Judge, agent: Agent, usage: dict[str, float], row: dict[str, Any], listed: Exchange
) -> None:
    shown = row.get("resourceUsage")
    held = shown if isinstance(shown, dict) else {}
    judge.holds(
        "STELLA-HB-020",
        all(held.get(name) == usage[name] for name in ("cpu", "memory")),
        f"of heartbeats at once the list shows for {agent.name} {shown!r} and not {usage}",
        listed,
        expected=usage,
        actual=shown,
    )
    judge.holds(
        "STELLA-HB-011",
        row.get("status") == "online",
        f"after heartbeats at once {agent.name} is {row.get('status')!r}",
        listed,
    )


@requirement(
    "STELLA-UPD-014", "STELLA-UPD-015", "STELLA-UPD-017", "STELLA-UPD-025", "STELLA-UPD-028"
)
async def test_flow_updates_at_once(fleet: Fleet, judge: Judge) -> None:
    """Of different agents: who of two that change the same one is last, nobody can say. Those that
    can be changed before their first heartbeat are: what it tells may count for more.
    """
    agents = await _several(fleet)
    first = await fleet.update(agents[0].id, {"labels": {"berth": "x"}, "capabilities": ["ecs"]})
    rows = ("STELLA-UPD-015", "STELLA-UPD-017")
    if first.status == 503:
        rows = ("STELLA-UPD-028",) * 2
        await asyncio.gather(*map(fleet.heartbeat, agents))
    for turn in range(_ROUNDS):
        changes: list[dict[str, Any]] = [
            {
                "labels": {"berth": f"moved-{index}-{turn}"},
                "capabilities": [CAPABILITIES[(index + turn) % 6]],
            }
            for index in range(len(agents))
        ]
        calls = [
            amend(fleet, agent.id, change) for agent, change in zip(agents, changes, strict=True)
        ]
        answers = await asyncio.gather(*calls)
        shown = rows_by_id(await whole(fleet))
        details = await asyncio.gather(*(fleet.get(agent.id) for agent in agents))
        for agent, change, said, seen in zip(agents, changes, answers, details, strict=True):
            judge.status("STELLA-UPD-014", said, 200)
            skill = change["capabilities"][0]
            told = said.at("/capabilities")
            held = shown.get(agent.id, {}).get("capabilities")
            for row, found in zip(rows, (told, held), strict=True):
                there = isinstance(found, list) and skill in found
                wrong = f"of updates at once {agent.name} shows {found!r}, without {skill}"
                judge.holds(row, there, wrong, said)
            for each in (said, seen):
                _judge_label(judge, each, change["labels"]["berth"])


def _judge_label(judge: Judge, said: Exchange, berth: str) -> None:
    labels = said.at("/labels")
    if isinstance(labels, dict) and "berth" in labels:
        judge.equal("STELLA-UPD-025", said, "/labels/berth", berth)


@requirement("STELLA-COMP-003", "STELLA-TASK-015", "STELLA-TASK-026")
async def test_flow_completions_at_once(fleet: Fleet, judge: Judge) -> None:
    """Each agent fetches its own tasks and reports them, while the others do so."""
    agents = await _several(fleet, 5)
    for agent in agents:
        for _ in range(2):
            await fleet.enqueue(agent)
    polls = await asyncio.gather(*map(fleet.poll, agents))
    fetched = [
        (agent, task_id)
        for agent, said in zip(agents, polls, strict=True)
        for task_id in task_ids_of(said)
    ]
    ids = [task_id for _, task_id in fetched]
    for said in polls:
        own = task_ids_of(said)
        judge.holds(
            "STELLA-TASK-015",
            bool(own) and all(ids.count(task_id) == 1 for task_id in own),
            "of polls at once one brings no task, or one that another brings as well",
            *polls,
            pointer="/tasks",
        )
    await _report(fleet, judge, fetched)


async def _report(fleet: Fleet, judge: Judge, fetched: list[tuple[Agent, str]]) -> None:
    """All tasks are completed at once, and come no more."""
    calls = [
        fleet.complete(agent, task_id, fleet.outcome(result={"of": task_id}))
        for agent, task_id in fetched
    ]
    for said in await asyncio.gather(*calls):
        judge_done(judge, "STELLA-COMP-003", said)
    ids = {task_id for _, task_id in fetched}
    agents = list({agent.id: agent for agent, _ in fetched}.values())
    for said in await asyncio.gather(*map(fleet.poll, agents)):
        again = ids.intersection(task_ids_of(said))
        judge.holds(
            "STELLA-TASK-026",
            said.ok and not again,
            "a task that was completed comes with a later poll",
            said,
            pointer="/tasks",
        )


@requirement("STELLA-LIST-013", "STELLA-DEL-003", "STELLA-DEL-005", "STELLA-DEL-007")
async def test_flow_deletions_at_once(fleet: Fleet, judge: Judge) -> None:
    agents = await _several(fleet)
    await asyncio.gather(*map(fleet.heartbeat, agents))
    gone, kept = agents[::2], agents[1::2]
    answers = await asyncio.gather(*(remove(fleet, agent.id) for agent in gone))
    said = await whole(fleet)
    judge.holds(
        "STELLA-DEL-003",
        not any(agent.id in rows_by_id(said) for agent in gone),
        "of agents that were deleted at once one is still in the list",
        *answers,
        said,
    )
    judge_listed(judge, "STELLA-LIST-013", said, kept)
    for beat in await asyncio.gather(*map(fleet.heartbeat, kept)):
        judge.holds(
            "STELLA-DEL-007",
            beat.ok,
            f"after deletions the heartbeat of another agent is answered {beat.outcome}",
            beat,
        )
    twice = await asyncio.gather(*(fleet.delete(kept[0].id, served=False) for _ in range(4)))
    judge.holds(
        "STELLA-DEL-003",
        any(one.ok for one in twice),
        "of four deletions of one agent at once none is answered as done",
        *twice,
    )
    judge.status("STELLA-DEL-005", await fleet.delete(kept[0].id, served=False), 404)
