"""The agents as the system's metrics count them, beside the list."""

from __future__ import annotations

from collections import Counter
from typing import Any

from conformance.exchange import Exchange
from conformance.judge import Judge
from conformance.protocols.caxton.client import Client
from conformance.protocols.caxton.roll import Roll, call_roll

__all__ = ["CENSUS", "judge_census"]

CENSUS = ("CAXTON-SYS-022", "CAXTON-SYS-023", "CAXTON-SYS-024", "CAXTON-SYS-025")
"""The requirements that a census judges."""

_ROUNDS = 3
"""Times that the list and the metrics are compared, until nothing changes in between."""


async def judge_census(client: Client, judge: Judge) -> None:
    """The counts are those of the list, when nothing comes, goes or changes in between."""
    before = await call_roll(client)
    for _ in range(_ROUNDS):
        said = await client.call("getSystemMetrics")
        after = await call_roll(client)
        if before.by_status() == after.by_status():
            _judge_counts(judge, said, after)
            return
        before = after
    for row in CENSUS:
        judge.inconclusive(row, "the list of agents does not keep still")


def _judge_counts(judge: Judge, said: Exchange, roll: Roll) -> None:
    listed = Counter(str(row.get("status")) for row in roll.rows)
    last = roll.pages[-1]
    judge.equal("CAXTON-SYS-022", said, "/agents/total", len(roll.rows), last)
    judge.equal("CAXTON-SYS-023", said, "/agents/running", listed["running"], last)
    judge.equal("CAXTON-SYS-024", said, "/agents/failed", listed["failed"], last)
    total, *parts = (said.at(f"/agents/{name}") for name in ("total", "running", "failed"))
    known: list[Any] = [each if isinstance(each, int) else 0 for each in (total, *parts)]
    wrong = f"of {total} agents {parts[0]} are running and {parts[1]} have failed"
    judge.holds("CAXTON-SYS-025", sum(known[1:]) <= known[0], wrong, said, pointer="/agents")
