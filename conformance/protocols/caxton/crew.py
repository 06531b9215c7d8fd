"""Agents that checks share: deployments are few (20 at once, and then 10 a minute)."""

from __future__ import annotations

import asyncio

from conformance.clients import HttpClient
from conformance.protocols.caxton.client import Agent, Client

__all__ = ["Crew"]


class Crew:
    """The agents of one run, deployed when they are first wanted.

    A `mate` is everybody's: messages may be sent to it and tasks given to it, and nobody stops,
    changes or removes it. A `spare` is lent to one check, which gives it back if it is still as it
    was when it came. The `veteran` has seen many versions. `deployed` are the ids of all that the
    run has made.
    """

    def __init__(self) -> None:
        self.deployed: list[str] = []
        self._mates: list[Agent] = []
        self._spares: list[Agent] = []
        self._veteran: Agent | None = None
        self._turn = asyncio.Lock()

    async def mates(self, client: Client, count: int = 1) -> list[Agent]:
        """So many running agents, the same for all who ask, in the order of their deployment."""
        async with self._turn:
            while len(self._mates) < count:
                self._mates.append(await client.deploy())
            return self._mates[:count]

    async def mate(self, client: Client) -> Agent:
        (first, *_) = await self.mates(client)
        return first

    async def spare(self, client: Client) -> Agent:
        """An agent for one check alone, with the usual configuration."""
        return self._spares.pop() if self._spares else await client.deploy()

    async def veteran(self, client: Client) -> Agent:
        """An agent to which new versions are brought: the same for all who ask, who leave it
        running and no deployment under way. It can do more than the mates.
        """
        async with self._turn:
            self._veteran = self._veteran or await client.deploy(
                capabilities=["chart_reading", "wreck_diving"]
            )
            return self._veteran

    def give_back(self, agent: Agent) -> None:
        """A spare that still runs, as it was deployed."""
        self._spares.append(agent)

    async def dismiss(self, peer: HttpClient) -> None:
        """Remove all that the run has deployed, so that the next one finds room."""
        peer.see = lambda _: None
        ids = dict.fromkeys(self.deployed)
        calls = (peer.call("removeAgent", {"agent_id": each}, lawful=False) for each in ids)
        await asyncio.gather(*calls)
