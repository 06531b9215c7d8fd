"""Tasks: how they are put out, distributed and looked at."""

from __future__ import annotations

from typing import Any

from conformance.exchange import Exchange
from conformance.protocols.caxton.client import Agent, Client

__all__ = ["WAIT", "Labour", "assigned", "found_nobody", "proposals", "task_id_of", "works"]

WAIT = 2
"""Seconds that bids are waited for."""


class Labour:
    """The task operations of a client."""

    def __init__(self, client: Client) -> None:
        self.client = client

    async def put_out(self, *participants: Agent, served: bool = True, **fields: Any) -> Exchange:
        """A new task that requires nothing of who does it, if `fields` do not say otherwise."""
        body = self.client.task(*participants, **{"requirements": None, **fields})
        return await self.client.call("createTask", body=body, served=served)

    async def distribute(
        self, task_id: str, *, served: bool = False, within: float = 0.0
    ) -> Exchange:
        """`within` are the seconds that are waited for the answer at the least. Where nobody bids
        it may be refused, and what makes a module bid is nowhere said.
        """
        body = {"strategy": "best_bid", "max_wait_seconds": WAIT}
        at = {"task_id": task_id}
        return await self.client.call("distributeTask", at, body=body, served=served, within=within)

    async def look(self, task_id: str, *, served: bool = True) -> Exchange:
        return await self.client.call("getTask", {"task_id": task_id}, served=served)

    async def award(
        self, *participants: Agent, served: bool = True, **fields: Any
    ) -> tuple[Exchange, ...]:
        """Put a task out and distribute it: what was answered, as far as it came."""
        made = await self.put_out(*participants, served=served, **fields)
        task_id = task_id_of(made)
        if not task_id:
            return (made,)
        return made, await self.distribute(task_id)


async def works(client: Client, agent: Agent) -> bool:
    """Does it get a task that requires what agents are usually deployed with?"""
    *_, said = await Labour(client).award(agent, requirements=_SKILL, served=False)
    return assigned(said) == agent.id


_SKILL = {"capabilities": ["chart_reading"]}


def task_id_of(said: Exchange) -> str:
    """The id of a task; empty where none is told."""
    found = said.at("/task_id")
    return found if said.ok and isinstance(found, str) else ""


def found_nobody(said: Exchange) -> bool:
    """Does the answer to a distribution say that nobody bid, or may it say so?"""
    if said.ok:
        return assigned(said) is None and not proposals(said)
    return said.status is not None and said.status in range(400, 500) and said.status not in _ELSE


_ELSE = (401, 403, 405)
"""Refusals that have nothing to do with who bids."""


def assigned(said: Exchange) -> str | None:
    """Whom the task is assigned to, by an answer; `None` for nobody."""
    found = said.at("/assigned_to")
    return found if said.ok and isinstance(found, str) else None


def proposals(said: Exchange) -> int | None:
    found = said.at("/proposals_received")
    return found if isinstance(found, int) and not isinstance(found, bool) else None
