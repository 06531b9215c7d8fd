"""Deployments that are taken back."""

from __future__ import annotations

import base64

import pytest

from conformance.exchange import Exchange
from conformance.judge import Judge
from conformance.marks import UnjudgeableError, from_profile, requirement
from conformance.protocols.caxton.bystander import stand_by
from conformance.protocols.caxton.client import Agent, Client
from conformance.protocols.caxton.crew import Crew
from conformance.protocols.caxton.moments import judge_to_come
from conformance.protocols.caxton.rollout import (
    BACK,
    PLAN,
    Rollouts,
    deployment_id_of,
    stages_of,
    version_of,
)

_PLANNED = float(sum(step.seconds for step in PLAN))


@pytest.fixture
def rollouts(client: Client) -> Rollouts:
    return Rollouts(client)


_SHORT = [{"percentage": 10, "duration": "3s"}, {"percentage": 100, "duration": "0"}]

_SHORT_LASTS = 6.0
"""Seconds in which these stages are over, with some to spare."""


@requirement(
    "CAXTON-CRD-012",
    "CAXTON-DPL-017",
    "CAXTON-GET-027",
    "CAXTON-RBK-006",
    "CAXTON-RBK-007",
    "CAXTON-RBK-008",
    "CAXTON-RBK-009",
    "CAXTON-RBK-010",
    "CAXTON-RBK-011",
    "CAXTON-RBK-012",
    "CAXTON-RBK-013",
    "CAXTON-RBK-014",
    "CAXTON-RBK-017",
    "CAXTON-RBK-018",
)
@from_profile("standard")
async def test_flow_rollback(client: Client, crew: Crew, rollouts: Rollouts, judge: Judge) -> None:
    """A deployment under way is taken back, and taken back again."""
    await client.clock.refill()
    said = await rollouts.take_back(client.new("deployment"), served=False)
    judge.status("CAXTON-RBK-012", said, 404)
    bystander = await stand_by(client, crew)
    agent = await crew.veteran(client)
    if client.clock.free:
        await _renew(rollouts, agent)
    before = version_of(await client.get(agent))
    made = await rollouts.begin(agent, rollouts.version())
    deployment = deployment_id_of(made)
    if not deployment:
        raise UnjudgeableError(f"a deployment was answered {made.outcome}")
    seen = await rollouts.until(deployment, "in_progress")
    judge.equal("CAXTON-DPL-017", seen, "/deployment_id", deployment, made)
    if client.clock.free and seen.at("/status") == "in_progress":
        await _judge_undisturbed(rollouts, judge, agent, deployment)
    said = await rollouts.take_back(deployment)
    judge.status("CAXTON-RBK-006", said, range(200, 300))
    judge.equal("CAXTON-RBK-007", said, "/deployment_id", deployment, made)
    judge.equal("CAXTON-RBK-008", said, "/rollback_to_version", before, made)
    judge_to_come(client, judge, "CAXTON-RBK-014", said, "/estimated_completion")
    await _judge_off(rollouts, judge, deployment, said)
    await rollouts.judge_restored(judge, agent, before, said)
    await _judge_again(rollouts, judge, agent, deployment, before)
    await rollouts.settle(deployment)
    await bystander.judge_untouched(judge, "CAXTON-RBK-017", "after a rollback of another", said)
    await client.clock.jump(_PLANNED + 60)
    seen = await rollouts.look(deployment)
    gone_on = seen.at("/status") in ("initializing", "in_progress", "completed")
    wrong = f"a deployment that was taken back is {seen.at('/status')} after its stages' time"
    judge.holds("CAXTON-RBK-011", seen.ok and not gone_on, wrong, said, seen, pointer="/status")
    details = await client.get(agent)
    wrong = f"a deployment was taken back, and later its agent has {version_of(details)}"
    judge.holds("CAXTON-RBK-011", version_of(details) == before, wrong, said, details)


async def _judge_undisturbed(
    rollouts: Rollouts, judge: Judge, agent: Agent, deployment: str
) -> None:
    """A deployment under way goes on when another is refused, whatever for."""
    module = base64.b64encode(b"no module at all").decode()
    other = await rollouts.begin(agent, rollouts.version(), wasm_module=module, lawful=False)
    if other.ok:
        return  # another row's affair
    seen = await rollouts.look(deployment)
    fine = seen.at("/status") in ("initializing", "in_progress", "completed")
    wrong = f"a deployment under way is {seen.at('/status')} after another was refused"
    judge.holds("CAXTON-CRD-012", fine, wrong, other, seen, pointer="/status")


async def _renew(rollouts: Rollouts, agent: Agent) -> None:
    """Bring the agent to a version that is not its first, if that can be done."""
    version = rollouts.version()
    made = await rollouts.begin(agent, version, strategy={"type": "immediate"})
    if made.ok:
        await rollouts.settle(deployment_id_of(made))
        await rollouts.version_is(agent, version)


async def _judge_off(rollouts: Rollouts, judge: Judge, deployment: str, said: Exchange) -> None:
    seen = await rollouts.look(deployment)
    judge.status("CAXTON-DPL-017", seen, range(200, 300))
    status = seen.at("/status")
    wrong = f"after a rollback the deployment is {status}"
    fine = seen.ok and status not in ("initializing", "in_progress", "completed")
    judge.holds("CAXTON-RBK-009", fine, wrong, said, seen, pointer="/status")
    done = [each.get("stage") for each in stages_of(seen) if each.get("status") == "completed"]
    wrong = f"a deployment was taken back in its first stage, and shows the stages {done} as done"
    judge.holds("CAXTON-RBK-018", not done[1:], wrong, said, seen, pointer="/stages")


async def _judge_again(
    rollouts: Rollouts, judge: Judge, agent: Agent, deployment: str, before: str | None
) -> None:
    again = await rollouts.take_back(deployment, served=False)
    await rollouts.client.clock.pass_by(4.0)
    details = await rollouts.client.get(agent)
    fine = again.status is not None and again.status < 500 and version_of(details) == before
    wrong = f"a second rollback is answered {again.outcome}; the agent has {version_of(details)}"
    judge.holds("CAXTON-RBK-013", fine, wrong, again, details, expected=before)


@requirement("CAXTON-RBK-010")
@from_profile("standard")
async def test_a_deployment_that_is_soon_done_is_taken_back(
    client: Client, crew: Crew, rollouts: Rollouts, judge: Judge
) -> None:
    """Whoever only says so goes on with it."""
    await client.clock.refill()
    agent, version = await crew.veteran(client), rollouts.version()
    strategy = {"type": "canary", "stages": _SHORT}
    made = await rollouts.begin(agent, version, served=False, strategy=strategy)
    deployment = deployment_id_of(made)
    said = await rollouts.take_back(deployment, served=False) if deployment else made
    if not said.ok:
        return  # one at a time may be enough, or it is too late
    await client.clock.pass_by(_SHORT_LASTS)
    seen = await rollouts.look(deployment)
    details = await client.get(agent)
    wrong = (
        f"a deployment of {version} was taken back, and is completed: its agent has that version"
    )
    fine = version_of(details) != version or seen.at("/status") != "completed"
    judge.holds("CAXTON-RBK-010", fine, wrong, made, said, seen, details, pointer="/version")


# By themselves


_FAILURES = 6


@requirement("CAXTON-RBK-015")
@from_profile("standard")
async def test_a_deployment_without_rollback_whose_agent_fails(
    client: Client, crew: Crew, rollouts: Rollouts, judge: Judge
) -> None:
    if "fail_agent" not in client.hooks.target.hooks:
        raise UnjudgeableError("the target has no hook 'fail_agent'")
    agent = await crew.spare(client)
    deployment = await _under_way(rollouts, agent, back=False)
    await client.hooks("fail_agent", {"agent": agent.id})
    failed = await client.until(agent, "failed")
    seen = await rollouts.look(deployment)
    wrong = f"a deployment that asks for no rollback is {seen.at('/status')} after its agent failed"
    fine = seen.at("/status") not in BACK
    judge.holds("CAXTON-RBK-015", fine, wrong, failed, seen, pointer="/status")


@requirement("CAXTON-RBK-016")
@from_profile("standard")
async def test_a_deployment_whose_messages_fail(
    client: Client, crew: Crew, rollouts: Rollouts, judge: Judge
) -> None:
    """Those to an agent that was stopped: they are not delivered, whatever the reason."""
    if not client.clock.can_jump:
        raise UnjudgeableError("the target has no hook 'advance'")
    agent = await crew.spare(client)
    deployment = await _under_way(rollouts, agent, back=True)
    await client.stop(agent, grace_period_seconds=0)
    await client.until(agent, "stopped")
    message = client.message(agent)
    told = [await client.call("sendMessage", body=message, served=False) for _ in range(_FAILURES)]
    if any(said.ok for said in told):
        raise UnjudgeableError("messages to an agent that is stopped are taken")
    await client.clock.jump(_PLANNED + 60)
    seen = await rollouts.look(deployment)
    wrong = f"every message to its agent failed, and a deployment is {seen.at('/status')}"
    fine = seen.at("/status") != "completed"
    judge.holds("CAXTON-RBK-016", fine, wrong, *told[:1], seen, pointer="/status")


async def _under_way(rollouts: Rollouts, agent: Agent, *, back: bool) -> str:
    """The id of a deployment that is to be taken `back` when more than a twentieth fails, or not.
    Raises `UnjudgeableError` where it does not get under way.
    """
    await rollouts.client.clock.refill()
    version = rollouts.version()
    strategy = {**rollouts.order(agent, version)["strategy"], "rollback_on_error": back}
    made = await rollouts.begin(agent, version, strategy={**strategy, "error_threshold": 0.05})
    deployment = deployment_id_of(made)
    seen = await rollouts.until(deployment, "in_progress") if deployment else made
    if seen.at("/status") != "in_progress":
        raise UnjudgeableError(f"a deployment did not get under way: {seen.outcome}")
    return deployment
