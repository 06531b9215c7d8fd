"""Something that is kept while other checks go on, so that waiting is free."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Generic, TypeVar

from conformance.clients.opener import Opener
from conformance.marks import UnjudgeableError
from conformance.target import Target
from schemas.spec import Protocol

__all__ = ["Vigil"]

_T = TypeVar("_T")


class Vigil(Generic[_T]):
    """What was begun beside one check and is looked at by another, with connections of its own.

    `began` is when that was (`time.monotonic`).
    """

    def __init__(self, protocol: Protocol, target: Target) -> None:
        self._opener = Opener(protocol, target, lambda *_: None)
        self._task: asyncio.Future[_T] | None = None
        self.began = 0.0

    def begin(self, start: Callable[[Opener], Awaitable[_T]]) -> None:
        """Start it, if nobody has, beside what the check does that comes first."""
        if self._task is None:
            self.began = time.monotonic()
            self._task = asyncio.ensure_future(start(self._opener))

    async def kept(self) -> _T | None:
        """What came of the start; `None` where there was none. Raises what the start raised."""
        return None if self._task is None else await self._task

    @property
    def passed(self) -> float:
        """Seconds since it began."""
        return time.monotonic() - self.began

    def left(self, seconds: float) -> float:
        """Seconds until so many have passed since it began."""
        return max(0.0, seconds - self.passed)

    async def end(self) -> None:
        """Close its connections."""
        if self._task is not None:
            with suppress(UnjudgeableError, OSError):
                await self._task
        await self._opener.close()
