"""Tasks: how they are created and who gets them."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping
from typing import Any

from conformance.exchange import MISSING, Exchange
from conformance.judge import Judge
from conformance.marks import UnjudgeableError, from_profile, requirement
from conformance.protocols.caxton.census import CENSUS, judge_census
from conformance.protocols.caxton.client import Agent, Client, agent_of, wasm
from conformance.protocols.caxton.crew import Crew
from conformance.protocols.caxton.labour import (
    WAIT,
    Labour,
    assigned,
    found_nobody,
    proposals,
    task_id_of,
)
from conformance.protocols.caxton.moments import judge_now
from conformance.protocols.caxton.refusals import ALREADY_EXISTS, NOT_FOUND, code_of, judge_refused
from conformance.protocols.caxton.roll import call_roll

_SOME_SECONDS = 5.0
"""Seconds that a distribution may take beside the wait for bids."""


@requirement(
    "CAXTON-TSK-005",
    "CAXTON-TSK-006",
    "CAXTON-TSK-007",
    "CAXTON-TSK-008",
    "CAXTON-DIS-010",
    "CAXTON-DIS-011",
    "CAXTON-DIS-012",
    "CAXTON-DIS-013",
    "CAXTON-DIS-018",
    "CAXTON-DIS-019",
    "CAXTON-DIS-021",
    "CAXTON-DIS-022",
    "CAXTON-DIS-023",
    "CAXTON-DIS-024",
    "CAXTON-DIS-025",
    "CAXTON-DIS-026",
    "CAXTON-TGT-012",
    "CAXTON-TGT-020",
    "CAXTON-TGT-021",
)
async def test_flow_tasks(client: Client, crew: Crew, judge: Judge) -> None:
    """One task is distributed twice, one three times at once, and one not at all."""
    await client.clock.refill()
    labour = Labour(client)
    mates = await crew.mates(client, 3)
    said = await client.call("createTask", body=client.task(*mates))
    judge.status("CAXTON-TSK-005", said, range(200, 300))
    judge_now(client, judge, "CAXTON-TSK-007", said, "/created_at", after=mates[0])
    judge.equal("CAXTON-TSK-008", said, "/status", "created")
    couple, alone = mates[:2], mates[2:]
    made = await asyncio.gather(labour.put_out(*couple), labour.put_out(*alone))
    ids = [task_id_of(each) for each in (said, *made)]
    wrong = f"three tasks have the ids {', '.join(ids)}"
    judge.holds("CAXTON-TSK-006", len(set(ids)) == 3, wrong, said, *made, pointer="/task_id")
    await _judge_distributed(labour, judge, ids[1], couple)
    await _judge_at_once(labour, judge, ids[2], alone[0])
    await _judge_named_twice(labour, judge, alone[0])
    _judge_idle(judge, await labour.look(ids[0]), ids[0])


def _judge_idle(judge: Judge, seen: Exchange, task_id: str) -> None:
    """A task that was not distributed."""
    judge.equal("CAXTON-TGT-012", seen, "/task_id", task_id)
    wrong = f"a task that was not distributed is assigned to {assigned(seen)}"
    judge.holds("CAXTON-DIS-018", assigned(seen) is None, wrong, seen, pointer="/assigned_to")
    status, progress = seen.at("/status"), seen.at("/progress")
    wrong = f"a task that was not distributed is {status}, and its progress {progress!r}"
    fine = status not in ("in_progress", "completed") and progress in (MISSING, None, 0)
    judge.holds("CAXTON-TGT-020", fine, wrong, seen, pointer="/status")


async def _judge_distributed(
    labour: Labour, judge: Judge, task_id: str, participants: Collection[Agent]
) -> None:
    said = await labour.distribute(task_id, within=WAIT + _SOME_SECONDS + 1)
    if found_nobody(said):
        _judge_unwanted(judge, said, participants)
        return
    judge.status("CAXTON-DIS-010", said, range(200, 300))
    judge.equal("CAXTON-DIS-023", said, "/task_id", task_id)
    _judge_award(judge, said, participants)
    seen = await labour.look(task_id)
    judge.equal("CAXTON-TGT-012", seen, "/task_id", task_id)
    for row, each in (("CAXTON-DIS-024", said), ("CAXTON-TGT-021", seen)):
        wrong = f"a task that was assigned is {each.at('/status')}"
        judge.holds(row, each.at("/status") != "created", wrong, said, each, pointer="/status")
    judge.equal("CAXTON-DIS-018", seen, "/assigned_to", assigned(said), said)
    again = await labour.distribute(task_id)
    after = await labour.look(task_id)
    ids = [agent.id for agent in participants]
    fine = (again.status or 500) < 500 and assigned(after) in ids
    fine = fine and (again.ok or assigned(after) == assigned(seen))
    judge.holds(
        "CAXTON-DIS-021",
        fine and (not again.ok or assigned(after) == assigned(again)),
        f"a second distribution is answered {again.outcome}, and leaves the task to "
        f"{assigned(after)} instead of {assigned(seen)}",
        said,
        again,
        after,
        pointer="/assigned_to",
    )


_ON_AWARDS = (10, 11, 12, 13, 18, 21, 23, 24)


def _judge_unwanted(judge: Judge, said: Exchange, participants: Collection[Agent]) -> None:
    """Nobody bid, as it seems: what that is like is left open, and it is odd all the same."""
    for number in _ON_AWARDS:
        judge.inconclusive(f"CAXTON-DIS-{number:03}", f"nobody bid for a task: {said.outcome}")
    wrong = f"of {len(participants)} participants nobody makes a proposal"
    judge.holds("CAXTON-DIS-025", False, wrong, said, pointer="/proposals_received")


def _judge_award(judge: Judge, said: Exchange, participants: Collection[Agent]) -> None:
    """Who got it, by the answer to a distribution that had to find somebody."""
    ids = [agent.id for agent in participants]
    number = proposals(said)
    _judge_bid(judge, said)
    wrong = f"the task is assigned to {assigned(said)}, who is none of its participants"
    judge.holds("CAXTON-DIS-012", assigned(said) in ids, wrong, said, pointer="/assigned_to")
    wrong = f"of {len(ids)} participants come {number} proposals, and one wins"
    fine = number is not None and 1 <= number <= len(ids)
    judge.holds("CAXTON-DIS-013", fine, wrong, said, pointer="/proposals_received")
    fine = number is not None and number >= len(ids)
    wrong = f"of {len(ids)} participants that are alike come {number} proposals"
    judge.holds("CAXTON-DIS-025", fine, wrong, said, pointer="/proposals_received")
    wrong = f"a distribution with {WAIT} s for bids took {said.seconds:.1f} s"
    if said.status is None and said.seconds <= WAIT + _SOME_SECONDS:
        judge.inconclusive("CAXTON-DIS-019", "the target's timeout is over before that of bids")
    else:
        judge.holds("CAXTON-DIS-019", said.seconds <= WAIT + _SOME_SECONDS, wrong, said)


def _judge_bid(judge: Judge, said: Exchange) -> None:
    bidder = said.at("/winning_bid/agent_id")
    wrong = f"the task is assigned to {assigned(said)}, and the winning bid is of {bidder}"
    fine = bidder is not MISSING and bidder == assigned(said)
    judge.holds("CAXTON-DIS-011", fine, wrong, said, pointer="/assigned_to")


async def _judge_at_once(labour: Labour, judge: Judge, task_id: str, only: Agent) -> None:
    said = await asyncio.gather(*(labour.distribute(task_id) for _ in range(3)))
    seen = await labour.look(task_id)
    if all(map(found_nobody, said)):
        judge.inconclusive("CAXTON-DIS-022", f"nobody bid for a task: {said[0].outcome}")
        return
    winners = {assigned(each) for each in said if each.ok}
    errors = [each for each in said if (each.status or 500) >= 500]
    judge.holds(
        "CAXTON-DIS-022",
        not errors and len(winners) == 1 and winners == {assigned(seen)},
        f"of three distributions at once {len(errors)} are errors, and the others assign the task "
        f"to {', '.join(map(str, winners))}; it shows {assigned(seen)}",
        *said,
        seen,
        pointer="/assigned_to",
    )
    for each in said:
        if assigned(each) is not None:
            _judge_bid(judge, each)
    for each in (*(one for one in said if one.ok), seen):
        wrong = f"a task for {only.id} alone is assigned to {assigned(each)}"
        judge.holds("CAXTON-DIS-012", assigned(each) == only.id, wrong, each)


async def _judge_named_twice(labour: Labour, judge: Judge, only: Agent) -> None:
    """A task may be refused that names somebody twice."""
    made, *said = await labour.award(only, only, served=False)
    for each in said:
        number = proposals(each)
        wrong = f"of one participant that is named twice come {number} proposals"
        judge.holds("CAXTON-DIS-026", number is None or number <= 1, wrong, made, each)


@requirement("CAXTON-DIS-014", "CAXTON-DIS-015", "CAXTON-DIS-017")
@from_profile("standard")
async def test_flow_capabilities(client: Client, crew: Crew, judge: Judge) -> None:
    """Of four agents the last alone can do all that is wanted; then nobody can."""
    labour = Labour(client)
    able = await crew.veteran(client)
    others = await crew.mates(client, 3)
    both = {"capabilities": ["chart_reading", "wreck_diving"]}
    *_, said = await labour.award(*others, able, requirements=both, served=False)
    wrong = f"a task that {able.id} alone can do is assigned to {assigned(said)}"
    judge.holds("CAXTON-DIS-014", assigned(said) == able.id, wrong, said, pointer="/assigned_to")
    none = {"capabilities": ["chart_reading", "star_counting"]}
    await _judge_nobody(
        labour, judge, "CAXTON-DIS-015", "that nobody can do", able, requirements=none
    )


async def _judge_nobody(
    labour: Labour,
    judge: Judge,
    row: str,
    what: str,
    agent: Agent,
    **fields: Any,
) -> None:
    """A task for that agent is not distributed, and that is no server error."""
    said = await labour.award(agent, served=False, **fields)
    last = said[-1]
    if task_id := task_id_of(said[0]):
        said = (*said, await labour.look(task_id))
    winners = [assigned(each) for each in said if assigned(each) is not None]
    wrong = f"a task {what} is assigned to {', '.join(map(str, winners))}"
    judge.holds(row, not winners, wrong, *said, pointer="/assigned_to")
    fine = last.status is not None and last.status < 500
    wrong = f"a distribution of a task {what} is answered {last.outcome}"
    judge.holds("CAXTON-DIS-017", fine and not winners, wrong, *said)


@requirement(
    "CAXTON-DIS-016",
    "CAXTON-DIS-017",
    "CAXTON-MET-019",
    "CAXTON-MET-020",
    "CAXTON-STP-008",
    "CAXTON-TGT-012",
    *CENSUS,
)
@from_profile("standard")
async def test_flow_agents_that_are_gone(client: Client, judge: Judge) -> None:
    """One agent, when it is stopped and when it is removed."""
    await client.clock.refill()
    labour = Labour(client)
    agent = await client.deploy()
    *_, given = await labour.award(agent, served=False)
    said = await client.stop(agent, drain_messages=False, grace_period_seconds=0, served=False)
    if not said.ok:  # no grace at all may be too little
        said = await client.stop(agent, drain_messages=False)
    seen = await client.until(agent, "stopped")
    wrong = f"an agent that is stopped without draining is {seen.at('/status')} in the end"
    fine = not said.ok or seen.at("/status") == "stopped"
    judge.holds("CAXTON-STP-008", fine, wrong, said, seen, pointer="/status")
    if seen.at("/status") == "stopped":
        await _judge_nobody(labour, judge, "CAXTON-DIS-016", "for a stopped agent", agent)
        await _judge_errors(client, judge, agent)
        if client.clock.free:
            await judge_census(client, judge)
    gone = await client.remove(agent)
    if gone.ok and (task_id := task_id_of(given)):
        left = await labour.look(task_id)
        judge.equal("CAXTON-TGT-012", left, "/task_id", task_id, gone)
    if gone.ok:
        await _judge_nobody(labour, judge, "CAXTON-DIS-016", "for a removed agent", agent)
    else:
        judge.inconclusive("CAXTON-DIS-016", f"a removal is answered {gone.outcome}")


async def _judge_errors(client: Client, judge: Judge, agent: Agent) -> None:
    """What could not be delivered may be among an agent's errors: then it is told as they are."""
    message = client.message(agent)
    said = await client.call("sendMessage", body=message, served=False)
    query = {"period": "1h"}
    seen = await client.call("getAgentMetrics", agent.at, query=query, served=False)
    if seen.ok:
        judge.equal("CAXTON-MET-020", seen, "/agent_id", agent.id, said)
    wrong = "a stopped agent is there, and its metrics are answered as if it was not"
    there = (seen.status, code_of(seen)) != NOT_FOUND
    judge.holds("CAXTON-MET-019", there, wrong, said, seen)


@requirement(
    "CAXTON-DEP-022",
    "CAXTON-DIS-016",
    "CAXTON-DIS-017",
    "CAXTON-REM-005",
    "CAXTON-REM-010",
    "CAXTON-REM-011",
    *CENSUS,
)
@from_profile("standard")
async def test_flow_agent_that_failed(client: Client, judge: Judge) -> None:
    if "fail_agent" not in client.hooks.target.hooks:
        raise UnjudgeableError("the target has no hook 'fail_agent'")
    await client.clock.refill()
    labour = Labour(client)
    agent = await client.deploy()
    await client.hooks("fail_agent", {"agent": agent.id})
    seen = await client.until(agent, "failed")
    if seen.at("/status") != "failed":
        judge.inconclusive("CAXTON-DIS-016", f"an agent made to fail is {seen.at('/status')}")
        return
    await judge_census(client, judge)
    await _judge_nobody(labour, judge, "CAXTON-DIS-016", "for a failed agent", agent)
    if client.clock.free and not await _judge_namesake(client, judge, agent):
        return
    gone = await client.remove(agent, served=False)
    judge.status("CAXTON-REM-005", gone, range(200, 300))
    if gone.ok:
        roll = await call_roll(client)
        wrong = "an agent that had failed and was removed is in the list"
        judge.holds("CAXTON-REM-010", agent.id not in roll.ids, wrong, gone, *roll.pages[-1:])
        judge_refused(judge, "CAXTON-REM-011", await client.get(agent, served=False), NOT_FOUND)


async def _judge_namesake(client: Client, judge: Judge, failed: Agent) -> bool:
    """The name of an agent that has failed is not free for another beside it; one may take its
    place, which is gone then. Is it still there?
    """
    said = await client.try_deploy(wasm("namesake"), name=failed.name, served=False)
    if not said.ok:
        judge_refused(judge, "CAXTON-DEP-022", said, ALREADY_EXISTS)
        return True
    roll = await call_roll(client)
    wrong = "another agent gets the name of one that has failed and is in the list as before"
    judge.holds("CAXTON-DEP-022", failed.id not in roll.ids, wrong, said, *roll.pages[-1:])
    await client.remove(agent_of(said, failed.config), served=False)
    return failed.id in roll.ids


_NO_TASKS: Mapping[str, Mapping[str, Any]] = {
    "without a name": {"name": None},
    "whose name is a number": {"name": 3},
    "whose participants are a text": {"participants": "agent-1"},
    "whose timeout is a text": {"timeout_seconds": "soon"},
    "whose requirements are a list": {"requirements": ["chart_reading"]},
}
"""What is no task, by what is wrong with it. `None` leaves a field out."""


@requirement("CAXTON-TSK-009", "CAXTON-DIS-020")
async def test_flow_what_is_no_task(client: Client, crew: Crew, judge: Judge) -> None:
    mates = await crew.mates(client, 2)
    for what, change in [*_NO_TASKS.items()][: None if client.clock.free else 3]:
        body = client.task(*mates, **change)
        said = await client.call("createTask", body=body, lawful=False)
        wrong = f"a task {what} is answered {said.outcome}"
        fine = said.status is not None and 400 <= said.status < 500
        judge.holds("CAXTON-TSK-009", fine, wrong, said, expected="4XX")
    said = await Labour(client).distribute(client.new("task"))
    judge.status("CAXTON-DIS-020", said, 404)
