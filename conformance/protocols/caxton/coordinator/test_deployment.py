"""Agents come: what their deployment is answered, and what there is of them afterwards."""

from __future__ import annotations

import asyncio
from typing import Any

from conformance.exchange import Exchange
from conformance.judge import Judge
from conformance.marks import requirement
from conformance.protocols.caxton.amounts import cpu_of, same_memory
from conformance.protocols.caxton.bystander import portrait
from conformance.protocols.caxton.client import WASM, Agent, Client, agent_of, wasm
from conformance.protocols.caxton.counts import worked
from conformance.protocols.caxton.crew import Crew
from conformance.protocols.caxton.moments import apart, judge_now
from conformance.protocols.caxton.own import judge_apart
from conformance.protocols.caxton.parts import Form, config_part, wasm_part, write
from conformance.protocols.caxton.refusals import ALREADY_EXISTS, judge_refused
from conformance.protocols.caxton.roll import STATES, call_roll, rows_of

_MEMORY = "56MB"

_CPU = "123000"


@requirement(
    "CAXTON-DEP-012",
    "CAXTON-DEP-013",
    "CAXTON-DEP-015",
    "CAXTON-DEP-016",
    "CAXTON-DEP-017",
    "CAXTON-DEP-018",
    "CAXTON-DEP-019",
    "CAXTON-DEP-022",
    "CAXTON-DEP-024",
    "CAXTON-DEP-025",
    "CAXTON-DEP-031",
    "CAXTON-DEP-032",
    "CAXTON-GET-032",
    "CAXTON-LST-024",
    "CAXTON-LST-027",
    "CAXTON-GET-022",
    "CAXTON-GET-023",
    "CAXTON-GET-024",
    "CAXTON-GET-025",
    "CAXTON-GET-026",
    "CAXTON-GET-027",
)
async def test_flow_an_agent_comes(client: Client, crew: Crew, judge: Judge) -> None:
    """One agent with all that a configuration may hold, and two others that want its name."""
    await crew.mate(client)
    await client.clock.refill()
    config = client.config(
        name=client.new("agent-full"),
        resources={"memory": _MEMORY, "cpu": _CPU},
        environment={"REGION": "north", "EMPTY": "", "NOTE": "a=b; c"},
        capabilities=["chart_reading", "pilotage", "tide.tables"],
    )
    said = await client.try_deploy(wasm("first"), **config, served=False)
    for row in ("CAXTON-DEP-012", "CAXTON-DEP-031"):
        judge.status(row, said, range(200, 300))
    agent = agent_of(said, config)
    await _judge_answer(client, judge, agent)
    listed = await _judge_listed(client, judge, agent)
    seen = await client.until(agent, "running")
    judge.holds(
        "CAXTON-DEP-017",
        seen.at("/status") == "running",
        f"an agent deployed at once is {seen.at('/status')} after a while",
        said,
        seen,
        pointer="/status",
    )
    _judge_details(judge, agent, seen)
    wrong = f"an agent to which nobody has sent anything counts {worked(seen)} messages"
    judge.holds("CAXTON-GET-032", not worked(seen), wrong, seen, pointer="/metrics")
    mate = await crew.mate(client)  # what a later one was given is not everybody's
    _judge_memory(judge, mate, await client.get(mate))
    again = await call_roll(client)
    first, later = listed.get("created_at"), (again.of(agent.id) or {}).get("created_at")
    judge.holds(
        "CAXTON-LST-027",
        first == later,
        f"created_at was {first} and is {later}",
        *again.pages[-1:],
        pointer="/agents",
    )
    await _judge_duplicates(client, judge, agent, seen)
    crew.give_back(agent)


async def _judge_answer(client: Client, judge: Judge, agent: Agent) -> None:
    said = agent.said
    judge.equal("CAXTON-DEP-013", said, "/name", agent.name)
    status, state = said.at("/status"), said.at("/lifecycle_state")
    wrong = f"the status of a new agent is {status}, and its lifecycle_state {state}"
    judge.holds("CAXTON-DEP-032", status not in STATES or status == state, wrong, said)
    judge_now(client, judge, "CAXTON-DEP-016", said, "/deployed_at")
    memory = said.at("/resource_limits/memory")
    judge.holds(
        "CAXTON-DEP-018",
        same_memory(memory, _MEMORY),
        f"an agent that was to have {_MEMORY} is shown with {memory!r}",
        said,
        pointer="/resource_limits/memory",
        expected=_MEMORY,
    )
    fuel = said.at("/resource_limits/cpu_fuel")
    if isinstance(fuel, str) and cpu_of(fuel) is None:
        judge.inconclusive("CAXTON-DEP-019", f"cpu_fuel has a unit: {fuel}")
    else:
        judge.equal("CAXTON-DEP-019", said, "/resource_limits/cpu_fuel", _like(fuel))


def _like(fuel: Any) -> Any:
    """The amount that was asked for, in the form in which it is shown."""
    return fuel if cpu_of(fuel) == float(_CPU) else int(_CPU)


async def _judge_listed(client: Client, judge: Judge, agent: Agent) -> dict[str, Any]:
    roll = await call_roll(client)
    row = roll.of(agent.id) or {}
    for name in ("CAXTON-DEP-015", "CAXTON-LST-024"):
        judge.holds(
            name,
            row.get("name") == agent.name,
            "a new agent is not in the list under its id and its name",
            agent.said,
            *roll.pages[-1:],
            pointer="/agents",
        )
    last = roll.pages[-1]
    made = row.get("created_at", "")
    judge_now(client, judge, "CAXTON-LST-027", last, "/agents", told=made)
    return row


def _judge_details(judge: Judge, agent: Agent, seen: Exchange) -> None:
    judge.status("CAXTON-GET-022", seen, range(200, 300))
    judge.equal("CAXTON-GET-023", seen, "/agent_id", agent.id, agent.said)
    judge.equal("CAXTON-GET-023", seen, "/name", agent.name, agent.said)
    judge.equal("CAXTON-GET-024", seen, "/version", agent.said.at("/version"), agent.said)
    _judge_strategy(judge, agent, seen)
    gap = apart(agent.said.at("/deployed_at"), seen.at("/deployment/deployed_at"))
    judge.holds(
        "CAXTON-GET-025",
        gap is not None and gap <= 1.0,
        "the details tell another deployed_at than the answer to the deployment",
        agent.said,
        seen,
        pointer="/deployment/deployed_at",
    )
    _judge_memory(judge, agent, seen)


def _judge_strategy(judge: Judge, agent: Agent, seen: Exchange) -> None:
    asked, shown = agent.config["strategy"], seen.at("/deployment/strategy")
    direct = asked == "immediate" and shown == "direct"  # as the document's examples have it
    wanted = shown if direct else asked
    judge.equal("CAXTON-GET-026", seen, "/deployment/strategy", wanted, agent.said)


def _judge_memory(judge: Judge, agent: Agent, seen: Exchange) -> None:
    asked, memory = agent.config["resources"]["memory"], seen.at("/resources/limits/memory")
    judge.holds(
        "CAXTON-GET-027",
        same_memory(memory, asked),
        f"an agent that was to have {asked} is limited to {memory!r}",
        agent.said,
        seen,
        pointer="/resources/limits/memory",
        expected=asked,
    )


async def _judge_duplicates(client: Client, judge: Judge, agent: Agent, before: Exchange) -> None:
    """Its name is asked for again, with another configuration and with the same."""
    said = agent.said
    for number in range(2 if client.clock.free else 1):
        other = agent.config if number else {**agent.config, "resources": {"memory": "24MB"}}
        said = await client.try_deploy(wasm(f"double-{number}"), **other, served=False)
        judge_refused(judge, "CAXTON-DEP-022", said, ALREADY_EXISTS, agent.said)
    after = await client.get(agent, served=False)
    was, now = portrait(before), portrait(after)
    roll = await call_roll(client)
    for fine, wrong in (
        (was == now, "the details of the agent that has the name are others than before"),
        (roll.names.count(agent.name) == 1, "the list does not show the name once"),
        (roll.of(agent.id) is not None, "the agent that has the name is no longer in the list"),
    ):
        told = f"after a refused duplicate, {wrong}"
        judge.holds("CAXTON-DEP-025", fine, told, before, said, after, *roll.pages[-1:])


# Strategies, forms, and names that are alike


def _forms(configs: list[dict[str, Any]]) -> list[Form]:
    """The same parts, written in ways that are all the same to RFC 7578."""
    first, second, third = configs
    return [
        write(
            [config_part(first, "application/json"), wasm_part(wasm("one"))], "bound'(:ary)+/=?. x"
        ),
        write(
            [wasm_part(wasm("two"), "application/wasm"), config_part(second)], "-" * 40 + "9" * 30
        ),
        write([config_part(third), wasm_part(wasm("three"))], "7"),
    ]


@requirement(
    "CAXTON-DEP-014",
    "CAXTON-DEP-020",
    "CAXTON-DEP-021",
    "CAXTON-DEP-023",
    "CAXTON-DEP-024",
    "CAXTON-DEP-033",
    "CAXTON-LST-023",
    "CAXTON-GET-023",
    "CAXTON-GET-026",
)
async def test_flow_every_strategy_and_form(client: Client, crew: Crew, judge: Judge) -> None:
    """Three agents whose names begin and end alike come at once, while somebody turns the pages of
    the list; then two that want the same name.
    """
    known = await crew.mate(client)
    before = await call_roll(client)
    first = await client.call("listAgents", query={"limit": "1"})
    stem = client.new("pilot")
    names = (stem, f"{stem}-2", f"other-{stem}")
    strategies = ("rolling", "blue_green", "canary")
    configs = [
        client.config(name=name, strategy=strategy)
        for name, strategy in zip(names, strategies, strict=True)
    ]
    await client.clock.refill()
    answers = await asyncio.gather(*(_deploy_form(client, form) for form in _forms(configs)))
    for number, config in enumerate(configs):
        said = answers[number]
        judge.status("CAXTON-DEP-021", said, range(200, 300))
        if not said.ok:  # it may be so for how its form is written
            said = answers[number] = await client.try_deploy(WASM, **config, served=False)
        judge.status("CAXTON-DEP-020", said, range(200, 300))
        judge.equal("CAXTON-DEP-024", said, "/name", config["name"])
    await _judge_turned(client, judge, first, before.ids)
    agents = [agent_of(said, config) for said, config in zip(answers, configs, strict=True)]
    all_of_them = [known.said, *answers]
    judge_apart(judge, "CAXTON-DEP-014", all_of_them, "/agent_id")
    judge_apart(judge, "CAXTON-DEP-033", all_of_them, "/deployment_id")
    for agent in agents:
        seen = await client.until(agent, "running")
        judge.equal("CAXTON-GET-023", seen, "/name", agent.name, agent.said)
        _judge_strategy(judge, agent, seen)
        if seen.at("/status") == "running":
            crew.give_back(agent)
    await _judge_race(client, crew, judge)


async def _deploy_form(client: Client, form: Form) -> Exchange:
    said = await client.call("deployAgent", raw=form.raw, headers=form.headers, served=False)
    client.remember(said)
    return said


async def _judge_turned(client: Client, judge: Judge, first: Exchange, known: list[str]) -> None:
    """The pages after the first show all that was there before the newcomers."""
    offset = first.at("/next_offset")
    pages = [first]
    if isinstance(offset, int):
        pages += await client.walk(limit=3, offset=offset)
    found = {row.get("agent_id") for page in pages for row in rows_of(page)}
    left = (await call_roll(client)).ids  # others may have removed some
    lost = [agent for agent in known if agent not in found and agent in left]
    judge.holds(
        "CAXTON-LST-023",
        not lost,
        f"{len(lost)} agents are on no page, and were there all the time while others came",
        *pages,
        pointer="/agents",
        actual=lost[:3],
    )


async def _judge_race(client: Client, crew: Crew, judge: Judge) -> None:
    """Two, or more where that costs no time, want one name at the same time."""
    config = client.config(name=client.new("contested"))
    number = 5 if client.clock.free else 2
    modules = [wasm(f"racer-{each}") for each in range(number)]
    answers = await asyncio.gather(
        *(client.try_deploy(module, **config, served=False) for module in modules)
    )
    won = [said for said in answers if said.ok]
    judge.holds(
        "CAXTON-DEP-023",
        len(won) <= 1,
        f"{len(won)} of {number} deployments under one name at the same time succeed",
        *answers,
    )
    for said in answers:
        if won and not said.ok:  # the name is in use then
            judge_refused(judge, "CAXTON-DEP-023", said, ALREADY_EXISTS, *won)
    roll = await call_roll(client)
    judge.holds(
        "CAXTON-DEP-023",
        roll.names.count(config["name"]) <= 1,
        "the list shows a name more than once that two wanted at the same time",
        *roll.pages[-1:],
        pointer="/agents",
    )
    if len(won) == 1:
        agent = agent_of(won[0], config)
        if (await client.until(agent, "running")).at("/status") == "running":
            crew.give_back(agent)
