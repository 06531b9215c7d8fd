"""How long a situation lasted, and how busy the machine was meanwhile."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from typing import Protocol, Self

__all__ = ["Span", "Timed"]

_TICK = 0.02
"""Seconds between two looks at the clock."""


class Span(Protocol):
    """What is noted: `began` and `ended` are of the monotonic clock; `lateness` is how late this
    very process woke up at worst (seconds).
    """

    began: float
    ended: float
    lateness: float


class Timed:
    """Whoever plays a situation to an agent: a context that notes the time that it takes."""

    def __init__(self, span: Span) -> None:
        self._span = span
        self._watch: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._span.began = time.monotonic()
        self._watch = asyncio.create_task(self._look_at_the_clock())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._span.ended = time.monotonic()
        self.over()
        if self._watch is not None:
            self._watch.cancel()
            with suppress(asyncio.CancelledError):
                await self._watch

    def over(self) -> None:
        """What is done as soon as the situation has ended."""

    async def _look_at_the_clock(self) -> None:
        while True:
            before = time.monotonic()
            await asyncio.sleep(_TICK)
            late = time.monotonic() - before - _TICK
            self._span.lateness = max(self._span.lateness, late)
