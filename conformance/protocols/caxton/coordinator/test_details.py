"""The details of agents: whose they are, and what is counted there."""

from __future__ import annotations

import asyncio
from itertools import pairwise

from conformance.exchange import Exchange
from conformance.judge import Judge
from conformance.marks import requirement
from conformance.protocols.caxton.amounts import more_memory
from conformance.protocols.caxton.client import Agent, Client
from conformance.protocols.caxton.counts import COUNTS, judge_young, until_worked, worked
from conformance.protocols.caxton.crew import Crew
from conformance.protocols.caxton.moments import apart
from conformance.protocols.caxton.refusals import NOT_FOUND, judge_refused, strangers
from conformance.protocols.caxton.roll import call_roll


@requirement(
    "CAXTON-GET-022",
    "CAXTON-GET-023",
    "CAXTON-GET-024",
    "CAXTON-GET-025",
    "CAXTON-GET-028",
    "CAXTON-GET-031",
)
async def test_flow_everybody_can_be_looked_at(client: Client, crew: Crew, judge: Judge) -> None:
    """All who are in the list, whoever deployed them, and several at once."""
    mates = await crew.mates(client, 3)
    await client.clock.refill()
    roll = await call_roll(client)
    others = [row for row in roll.ids if row not in {mate.id for mate in mates}]
    for agent_id in others[: 8 if client.clock.free else 1]:
        seen = await client.get(agent_id, served=False)
        judge.status("CAXTON-GET-022", seen, range(200, 300))
        judge.equal("CAXTON-GET-023", seen, "/agent_id", agent_id)
    asked = mates * 2 if client.clock.free else mates
    for mate, seen in zip(asked, await asyncio.gather(*map(client.get, asked)), strict=True):
        judge.status("CAXTON-GET-022", seen, range(200, 300))
        judge.equal("CAXTON-GET-023", seen, "/agent_id", mate.id, mate.said)
        judge.equal("CAXTON-GET-023", seen, "/name", mate.name, mate.said)
        judge.equal("CAXTON-GET-024", seen, "/version", mate.said.at("/version"), mate.said)
        told = seen.at("/deployment/deployed_at")
        gap = apart(mate.said.at("/deployed_at"), told)
        wrong = f"an agent was deployed at {told}, and its deployment was answered otherwise"
        fine = gap is not None and gap <= 1.0
        judge.holds("CAXTON-GET-025", fine, wrong, mate.said, seen)
        used, limit = (seen.at(f"/resources/{each}/memory") for each in ("usage", "limits"))
        wrong = f"an agent that is limited to {limit!r} uses {used!r}"
        judge.holds("CAXTON-GET-031", not more_memory(used, limit), wrong, seen)
    for stranger in strangers(mates[0]):
        seen = await client.get(stranger, served=False)
        judge_refused(judge, "CAXTON-GET-028", seen, NOT_FOUND)


@requirement("CAXTON-GET-029", "CAXTON-GET-030", "CAXTON-GET-033")
async def test_flow_what_is_counted_of_an_agent(client: Client, crew: Crew, judge: Judge) -> None:
    agent = await crew.spare(client)
    first = await client.until(agent, "running")
    answers = await asyncio.gather(*(client.send(agent) for _ in range(5)))
    delivered = sum(said.at("/status") == "delivered" for said, _ in answers)
    wanted = worked(first) + delivered
    await client.clock.pass_by(1.2)
    told = [said for said, _ in answers]
    seen = [first, await until_worked(client, agent, told, worked(first))]
    judge.holds(
        "CAXTON-GET-030",
        worked(seen[-1]) >= wanted,
        f"{delivered} messages were delivered, and {worked(seen[-1]) - worked(first)} more are"
        " counted after a while",
        first,
        *told,
        seen[-1],
        pointer="/metrics",
    )
    latency = seen[-1].at("/metrics/average_latency_ms")
    wrong = f"an agent has just worked off messages, and its average_latency_ms is {latency!r}"
    fine = isinstance(latency, int | float) or worked(seen[-1]) == worked(first)
    judge.holds("CAXTON-GET-033", fine, wrong, seen[-1], pointer="/metrics")
    await client.clock.pass_by(1.2)
    seen.append(await client.get(agent))
    _judge_uptime(client, judge, agent, seen)
    _judge_never_fall(judge, seen)
    crew.give_back(agent)


def _judge_uptime(client: Client, judge: Judge, agent: Agent, seen: list[Exchange]) -> None:
    """More than a second lies between two looks."""
    pointer = "/metrics/uptime_seconds"
    told = [each.at(pointer) for each in seen]
    numbers = [each for each in told if isinstance(each, int | float)]
    grew = len(numbers) == len(told) and all(
        later > earlier for earlier, later in pairwise(numbers)
    )
    wrong = f"the uptime of an agent that runs is {told}, one after the other"
    judge.holds("CAXTON-GET-029", grew, wrong, *seen, pointer=pointer)
    judge_young(client, judge, agent, seen[-1])


def _judge_never_fall(judge: Judge, seen: list[Exchange]) -> None:
    for name in COUNTS:
        pointer = f"/metrics/{name}"
        told = [each.at(pointer) for each in seen]
        numbers = [each for each in told if isinstance(each, int)]
        wrong = f"{name} of an agent that runs is {told}, one after the other"
        fine = numbers == sorted(numbers)
        judge.holds("CAXTON-GET-030", fine, wrong, *seen, pointer=pointer)
