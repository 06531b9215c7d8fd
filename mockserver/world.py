"""Clock, chance and ids: all that a coordinator may take from outside, passed in, never global."""

from __future__ import annotations

import math
import random
import time
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from mockserver.authority import Authority  # slow to load, and few coordinators issue any

__all__ = [
    "END",
    "AdjustableClock",
    "Chance",
    "Clock",
    "RealClock",
    "VirtualClock",
    "World",
    "chance",
    "iso",
]

END = datetime(9999, 12, 31, tzinfo=UTC).timestamp()
"""The last moment that a clock can be advanced to: no ISO 8601 time of four digits lies beyond."""

Chance = random.Random
"""A seeded generator, under a name that pure modules may know."""


class Clock(Protocol):
    """Tells the time, in seconds since 1970 (UTC)."""

    def now(self) -> float: ...


class RealClock:
    """The machine's own time. It never goes back, even when the machine's clock is set back."""

    __slots__ = ("_offset",)

    def __init__(self) -> None:
        self._offset = time.time() - time.monotonic()

    def now(self) -> float:
        return self._offset + time.monotonic()


class VirtualClock:
    """Stands still until it is advanced: an hour's silence plays in no time."""

    __slots__ = ("_now",)

    def __init__(self, start: float | None = None) -> None:
        self._now = time.time() if start is None else start

    def now(self) -> float:
        return self._now

    def advance(self, seconds: float) -> None:
        """Let `seconds` pass. Raises `ValueError` for a step back, and for one beyond `END`."""
        _refuse_step(self._now, seconds)
        self._now += seconds


class AdjustableClock(RealClock):
    """The machine's own time, which can be put forward: for who lives in real time, and cannot wait
    for an hour.
    """

    __slots__ = ()

    def advance(self, seconds: float) -> None:
        """As `VirtualClock.advance`."""
        _refuse_step(self.now(), seconds)
        self._offset += seconds


def _refuse_step(now: float, seconds: float) -> None:
    if seconds < 0:
        raise ValueError(f"time does not go back: {seconds} s")
    if not now + seconds <= END:
        raise ValueError(f"time ends with the year 9999: {seconds} s is too much")


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """What surrounds one coordinator. The same seed gives the same ids and the same chances."""

    clock: Clock
    random: Chance = field(default_factory=Chance)
    authority: Authority | None = None
    """Signs certificates, for a coordinator that issues any."""
    seed: int = 0

    @classmethod
    def seeded(cls, seed: int, clock: Clock, authority: Authority | None = None) -> World:
        generator = Chance(seed)  # lifelike, not secret
        return cls(clock=clock, random=generator, authority=authority, seed=seed)

    def chance(self, purpose: str) -> Chance:
        """A generator for one purpose alone: what is drawn from it moves no id, and no other."""
        return chance(self.seed, purpose)

    def uuid(self) -> str:
        """A fresh random UUID (version 4), drawn from the seed."""
        return str(uuid.UUID(int=self.random.getrandbits(128), version=4))


def chance(seed: int, purpose: str) -> Chance:
    """A generator that the same seed and purpose always give alike."""
    return Chance(f"{seed}/{purpose}")  # lifelike, not secret


def iso(seconds: float) -> str:
    """Seconds since 1970 as an ISO 8601 time, in UTC and to the millisecond: `2026-…:00.125Z`."""
    whole = math.floor(seconds)
    return f"{_to_the_second(whole)}.{int((seconds - whole) * 1000):03d}Z"


@lru_cache(maxsize=1024)
def _to_the_second(seconds: int) -> str:
    """Most times of a run share their seconds, and this is the dear part."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")
