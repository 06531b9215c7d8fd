"""Times that the peer tells, held against its clock."""

from __future__ import annotations

from typing import Any

from conformance.exchange import Exchange
from conformance.judge import Judge
from conformance.protocols.caxton.client import Client
from conformance.protocols.caxton.clock import TOLERANCE
from conformance.times import parse_time

__all__ = ["apart", "judge_now"]


async def judge_now(
    client: Client, judge: Judge, row: str, said: Exchange, pointer: str, *, told: Any = None
) -> None:
    """What stands there (or was `told`) is the time at which it was asked, to a few seconds."""
    told = said.at(pointer) if told is None else told
    off = client.clock.off(told)
    if off is not None and off > TOLERANCE and client.clock.can_jump:
        # An earlier run may have let time pass; then the peer's own measurements tell it as well.
        metrics = await client.call("getSystemMetrics", served=False)
        client.clock.agree(told, metrics.at("/timestamp"))
        off = client.clock.off(told)
    judge.holds(
        row,
        off is not None and abs(off) <= TOLERANCE,
        f"{pointer} of {said.operation} tells {told}, {off or 0:+.0f} s from the peer's time",
        said,
        pointer=pointer,
    )


def apart(first: Any, second: Any) -> float | None:
    """Seconds between two times; `None` where one of them is none."""
    one, other = parse_time(first), parse_time(second)
    return None if one is None or other is None else abs((one - other).total_seconds())
