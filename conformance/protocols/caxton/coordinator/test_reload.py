"""Agents get new code while they run."""

from __future__ import annotations

import asyncio
from typing import Any

from conformance.exchange import Exchange
from conformance.judge import Judge
from conformance.marks import requirement
from conformance.protocols.caxton.amounts import same_memory
from conformance.protocols.caxton.bystander import portrait, stand_by
from conformance.protocols.caxton.client import WASM, Agent, Client, wasm
from conformance.protocols.caxton.counts import judge_young, metrics_of, until_worked, worked
from conformance.protocols.caxton.crew import Crew
from conformance.protocols.caxton.labour import works
from conformance.protocols.caxton.moments import judge_now
from conformance.protocols.caxton.own import judge_apart
from conformance.protocols.caxton.refusals import (
    INVALID_WASM,
    NOT_FOUND,
    judge_name_taken,
    judge_refused,
    strangers,
)
from conformance.protocols.caxton.roll import call_roll

_WHILE = 20.0
"""Seconds of the peer's time in which a reload is waited for."""

_HOUR = 3600.0
"""Seconds in which it must be over, where they need not be waited for."""


@requirement(
    "CAXTON-REL-008",
    "CAXTON-REL-009",
    "CAXTON-REL-010",
    "CAXTON-REL-011",
    "CAXTON-REL-012",
    "CAXTON-REL-013",
    "CAXTON-REL-014",
    "CAXTON-REL-015",
    "CAXTON-REL-016",
    "CAXTON-REL-017",
    "CAXTON-REL-018",
    "CAXTON-REL-019",
    "CAXTON-REL-020",
    "CAXTON-DEP-022",
    "CAXTON-GET-023",
    "CAXTON-GET-027",
    "CAXTON-GET-029",
    "CAXTON-GET-030",
    "CAXTON-LST-027",
    "CAXTON-MET-024",
)
async def test_flow_reloads(client: Client, crew: Crew, judge: Judge) -> None:
    bystander = await stand_by(client, crew)
    agent = await crew.spare(client)
    await client.clock.refill()
    await client.until(agent, "running")
    await _judge_refused(client, judge, agent)
    could = client.clock.free and await works(client, agent)
    listed = await call_roll(client)
    answers = []
    for split in (100, 10):  # the first comes to its end, or a second may be refused
        config = {"strategy": "graceful", "traffic_split": split}
        answers.append(await _judge_reload(client, judge, agent, config))
        if not await _is_through(client, agent, answers[-1]):
            break
    again = await call_roll(client)
    first, later = [(roll.of(agent.id) or {}).get("created_at") for roll in (listed, again)]
    wrong = f"created_at was {first}, and is {later} after reloads"
    judge.holds("CAXTON-LST-027", first == later, wrong, *listed.pages[-1:], *again.pages[-1:])
    if could:
        wrong = "after reloads an agent can do no more what it could"
        judge.holds("CAXTON-REL-020", await works(client, agent), wrong, *answers)
    if len(answers) > 1:
        judge_apart(judge, "CAXTON-REL-019", answers, "/hot_reload_id")
    else:
        judge.inconclusive("CAXTON-REL-019", "a reload for all its traffic came to no end")
    await bystander.judge_untouched(judge, "CAXTON-REL-018", "after reloads of another")
    await client.clock.refill()
    if client.clock.free:
        await judge_name_taken(client, judge, agent, answers[-1])
    await client.remove(agent, served=False)


async def _is_through(client: Client, agent: Agent, said: Exchange) -> bool:
    """Does the agent show the version that it was reloaded to?"""
    return bool((await client.get(agent)).at("/version") == said.at("/to_version"))


async def _reload(client: Client, agent_id: str, module: Any, config: Any) -> Exchange:
    form = {"wasm": module, "config": config}
    return await client.call("reloadAgent", {"agent_id": agent_id}, form=form, served=False)


async def _judge_reload(
    client: Client, judge: Judge, agent: Agent, config: dict[str, Any]
) -> Exchange:
    """Its answer."""
    before = await until_worked(client, agent, [(await client.send(agent))[0]])
    counted = await metrics_of(client, agent)
    said: Exchange
    module = wasm(f"reload-{config['traffic_split']}")
    said, during = await asyncio.gather(
        _reload(client, agent.id, module, config), client.send(agent)
    )
    judge.status("CAXTON-REL-008", said, range(200, 300))
    judge.equal("CAXTON-REL-009", said, "/strategy", config["strategy"])
    judge.equal("CAXTON-REL-010", said, "/from_version", before.at("/version"), before)
    judge_now(client, judge, "CAXTON-REL-011", said, "/started_at")
    _judge_taken(judge, during[0], said)
    end, looks = client.clock.now() + _WHILE, 0
    while True:
        seen = await client.get(agent)
        _judge_alive(judge, seen, said)
        told, _ = await client.send(agent)
        _judge_taken(judge, told, said)
        done = seen.at("/version") == said.at("/to_version")
        if done or not seen.ok or client.clock.now() > end:
            break
        await client.clock.step(looks)
        looks += 1
    since = await metrics_of(client, agent)
    had, has = worked(counted), worked(since)
    wrong = f"an agent's metrics of an hour count {had} messages, and {has} after a reload"
    kept = has >= had or not (counted.ok and since.ok)
    judge.holds("CAXTON-MET-024", kept, wrong, counted, said, since, pointer="/metrics")
    if config["traffic_split"] == 100:
        await _judge_new_version(client, judge, agent, said, seen)
    judge.equal("CAXTON-GET-023", seen, "/name", agent.name)
    asked, memory = agent.config["resources"]["memory"], seen.at("/resources/limits/memory")
    wrong = f"an agent that was to have {asked} is limited to {memory!r} after a reload"
    judge.holds("CAXTON-GET-027", same_memory(memory, asked), wrong, said, seen)
    done, had = worked(seen), worked(before)
    wrong = f"an agent that was reloaded has worked off {done} messages, and had {had} before"
    judge.holds("CAXTON-GET-030", done >= had, wrong, before, said, seen, pointer="/metrics")
    judge_young(client, judge, agent, seen)
    return said


async def _judge_new_version(
    client: Client, judge: Judge, agent: Agent, said: Exchange, seen: Exchange
) -> None:
    """All its traffic goes to the new version, and how long that takes is left open."""
    wanted = said.at("/to_version")
    if seen.at("/version") != wanted and client.clock.can_jump:
        await client.clock.jump(_HOUR)
        seen = await client.get(agent)
    if seen.ok and seen.at("/version") != wanted and not client.clock.can_jump:
        judge.inconclusive("CAXTON-REL-013", f"still {seen.at('/version')} after {_WHILE:g} s")
    else:
        judge.equal("CAXTON-REL-013", seen, "/version", wanted, said)


def _judge_taken(judge: Judge, told: Exchange, said: Exchange) -> None:
    wrong = f"a message to an agent that is reloaded is answered {told.outcome}"
    judge.holds("CAXTON-REL-012", told.ok, wrong, said, told)


def _judge_alive(judge: Judge, seen: Exchange, said: Exchange) -> None:
    state = seen.at("/status")
    judge.holds(
        "CAXTON-REL-012",
        seen.ok and state not in ("stopped", "failed", "unloaded", "removed"),
        f"an agent that is reloaded is {state if seen.ok else seen.outcome}",
        said,
        seen,
        pointer="/status",
    )


async def _judge_refused(client: Client, judge: Judge, agent: Agent) -> None:
    """No module, one that is none, and an agent that there is not."""
    before = await client.get(agent)
    config = {"strategy": "graceful", "traffic_split": 10}
    nothing = [b"this is no module at all", b"\x7fELF\x02\x01\x01" + bytes(57), WASM[::-1]]
    for module in nothing if client.clock.free else nothing[:1]:
        at, form = agent.at, {"wasm": module, "config": config}
        said = await client.call("reloadAgent", at, form=form, lawful=False)
        judge_refused(judge, "CAXTON-REL-015", said, INVALID_WASM)
    await _judge_as_it_was(client, judge, agent, before, said)
    forms: list[dict[str, Any]] = [{"config": config}, {"wasm": b"", "config": config}]
    for bare in forms:
        said = await client.call("reloadAgent", agent.at, form=bare, lawful=False)
        judge.status("CAXTON-REL-017", said, range(400, 500))
    await _judge_as_it_was(client, judge, agent, before, said)
    for stranger in strangers(agent):
        said = await _reload(client, stranger, wasm("stray"), config)
        judge_refused(judge, "CAXTON-REL-014", said, NOT_FOUND)


async def _judge_as_it_was(
    client: Client, judge: Judge, agent: Agent, before: Exchange, said: Exchange
) -> None:
    await client.clock.pass_by(1.0)  # a reload may take a moment, also one that should not be
    after = await client.get(agent)
    fine = portrait(before) == portrait(after)
    wrong = "a refused reload has changed the agent"
    judge.holds("CAXTON-REL-016", fine, wrong, before, said, after)
