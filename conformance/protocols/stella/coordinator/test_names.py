"""Names: each belongs to one agent, and whoever asks for it in vain leaves no trace."""

from __future__ import annotations

import asyncio
from typing import Any

from conformance.exchange import MISSING, Exchange
from conformance.judge import Judge
from conformance.marks import from_profile, requirement
from conformance.protocols.stella.doors import HEARTBEAT, POLL
from conformance.protocols.stella.fleet import Agent, Fleet, rows_of
from conformance.protocols.stella.gate import Gate
from conformance.protocols.stella.hours import HOUR
from conformance.protocols.stella.orders import amend, remove
from conformance.protocols.stella.roll import judge_listed, whole

_RIVALS = 6
"""Agents that ask for one name at the same time."""

_KEPT = ("name", "version", "capabilities", "labels", "status", "lastHeartbeat")
"""Details that no registration of another may change."""


async def _ask(fleet: Fleet, name: str, **fields: Any) -> Exchange:
    """A registration that is all right but for its name."""
    body = fleet.registration(name=name, **fields)
    return await fleet.ask_to_register(body, await fleet.mint(), served=False)


def _variants(agent: Agent) -> list[dict[str, Any]]:
    """What else may come with a name that is taken."""
    return [
        {**agent.body},
        {"version": "5.0.0"},
        {"capabilities": ["ecs"], "labels": {"site": "elsewhere"}},
        {"version": "0.0.1", "labels": {"tier": "core"}},
    ]


@requirement("STELLA-REG-019", "STELLA-REG-023")
async def test_flow_taken_names_are_refused(fleet: Fleet, judge: Judge) -> None:
    agent = await fleet.register()
    await _judge_taken(fleet, judge, agent, "STELLA-REG-019")
    await fleet.heartbeat(agent)
    await fleet.register()  # the holder is the newest no more
    await _judge_taken(fleet, judge, agent, "STELLA-REG-019")
    await amend(fleet, agent.id, {"labels": {"site": "pier-4"}, "capabilities": ["ssh"]})
    await _judge_taken(fleet, judge, agent, "STELLA-REG-019")
    await _judge_one(fleet, judge, agent)


async def _judge_taken(fleet: Fleet, judge: Judge, agent: Agent, row: str) -> None:
    for fields in _variants(agent):
        said = await _ask(fleet, **{"name": agent.name, **fields})
        judge.status(row, said, 409)


async def _judge_one(fleet: Fleet, judge: Judge, agent: Agent) -> None:
    """Only one agent of that name is listed."""
    found = await whole(fleet)
    if found.ok:
        shown = [row for row in rows_of(found) if row.get("name") == agent.name]
        wrong = f"{len(shown)} agents of the name {agent.name} are listed, and one was accepted"
        judge.holds("STELLA-REG-023", len(shown) < 2, wrong, agent.said, found)


@from_profile("standard")
@requirement("STELLA-REG-020", "STELLA-REG-039")
async def test_names_are_taken_while_their_holder_is_offline(fleet: Fleet, judge: Judge) -> None:
    agent = await fleet.register()
    await fleet.heartbeat(agent)
    await fleet.hours.jump(10 * agent.interval + 60)
    seen = await fleet.get(agent.id)
    if seen.ok and seen.at("/status") != "offline":
        judge.inconclusive("STELLA-REG-020", f"its holder is {seen.at('/status')!r} all the time")
        return
    await _judge_taken(fleet, judge, agent, "STELLA-REG-020")
    for seconds, row in ((3 * HOUR, "STELLA-REG-020"), (23 * HOUR, "STELLA-REG-039")):
        await fleet.hours.jump(seconds)
        seen = await fleet.get(agent.id, served=False)
        if not seen.ok or seen.at("/name") != agent.name:
            break  # how long who is silent is kept is unsaid
        said = await _ask(fleet, agent.name)
        judge.status(row, said, 409)


@requirement("STELLA-REG-001", "STELLA-REG-019", "STELLA-REG-021", "STELLA-REG-023")
async def test_flow_one_name_is_asked_for_at_once(fleet: Fleet, judge: Judge) -> None:
    for _ in range(2):
        name = fleet.new("prize")
        tokens = [await fleet.mint() for _ in range(_RIVALS)]
        bodies = [fleet.registration(name=name, version=f"1.0.{n}") for n in range(_RIVALS)]
        answers = await asyncio.gather(
            *(
                fleet.ask_to_register(body, token, served=False)
                for body, token in zip(bodies, tokens, strict=True)
            )
        )
        won = [said for said in answers if said.ok]
        wrong = f"{len(won)} of {_RIVALS} registrations under one name were accepted"
        judge.holds("STELLA-REG-021", len(won) < 2, wrong, *won[:2])
        wrong = f"none of {_RIVALS} registrations under a free name was accepted"
        judge.holds("STELLA-REG-001", bool(won), wrong, *answers[:2])
        for said in answers if won else ():
            if not said.ok:
                judge.status("STELLA-REG-019", said, 409)
        if len(won) == 1:
            winner = fleet.agent_of(bodies[answers.index(won[0])], won[0])
            await _judge_one(fleet, judge, winner)


@requirement("STELLA-REG-022", "STELLA-DEL-007")
async def test_names_that_are_alike_are_free(fleet: Fleet, judge: Judge) -> None:
    """They are other agents' names, who stay when the one is deleted."""
    agent = await fleet.register()
    name = agent.name
    alike = []
    for other in (f"{name}-b", f"{name}x", f"a{name}", f"{name}-{name}", f"b-{name}-c"):
        body = fleet.registration(name=other)
        said = await fleet.ask_to_register(body, await fleet.mint())
        judge.status("STELLA-REG-022", said, 201)
        alike += [fleet.agent_of(body, said)] if said.ok else []
    await fleet.heartbeat(agent)
    gone = await remove(fleet, agent.id)
    judge_listed(judge, "STELLA-DEL-007", await whole(fleet), alike, gone)


@requirement("STELLA-REG-024")
async def test_flow_refused_duplicates_change_nothing(fleet: Fleet, judge: Judge) -> None:
    agent = await fleet.register()
    await fleet.heartbeat(agent)
    task_id = ""
    if "create_task" in fleet.target.hooks:
        task_id, _ = await fleet.enqueue(agent)
    with fleet.hours.undisturbed():
        before = await fleet.get(agent.id)
        refused = [await _ask(fleet, **{"name": agent.name, **more}) for more in _variants(agent)]
        after = await fleet.get(agent.id)
    if any(said.ok for said in refused):
        judge.inconclusive("STELLA-REG-024", "a duplicate was accepted")
        return
    _judge_same(judge, before, after, refused)
    if task_id:
        await _judge_task(fleet, judge, agent, task_id, refused)
    judge_listed(judge, "STELLA-REG-024", await whole(fleet), [agent], refused[-1])


def _judge_same(judge: Judge, before: Exchange, after: Exchange, refused: list[Exchange]) -> None:
    if not before.ok:
        judge.inconclusive("STELLA-REG-024", f"the holder cannot be seen: {before.outcome}")
        return
    judge.status("STELLA-REG-024", after, 200)
    for field in _KEPT if after.ok else ():
        was, now = before.at(f"/{field}"), after.at(f"/{field}")
        judge.holds(
            "STELLA-REG-024",
            _alike(field, was, now),
            f"the holder's {field} was {was!r}, and is {now!r} after a refused duplicate",
            before,
            refused[-1],
            after,
            pointer=f"/{field}",
            expected=None if was is MISSING else was,
            actual=None if now is MISSING else now,
        )


def _alike(field: str, was: Any, now: Any) -> bool:
    """Is a detail the same? The order of capabilities means nothing."""
    listed = field == "capabilities" and isinstance(was, list) and isinstance(now, list)
    return sorted(map(str, was)) == sorted(map(str, now)) if listed else bool(was == now)


async def _judge_task(
    fleet: Fleet, judge: Judge, agent: Agent, task_id: str, refused: list[Exchange]
) -> None:
    """What waited for the holder waits for it still."""
    said = await fleet.heartbeat(agent)
    tasks = said.at("/tasks")
    known = [task.get("taskId") for task in tasks if isinstance(task, dict)] if tasks else []
    wrong = "a task that waited for the holder of the name is not handed over any more"
    judge.holds("STELLA-REG-024", task_id in known, wrong, refused[-1], said, pointer="/tasks")


@requirement("STELLA-REG-025")
async def test_flow_refused_duplicates_leave_credentials_good(fleet: Fleet, judge: Judge) -> None:
    gate = Gate(fleet, judge)
    gate.guarded()
    agent = await fleet.register()
    stream = None
    if "stream" in fleet.target.claimed(judge.book.protocol):
        stream = await fleet.streaming(agent)
    for fields in _variants(agent):
        refused = await _ask(fleet, **{"name": agent.name, **fields})
        if refused.ok:
            judge.inconclusive("STELLA-REG-025", "a duplicate was accepted")
            return
    words = "its own, after a refused duplicate,"
    for door in (HEARTBEAT, POLL):
        await gate.admits(door, agent, "STELLA-REG-025", words=words)
    if stream is not None:
        alive = await stream.ping() is not None
        wrong = "the holder's task stream did not outlive a refused duplicate"
        judge.holds("STELLA-REG-025", alive, wrong, refused, *stream.frames)
