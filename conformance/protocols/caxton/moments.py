"""Times that the peer tells, held against its clock."""

from __future__ import annotations

import time
from typing import Any

from conformance.exchange import Exchange
from conformance.judge import Judge
from conformance.protocols.caxton.client import Agent, Client
from conformance.protocols.caxton.clock import TOLERANCE
from conformance.protocols.caxton.crew import Crew
from conformance.times import parse_time

__all__ = ["apart", "judge_now", "judge_to_come", "what_time_it_is"]

_CLOSE = 1.5
"""Seconds that the difference of two times may lack: each may be told in whole ones."""


def judge_now(
    client: Client,
    judge: Judge,
    row: str,
    said: Exchange,
    pointer: str,
    *,
    told: Any = None,
    after: Agent | None = None,
) -> None:
    """What stands there (or was `told`) is the time at which it was asked, to a few seconds; and
    where the answer has come just now, no less after the deployment of an agent than has passed
    since.
    """
    told = said.at(pointer) if told is None else told
    off = client.clock.off(told)
    judge.holds(
        row,
        off is not None and abs(off) <= TOLERANCE,
        f"{pointer} of {said.operation} tells {told}, {off or 0:+.0f} s from the peer's time",
        said,
        pointer=pointer,
    )
    lost = None if after is None else _lost(client, after, said, told)
    if after is not None and lost is not None:
        wrong = f"{pointer} of {said.operation} tells {told}, and by what has passed since an agent"
        wrong += f" was deployed at {after.said.at('/deployed_at')} it is {lost:.1f} s later"
        judge.holds(row, lost <= _CLOSE, wrong, after.said, said, pointer=pointer)


def _lost(client: Client, agent: Agent, said: Exchange, told: Any) -> float | None:
    """Seconds by which a time lies too early in the life of an agent. Both are told by the peer's
    own clock, so that it may be anywhere. `None` where it jumps, and may stand still in between,
    or where they are no times.
    """
    made, moment = parse_time(agent.said.at("/deployed_at")), parse_time(told)
    if made is None or moment is None or client.clock.can_jump:
        return None
    lived = (time.monotonic() - agent.since - said.seconds) * client.clock.scale
    return lived - (moment - made).total_seconds()


async def what_time_it_is(client: Client, crew: Crew) -> tuple[float | None, float | None]:
    """The peer's time as the deployment of an agent tells it, and as its own measurements do."""
    mate = await crew.mate(client)
    metrics = await client.call("getSystemMetrics", served=False)
    told = map(parse_time, (mate.said.at("/deployed_at"), metrics.at("/timestamp")))
    deployed, measured = (None if each is None else each.timestamp() for each in told)
    return deployed, measured


def judge_to_come(client: Client, judge: Judge, row: str, said: Exchange, pointer: str) -> None:
    """What is expected there, where it is told, does not lie before it was asked."""
    told = said.at(pointer)
    off = client.clock.off(told)
    wrong = f"{pointer} of {said.operation} tells {told}, {off or 0:+.0f} s from the peer's time"
    fine = off is None or off >= -TOLERANCE
    judge.holds(row, fine, wrong, said, pointer=pointer)


def apart(first: Any, second: Any) -> float | None:
    """Seconds between two times; `None` where one of them is none."""
    one, other = parse_time(first), parse_time(second)
    return None if one is None or other is None else abs((one - other).total_seconds())
