"""An agent that has nothing to do with what is done to others, and must stay as it is."""

from __future__ import annotations

from typing import Any

from conformance.exchange import MISSING, Exchange
from conformance.judge import Judge
from conformance.marks import UnjudgeableError
from conformance.protocols.caxton.client import Agent, Client
from conformance.protocols.caxton.crew import Crew

__all__ = ["Bystander", "portrait", "stand_by"]

_LASTING = (
    "/agent_id",
    "/name",
    "/status",
    "/version",
    "/deployment/strategy",
    "/deployment/deployed_at",
    "/resources/limits",
)
"""What of an agent's details changes only when something is done to it."""


def portrait(seen: Exchange) -> dict[str, Any]:
    """What of an agent's details lasts."""
    return {
        pointer: None if (value := seen.at(pointer)) is MISSING else value for pointer in _LASTING
    }


class Bystander:
    """An agent, and its details as they were `before`."""

    def __init__(self, client: Client, agent: Agent, before: Exchange) -> None:
        self.client = client
        self.agent = agent
        self.before = before

    async def judge_untouched(
        self, judge: Judge, row: str, what: str, *shown: Exchange
    ) -> Exchange:
        """Its details are as before. `what` was done meanwhile."""
        after = await self.client.get(self.agent, served=False)
        was, now = portrait(self.before), portrait(after)
        other = [pointer for pointer in was if was[pointer] != now[pointer]]
        judge.holds(
            row,
            after.ok and not other,
            f"{what}, another agent has changed in {', '.join(other)}"
            if after.ok
            else f"{what}, the details of another agent are answered {after.outcome}",
            self.before,
            *shown,
            after,
            expected=was,
            actual=now,
        )
        return after

    async def judge_served(self, judge: Judge, row: str, what: str, *shown: Exchange) -> bool:
        """It is untouched, and takes messages."""
        await self.judge_untouched(judge, row, what, *shown)
        said, _ = await self.client.send(self.agent)
        wrong = f"{what}, a message to another agent is answered {said.outcome}"
        return judge.holds(row, said.ok, wrong, *shown, said)


async def stand_by(client: Client, crew: Crew) -> Bystander:
    """One of the crew. Raises `UnjudgeableError` where it cannot be looked at."""
    agent = await crew.mate(client)
    before = await client.get(agent)
    if not before.ok:
        raise UnjudgeableError(f"the details of an agent were answered {before.outcome}")
    return Bystander(client, agent, before)
