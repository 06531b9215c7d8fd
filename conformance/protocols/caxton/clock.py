"""The peer's time, as far as it can be known from outside."""

from __future__ import annotations

import asyncio
from typing import Any

from conformance.hooks import Hooks
from conformance.peer_clock import PeerClock
from conformance.times import parse_time

__all__ = ["REFILL", "TOLERANCE", "Clock"]

REFILL = 125.0
"""Seconds in which every bucket of a documented rate is full again: 20 deployments take 120."""

TOLERANCE = 15.0
"""Seconds by which a time may be told otherwise than ours: clocks differ, and calls take time."""

_REAL = 0.03
"""Seconds of real time that go with each jump: not all that takes its time goes by that clock."""

_STEPS = (0.2, 0.3, 0.5, 0.5, 1.0, 1.0, 1.5, 2.0)
"""Seconds between looks at what takes its time: close at first, then with respect for rates."""


class Clock(PeerClock):
    """`patient` says that a run may wait for rates."""

    slack = TOLERANCE

    def __init__(self, hooks: Hooks, *, patient: bool = False) -> None:
        super().__init__(hooks)
        self._patient = patient

    @property
    def free(self) -> bool:
        """Are calls and deployments no matter, since rates cost no time, or time is no matter?
        Otherwise a check does with few: a strict peer lets a call through each second or so.
        """
        return self.can_jump or self._patient

    @property
    def lag(self) -> float:
        """As everywhere; a clock that nobody can make jump does not stand still either."""
        return super().lag if self.can_jump else 0.0

    def off(self, told: Any) -> float | None:
        """Seconds by which a time that was told is after the peer's now, or before the earliest
        that this can be; `None` for no time.
        """
        moment = parse_time(told)
        if moment is None:
            return None
        off = moment.timestamp() - self.now()
        return off if off > 0 else min(0.0, off + self.lag)

    async def refill(self) -> None:
        """Fill the buckets of the rates, where that costs no time."""
        if self.can_jump:
            await self.jump(REFILL)

    async def step(self, number: int) -> None:
        """The pause after look `number`, from 0, at what takes its time."""
        await self.pass_by(_STEPS[min(number, len(_STEPS) - 1)])
        await asyncio.sleep(_REAL)
