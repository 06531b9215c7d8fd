"""The life of an agent that came over gRPC, as each of the transports shows it."""

from __future__ import annotations

import pytest

from conformance.clients.grpc import GrpcClient
from conformance.exchange import Exchange
from conformance.judge import Judge
from conformance.marks import UnjudgeableError, requirement
from conformance.patience import Patience
from conformance.protocols.caxton.amounts import same_memory
from conformance.protocols.caxton.caller import Caller, key_of, rows_of
from conformance.protocols.caxton.census import CENSUS, judge_census
from conformance.protocols.caxton.client import Agent, Client, agent_of
from conformance.protocols.caxton.counts import until_worked, worked
from conformance.protocols.caxton.crew import Crew
from conformance.protocols.caxton.labour import Labour, assigned
from conformance.protocols.caxton.refusals import judge_code
from conformance.protocols.caxton.roll import call_roll
from conformance.times import parse_time

_SAME_MOMENT = 1.5
"""Seconds by which one time may differ on two transports: one of them may leave fractions out."""

_OK = range(200, 300)

_A_WHILE = 5.0
"""Seconds in which a message must be counted."""

_NOT_COMING = ("DRAINING", "STOPPED", "FAILED")


@pytest.fixture
def caller(procedures: GrpcClient, client: Client) -> Caller:
    return Caller(procedures, client)


@requirement(
    *(f"CAXTON-GRP-{number:03}" for number in (14, 15, 16, 17, 21, 22, 23, 24, 26)),
    *(f"CAXTON-GRP-{number:03}" for number in (36, 37, 38, 39)),
    *(f"CAXTON-XTR-{number:03}" for number in (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 13, 15, 16)),
    *CENSUS,
    "CAXTON-GET-027",
    "CAXTON-SYS-026",
)
async def test_flow_life_of_an_agent(
    caller: Caller, client: Client, crew: Crew, judge: Judge, patience: Patience
) -> None:
    mate, *_ = await crew.mates(client, 3)
    watch = await client.watch()
    await watch.subscribe("agent.deployed")
    config = caller.config(resources=await caller.limits())
    said = await caller.deploy(config)
    judge.status("CAXTON-GRP-014", said, _OK)
    judge.status("CAXTON-GRP-015", said, _OK)
    agent = agent_of(said, config)
    if await caller.described():
        state = said.at("/status")
        wrong = f"an agent that was just deployed has the status {state!r}"
        coming = isinstance(state, str) and not state.upper().endswith(_NOT_COMING)
        judge.holds("CAXTON-GRP-036", coming, wrong, said)
    frame = await watch.hope("agent.deployed", lambda f: f.value("/agent_id") == agent.id, patience)
    wrong = "an agent that was deployed over gRPC is not announced"
    judge.holds("CAXTON-XTR-006", frame is not None, wrong, said, *watch.socket.frames[-1:])
    await _shown_over_rest(client, judge, agent)
    if client.clock.free:
        await judge_census(client, judge)
    await _works(client, judge, agent)
    await _names_are_taken(caller, client, judge, mate, agent)
    await _spoken_to(caller, client, judge, mate, agent)
    listed = await _listed(caller, judge, mate, agent)
    await _totals(caller, client, judge)
    if listed:
        await _pages(caller, judge)
    await _ends(caller, client, judge, mate, agent, listed=listed)


async def _shown_over_rest(client: Client, judge: Judge, agent: Agent) -> None:
    roll = await call_roll(client)
    row = roll.of(agent.id)
    wrong = f"an agent that was deployed over gRPC is listed {roll.ids.count(agent.id)} times"
    shown = (agent.said, roll.pages[-1])
    judge.holds("CAXTON-XTR-001", roll.ids.count(agent.id) == 1, wrong, *shown)
    twice = roll.names.count(agent.name)
    judge.holds("CAXTON-XTR-001", twice < 2, f"its name is listed {twice} times", *shown)
    if row is not None:
        wrong = f"it is listed as {row.get('name')!r}, not {agent.name!r}"
        judge.holds("CAXTON-XTR-001", row.get("name") == agent.name, wrong, *shown)
    details = await client.until(agent, "running")
    judge.equal("CAXTON-XTR-002", details, "/name", agent.name, agent.said)
    judge.equal("CAXTON-XTR-002", details, "/agent_id", agent.id, agent.said)
    asked, memory = agent.config["resources"].get("memory"), "/resources/limits/memory"
    if asked is not None and details.ok:
        wrong = f"an agent that was to have {asked} over gRPC has {details.at(memory)!r}"
        fine = same_memory(details.at(memory), asked)
        judge.holds("CAXTON-GET-027", fine, wrong, agent.said, details, pointer=memory)
    there = parse_time(details.at("/deployment/deployed_at"))
    here = parse_time(agent.said.at("/deployed_at"))
    if details.ok and there is not None:
        fine = here is not None and abs((there - here).total_seconds()) <= _SAME_MOMENT
        wrong = f"deployed_at is {here} over gRPC and {there} over REST"
        judge.holds("CAXTON-XTR-013", fine, wrong, agent.said, details)


async def _works(client: Client, judge: Judge, agent: Agent) -> None:
    """A task that requires one of its capabilities: over gRPC there is a field for these."""
    wanted = {"capabilities": list(agent.config["capabilities"])[-1:]}
    *_, said = await Labour(client).award(agent, requirements=wanted, served=False)
    if not said.ok:
        await _works_unasked(client, judge, agent, said)
        return
    wrong = f"a task that requires what an agent can do is assigned to {assigned(said)}"
    fine = assigned(said) == agent.id
    judge.holds("CAXTON-XTR-015", fine, wrong, agent.said, said, pointer="/assigned_to")


async def _works_unasked(client: Client, judge: Judge, agent: Agent, refused: Exchange) -> None:
    """A task of which nothing is required tells what the refusal of the other was about."""
    *_, said = await Labour(client).award(agent, served=False)
    if assigned(said) != agent.id:
        judge.inconclusive("CAXTON-XTR-015", f"a distribution is answered {refused.outcome}")
        return
    wrong = f"a task that requires what an agent can do is answered {refused.outcome}, and not"
    wrong += " one that requires nothing"
    judge.holds("CAXTON-XTR-015", False, wrong, agent.said, refused, said)


async def _names_are_taken(
    caller: Caller, client: Client, judge: Judge, mate: Agent, agent: Agent
) -> None:
    said = await caller.deploy(caller.config(name=mate.name), served=False)
    wrong = "a name that REST gave is given again over gRPC"
    for row in ("CAXTON-GRP-016", "CAXTON-XTR-007"):
        judge.holds(row, not said.ok, wrong, mate.said, said)
    judge_code(judge, "CAXTON-GRP-017", said, "ALREADY_EXISTS", "a name that is in use")
    said = await client.try_deploy(name=agent.name, served=False)
    judge.status("CAXTON-XTR-007", said, 409)
    roll = await call_roll(client)
    for each in (mate, agent):
        kept = roll.names.count(each.name) == 1 and roll.of(each.id) is not None
        wrong = "after a refused duplicate its name is not that of one agent in the list"
        judge.holds("CAXTON-GRP-016", kept, wrong, said, roll.pages[-1])
    seen = await client.get(mate)
    for pointer, value in (("/name", mate.name), ("/status", "running")):
        judge.equal("CAXTON-GRP-016", seen, pointer, value, said)


async def _spoken_to(
    caller: Caller, client: Client, judge: Judge, mate: Agent, agent: Agent
) -> None:
    there = await caller.send(caller.message(mate, performative="inform"))
    judge.status("CAXTON-XTR-010", there, _OK)
    await _counted(caller, client, judge, agent)
    here = client.message(agent, performative="inform")
    judge.status("CAXTON-XTR-010", await client.call("sendMessage", body=here), _OK)


async def _counted(caller: Caller, client: Client, judge: Judge, agent: Agent) -> None:
    """By an agent to which nobody else sends anything."""
    first = await client.get(agent)
    system = await client.call("getSystemMetrics")
    said = await caller.send(caller.message(agent, performative="inform"))
    if not said.ok:
        judge.inconclusive("CAXTON-XTR-016", f"a message over gRPC ends {said.outcome}")
        return
    seen = await until_worked(client, agent, (), worked(first) + 1)
    wrong = "a message that was sent over gRPC is not counted after a while"
    fine = worked(seen) > worked(first)
    judge.holds("CAXTON-XTR-016", fine, wrong, first, said, seen, pointer="/metrics")
    end, looks = client.clock.now() + _A_WHILE, 0
    while True:
        later = await client.call("getSystemMetrics")
        had, has = (each.at("/messages/total_processed") for each in (system, later))
        if had != has or client.clock.now() > end:
            break
        await client.clock.step(looks)
        looks += 1
    wrong = f"a message over gRPC was delivered, and total_processed went from {had} to {has}"
    grown = isinstance(had, int) and isinstance(has, int) and has > had
    judge.holds("CAXTON-SYS-026", grown or not fine, wrong, system, said, later)


async def _listed(caller: Caller, judge: Judge, mate: Agent, agent: Agent) -> bool:
    """Is the list of gRPC served, and are its agents to be read?"""
    try:
        pages, rows = await caller.walk()
    except UnjudgeableError as unserved:
        for row in _LISTING:
            judge.inconclusive(row, str(unserved))
        return False
    for each, name in ((agent, "CAXTON-GRP-022"), (mate, "CAXTON-XTR-004")):
        count = [key_of(row) for row in rows].count((each.id, each.name))
        if not count and not await caller.tells("Agent", "agent_id", "name"):
            cause = "the peer does not describe its messages, and the document leaves agents open"
            judge.inconclusive(name, cause)
            continue
        wrong = f"ListAgents shows an agent {count} times under its agent_id and name"
        judge.holds(name, count == 1, wrong, each.said, pages[-1], *pages[:1])
    return all(page.ok for page in pages)


_LISTING = (
    *(f"CAXTON-GRP-{number:03}" for number in (21, 22, 23, 24)),
    *(f"CAXTON-XTR-{number:03}" for number in (3, 4, 5, 8, 9)),
)


async def _totals(caller: Caller, client: Client, judge: Judge) -> None:
    """Of both lists. Others may deploy meanwhile: it is looked at again."""
    try:
        for _ in range(2):
            here = await caller.page(limit=2)
            roll = await call_roll(client)
            pages, rows = await caller.walk()
            total = here.at("/total")
            if total == roll.pages[0].at("/total") == len(rows):
                break
    except UnjudgeableError:
        return  # told before
    wrong = f"total of ListAgents is {total!r}, and the list of REST shows {len(roll.ids)} agents"
    counted = isinstance(total, int) and total >= len(roll.ids)
    judge.holds("CAXTON-XTR-003", counted, wrong, here, roll.pages[0])
    other = roll.pages[0].at("/total")
    wrong = f"total is {total!r} over gRPC and {other!r} over REST"
    judge.holds("CAXTON-XTR-005", total == other, wrong, here, roll.pages[0])
    wrong = f"total of ListAgents is {total!r}, and its pages show {len(rows)} agents"
    judge.holds("CAXTON-GRP-021", total == len(rows), wrong, here, *pages[:2])
    if not await caller.tells("Agent", "agent_id"):
        return  # whatever tells agents apart cannot be read
    wrong = "the pages of ListAgents show an agent twice"
    keys = [key_of(row) for row in rows]
    judge.holds("CAXTON-GRP-021", len(set(keys)) == len(keys), wrong, *pages[:2])


async def _pages(caller: Caller, judge: Judge) -> None:
    for _ in range(2):
        whole, rows = await caller.walk()
        asked = [(2, 0), (2, 1), (1, 2), (3, len(rows) - 1), (2, len(rows) + 5)]
        shown = [await caller.page(limit=limit, offset=offset) for limit, offset in asked]
        wanted = [[key_of(row) for row in rows[offset : offset + limit]] for limit, offset in asked]
        found = [[key_of(row) for row in rows_of(page)] for page in shown]
        if found == wanted:
            break
    for (limit, offset), page, there, here in zip(asked, shown, wanted, found, strict=True):
        wrong = f"with limit {limit} and offset {offset} ListAgents shows {here}, not {there}"
        judge.holds("CAXTON-GRP-023", here == there, wrong[:300], whole[0], page)


async def _ends(
    caller: Caller, client: Client, judge: Judge, mate: Agent, agent: Agent, *, listed: bool
) -> None:
    """It is stopped and removed over REST, and gRPC follows."""
    if listed:
        await _filtered(caller, judge, mate)
    stopped = await client.stop(agent)
    judge.status("CAXTON-XTR-002", stopped, _OK)
    seen = await client.until(agent, "stopped", within=30)
    tells = await caller.tells("Agent", "agent_id", "name", "status")
    if listed and seen.at("/status") == "stopped" and tells:
        pages, rows = await caller.walk()
        status = next((r.get("status") for r in rows if key_of(r) == (agent.id, agent.name)), None)
        wrong = f"an agent that was stopped over REST has the status {status!r} over gRPC"
        fine = isinstance(status, str) and status.upper().endswith("STOPPED")
        judge.holds("CAXTON-XTR-008", fine, wrong, seen, *pages[:1])
        await _filtered(caller, judge, agent)
    if seen.at("/status") == "stopped":
        said = await caller.send(caller.message(agent, performative="inform"), served=False)
        wrong = "a message over gRPC to an agent that is stopped is told as delivered"
        fine = not said.ok or said.at("/status") != "delivered"
        judge.holds("CAXTON-GRP-037", fine, wrong, seen, said)
    had = await call_roll(client)
    before = await _total(caller)
    removed = await client.remove(agent)
    judge.status("CAXTON-XTR-002", removed, _OK)
    gone = await client.get(agent, served=False)
    judge.status("CAXTON-XTR-002", gone, 404)
    said = await caller.send(caller.message(agent), served=False)
    wrong = "a message over gRPC to an agent that was removed is taken"
    judge.holds("CAXTON-GRP-026", not said.ok, wrong, removed, said)
    after = await _total(caller)
    if before is not None and after is not None:
        wrong = f"total of ListAgents was {before.at('/total')} and is {after.at('/total')}"
        left = await call_roll(client)
        come, went = set(left.ids) - set(had.ids), set(had.ids) - {*left.ids, agent.id}
        rest = before.at("/total") - 1  # and what other workers do meanwhile
        fine = rest - len(went) <= after.at("/total") <= rest + len(come)
        judge.holds("CAXTON-XTR-009", fine, wrong, before, removed, after)


async def _total(caller: Caller) -> Exchange | None:
    try:
        said = await caller.page(limit=1)
    except UnjudgeableError:
        return None
    return said if isinstance(said.at("/total"), int) else None


@requirement("CAXTON-GRP-024")
async def test_flow_agents_that_failed_over_grpc(
    caller: Caller, client: Client, judge: Judge
) -> None:
    if "fail_agent" not in client.hooks.target.hooks or not client.clock.free:
        raise UnjudgeableError("no agent can be made to fail, or it costs too many deployments")
    await caller.page(limit=1)
    agent = await client.deploy()
    await client.hooks("fail_agent", {"agent": agent.id})
    seen = await client.until(agent, "failed")
    if seen.at("/status") == "failed":
        await _filtered(caller, judge, agent)
    await client.remove(agent, served=False)


async def _filtered(caller: Caller, judge: Judge, agent: Agent) -> None:
    """By the status of one agent, as the peer itself tells it: its names for them are open."""
    if not await caller.tells("Agent", "agent_id", "name", "status"):
        cause = "the peer does not describe its messages, and the document leaves statuses open"
        judge.inconclusive("CAXTON-GRP-024", cause)
        return
    for _ in range(2):
        pages, rows = await caller.walk()
        own = next((r for r in rows if key_of(r) == (agent.id, agent.name)), None)
        if own is None:
            return  # its row says so
        status = own.get("status")
        wanted = {key_of(row) for row in rows if row.get("status") == status}
        limit = 3 if caller.client.clock.free else 50  # few, so that they stand on several pages
        chosen, shown = await caller.walk(limit, status_filter=status)
        if {key_of(row) for row in shown} == wanted:
            break
    found = {key_of(row) for row in shown}
    wrong = f"with status_filter {status} ListAgents shows {len(found)} agents of {len(wanted)}"
    wrong += f", and {len(found - wanted)} others"
    judge.holds("CAXTON-GRP-024", found == wanted, wrong, *pages[:1], *chosen[:1])
