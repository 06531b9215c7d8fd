"""What is measured of the system and of each agent."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from conformance.exchange import Exchange
from conformance.judge import Judge
from conformance.marks import requirement
from conformance.protocols.caxton.census import CENSUS, judge_census
from conformance.protocols.caxton.client import Agent, Client
from conformance.protocols.caxton.counts import worked
from conformance.protocols.caxton.crew import Crew
from conformance.protocols.caxton.moments import judge_now
from conformance.protocols.caxton.refusals import NOT_FOUND, judge_refused, strangers
from conformance.protocols.caxton.roll import call_roll

_A_WHILE = 5.0
"""Seconds in which a message must be counted."""


async def _system(client: Client) -> Exchange:
    return await client.call("getSystemMetrics")


async def _metrics(
    client: Client, agent: Agent, period: str = "1h", *, served: bool = True
) -> Exchange:
    query = {"period": period}
    return await client.call("getAgentMetrics", agent.at, query=query, served=served)


def _number(said: Exchange, pointer: str) -> float | None:
    found = said.at(pointer)
    numeric = isinstance(found, int | float) and not isinstance(found, bool)
    return found if said.ok and numeric else None


@requirement(
    "CAXTON-SYS-020",
    "CAXTON-SYS-021",
    "CAXTON-SYS-027",
    "CAXTON-SYS-029",
    *CENSUS,
)
async def test_flow_system(client: Client, crew: Crew, judge: Judge) -> None:
    """Also beside the list of agents."""
    await client.clock.refill()
    await crew.mates(client, 2)
    said = await _system(client)
    judge.status("CAXTON-SYS-020", said, range(200, 300))
    judge_now(client, judge, "CAXTON-SYS-021", said, "/timestamp")
    low, high = (_number(said, f"/performance/message_latency_p{n}") for n in (50, 99))
    wrong = f"half of the messages take up to {low} ms, and 99 of 100 up to {high} ms"
    fine = low is None or high is None or low <= high
    judge.holds("CAXTON-SYS-027", fine, wrong, said, pointer="/performance")
    busy = _number(said, "/resources/cpu_usage_percent")
    wrong = f"of the system's CPU {busy} percent are in use"
    fine = busy is None or busy <= 100
    judge.holds("CAXTON-SYS-029", fine, wrong, said, pointer="/resources/cpu_usage_percent")
    await judge_census(client, judge)


@requirement(
    "CAXTON-MET-019",
    "CAXTON-MET-020",
    "CAXTON-MET-021",
    "CAXTON-MET-022",
    "CAXTON-MET-023",
    "CAXTON-MET-024",
    "CAXTON-MET-025",
    "CAXTON-MET-026",
    "CAXTON-SYS-026",
    "CAXTON-SYS-028",
)
async def test_flow_agents(client: Client, crew: Crew, judge: Judge) -> None:
    """Messages to one agent are counted, and are not counted for another."""
    await client.clock.refill()
    idle, busy, _ = await crew.mates(client, 3)  # not the first of all: it may stand for any
    for stranger in strangers(busy):
        at = {"agent_id": stranger}
        said = await client.call("getAgentMetrics", at, query={"period": "1h"}, served=False)
        judge_refused(judge, "CAXTON-MET-022", said, NOT_FOUND)
    for agent in (busy, idle):
        said = await _metrics(client, agent)
        judge.status("CAXTON-MET-019", said, range(200, 300))
        judge.equal("CAXTON-MET-020", said, "/agent_id", agent.id)
        judge.equal("CAXTON-MET-021", said, "/period", "1h")
        _judge_averages(judge, said)
    await _judge_counting(client, judge, busy, idle, await _others(client, crew, busy))
    seen = [await _metrics(client, busy, period, served=False) for period in _PERIODS]
    for period, each in zip(_PERIODS, seen, strict=True):
        if each.ok:
            judge.equal("CAXTON-MET-021", each, "/period", period)
    for shorter, longer in pairwise(seen):
        _judge_periods(judge, shorter, longer)
    for seconds, period, known in ((_MINUTES, "5m", seen[0]), (_HOURS, "1h", seen[1])):
        await client.clock.jump(seconds)
        late = await _metrics(client, busy, period, served=period == "1h")
        if period == "1h" or (late.ok and late.at("/period") == period):
            count = _counted(late)
            wrong = f"long after the last message the metrics of {period} count {count}"
            fine = late.ok and not count
            judge.holds("CAXTON-MET-026", fine, wrong, known, late, pointer="/metrics")


_PERIODS = ("5m", "1h", "3h", "24h")

_MINUTES, _HOURS = 660.0, 2.5 * 3600
"""Seconds after which the metrics of five minutes, and of an hour, count nothing of what was."""


def _judge_averages(judge: Judge, said: Exchange) -> None:
    for average, peak in (
        ("/metrics/cpu_usage/average", "/metrics/cpu_usage/peak"),
        ("/metrics/memory_usage/average_mb", "/metrics/memory_usage/peak_mb"),
    ):
        low, high = _number(said, average), _number(said, peak)
        wrong = f"{average} is {low}, and {peak} is {high}"
        fine = low is None or high is None or low <= high
        judge.holds("CAXTON-MET-023", fine, wrong, said, pointer=average)


_PERFORMANCE = ("message_latency_p50", "message_latency_p99", "agent_spawn_time_ms")


def _counted(said: Exchange) -> float:
    parts = (_number(said, f"/metrics/messages_{name}") for name in ("processed", "failed"))
    return sum(part or 0 for part in parts)


async def _others(client: Client, crew: Crew, busy: Agent) -> list[str]:
    """Agents of this run to which nobody else sends anything, whatever has become of them."""
    known = (await call_roll(client)).ids
    ours = [each for each in crew.deployed if each in known and each != busy.id]
    return ours[: 4 if client.clock.free else 1]


async def _done(client: Client, ids: Sequence[str]) -> list[Exchange]:
    return [await client.get(each) for each in ids]


async def _judge_counting(
    client: Client, judge: Judge, busy: Agent, idle: Agent, others: Sequence[str]
) -> None:
    """What was sent to the others before may still be counted: then it is done once more."""
    for turn in range(2):
        before, quiet = await _metrics(client, busy), await _done(client, others)
        system, rest = await _system(client), await _metrics(client, idle)
        sent = [await client.send(busy, performative="inform") for _ in range(4)]
        taken = len([said for said, _ in sent if said.ok])
        seen, later = await _until_counted(client, busy, _counted(before) + taken, system)
        still, since = await _done(client, others), await _metrics(client, idle)
        lent = _counted(since) - _counted(rest)
        strays = sum(map(worked, still)) - sum(map(worked, quiet))
        grown = _counted(seen) - _counted(before)
        if (grown == taken and not strays and not lent) or turn:
            break
    wrong = f"of {taken} messages to an agent its metrics count {grown}"
    judge.holds("CAXTON-MET-024", grown == taken, wrong, before, seen, pointer="/metrics")
    wrong = f"of {taken} messages to one agent the details of others count {strays}"
    judge.holds("CAXTON-MET-024", strays <= 0, wrong, *quiet, *still, pointer="/metrics")
    wrong = f"of {taken} messages to one agent the metrics of another count {lent}"
    judge.holds("CAXTON-MET-024", lent <= 0, wrong, rest, since, pointer="/metrics")
    first, last = (_number(each, "/messages/total_processed") for each in (system, later))
    wrong = f"{taken} messages were delivered, and total_processed went from {first} to {last}"
    fine = first is not None and last is not None and last > first
    judge.holds("CAXTON-SYS-026", fine, wrong, system, later, pointer="/messages")
    lacking = [name for name in _PERFORMANCE if _number(later, f"/performance/{name}") is None]
    wrong = f"after deployments and messages there is no {' and no '.join(lacking)}"
    judge.holds("CAXTON-SYS-028", not lacking, wrong, later, pointer="/performance")


async def _until_counted(
    client: Client, agent: Agent, wanted: float, system: Exchange
) -> tuple[Exchange, Exchange]:
    """The agent's metrics and the system's once both have counted; at last as they are."""
    end, looks = client.clock.now() + _A_WHILE, 0
    pointer = "/messages/total_processed"
    before = _number(system, pointer) or 0
    while True:
        seen, later = await _metrics(client, agent), await _system(client)
        told = _counted(seen) >= wanted and (_number(later, pointer) or 0) > before
        if told or not seen.ok or not later.ok or client.clock.now() > end:
            return seen, later
        await client.clock.step(looks)
        looks += 1


def _judge_periods(judge: Judge, shorter: Exchange, longer: Exchange) -> None:
    if not shorter.ok or not longer.ok:
        judge.inconclusive("CAXTON-MET-025", f"a period is answered {shorter.outcome}")
        return
    few, many = _counted(shorter), _counted(longer)
    wrong = f"over {shorter.at('/period')} there were {few} messages, and over a longer one {many}"
    judge.holds("CAXTON-MET-025", few <= many, wrong, shorter, longer, pointer="/metrics")
