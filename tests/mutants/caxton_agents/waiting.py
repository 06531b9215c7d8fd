"""When a client asks again, and how often it asks at all. Pure but for its own limits."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from typing import Final

from tests.mutants.caxton_agents.model import Answer, What

__all__ = ["Limits", "pause_after"]

LONGEST: Final = 120.0
"""Seconds that it waits at most, whatever it is told."""

_FIRST: Final = 0.5
_ALONE: Final = 2.0
"""Seconds after a 429 that says nothing more."""


def pause_after(answer: Answer, attempt: int, now: float) -> tuple[float, float]:
    """Seconds that it was told to wait, and seconds that it waits of its own.

    ``now`` is the time of day, since that is what the header of the reset speaks of.
    """
    if answer.status == 429:
        told = _told(answer.headers, now)
        return (told, 0.0) if told else (0.0, _ALONE * 2**attempt)
    patience = 2.0 if answer.status == 401 else 1.0
    return 0.0, _FIRST * patience * 2**attempt


def _told(headers: Mapping[str, str], now: float) -> float:
    """The longest wait that the headers ask for; 0 where they ask for none."""
    waits = [0.0]
    for name, since in (("retry-after", 0.0), ("x-ratelimit-reset", now)):
        try:
            waits.append(float(headers.get(name, "")) - since)
        except ValueError:
            continue
    return min(LONGEST, max(waits) + 0.02) if max(waits) > 0 else 0.0


class Limits:
    """The rates that the document names, kept by the client itself."""

    def __init__(self) -> None:
        self._buckets = {
            "deployment": _Bucket(per_second=10 / 60, burst=18),
            "metrics": _Bucket(per_second=100 / 60, burst=190),
            "system": _Bucket(per_second=50 / 60, burst=95),
        }

    async def keep(self, what: What) -> None:
        """Wait until ``what`` is within the limits."""
        if what in _DEPLOYMENTS:
            await self._buckets["deployment"].take()
        elif what in {What.SYSTEM, What.METRICS}:
            await self._buckets["metrics"].take()
        elif what in _OPERATIONS:
            await self._buckets["system"].take()


_DEPLOYMENTS: Final = frozenset({What.DEPLOY, What.RELOAD, What.UPDATE, What.ROLLOUT})
_OPERATIONS: Final = frozenset({What.STOP, What.REMOVE, What.ROLLBACK})


class _Bucket:
    def __init__(self, *, per_second: float, burst: int) -> None:
        self._rate = per_second
        self._burst = burst
        self._left = float(burst)
        self._since = time.monotonic()

    async def take(self) -> None:
        now = time.monotonic()
        self._left = min(self._burst, self._left + (now - self._since) * self._rate)
        self._since = now
        self._left -= 1
        if self._left < 0:
            await asyncio.sleep(-self._left / self._rate)
