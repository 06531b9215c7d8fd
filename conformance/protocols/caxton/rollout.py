"""Deployments of new versions: begun, followed and taken back."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from conformance.exchange import MISSING, Exchange
from conformance.judge import Judge
from conformance.marks import UnjudgeableError
from conformance.protocols.caxton.amounts import same_memory
from conformance.protocols.caxton.client import Agent, Client, wasm
from conformance.times import parse_time

__all__ = [
    "BACK",
    "PLAN",
    "Rollouts",
    "Step",
    "deployment_id_of",
    "judge_stages",
    "stages_of",
    "version_of",
]

_A_WHILE = 15.0
"""Seconds in which a deployment must get under way, and one without stages must end."""

BACK = ("rolling_back", "rolled_back", "reverted")
"""What a deployment is called that is taken back."""

_UNFINISHED = ("initializing", "pending", "in_progress", "rolling_back")
"""What a deployment is that will be something else."""


@dataclass(frozen=True, kw_only=True)
class Step:
    """A planned stage."""

    percentage: int
    seconds: int

    def written(self) -> dict[str, Any]:
        duration = f"{self.seconds // 60}m" if self.seconds else "0"
        return {"percentage": self.percentage, "duration": duration}


PLAN = (
    Step(percentage=15, seconds=360),
    Step(percentage=60, seconds=720),
    Step(percentage=100, seconds=0),
)
"""Stages that last long enough for a deployment to be looked at while it is under way."""


class Rollouts:
    """The deployment operations of a client."""

    def __init__(self, client: Client) -> None:
        self.client = client

    def version(self) -> str:
        """A version that no agent has."""
        return f"8.{self.client.new('version').rpartition('-')[2]}.0"

    def order(self, agent: Agent | str, version: str, **fields: Any) -> dict[str, Any]:
        """A canary deployment with every documented field. A field of `None` is left out."""
        order = {
            "agent_id": agent.id if isinstance(agent, Agent) else agent,
            "wasm_module": base64.b64encode(wasm(version)).decode(),
            "version": version,
            "strategy": {
                "type": "canary",
                "stages": [step.written() for step in PLAN],
                "rollback_on_error": True,
                "error_threshold": 0.5,
            },
            **fields,
        }
        return {key: value for key, value in order.items() if value is not None}

    async def begin(
        self,
        agent: Agent | str,
        version: str,
        *,
        lawful: bool = True,
        served: bool = True,
        **fields: Any,
    ) -> Exchange:
        """It may count as a deployment of an agent, of which there are few."""
        body = self.order(agent, version, **fields)
        return await self.client.call("createDeployment", body=body, lawful=lawful, served=served)

    async def look(self, deployment_id: str, *, served: bool = True) -> Exchange:
        at = {"deployment_id": deployment_id}
        return await self.client.call("getDeployment", at, served=served)

    async def until(self, deployment_id: str, *states: str) -> Exchange:
        """Look until it is in one of these states; at last as it is after a while. It is in
        progress once its first stage has begun.
        """
        clock = self.client.clock
        end, looks = clock.now() + _A_WHILE, 0
        while True:
            seen = await self.look(deployment_id)
            waits = seen.at("/status") == "in_progress" and not seen.at("/current_stage")
            there = seen.at("/status") in states and not waits
            if there or not seen.ok or clock.now() > end:
                return seen
            await clock.step(looks)
            looks += 1

    async def take_back(self, deployment_id: str, *, served: bool = True) -> Exchange:
        at, body = (
            {"deployment_id": deployment_id},
            {"reason": "The lamps went out, and 1 in 20 ships ran aground"},
        )
        return await self.client.call("rollbackDeployment", at, body=body, served=served)

    async def settle(self, deployment_id: str) -> None:
        """Until it is over, or was taken back. Raises `UnjudgeableError` where it is not after a
        while: another change of its agent may be refused then.
        """
        clock = self.client.clock
        end, looks = clock.now() + _A_WHILE, 0
        while (seen := await self.look(deployment_id)).at("/status") in _UNFINISHED:
            if clock.now() > end:
                raise UnjudgeableError(f"a deployment is {seen.at('/status')} for long")
            await clock.step(looks)
            looks += 1

    async def judge_restored(
        self, judge: Judge, agent: Agent, before: str | None, said: Exchange
    ) -> None:
        """After the rollback that was answered so the agent shows its version of `before`: within a
        while, or when the rollback's own estimate is over.
        """
        clock = self.client.clock
        details = await self.version_is(agent, before or "")
        ahead = clock.off(said.at("/estimated_completion")) or 0.0
        if version_of(details) != before and details.ok and ahead > 0:
            if not clock.can_jump:
                judge.inconclusive("CAXTON-RBK-010", f"a rollback is to take {ahead:.0f} s more")
                return
            await clock.jump(ahead)
            details = await self.version_is(agent, before or "")
        shown = version_of(details)
        wrong = f"a while after a rollback to {before} the agent shows {shown}"
        judge.holds("CAXTON-RBK-010", shown == before, wrong, said, details, pointer="/version")
        self.judge_limited(judge, agent, details)

    def judge_limited(self, judge: Judge, agent: Agent, details: Exchange) -> None:
        """Another version changes nothing of the memory that an agent was deployed with."""
        asked, memory = agent.config["resources"]["memory"], details.at("/resources/limits/memory")
        wrong = f"an agent that was to have {asked} is limited to {memory!r} with another version"
        fine = not details.ok or same_memory(memory, asked)
        judge.holds("CAXTON-GET-027", fine, wrong, agent.said, details, pointer="/resources/limits")

    async def version_is(self, agent: Agent, version: str) -> Exchange:
        """Look at the agent until it shows that version; at last as it is after a while."""
        clock = self.client.clock
        end, looks = clock.now() + _A_WHILE, 0
        while True:
            seen = await self.client.get(agent)
            if version_of(seen) == version or not seen.ok or clock.now() > end:
                return seen
            await clock.step(looks)
            looks += 1


def deployment_id_of(said: Exchange) -> str:
    """The id of a deployment; empty where none is told."""
    found = said.at("/deployment_id")
    return found if said.ok and isinstance(found, str) else ""


def version_of(seen: Exchange) -> str | None:
    """The version that an agent's details show; `None` where they show none."""
    found = seen.at("/version")
    return found if seen.ok and isinstance(found, str) else None


def stages_of(seen: Exchange) -> Sequence[Mapping[str, Any]]:
    """The stages that a deployment shows."""
    stages = seen.at("/stages")
    return [each for each in stages if isinstance(each, dict)] if isinstance(stages, list) else []


def judge_stages(judge: Judge, seen: Exchange) -> None:
    """What a deployment with the `PLAN` shows of its stages agrees with that, and with itself."""
    stages = stages_of(seen)
    under_way = seen.at("/status") == "in_progress"
    wrong = "a deployment in progress, stage by stage, shows no stages"
    judge.holds("CAXTON-DPL-010", bool(stages) or not under_way, wrong, seen, pointer="/stages")
    shares = [each.get("percentage") for each in stages]
    whole = bool(stages) and seen.at("/status") == "completed"
    planned = [step.percentage for step in PLAN][: None if whole else len(stages)]
    wrong = f"the stages of a deployment have the percentages {shares}, and not {planned}"
    judge.holds("CAXTON-DPL-018", shares == planned, wrong, seen, pointer="/stages")
    numbers = [each.get("stage") for each in stages]
    wrong = f"the stages of a deployment have the numbers {numbers}"
    fine = numbers == list(range(1, len(stages) + 1))
    judge.holds("CAXTON-DPL-019", fine, wrong, seen, pointer="/stages")
    if seen.at("/status") == "completed":
        _judge_last(judge, seen)
    _judge_stage_times(judge, seen)
    _judge_rate(judge, seen)
    if under_way:
        _judge_current(judge, seen)


def _judge_current(judge: Judge, seen: Exchange) -> None:
    current, share = seen.at("/current_stage"), seen.at("/current_percentage")
    shares = dict(enumerate((0, *(step.percentage for step in PLAN))))
    planned = shares.get(current) if isinstance(current, int) else None
    wrong = f"in stage {current} a deployment has reached {share} %, and not {planned} %"
    judge.holds("CAXTON-DPL-020", share == planned, wrong, seen, pointer="/current_percentage")
    if not isinstance(current, int) or current < 1:
        return
    stages = stages_of(seen)
    before = [each.get("status") for each in stages[: current - 1]]
    after = [
        each.get("stage")
        for each in stages[current:]
        if each.get("started_at") or each.get("status") in ("in_progress", "completed")
    ]
    fine = len(stages) >= current and all(status == "completed" for status in before)
    wrong = f"in stage {current} those before are {before}, and {after} have begun"
    judge.holds("CAXTON-DPL-021", fine and not after, wrong, seen, pointer="/stages")


def _judge_last(judge: Judge, seen: Exchange) -> None:
    told = {"current_stage": len(PLAN), "current_percentage": PLAN[-1].percentage}
    for name, last in told.items():
        shown = seen.at(f"/{name}")
        wrong = f"a deployment that is completed has the {name} {shown!r}, not {last}"
        fine = shown in (MISSING, None, last)
        judge.holds("CAXTON-DPL-029", fine, wrong, seen, pointer=f"/{name}")


def _judge_rate(judge: Judge, seen: Exchange) -> None:
    errors, rate = seen.at("/metrics/error_count"), seen.at("/metrics/success_rate")
    wrong = f"a deployment with {errors} errors has the success_rate {rate}"
    fine = not (isinstance(errors, int) and errors > 0 and rate == 1)
    judge.holds("CAXTON-DPL-027", fine, wrong, seen, pointer="/metrics")


def _judge_stage_times(judge: Judge, seen: Exchange) -> None:
    """Each stage begins, ends, and then comes the next; to a second, for fractions may be cut."""
    marks = [
        moment
        for stage in stages_of(seen)
        for name in ("started_at", "completed_at")
        if (moment := parse_time(stage.get(name))) is not None
    ]
    early = [later for first, later in pairwise(marks) if (later - first).total_seconds() <= -1.0]
    wrong = f"the times of a deployment's stages are not in order: {', '.join(map(str, marks))}"
    judge.holds("CAXTON-DPL-022", not early, wrong, seen, pointer="/stages")
