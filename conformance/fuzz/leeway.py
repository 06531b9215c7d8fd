"""What machines may do to a peer beside the protocol: let time pass, and have it restart."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from time import monotonic

from conformance.hooks import Hooks

__all__ = ["Allowance", "Leeway"]

_SECONDS = 30.0
"""Seconds of a peer's time that one check lets pass: its clock must stay near the true time."""

_RESTARTS = 12

_SLOW = 1.0
"""Seconds that a hook may take: one that is slower is not used again, or no budget would hold."""


class Leeway:
    """The hooks of one check, for all its cases together.

    They are used where nobody else speaks with the peer, `alone`: whatever else is judged of it at
    the same time would have to know. `jump` lets time pass where somebody keeps count of that, and
    `seconds` is how much of it may pass. Machines may not ask whether there is any left before they
    draw a step: the same seed would draw other cases.
    """

    def __init__(
        self,
        hooks: Hooks,
        *,
        alone: bool,
        jump: Callable[[float], Awaitable[None]] | None = None,
        seconds: float = _SECONDS,
        now: Callable[[], float] = monotonic,
    ) -> None:
        self._hooks = hooks
        self._known = frozenset(hooks.target.hooks) if alone else frozenset()
        self._jump = jump or self._advance
        self._seconds = seconds
        self._restarts = _RESTARTS
        self._now = now
        self._looked = now()

    def has(self, *names: str) -> bool:
        """Is one of these hooks there, to be used?"""
        return not self._known.isdisjoint(names)

    async def advance(self, seconds: float) -> bool:
        """Let so many seconds of the peer's time pass: did they? Raises `HookError`."""
        if not self.has("advance") or self._seconds <= 0:
            return False
        began = self._now()
        self._seconds -= seconds
        await self._jump(seconds)
        if self._now() - began > _SLOW:
            self._seconds = 0.0
        return True

    async def _advance(self, seconds: float) -> None:
        await self._hooks("advance", {"seconds": seconds})

    async def restart(self) -> bool:
        """Have the peer restart, unless it did often enough. Raises `HookError`."""
        if not self.has("restart") or self._restarts <= 0:
            return False
        began = self._now()
        self._restarts -= 1
        await self._hooks("restart", {})
        if self._now() - began > _SLOW:
            self._restarts = 0
        return True

    def lagged(self, seconds: float) -> bool:
        """Did so many seconds of our own time pass since this was last true?"""
        if self._now() - self._looked < seconds:
            return False
        self._looked = self._now()
        return True


class Allowance:
    """How often the cases of one check do together what a peer lets nobody do very often; `None`
    for as often as they like.
    """

    def __init__(self, count: int | None) -> None:
        self._left = count

    def take(self) -> bool:
        """Is there one left?"""
        if self._left is None:
            return True
        self._left -= 1
        return self._left >= 0
