"""The peer's time, as far as it can be known from outside."""

from __future__ import annotations

import asyncio
import time
from typing import Any

from conformance.hooks import Hooks
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


class Clock:
    """Lets time pass on the peer's clock, and knows how late it is there.

    The peer's clock is taken to be right at the start of the run, and jumps where the hook
    `advance` makes it. `patient` says that a run may wait for rates.
    """

    def __init__(self, hooks: Hooks, *, patient: bool = False) -> None:
        self.hooks = hooks
        self._patient = patient
        self._jumped = 0.0
        self._began = time.time()

    @property
    def can_jump(self) -> bool:
        return "advance" in self.hooks.target.hooks

    @property
    def free(self) -> bool:
        """Are calls and deployments no matter, since rates cost no time, or time is no matter?
        Otherwise a check does with few: a strict peer lets a call through each second or so.
        """
        return self.can_jump or self._patient

    def now(self) -> float:
        """Seconds since 1970 on the peer's clock."""
        return time.time() + self._jumped

    @property
    def lag(self) -> float:
        """Seconds by which `now` may be too late: a virtual clock stands still between jumps."""
        return time.time() - self._began if self.can_jump else 0.0

    def off(self, told: Any) -> float | None:
        """Seconds by which a time that was told is after the peer's now, or before the earliest
        that this can be; `None` for no time.
        """
        moment = parse_time(told)
        if moment is None:
            return None
        off = moment.timestamp() - self.now()
        return off if off > 0 else min(0.0, off + self.lag)

    def agree(self, *witnesses: Any) -> None:
        """Take the peer's clock to be where all witnesses (times that were told just now, of
        different kinds) put it: an earlier run may have let time pass there.
        """
        off = [each for each in map(self.off, witnesses) if each is not None]
        alike = len(off) == len(witnesses) > 1 and max(off) - min(off) < TOLERANCE
        if alike and self.can_jump and min(off) > TOLERANCE:
            self._jumped += off[0]

    async def jump(self, seconds: float) -> None:
        """Let so many seconds pass at once. Raises `HookError` where the target has no hook."""
        await self.hooks("advance", {"seconds": seconds})
        self._jumped += seconds

    async def pass_by(self, seconds: float) -> None:
        """Let time pass: at once if the target can, else in real time."""
        await (self.jump(seconds) if self.can_jump else asyncio.sleep(seconds))

    async def refill(self) -> None:
        """Fill the buckets of the rates, where that costs no time."""
        if self.can_jump:
            await self.jump(REFILL)

    async def step(self, number: int) -> None:
        """The pause after look `number`, from 0, at what takes its time."""
        await self.pass_by(_STEPS[min(number, len(_STEPS) - 1)])
        await asyncio.sleep(_REAL)
