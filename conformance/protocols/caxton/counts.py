"""The messages that an agent has worked off, as its details count them."""

from __future__ import annotations

from collections.abc import Iterable

from conformance.exchange import Exchange
from conformance.judge import Judge
from conformance.protocols.caxton.client import Agent, Client
from conformance.protocols.caxton.clock import TOLERANCE

__all__ = [
    "COUNTS",
    "judge_young",
    "metrics_of",
    "processed",
    "until_processed",
    "until_worked",
    "worked",
]

COUNTS = ("messages_processed", "messages_failed")

_WHILE = 20.0
"""Seconds of the peer's time in which messages must be counted."""


def worked(seen: Exchange) -> int:
    """Messages that an agent is done with, well or badly, by its details."""
    told = [seen.at(f"/metrics/{name}") for name in COUNTS]
    return sum(count for count in told if isinstance(count, int))


async def metrics_of(client: Client, agent: Agent) -> Exchange:
    """What is counted of an agent over an hour."""
    query = {"period": "1h"}
    return await client.call("getAgentMetrics", agent.at, query=query, served=False)


def judge_young(client: Client, judge: Judge, agent: Agent, seen: Exchange) -> None:
    """No run of an agent is older than its deployment."""
    pointer = "/metrics/uptime_seconds"
    shown, since = seen.at(pointer), client.clock.off(agent.said.at("/deployed_at"))
    if since is None or since > TOLERANCE or not isinstance(shown, int | float):
        return
    wrong = f"an agent that was deployed {-since:.0f} s ago runs for {shown} s"
    young = shown <= TOLERANCE + client.clock.lag - since
    judge.holds("CAXTON-GET-029", young, wrong, agent.said, seen, pointer=pointer)


def processed(seen: Exchange) -> int:
    """Messages that an agent has processed, by its details."""
    told = seen.at(f"/metrics/{COUNTS[0]}")
    return told if isinstance(told, int) else 0


async def until_processed(client: Client, agent: Agent, before: Exchange) -> Exchange:
    """Look at an agent until it has processed more than `before`; at last as it is."""
    end, looks = client.clock.now() + _WHILE, 0
    while True:
        seen = await client.get(agent)
        if processed(seen) > processed(before) or not seen.ok or client.clock.now() > end:
            return seen
        await client.clock.step(looks)
        looks += 1


async def until_worked(
    client: Client, agent: Agent, sent: Iterable[Exchange], had: int = 0
) -> Exchange:
    """Look at an agent until it has worked off those of the messages that were delivered, beside
    the `had` of before, and return the last look.
    """
    wanted = had + sum(said.at("/status") == "delivered" for said in sent)
    end, looks = client.clock.now() + _WHILE, 0
    while True:
        seen = await client.get(agent)
        if worked(seen) >= wanted or not seen.ok or client.clock.now() > end:
            return seen
        await client.clock.step(looks)
        looks += 1
