"""Agents go: they are stopped, drain, are removed, and their names are free again."""

from __future__ import annotations

import asyncio
from typing import Any

from conformance.exchange import Exchange
from conformance.judge import Judge
from conformance.marks import requirement
from conformance.protocols.caxton.amounts import same_memory
from conformance.protocols.caxton.bystander import stand_by
from conformance.protocols.caxton.client import Agent, Client, agent_of, wasm
from conformance.protocols.caxton.counts import metrics_of, until_worked, worked
from conformance.protocols.caxton.crew import Crew
from conformance.protocols.caxton.labour import works
from conformance.protocols.caxton.moments import judge_now, judge_to_come
from conformance.protocols.caxton.refusals import (
    ALREADY_EXISTS,
    NOT_FOUND,
    ask_everything,
    code_of,
    judge_refused,
    judge_unreached,
    judge_untold,
    strangers,
)
from conformance.protocols.caxton.remains import judge_draining, judge_kept, judge_unforgotten
from conformance.protocols.caxton.roll import call_roll
from conformance.protocols.caxton.talk import Talk

_GRACE = 2

_SLACK = 10.0
"""Seconds that an agent may take to stop when its grace period is over."""

_LONG_AFTER = 60.0
"""Seconds after it at which nobody can expect the end of it any more."""

_ORDER = {"running": 0, "draining": 1, "stopped": 2}


@requirement(
    "CAXTON-STP-005",
    "CAXTON-STP-006",
    "CAXTON-STP-007",
    "CAXTON-STP-008",
    "CAXTON-STP-009",
    "CAXTON-STP-010",
    "CAXTON-STP-011",
    "CAXTON-STP-012",
    "CAXTON-STP-013",
    "CAXTON-STP-015",
    "CAXTON-STP-017",
    "CAXTON-LST-015",
    "CAXTON-LST-024",
    "CAXTON-SYS-030",
    "CAXTON-SYS-031",
    "CAXTON-HIS-029",
    "CAXTON-DEP-022",
    "CAXTON-DIS-015",
    "CAXTON-GET-027",
    "CAXTON-GET-034",
    "CAXTON-MET-024",
    "CAXTON-ERR-061",
    "CAXTON-MSG-011",
    "CAXTON-MSG-012",
    "CAXTON-MSG-019",
    "CAXTON-REM-005",
    "CAXTON-REM-007",
    "CAXTON-REM-008",
    "CAXTON-REM-009",
    "CAXTON-REM-010",
    "CAXTON-REM-011",
    "CAXTON-REM-012",
    "CAXTON-REM-013",
    "CAXTON-REM-014",
)
async def test_flow_stopped_and_then_removed(client: Client, crew: Crew, judge: Judge) -> None:
    """The whole end of one agent's life."""
    bystander = await stand_by(client, crew)
    agent = await crew.spare(client)
    await client.clock.refill()
    talk = Talk(client)
    await client.until(agent, "running")
    await talk.say(agent, performative="inform")
    before = await until_worked(client, agent, talk.answers)
    counted = await metrics_of(client, agent)
    own = Talk(client)
    await own.say(bystander.agent, performative="inform", sender=agent.id, served=False)
    said = await _stop(client, judge, agent)
    await _judge_end(client, judge, agent, before, said)
    await bystander.judge_untouched(judge, "CAXTON-STP-013", "after a stop", said)
    await _judge_stopped(client, judge, agent)
    await judge_kept(client, judge, agent, before, counted)
    await client.clock.refill()
    system = await client.call("getSystemMetrics")
    await _judge_removal(client, judge, agent)
    await judge_unforgotten(client, judge, talk, own, system)
    await bystander.judge_untouched(judge, "CAXTON-REM-013", "after a removal")
    await client.clock.refill()
    await _judge_gone(client, judge, agent)
    await _judge_heir(client, judge, agent)


async def _stop(client: Client, judge: Judge, agent: Agent, **fields: Any) -> Exchange:
    body = {"grace_period_seconds": _GRACE, "drain_messages": True, **fields}
    said = await client.call("stopAgent", agent.at, body=body, served=False)
    judge.status("CAXTON-STP-005", said, range(200, 300))
    judge.equal("CAXTON-STP-006", said, "/agent_id", agent.id)
    judge.holds(
        "CAXTON-STP-007",
        said.at("/status") in ("draining", "stopped"),
        f"a running agent that is told to stop is {said.at('/status')}",
        said,
        pointer="/status",
    )
    judge_to_come(client, judge, "CAXTON-STP-017", said, "/estimated_completion")
    ahead = client.clock.off(said.at("/estimated_completion")) or 0.0
    wrong = f"a stop with {_GRACE} s of grace is to be over in {ahead:.0f} s"
    judge.holds("CAXTON-STP-017", ahead < _GRACE + _LONG_AFTER, wrong, said)
    return said


async def _judge_end(
    client: Client, judge: Judge, agent: Agent, before: Exchange, said: Exchange
) -> None:
    """Messages are sent while it drains; what it is in the meantime never goes back."""
    path = [said.at("/status")]
    told = [await _tell(client, agent) for _ in range(3)]
    end, looks = client.clock.now() + _GRACE + _SLACK, 0
    while True:
        seen = await client.get(agent)
        path.append(seen.at("/status"))
        if path[-1] == "stopped" or not seen.ok or client.clock.now() > end:
            break
        if path[-1] == "draining" and not looks:
            await judge_draining(client, judge, agent)
        await client.clock.step(looks)
        looks += 1
    await client.clock.pass_by(1.5)
    late = await client.get(agent)
    path.append(late.at("/status"))
    judge.holds(
        "CAXTON-STP-008",
        seen.at("/status") == "stopped",
        f"an agent with {_GRACE} s of grace is {seen.at('/status')} after {_GRACE + _SLACK:g} s",
        said,
        seen,
        pointer="/status",
    )
    ranks = [_ORDER.get(state, -1) for state in path]
    judge.holds(
        "CAXTON-STP-009",
        ranks == sorted(ranks) and min(ranks) >= 0,
        f"an agent that was told to stop is {', '.join(map(str, path))}, one after the other",
        said,
        seen,
        late,
        pointer="/status",
    )
    _judge_worked_off(judge, before, told, late)


def _judge_worked_off(
    judge: Judge, before: Exchange, told: list[Exchange], after: Exchange
) -> None:
    delivered = sum(each.at("/status") == "delivered" for each in told)
    done = worked(after) - worked(before)
    judge.holds(
        "CAXTON-STP-010",
        done >= delivered,
        f"{delivered} messages were told as delivered to an agent that drains, and it has worked"
        f" off {done} of them before it was stopped",
        before,
        *told,
        after,
        pointer="/metrics",
    )


async def _tell(client: Client, agent: Agent) -> Exchange:
    """A message that need not be taken."""
    return await client.call("sendMessage", body=client.message(agent), served=False)


async def _judge_stopped(client: Client, judge: Judge, agent: Agent) -> None:
    """It takes no messages, is shown as stopped, and stays so when it is told to stop again."""
    said = await _tell(client, agent)
    judge_untold(judge, "CAXTON-STP-011", said, "a stopped agent")
    fine = said.ok or 400 <= (said.status or 0) < 500
    fine = fine or (said.status, code_of(said)) == (500, "MESSAGE_DELIVERY_FAILED")
    wrong = f"a message to a stopped agent is answered {said.outcome} {code_of(said)}".rstrip()
    judge.holds("CAXTON-MSG-019", fine, wrong, said, pointer="/error")
    if code_of(said) == "MESSAGE_DELIVERY_FAILED":
        judge.status("CAXTON-ERR-061", said, 500)
    else:
        judge.inconclusive("CAXTON-ERR-061", "a message to a stopped agent was not answered so")
    double = await client.try_deploy(wasm("double"), **agent.config, served=False)
    judge_refused(judge, "CAXTON-DEP-022", double, ALREADY_EXISTS, said)
    if double.ok:  # or it would be found under that name when the other is gone
        await client.remove(agent_of(double, agent.config), served=False)
    roll = await call_roll(client)
    for row in ("CAXTON-STP-012", "CAXTON-LST-024"):
        shown = roll.status(agent.id)
        wrong = f"a stopped agent is in the list as {shown}"
        judge.holds(row, shown == "stopped", wrong, *roll.pages[-1:], pointer="/agents")
    for state in ("stopped", "running"):
        part = await call_roll(client, status=state)
        there = agent.id in part.ids
        wrong = f"the list of status={state} {'shows' if there else 'lacks'} a stopped agent"
        judge.holds(
            "CAXTON-STP-012", there is (state == "stopped"), wrong, *part.pages, pointer="/agents"
        )
    again = await client.call("stopAgent", agent.at, body={}, served=False)
    seen = await client.get(agent)
    judge.holds(
        "CAXTON-STP-015",
        again.status is not None and 200 <= again.status < 500,
        f"a second stop is answered {again.outcome}",
        again,
    )
    wrong = f"after a second stop an agent is {seen.at('/status')}"
    judge.holds("CAXTON-STP-015", seen.at("/status") == "stopped", wrong, again, seen)


async def _judge_removal(client: Client, judge: Judge, agent: Agent) -> None:
    said = await client.remove(agent, served=False)
    judge.status("CAXTON-REM-005", said, range(200, 300))
    judge.holds(
        "CAXTON-REM-007",
        said.at("/status") in ("removed", "unloaded"),
        f"an agent that was removed has the status {said.at('/status')!r}",
        said,
        pointer="/status",
    )
    judge.equal("CAXTON-REM-008", said, "/agent_id", agent.id)
    judge_now(client, judge, "CAXTON-REM-009", said, "/removed_at", after=agent)
    for query in ({}, {"status": "stopped"}, {"status": "running"}):
        roll = await call_roll(client, **query)
        for row in ("CAXTON-REM-010", "CAXTON-LST-024"):
            wrong = f"a removed agent is in the list{' of ' if query else ''}{query or ''}"
            there = agent.id in roll.ids or agent.name in roll.names
            judge.holds(row, not there, wrong, said, *roll.pages, pointer="/agents")


async def _judge_gone(client: Client, judge: Judge, agent: Agent) -> None:
    """Whatever is asked of it: there is no such agent."""
    for said in await ask_everything(client, agent.id):
        if said.operation != "removeAgent":
            judge_refused(judge, "CAXTON-REM-011", said, NOT_FOUND)
    told = await _tell(client, agent)
    judge_untold(judge, "CAXTON-MSG-011", told, "a removed agent")
    judge_unreached(judge, told)
    for _ in range(2):
        again = await client.remove(agent, served=False)
        judge_refused(judge, "CAXTON-REM-012", again, NOT_FOUND)
    for stranger in strangers(agent):
        never = await client.call("removeAgent", {"agent_id": stranger}, served=False)
        judge_refused(judge, "CAXTON-REM-012", never, NOT_FOUND)


async def _judge_heir(client: Client, judge: Judge, gone: Agent) -> None:
    """Somebody else gets the name, and stays when the one that is gone is removed again."""
    config = client.config(name=gone.name, resources=_OTHERS, capabilities=["wreck_diving"])
    said = await client.try_deploy(wasm("heir"), **config, served=False)
    judge.status("CAXTON-REM-014", said, range(200, 300))
    if not said.ok:
        return
    heir = agent_of(said, config)
    judge.holds(
        "CAXTON-REM-014",
        heir.id != gone.id,
        "an agent that got a removed one's name got its agent_id as well",
        gone.said,
        said,
        pointer="/agent_id",
    )
    again = await client.remove(gone, served=False)
    judge_refused(judge, "CAXTON-REM-012", again, NOT_FOUND)
    seen = await client.until(heir, "running", "stopped")
    state, done = seen.at("/status"), worked(seen)
    wrong = f"an agent that got a removed one's name is {state if seen.ok else seen.outcome}"
    judge.holds("CAXTON-REM-014", seen.ok and not done, f"{wrong}, with {done} messages", seen)
    ended = state in ("stopped", "draining")
    judge.holds("CAXTON-STP-013", not ended, wrong, said, seen, pointer="/status")
    memory = seen.at("/resources/limits/memory")
    wrong = f"an agent that got a removed one's name is limited to {memory!r}, not {_OTHERS}"
    fine = not seen.ok or same_memory(memory, _OTHERS["memory"])
    judge.holds("CAXTON-GET-027", fine, wrong, said, seen, pointer="/resources/limits")
    counted = await metrics_of(client, heir)
    wrong = f"the metrics of an agent that got a removed one's name count {worked(counted)}"
    fine = not counted.ok or not worked(counted)
    judge.holds("CAXTON-MET-024", fine, wrong, said, counted, pointer="/metrics")
    if client.clock.free:
        wrong = "an agent gets a task that the removed one could do whose name it got"
        judge.holds("CAXTON-DIS-015", not await works(client, heir), wrong, said)


_OTHERS = {"memory": "24MB", "cpu": "70000"}


# Without ceremony


@requirement(
    "CAXTON-STP-005",
    "CAXTON-STP-006",
    "CAXTON-STP-007",
    "CAXTON-STP-008",
    "CAXTON-STP-013",
    "CAXTON-STP-014",
    "CAXTON-STP-016",
    "CAXTON-STP-017",
    "CAXTON-REM-006",
    "CAXTON-REM-008",
    "CAXTON-REM-010",
    "CAXTON-REM-011",
    "CAXTON-REM-012",
    "CAXTON-REM-013",
    "CAXTON-REM-015",
    "CAXTON-GET-028",
    "CAXTON-MSG-011",
)
async def test_flow_removed_while_it_runs(client: Client, crew: Crew, judge: Judge) -> None:
    bystander = await stand_by(client, crew)
    agent = await crew.spare(client)
    await client.clock.refill()
    for stranger in strangers(agent):
        at = {"agent_id": stranger}
        stop = {"grace_period_seconds": 1, "drain_messages": True}
        said = await client.call("stopAgent", at, body=stop, served=False)
        judge_refused(judge, "CAXTON-STP-014", said, NOT_FOUND)
        said = await client.call("removeAgent", at, served=False)
        judge_refused(judge, "CAXTON-REM-012", said, NOT_FOUND)
        judge_refused(judge, "CAXTON-GET-028", await client.get(stranger, served=False), NOT_FOUND)
    for row in ("CAXTON-STP-013", "CAXTON-REM-013"):
        await bystander.judge_untouched(judge, row, "after a stop and a removal of nobody", said)
    both = await asyncio.gather(*(client.remove(agent, served=False) for _ in range(2)))
    done = [each for each in both if each.ok]
    wrong = "an agent is removed twice at the same time, and both are told that it was there"
    judge.holds("CAXTON-REM-015", len(done) < 2, wrong, *both)
    said = (done or both)[0]
    judge.status("CAXTON-REM-006", said, range(200, 500))
    if said.ok:
        judge.equal("CAXTON-REM-008", said, "/agent_id", agent.id)
    else:
        seen = await client.get(agent)
        wrong = f"an agent whose removal was refused is {seen.at('/status')}"
        judge.holds("CAXTON-REM-006", seen.at("/status") == "running", wrong, said, seen)
    await bystander.judge_untouched(judge, "CAXTON-REM-013", "after a removal", said)
    if said.ok:
        roll = await call_roll(client)
        wrong = "an agent that was removed while it ran is in the list"
        there = agent.id in roll.ids
        judge.holds("CAXTON-REM-010", not there, wrong, said, *roll.pages, pointer="/agents")
        judge_refused(judge, "CAXTON-REM-011", await client.get(agent, served=False), NOT_FOUND)
        judge_untold(judge, "CAXTON-MSG-011", await _tell(client, agent), "a removed agent")
        agent = await crew.spare(client)
    await _judge_plain_stop(client, judge, agent)
    await bystander.judge_untouched(judge, "CAXTON-STP-013", "after a stop without a body")


async def _judge_plain_stop(client: Client, judge: Judge, agent: Agent) -> None:
    """Stopped without a body, or where that is refused without any grace."""
    await client.until(agent, "running")
    said = await client.call("stopAgent", agent.at, served=False)
    if said.ok:
        judge.equal("CAXTON-STP-006", said, "/agent_id", agent.id)
        judge_to_come(client, judge, "CAXTON-STP-017", said, "/estimated_completion")
    wrong = f"a stop without a body is answered {said.outcome}"
    fine = said.ok or (said.status is not None and 400 <= said.status < 500)
    judge.holds("CAXTON-STP-016", fine, wrong, said)
    if not said.ok:
        await _stop(client, judge, agent, grace_period_seconds=0, drain_messages=False)
        seen = await client.until(agent, "stopped", within=_SLACK)
        wrong = f"an agent without any grace is {seen.at('/status')} after {_SLACK:g} s"
        judge.holds("CAXTON-STP-008", seen.at("/status") == "stopped", wrong, said, seen)
