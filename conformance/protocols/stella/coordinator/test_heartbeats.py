"""Heartbeats as they are answered, and what the list shows of them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from conformance.clients.websocket import Socket
from conformance.exchange import Exchange
from conformance.judge import Judge, same
from conformance.marks import requirement
from conformance.protocols.stella.fleet import Agent, Fleet
from conformance.protocols.stella.hours import Hours
from conformance.protocols.stella.jobs import Depot
from conformance.protocols.stella.reckoning import Reckoning, moment
from conformance.protocols.stella.roll import alike
from conformance.protocols.stella.watch import View, Watch

_A_WHILE = 75.0
"""Seconds between heartbeats where time can jump: more than any tolerance."""

_A_MOMENT = 2.2
"""Where it can't: more than times without fractions of a second can hide."""

_ABILITIES = (["docker"], ["ssh", "ecs"], ["nomad"])

_USAGE = ((12.5, 40.5), (88.0, 3.5), (0.5, 99.5), (0, 100), (31.0, 31.5))
"""cpu and memory, up and down, and as far as they go."""


def _usage(cpu: float, memory: float) -> dict[str, Any]:
    return {"cpu": cpu, "memory": memory, "disk": 100 - cpu}


def _shows(view: View, agent: Agent, usage: tuple[float, float]) -> bool:
    told = view.of(agent, "resourceUsage")
    return isinstance(told, dict) and all(
        same(told.get(name), value) for name, value in zip(("cpu", "memory"), usage, strict=True)
    )


@requirement("STELLA-HB-001", "STELLA-HB-010", "STELLA-HB-011")
async def test_flow_heartbeats_are_answered(fleet: Fleet, judge: Judge) -> None:
    watch = Watch(fleet, judge)
    agents = [await fleet.register() for _ in range(3)]
    for running in (0, 3, 1):
        for agent in agents:
            pulse = fleet.pulse(runningTasks=running)
            said = await fleet.heartbeat(agent, pulse)
            judge.status("STELLA-HB-001", said, 200)
            judge.equal("STELLA-HB-010", said, "/tasks", [])
    await watch.online("STELLA-HB-011", *agents)


@requirement("STELLA-HB-020", "STELLA-HB-021")
async def test_flow_usage_follows(fleet: Fleet, judge: Judge) -> None:
    """One agent at a time says something new, and all others stand as they were."""
    watch = Watch(fleet, judge)
    agents = [await fleet.register(capabilities=abilities) for abilities in _ABILITIES]
    last: dict[str, tuple[Agent, tuple[float, float]]] = {}
    for turn, usage in enumerate(_USAGE):
        for at, agent in enumerate(agents):
            mine = (usage[0] + at, usage[1] - at)
            pulse = fleet.pulse(resourceUsage=_usage(*mine), capabilities=_ABILITIES[at])
            said = await fleet.heartbeat(agent, pulse)
            last[agent.id] = (agent, mine)
            if turn in (0, len(_USAGE) - 1) or at == turn % len(agents):
                view = await watch.look()
                _judge_usage(judge, view, last.values(), said, agent)
                for other in agents[:at] + agents[at + 1 :]:
                    _judge_abilities(judge, view, other, said)


def _judge_abilities(judge: Judge, view: View, agent: Agent, said: Exchange) -> None:
    """It can do what it said itself, whatever another agent has just said of itself."""
    shown = view.of(agent, "capabilities")
    fine = not isinstance(shown, list) or alike(shown, agent.body["capabilities"])
    wrong = f"the heartbeat of another agent makes the capabilities {shown}"
    judge.holds("STELLA-HB-021", fine, wrong, said, view.said)


def _judge_usage(
    judge: Judge,
    view: View,
    last: Iterable[tuple[Agent, tuple[float, float]]],
    said: Exchange,
    mover: Agent,
) -> None:
    for agent, usage in last:
        row = "STELLA-HB-020" if agent is mover else "STELLA-HB-021"
        wrong = (
            f"{agent.name} said {usage} of cpu and memory, "
            f"and the list shows {view.of(agent, 'resourceUsage')}"
        )
        judge.holds(row, _shows(view, agent, usage), wrong, said, view.said)


@requirement("STELLA-HB-020", "STELLA-HB-021")
async def test_usage_of_heartbeats_at_the_same_time(fleet: Fleet, judge: Judge) -> None:
    watch = Watch(fleet, judge)
    agents = [await fleet.register() for _ in range(6)]
    for turn in range(2):
        usage = {agent.id: (10.5 + turn + at, 90.5 - at) for at, agent in enumerate(agents)}
        said = await asyncio.gather(
            *(
                fleet.heartbeat(one, fleet.pulse(resourceUsage=_usage(*usage[one.id])))
                for one in agents
            )
        )
        view = await watch.look()
        for agent, each in zip(agents, said, strict=True):
            wrong = (
                f"of heartbeats at the same time {agent.name} sent {usage[agent.id]}, "
                f"and the list shows {view.of(agent, 'resourceUsage')}"
            )
            for row in ("STELLA-HB-020", "STELLA-HB-021"):
                judge.holds(row, _shows(view, agent, usage[agent.id]), wrong, each, view.said)


@requirement("STELLA-HB-018", "STELLA-HB-019", "STELLA-HB-021", "STELLA-GET-015")
async def test_flow_time_follows(fleet: Fleet, hours: Hours, judge: Judge) -> None:
    """Two agents, of which one speaks twice as often as the other."""
    watch = Watch(fleet, judge)
    often, seldom = [await fleet.register() for _ in range(2)]
    clock = Reckoning(hours, often)
    start = hours.now()
    quiet_said = await fleet.heartbeat(seldom)
    quiet = (start, hours.now())
    before: float | None = None
    for _ in range(3):
        await hours.pass_by(_A_WHILE if hours.can_jump else _A_MOMENT)
        start = hours.now()
        said = await fleet.heartbeat(often)
        view = await watch.look()
        told = view.of(often, "lastHeartbeat")
        fine = clock.right(told, (start, hours.now()), said, view.said)
        wrong = f"lastHeartbeat is {told} after a heartbeat at that moment"
        judge.holds("STELLA-HB-018", fine, wrong, said, view.said, expected=_iso(start))
        after = moment(told)
        moved = after is not None and (before is None or after > before)
        wrong = f"a later heartbeat leaves lastHeartbeat at {told}"
        judge.holds("STELLA-HB-019", moved, wrong, said, view.said)
        before = after
        other = view.of(seldom, "lastHeartbeat")
        wrong = f"the heartbeat of another agent makes lastHeartbeat {other}"
        fine = clock.right(other, quiet, quiet_said)
        judge.holds("STELLA-HB-021", fine, wrong, quiet_said, said, view.said)
    await _judge_kept(fleet, judge, watch, often)


@requirement("STELLA-HB-023")
async def test_only_heartbeats_move_their_time(fleet: Fleet, hours: Hours, judge: Judge) -> None:
    watch = Watch(fleet, judge)
    agent = await fleet.register()
    job = await Depot(fleet).make(agent) if "create_task" in fleet.target.hooks else None
    said = await fleet.heartbeat(agent)
    was = (await watch.look()).of(agent, "lastHeartbeat")
    await hours.pass_by(_A_WHILE if hours.can_jump else _A_MOMENT)
    await fleet.poll(agent)
    if job is not None:
        await fleet.complete(agent, job.id, served=False)
    stream = None
    if "stream" in fleet.target.claimed(judge.book.protocol):
        stream = await fleet.stream(agent)
    view = await watch.look()
    now = view.of(agent, "lastHeartbeat")
    wrong = f"lastHeartbeat was {was}, and is {now} though no further heartbeat came"
    judge.holds("STELLA-HB-023", alike(was, now), wrong, said, view.said)
    if isinstance(stream, Socket):
        await stream.close()


@requirement("STELLA-HB-024")
async def test_usage_of_who_is_not_well(fleet: Fleet, judge: Judge) -> None:
    """Which words there are for that is unsaid: a peer may not take them."""
    watch = Watch(fleet, judge)
    agent = await fleet.register()
    await fleet.heartbeat(agent)
    usage = (71.5, 33.25)
    pulse = fleet.pulse(status="degraded", resourceUsage=_usage(*usage))
    said = await fleet.heartbeat(agent, pulse, lawful=False)
    view = await watch.look()
    wrong = (
        f"a heartbeat that said degraded said {usage} of cpu and memory, "
        f"and the list shows {view.of(agent, 'resourceUsage')}"
    )
    fine = not said.ok or _shows(view, agent, usage)
    judge.holds("STELLA-HB-024", fine, wrong, said, view.said)


def _iso(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")


async def _judge_kept(fleet: Fleet, judge: Judge, watch: Watch, agent: Agent) -> None:
    """What is no heartbeat does not move its time back, and details tell the same."""
    first = await watch.look()
    was = first.of(agent, "lastHeartbeat")
    await fleet.poll(agent)
    details = await fleet.get(agent.id)
    view = await watch.look()
    now = view.of(agent, "lastHeartbeat")
    one, two = moment(was), moment(now)
    back = one is not None and (two is None or two < one)
    wrong = f"lastHeartbeat went back from {was} to {now}"
    judge.holds("STELLA-HB-019", not back, wrong, first.said, view.said)
    shown = details.at("/lastHeartbeat"), details.at("/resourceUsage/cpu")
    usage = view.of(agent, "resourceUsage")
    same_time = moment(shown[0]) == two
    same_usage = isinstance(usage, dict) and same(shown[1], usage.get("cpu"))
    wrong = f"the details show {shown}, and the list {now} and {usage}"
    judge.holds("STELLA-GET-015", same_time and same_usage, wrong, details, view.said)
