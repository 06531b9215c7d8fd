"""Deployments of new versions, from their creation to their end."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from conformance.exchange import Exchange
from conformance.judge import Judge
from conformance.marks import UnjudgeableError, from_profile, requirement
from conformance.protocols.caxton.bystander import portrait, stand_by
from conformance.protocols.caxton.client import Agent, Client
from conformance.protocols.caxton.crew import Crew
from conformance.protocols.caxton.labour import works
from conformance.protocols.caxton.moments import judge_now
from conformance.protocols.caxton.refusals import INVALID_WASM, NOT_FOUND, judge_refused, strangers
from conformance.protocols.caxton.rollout import (
    BACK,
    PLAN,
    Rollouts,
    deployment_id_of,
    judge_stages,
    stages_of,
    version_of,
)

_MARGIN = 30.0
"""Seconds before and after the end of a stage at which a deployment is looked at."""

_OF_ANOTHER = "after a deployment of a new version"


@pytest.fixture
def rollouts(client: Client) -> Rollouts:
    return Rollouts(client)


@dataclass(frozen=True, kw_only=True)
class _Begun:
    """A deployment that was taken: its agent, the versions, and the first looks at it."""

    agent: Agent
    id: str
    before: str | None
    version: str
    said: Exchange
    seen: Exchange


@requirement(
    "CAXTON-CRD-005",
    "CAXTON-CRD-006",
    "CAXTON-CRD-007",
    "CAXTON-CRD-008",
    "CAXTON-CRD-013",
    "CAXTON-CRD-014",
    "CAXTON-CRD-015",
    "CAXTON-DPL-010",
    "CAXTON-DPL-017",
    "CAXTON-DPL-018",
    "CAXTON-DPL-019",
    "CAXTON-DPL-020",
    "CAXTON-DPL-021",
    "CAXTON-DPL-022",
    "CAXTON-DPL-023",
    "CAXTON-DPL-024",
    "CAXTON-DPL-025",
    "CAXTON-DPL-026",
    "CAXTON-DPL-027",
    "CAXTON-DPL-029",
)
@from_profile("standard")
async def test_flow_stages(client: Client, crew: Crew, rollouts: Rollouts, judge: Judge) -> None:
    """A canary deployment in three stages, looked at in each of them where time can jump."""
    await client.clock.refill()
    said = await rollouts.look(client.new("deployment"), served=False)
    judge.status("CAXTON-DPL-026", said, 404)
    bystander = await stand_by(client, crew)
    begun = await _begin(rollouts, crew, judge)
    try:
        judge_stages(judge, begun.seen)
        await _judge_version(rollouts, judge, begun, begun.seen)
        await _judge_stage_ends(rollouts, judge, begun)
    finally:
        await bystander.judge_untouched(judge, "CAXTON-CRD-015", _OF_ANOTHER, begun.said)
        if (await rollouts.look(begun.id)).at("/status") != "completed":
            await rollouts.take_back(begun.id, served=False)
            await rollouts.settle(begun.id)


async def _begin(rollouts: Rollouts, crew: Crew, judge: Judge) -> _Begun:
    client = rollouts.client
    agent = await crew.veteran(client)
    before, version = version_of(await client.get(agent)), rollouts.version()
    said = await rollouts.begin(agent, version)
    for row in ("CAXTON-CRD-005", "CAXTON-CRD-008"):
        judge.status(row, said, range(200, 300))
    deployment = deployment_id_of(said)
    if not deployment:
        raise UnjudgeableError(f"a deployment was answered {said.outcome}")
    judge_now(client, judge, "CAXTON-CRD-007", said, "/created_at", after=agent)
    status = said.at("/status")
    wrong = f"a new deployment in stages is {status}"
    fine = status not in ("completed", "failed")
    judge.holds("CAXTON-CRD-013", fine, wrong, said, pointer="/status")
    wrong = f"a deployment has the id {deployment}, as that of its agent had"
    other = deployment != agent.said.at("/deployment_id")
    judge.holds("CAXTON-CRD-006", other, wrong, agent.said, said, pointer="/deployment_id")
    seen = await rollouts.until(deployment, "in_progress")
    judge.status("CAXTON-DPL-017", seen, range(200, 300))
    judge.equal("CAXTON-DPL-017", seen, "/deployment_id", deployment, said)
    return _Begun(agent=agent, id=deployment, before=before, version=version, said=said, seen=seen)


async def _judge_version(rollouts: Rollouts, judge: Judge, begun: _Begun, seen: Exchange) -> None:
    """The agent shows the version that goes with the deployment as it was `seen` just now."""
    done = seen.at("/status") == "completed"
    wanted = begun.version if done else begun.before
    look = rollouts.version_is(begun.agent, begun.version) if done else None
    details = await (look or rollouts.client.get(begun.agent))
    wrong = f"while its deployment is {seen.at('/status')} the agent has {version_of(details)}"
    ended = details.at("/status") in ("stopped", "failed", "removed")
    state = details.at("/status") if details.ok else details.outcome
    running = f"an agent to which a new version comes is {state}"
    judge.holds("CAXTON-CRD-014", details.ok and not ended, running, begun.said, details)
    fine = version_of(details) == wanted
    judge.holds("CAXTON-DPL-025", fine, wrong, seen, details, expected=wanted)


async def _judge_stage_ends(rollouts: Rollouts, judge: Judge, begun: _Begun) -> None:
    """Look at it shortly before and after the end of each stage that lasts."""
    clock = rollouts.client.clock
    seen, status = begun.seen, begun.seen.at("/status")
    if status == "completed":
        wrong = "a deployment whose stages last for minutes is completed at once"
        judge.holds("CAXTON-DPL-023", False, wrong, begun.said, seen, pointer="/status")
    if status != "in_progress":
        raise UnjudgeableError(f"a deployment did not get under way: {status}")
    first = next(iter(stages_of(seen)), {}).get("status")
    early = first == "completed" or seen.at("/current_stage") in (2, 3)
    if early and clock.scale == 1:
        wrong = f"stage 1 was to last {PLAN[0].seconds} s and is over at once"
        judge.holds("CAXTON-DPL-023", False, wrong, begun.said, seen, pointer="/current_stage")
    for number, step in enumerate(PLAN[:-1], 1):
        left = step.seconds - (_MARGIN if number > 1 else 0.0)
        await clock.jump(left - _MARGIN)
        early = await rollouts.look(begun.id)
        wrong = f"stage {number} was to last {step.seconds} s and is over before"
        fine = early.at("/current_stage") == number
        judge.holds("CAXTON-DPL-023", fine, wrong, seen, early, pointer="/current_stage")
        judge_stages(judge, early)
        await _judge_version(rollouts, judge, begun, early)
        await clock.jump(2 * _MARGIN)
        seen = await rollouts.look(begun.id)
        later = seen.at("/current_stage")
        wrong = f"stage {number} lasts longer than {step.seconds} s"
        fine = isinstance(later, int) and later > number
        judge.holds("CAXTON-DPL-023", fine, wrong, early, seen, pointer="/current_stage")
        judge_stages(judge, seen)
    done = await rollouts.until(begun.id, "completed")
    judge.equal("CAXTON-DPL-024", done, "/status", "completed", begun.said)
    judge_stages(judge, done)
    await _judge_version(rollouts, judge, begun, done)


@requirement("CAXTON-DPL-017", "CAXTON-DPL-028", "CAXTON-RBK-017")
@from_profile("standard")
async def test_flow_two_at_once(
    client: Client, crew: Crew, rollouts: Rollouts, judge: Judge
) -> None:
    """Of two agents, by plans of their own. Where deployments are few there is no room for it."""
    if not client.clock.free:
        raise UnjudgeableError("it costs too many deployments")
    await client.clock.refill()
    agents = [await crew.veteran(client), await crew.spare(client)]
    orders = [{"type": "canary", "stages": plan} for plan in _PLANS]
    made = await asyncio.gather(
        *(
            rollouts.begin(agent, rollouts.version(), strategy=order)
            for agent, order in zip(agents, orders, strict=True)
        )
    )
    for said, plan in zip(made, _PLANS, strict=True):
        if deployment := deployment_id_of(said):
            seen = await rollouts.until(deployment, "in_progress")
            judge.equal("CAXTON-DPL-017", seen, "/deployment_id", deployment, said)
            shares = [each.get("percentage") for each in stages_of(seen)]
            wanted = [stage["percentage"] for stage in plan][: len(shares)]
            wrong = f"a deployment beside another has the percentages {shares}, and not {wanted}"
            judge.holds("CAXTON-DPL-028", shares == wanted, wrong, *made, seen, pointer="/stages")
    first, second = map(deployment_id_of, made)
    if first:
        said = await rollouts.take_back(first, served=False)
        beside = await rollouts.look(second) if second else said
        wrong = "a deployment that goes on beside one that is taken back is taken back with it"
        fine = not (said.ok and second) or beside.at("/status") not in BACK
        judge.holds("CAXTON-RBK-017", fine, wrong, said, beside, pointer="/status")
        await rollouts.settle(first)
    if second:
        await rollouts.take_back(second, served=False)
        await rollouts.settle(second)
    await client.remove(agents[1], served=False)


_PLANS: Sequence[Sequence[Mapping[str, Any]]] = (
    ({"percentage": 20, "duration": "10m"}, {"percentage": 100, "duration": "0"}),
    ({"percentage": 35, "duration": "10m"}, {"percentage": 100, "duration": "0"}),
)


_KINDS = ("blue_green", "immediate", "rolling")
"""The strategies beside canary, which is that of all other checks."""


@requirement(
    "CAXTON-CRD-006",
    "CAXTON-CRD-008",
    "CAXTON-CRD-015",
    "CAXTON-DPL-017",
    "CAXTON-CRD-016",
    "CAXTON-DPL-025",
    "CAXTON-GET-027",
    "CAXTON-RBK-008",
    "CAXTON-RBK-010",
    "CAXTON-RBK-017",
)
@from_profile("standard")
async def test_flow_strategies(
    client: Client, crew: Crew, rollouts: Rollouts, judge: Judge
) -> None:
    """One after the other; the last is taken back when it is through, where that can be done."""
    await client.clock.refill()
    bystander = await stand_by(client, crew)
    agent = await crew.veteran(client)
    before = version_of(await client.get(agent))
    ids = [str(agent.said.at("/deployment_id"))]
    could = client.clock.free and await works(client, agent)
    for kind in _KINDS if client.clock.free else _KINDS[:1]:
        version = rollouts.version()
        said = await rollouts.begin(agent, version, strategy={"type": kind})
        wrong = f"a deployment with the strategy {kind} is answered {said.outcome}"
        if not judge.holds("CAXTON-CRD-008", said.ok, wrong, said):
            continue
        deployment = deployment_id_of(said)
        wrong = f"a deployment has the id {deployment}, as an earlier one had"
        judge.holds("CAXTON-CRD-006", deployment not in ids, wrong, said)
        ids.append(deployment)
        if await _judge_end(rollouts, judge, agent, version, deployment):
            last, before = before, version
        await bystander.judge_untouched(judge, "CAXTON-CRD-015", _OF_ANOTHER, said)
    if could and before == version:
        wrong = "after deployments of new versions an agent can do no more what it could"
        judge.holds("CAXTON-CRD-016", await works(client, agent), wrong, said)
    if len(ids) > 1 and before == version:
        await _judge_restored(rollouts, judge, agent, ids[-1], last)
        await bystander.judge_untouched(judge, "CAXTON-RBK-017", "after a rollback of another")


async def _judge_end(
    rollouts: Rollouts, judge: Judge, agent: Agent, version: str, deployment: str
) -> bool:
    """Is it through, and the agent of that version?"""
    seen = await rollouts.until(deployment, "completed", "failed")
    judge.equal("CAXTON-DPL-017", seen, "/deployment_id", deployment)
    if seen.at("/status") != "completed":
        await rollouts.take_back(deployment, served=False)  # or the next would find it under way
        await rollouts.settle(deployment)
        return False
    details = await rollouts.version_is(agent, version)
    shown = version_of(details)
    rollouts.judge_limited(judge, agent, details)
    wrong = f"after a deployment of {version} was completed the agent shows {shown}"
    return judge.holds("CAXTON-DPL-025", shown == version, wrong, seen, details)


async def _judge_restored(
    rollouts: Rollouts, judge: Judge, agent: Agent, deployment: str, before: str | None
) -> None:
    """A rollback of what is through may be refused; where it is not, the old version is back."""
    said = await rollouts.take_back(deployment, served=False)
    if not said.ok:
        return
    judge.equal("CAXTON-RBK-008", said, "/rollback_to_version", before)
    await rollouts.settle(deployment)
    await rollouts.judge_restored(judge, agent, before, said)


_NO_MODULES = (b"no module at all", b"\0asm")

_NO_ORDERS: Mapping[str, Mapping[str, Any]] = {
    "whose module is no base64": {"wasm_module": "%%% AGFzbQ"},
    "without a module": {"wasm_module": None},
    "whose module is a number": {"wasm_module": 17},
    "without an agent_id": {"agent_id": None},
}
"""What is no order of a deployment, by what is wrong with it. `None` leaves a field out."""


@requirement("CAXTON-CRD-009", "CAXTON-CRD-010", "CAXTON-CRD-011", "CAXTON-CRD-012")
@from_profile("standard")
async def test_flow_what_is_no_deployment(
    client: Client, crew: Crew, rollouts: Rollouts, judge: Judge
) -> None:
    await client.clock.refill()
    agent = await crew.veteran(client)
    before = await client.get(agent)
    version = rollouts.version()
    said = await rollouts.begin(strangers(agent)[0], version, served=False)
    judge_refused(judge, "CAXTON-CRD-009", said, NOT_FOUND)
    tried: list[Exchange] = []
    free = client.clock.free
    for module in _NO_MODULES if free else _NO_MODULES[:1]:
        text = base64.b64encode(module).decode()
        said = await rollouts.begin(agent, version, wasm_module=text, lawful=False)
        judge_refused(judge, "CAXTON-CRD-010", said, INVALID_WASM)
        tried.append(said)
    for what, change in [*_NO_ORDERS.items()][: None if free else 2]:
        said = await rollouts.begin(agent, version, lawful=False, **change)
        wrong = f"a deployment {what} is answered {said.outcome}"
        fine = said.status is not None and 400 <= said.status < 500
        judge.holds("CAXTON-CRD-011", fine, wrong, said, expected="4XX")
        tried.append(said)
    await _judge_as_it_was(client, judge, agent, before, tried)


async def _judge_as_it_was(
    client: Client, judge: Judge, agent: Agent, before: Exchange, tried: Sequence[Exchange]
) -> None:
    await client.clock.pass_by(1.0)
    after = await client.get(agent)
    was, now = portrait(before), portrait(after)
    other = [pointer for pointer in was if was[pointer] != now[pointer]]
    wrong = f"after deployments that were refused the agent differs in {', '.join(other)}"
    refused = [said for said in tried if not said.ok]
    judge.holds("CAXTON-CRD-012", after.ok and not other, wrong, *refused[:1], before, after)
