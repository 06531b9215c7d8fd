"""The peer's time, as far as it can be known from outside."""

from __future__ import annotations

import asyncio
import time
from typing import ClassVar

from conformance.hooks import Hooks

__all__ = ["PeerClock"]


class PeerClock:
    """Lets time pass on the peer's clock, and knows how late it is there.

    The peer's clock is taken to be right at the start of the run, unless it was shown to be
    elsewhere (`agree`); from then on it runs `time_scale` times as fast as ours, and jumps where
    the hook `advance` makes it.
    """

    slack: ClassVar[float] = 15.0
    """Seconds by which a clock may be off and still be taken to be right."""

    def __init__(self, hooks: Hooks) -> None:
        self.hooks = hooks
        self.asked = False
        """Was the peer asked for its time?"""
        self._began = time.time()
        self._jumped = 0.0
        self._jumps = 0

    def now(self) -> float:
        """Seconds since 1970 on the peer's clock. A virtual one that stands still lags behind by
        as long as the run has lasted.
        """
        return self._began + self._lasted + self._jumped

    def agree(self, *witnesses: float | None) -> None:
        """Take the peer's clock to be where all `witnesses` (times that the peer told just now, of
        different kinds) put it, if that is far from ours: an earlier run may have let time pass, or
        a virtual clock have stood still for long. Witnesses that differ say nothing: one of them
        may be a fault, and must not hide itself.
        """
        self.asked = True
        off = [each - self.now() for each in witnesses if each is not None]
        if len(off) < 2 or len(off) < len(witnesses) or max(off) - min(off) > self.slack:
            return
        if min(map(abs, off)) > self.slack:
            self._jumped += off[0]

    @property
    def lag(self) -> float:
        """Seconds by which `now` may be too late, where the peer's clock stands still."""
        return self._lasted

    @property
    def _lasted(self) -> float:
        """Seconds of the peer's time since we came, without those that it jumped over."""
        return (time.time() - self._began) * self.scale

    @property
    def scale(self) -> float:
        """How much faster than ours the peer's time runs."""
        return self.hooks.target.time_scale

    @property
    def can_jump(self) -> bool:
        return "advance" in self.hooks.target.hooks

    @property
    def jumps(self) -> int:
        """How often time was made to jump: whoever must not be disturbed compares."""
        return self._jumps

    async def jump(self, seconds: float) -> None:
        """Let so many seconds of the peer's time pass at once. Raises `HookError` where the target
        has no hook for that.
        """
        await self.hooks("advance", {"seconds": seconds})
        self._jumped += seconds
        self._jumps += 1

    async def wait(self, seconds: float) -> None:
        """Let so many seconds of the peer's time pass in real time."""
        await asyncio.sleep(seconds / self.scale)

    async def pass_by(self, seconds: float) -> None:
        """Let time pass: at once if the target can, else in real time."""
        await (self.jump(seconds) if self.can_jump else self.wait(seconds))
