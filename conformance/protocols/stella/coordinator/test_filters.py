"""Filters: by status, by capability, by both; who fits is shown and nobody else."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from itertools import product

import pytest

from conformance.judge import Judge
from conformance.marks import from_profile, requirement
from conformance.protocols.stella.fleet import Agent, Fleet, rows_of
from conformance.protocols.stella.hours import Hours
from conformance.protocols.stella.orders import remove
from conformance.protocols.stella.roll import (
    CAPABILITIES,
    STATUSES,
    fits,
    judge_filter,
    rows_by_id,
    whole,
)

_CREW: tuple[list[str], ...] = (
    ["docker", "nomad"],
    ["compose"],
    ["nomad", "ssh", "docker"],
    ["ecs", "winrm"],
)
"""Each capability somewhere, alone or first or last or between others."""

_BEYOND = ("docker-rootless", "k8s-ssh", "NOMAD")
"""Capabilities that a peer may refuse, and that differ from the known ones they hold."""

_UNKNOWN_CAPABILITIES = ("dock", "ompose", "ssh-legacy", "DOCKER", "docker,compose", "sailing", "*")

_UNKNOWN_STATUSES = ("on", "line", "ONLINE", "online,offline", "healthy", "asleep", "*")


@pytest.fixture
async def crew(fleet: Fleet) -> AsyncIterator[list[Agent]]:
    """They leave afterwards, so that capabilities become rare again."""
    agents = [await fleet.register(capabilities=abilities) for abilities in _CREW]
    yield agents
    await _dismiss(fleet, agents)


async def _dismiss(fleet: Fleet, agents: list[Agent]) -> None:
    await asyncio.gather(*(fleet.delete(agent.id, lawful=False) for agent in agents))


async def _beat(fleet: Fleet, agents: list[Agent]) -> None:
    """Each says that it is well and can do what it registered."""
    beats = (
        fleet.heartbeat(agent, fleet.pulse(capabilities=agent.body["capabilities"]))
        for agent in agents
    )
    await asyncio.gather(*beats)


async def _by_capability(
    fleet: Fleet, judge: Judge, abilities: dict[str, list[str]], agents: list[Agent]
) -> None:
    """Each documented capability is asked for; `abilities` are what agents can do, by their id."""
    for name in CAPABILITIES:
        wanted = [agent for agent in agents if name in abilities[agent.id]]
        barred = [agent for agent in agents if agent not in wanted]
        query = {"capability": name}
        said = await fleet.list(query)
        judge_filter(judge, "STELLA-LIST-016", said, query, wanted=wanted, barred=barred)


@requirement("STELLA-LIST-016")
async def test_filter_by_capability(fleet: Fleet, judge: Judge, crew: list[Agent]) -> None:
    abilities = {agent.id: agent.body["capabilities"] for agent in crew}
    await _by_capability(fleet, judge, abilities, crew)
    await _beat(fleet, crew)
    await _by_capability(fleet, judge, abilities, crew)
    await remove(fleet, crew[3].id)
    for name in _CREW[3]:
        query = {"capability": name}
        said = await fleet.list(query)
        judge_filter(judge, "STELLA-LIST-016", said, query, wanted=[], barred=crew)


@requirement("STELLA-LIST-016")
async def test_filter_by_capability_follows_the_list(
    fleet: Fleet, judge: Judge, crew: list[Agent]
) -> None:
    """Whether a heartbeat changes capabilities is unsaid; the filter goes by what is shown."""
    first, second = crew[:2]
    await asyncio.gather(
        fleet.heartbeat(first, fleet.pulse(capabilities=["winrm", "ssh"])),
        fleet.heartbeat(second, fleet.pulse(capabilities=["compose", "ecs"])),
    )
    shown = rows_by_id(await whole(fleet))
    known = [
        agent
        for agent in (first, second)
        if isinstance(shown.get(agent.id, {}).get("capabilities"), list)
    ]
    abilities = {agent.id: shown[agent.id]["capabilities"] for agent in known}
    await _by_capability(fleet, judge, abilities, known)


@requirement("STELLA-LIST-016")
async def test_capabilities_that_hold_others_are_apart(fleet: Fleet, judge: Judge) -> None:
    """A peer may know no capability beyond the document's, and then nobody can have another."""
    plain = await fleet.register(capabilities=["ssh", "docker", "nomad"])
    body = fleet.registration(capabilities=[*_BEYOND])
    said = await fleet.ask_to_register(body, await fleet.mint(), lawful=False)
    agents = [plain] + ([fleet.agent_of(body, said)] if said.ok else [])
    for name in ("docker", "ssh", "nomad"):
        query = {"capability": name}
        found = await fleet.list(query)
        judge_filter(
            judge, "STELLA-LIST-016", found, query, said, wanted=agents[:1], barred=agents[1:]
        )
    for name in _BEYOND if said.ok else ():
        query = {"capability": name}
        found = await fleet.list(query, lawful=False)
        if found.ok:
            # One that stands for itself may be refused as unknown, but not for other agents'.
            judge_filter(judge, "STELLA-LIST-016", found, query, said, wanted=[], barred=[plain])
    await _dismiss(fleet, agents)


@requirement("STELLA-LIST-015")
async def test_filter_by_status_of_agents_that_live(
    fleet: Fleet, judge: Judge, crew: list[Agent]
) -> None:
    """The filter is asked first, before anything else shows a status."""
    await _beat(fleet, crew)
    for query in ({"status": status} for status in STATUSES):
        online = query["status"] == "online"
        said = await fleet.list(query)
        judge_filter(
            judge,
            "STELLA-LIST-015",
            said,
            query,
            wanted=crew if online else [],
            barred=[] if online else crew,
        )


@requirement("STELLA-LIST-015")
async def test_filter_by_status_follows_the_list(fleet: Fleet, judge: Judge) -> None:
    """What an agent is before its first heartbeat, and what it is that says `ailing`, is unsaid."""
    mute, ailing, laden = [await fleet.register() for _ in range(3)]
    await fleet.heartbeat(ailing, fleet.pulse(status="degraded"))
    usage = {"cpu": 99.5, "memory": 98.75, "disk": 97.0}
    await fleet.heartbeat(laden, fleet.pulse(resourceUsage=usage))
    shown = rows_by_id(await whole(fleet))
    for status in STATUSES:
        query = {"status": status}
        said = await fleet.list(query)
        known = [agent for agent in (mute, ailing, laden) if agent.id in shown]
        wanted = [agent for agent in known if shown[agent.id].get("status") == status]
        barred = [agent for agent in known if agent not in wanted]
        judge_filter(judge, "STELLA-LIST-015", said, query, wanted=wanted, barred=barred)


@from_profile("standard")
@requirement("STELLA-LIST-015")
async def test_filter_by_status_follows_transitions(
    fleet: Fleet, hours: Hours, judge: Judge, crew: list[Agent]
) -> None:
    silent, awake = crew[:2], crew[2:]
    await _beat(fleet, crew)
    await hours.jump(5 * max(agent.interval for agent in crew))
    await _beat(fleet, awake)
    await _judge_split(fleet, judge, online=awake, offline=silent)
    await _beat(fleet, silent)
    await _judge_split(fleet, judge, online=crew, offline=[])


async def _judge_split(
    fleet: Fleet, judge: Judge, *, online: list[Agent], offline: list[Agent]
) -> None:
    groups = {"offline": offline, "online": online, "degraded": []}
    for status, wanted in groups.items():
        query = {"status": status}
        barred = [agent for agent in [*online, *offline] if agent not in wanted]
        said = await fleet.list(query)
        judge_filter(judge, "STELLA-LIST-015", said, query, wanted=wanted, barred=barred)


async def _judge_both(fleet: Fleet, judge: Judge, agents: list[Agent]) -> None:
    """Every pair of values, named in either order; who fits, the list itself tells."""
    shown = rows_by_id(await whole(fleet))
    known = [agent for agent in agents if agent.id in shown]
    pairs = [
        {"status": status, "capability": name} for status, name in product(STATUSES, CAPABILITIES)
    ]
    queries = [*pairs, *(dict(reversed(pair.items())) for pair in pairs)]
    for query in queries:
        said = await fleet.list(query)
        wanted = [agent for agent in known if fits(shown[agent.id], query)]
        barred = [agent for agent in known if agent not in wanted]
        judge_filter(judge, "STELLA-LIST-017", said, query, wanted=wanted, barred=barred)


@requirement("STELLA-LIST-017")
async def test_filters_together(fleet: Fleet, judge: Judge, crew: list[Agent]) -> None:
    await _beat(fleet, crew[:2])
    await fleet.heartbeat(
        crew[2], fleet.pulse(status="degraded", capabilities=crew[2].body["capabilities"])
    )
    await _judge_both(fleet, judge, crew)


@from_profile("standard")
@requirement("STELLA-LIST-017")
async def test_filters_together_after_transitions(
    fleet: Fleet, hours: Hours, judge: Judge, crew: list[Agent]
) -> None:
    """Those that stay online and those that do not have capabilities in common."""
    await _beat(fleet, crew)
    await hours.jump(5 * max(agent.interval for agent in crew))
    await _beat(fleet, [crew[0], crew[3]])
    await _judge_both(fleet, judge, crew)


@requirement("STELLA-LIST-018")
async def test_unknown_values_find_nobody(fleet: Fleet, judge: Judge, crew: list[Agent]) -> None:
    await _beat(fleet, crew)
    queries = [{"capability": value} for value in _UNKNOWN_CAPABILITIES]
    queries += [{"status": value} for value in _UNKNOWN_STATUSES]
    queries += [{"status": "online", "capability": "sailing"}]
    queries += [{"status": "asleep", "capability": "docker"}]
    for query in queries:
        said = await fleet.list(query, lawful=False)
        odd = [row for row in rows_of(said) if not fits(row, query)]
        refused = said.status is not None and 400 <= said.status < 500
        judge.holds(
            "STELLA-LIST-018",
            refused or (said.ok and not odd),
            f"asked for {query}, the peer answers {said.outcome} and shows {len(odd)} agents of"
            " which it says otherwise",
            said,
            pointer="",
        )
