"""How long a run may look for cases that nobody wrote down."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic

__all__ = ["SECONDS", "Budget"]

SECONDS = {"quick": 0.0, "standard": 3.0, "exhaustive": 120.0}
"""Seconds of a run for all its fuzzing, by profile: `--fuzz` says another number."""


class Budget:
    """Seconds that one check may spend. Time begins to count with the first question.

    A finding is worth more than the next case: making it short has as many seconds again.
    """

    def __init__(self, seconds: float, now: Callable[[], float] = monotonic) -> None:
        self.seconds = seconds
        self._now = now
        self._began: float | None = None

    @property
    def spent(self) -> float:
        """Seconds since the first question."""
        if self._began is None:
            self._began = self._now()
        return self._now() - self._began

    @property
    def over(self) -> bool:
        """Is it time to stop looking?"""
        return self.spent >= self.seconds

    @property
    def quite_over(self) -> bool:
        """Is it time to stop making what was found shorter?"""
        return self.spent >= 2 * self.seconds + 1.0
