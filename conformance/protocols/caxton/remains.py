"""What is told of an agent that goes: while it drains, when it is stopped, and when it is gone."""

from __future__ import annotations

from conformance.exchange import Exchange
from conformance.judge import Judge
from conformance.protocols.caxton.amounts import same_memory
from conformance.protocols.caxton.client import Agent, Client
from conformance.protocols.caxton.counts import metrics_of, worked
from conformance.protocols.caxton.roll import call_roll
from conformance.protocols.caxton.talk import Talk, texts_of

__all__ = ["judge_draining", "judge_kept", "judge_unforgotten"]


async def judge_draining(client: Client, judge: Judge, agent: Agent) -> None:
    """Whoever drains before and after a search for those that run is none of them."""
    roll = await call_roll(client, status="running")
    seen = await client.get(agent)
    wrong = "an agent that drains is found among those that run"
    fine = seen.at("/status") != "draining" or agent.id not in roll.ids
    judge.holds("CAXTON-LST-015", fine, wrong, *roll.pages[:1], seen)
    said = await client.call("getSystemMetrics")
    after = await call_roll(client)
    running, count = roll.ids, said.at("/agents/running")
    still = {row.get("agent_id") for row in after.rows if row.get("status") == "running"}
    if still == set(running) and after.status(agent.id) == "draining" and said.ok:
        wrong = f"while an agent drains {len(still)} run by the list, and {count} by the metrics"
        judge.holds("CAXTON-SYS-031", count == len(still), wrong, said, *after.pages[:1])


async def judge_kept(
    client: Client, judge: Judge, agent: Agent, before: Exchange, counted: Exchange
) -> None:
    """An agent that is stopped is limited as it was, and has done what it has done."""
    seen, since = await client.get(agent), await metrics_of(client, agent)
    was, now = (each.at("/resources/limits/memory") for each in (before, seen))
    wrong = f"an agent that was limited to {was!r} is limited to {now!r} when it is stopped"
    fine = not seen.ok or not isinstance(was, str) or same_memory(now, was)
    judge.holds("CAXTON-GET-034", fine, wrong, before, seen, pointer="/resources/limits")
    had, has = worked(counted), worked(since)
    wrong = f"an agent's metrics of an hour count {had} messages, and {has} when it is stopped"
    kept = has >= had or not (counted.ok and since.ok)
    judge.holds("CAXTON-MET-024", kept, wrong, counted, since, pointer="/metrics")


async def judge_unforgotten(
    client: Client, judge: Judge, talk: Talk, own: Talk, system: Exchange
) -> None:
    """What was said to an agent was said, also when it is gone; and what was its `own`."""
    after = await client.call("getSystemMetrics")
    had, has = (each.at("/messages/total_processed") for each in (system, after))
    if isinstance(had, int) and isinstance(has, int):
        wrong = f"total_processed was {had} before an agent was removed, and is {has}"
        judge.holds("CAXTON-SYS-030", has >= had, wrong, system, after, pointer="/messages")
    for each, way in ((talk, "to"), (own, "of")):
        if not each.taken:
            continue  # whether anybody may speak for an agent is unsaid
        seen = await each.remembered()
        missing = each.taken.keys() - set(texts_of(seen))
        wrong = f"a message {way} an agent that was removed is no more in the history"
        judge.holds("CAXTON-HIS-029", seen.ok and not missing, wrong, *each.answers, seen)
