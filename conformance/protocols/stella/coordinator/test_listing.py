"""The list without filters: everybody is in it, once, as they are."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from conformance.exchange import Exchange
from conformance.judge import Judge
from conformance.marks import from_profile, requirement
from conformance.protocols.stella.fleet import Agent, Fleet, rows_of
from conformance.protocols.stella.hours import Hours
from conformance.protocols.stella.orders import remove
from conformance.protocols.stella.roll import (
    alike,
    judge_listed,
    rows_by_id,
    whole,
)

_ABILITIES: tuple[list[str], ...] = (
    ["docker", "compose"],
    ["ssh"],
    ["nomad", "docker", "compose", "ssh"],
)


def _judge_rows(judge: Judge, said: Exchange, agents: list[Agent]) -> None:
    """Each of these agents is shown with what it registered."""
    shown = rows_by_id(said)
    for agent in agents:
        if (row := shown.get(agent.id)) is None:
            continue  # LIST-013 says so
        for field in ("name", "version", "capabilities"):
            judge.holds(
                "STELLA-REG-017",
                alike(row.get(field), agent.body[field]),
                f"the list shows {agent.name} with the {field} {row.get(field)!r},"
                f" and it registered {agent.body[field]!r}",
                agent.said,
                said,
                expected=agent.body[field],
                actual=row.get(field),
            )


def _judge_once(judge: Judge, said: Exchange) -> None:
    """Strangers count as well: no id is there twice."""
    ids = [str(row["id"]) for row in rows_of(said) if "id" in row]
    twice = sorted({one for one in ids if ids.count(one) > 1}) if len(ids) < 2000 else []
    judge.holds(
        "STELLA-LIST-014",
        not twice,
        f"the list shows {len(twice)} agents more than once",
        said,
        pointer="",
        actual=twice[:3],
    )


@requirement("STELLA-LIST-013", "STELLA-LIST-014", "STELLA-REG-017")
async def test_flow_agents_are_listed_as_they_registered(fleet: Fleet, judge: Judge) -> None:
    agents: list[Agent] = []
    for number, abilities in enumerate(_ABILITIES):
        agent = await fleet.register(
            version=f"{number + 1}.{number}.7-rc.{number}",
            capabilities=abilities,
            labels={"site": f"quay-{number}"},
        )
        agents.append(agent)
        said = await whole(fleet)  # also after each: a list may lag behind
        judge_listed(judge, "STELLA-LIST-013", said, agents, agent.said)
        _judge_rows(judge, said, agents)
        _judge_once(judge, said)
    for agent in agents:
        await fleet.heartbeat(agent, fleet.pulse(capabilities=agent.body["capabilities"]))
        said = await whole(fleet)
        judge_listed(judge, "STELLA-LIST-013", said, agents)
        _judge_rows(judge, said, agents)
        _judge_once(judge, said)


@from_profile("standard")
@pytest.mark.parametrize("number", [11])
@requirement("STELLA-LIST-013", "STELLA-LIST-014", "STELLA-REG-017")
async def test_flow_many_agents_are_all_listed(number: int, fleet: Fleet, judge: Judge) -> None:
    """A dozen is more than the shortest page and than most tables that were made too small."""
    agents = [
        await fleet.register(version=f"9.{index}.0", capabilities=_ABILITIES[index % 3])
        for index in range(number)
    ]
    said = await whole(fleet)
    judge_listed(judge, "STELLA-LIST-013", said, agents)
    _judge_rows(judge, said, agents)
    _judge_once(judge, said)
    # The last one stays: whoever tells rows apart by their places takes it for the first.
    for agent in agents[:-1]:
        await remove(fleet, agent.id)
    said = await whole(fleet)
    judge_listed(judge, "STELLA-LIST-013", said, agents[-1:])
    _judge_rows(judge, said, agents[-1:])


@requirement("STELLA-LIST-013")
async def test_the_list_is_shown_again_and_again(fleet: Fleet, judge: Judge) -> None:
    first = await fleet.register()
    for _ in range(6):
        judge_listed(judge, "STELLA-LIST-013", await whole(fleet), [first])
    second = await fleet.register()
    for said in await asyncio.gather(*(whole(fleet) for _ in range(4))):
        judge_listed(judge, "STELLA-LIST-013", said, [first, second])


@from_profile("standard")
@requirement("STELLA-LIST-013", "STELLA-LIST-014", "STELLA-GET-014")
async def test_flow_agents_that_went_silent_are_listed(
    fleet: Fleet, hours: Hours, judge: Judge
) -> None:
    silent, awake, mute = [await fleet.register() for _ in range(3)]
    await asyncio.gather(fleet.heartbeat(silent), fleet.heartbeat(awake))
    await hours.jump(5 * max(agent.interval for agent in (silent, awake, mute)))
    await fleet.heartbeat(awake)
    said = await whole(fleet)
    judge_listed(judge, "STELLA-LIST-013", said, [silent, awake, mute])
    _judge_once(judge, said)
    for agent in (silent, awake, mute):
        judge.status("STELLA-GET-014", await fleet.get(agent.id), 200)


@requirement("STELLA-LIST-013", "STELLA-LIST-014")
async def test_flow_refusals_leave_the_list_as_it_is(fleet: Fleet, judge: Judge) -> None:
    agent = await fleet.register()
    bodies: list[Any] = [agent.body, {**fleet.registration(), "name": None}, {}]
    tokens = ["made-up-by-nobody", await fleet.mint(), None]
    for body, token in zip(bodies, tokens, strict=True):
        asked = await fleet.ask_to_register(body, token, lawful=False)
        if asked.ok and body.get("name") is None:  # a lenient peer would show it as it is
            await fleet.delete(str(asked.at("/agentId")), lawful=False)
        said = await whole(fleet)
        judge_listed(judge, "STELLA-LIST-013", said, [agent])
        _judge_once(judge, said)
        names = [row.get("name") for row in rows_of(said)]
        judge.holds(
            "STELLA-LIST-014",
            names.count(agent.name) <= 1,
            f"the list shows {names.count(agent.name)} agents by the name {agent.name}",
            agent.said,
            said,
        )
