"""How long a run may look for cases that nobody wrote down."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic

__all__ = ["SECONDS", "Budget", "Debt"]

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
    def overrun(self) -> float:
        """Seconds that were spent beyond those that there were."""
        return 0.0 if self._began is None else max(0.0, self.spent - self.seconds)

    @property
    def quite_over(self) -> bool:
        """Is it time to stop making what was found shorter?"""
        return self.spent >= 2 * self.seconds + 1.0


class Debt:
    """Seconds that checks spent beyond their shares, as one case may take longer than there is
    time: later ones pay for it, each with three quarters of its share at most.
    """

    def __init__(self) -> None:
        self.seconds = 0.0

    def add(self, budget: Budget) -> None:
        """A check is over."""
        self.seconds += budget.overrun

    def paid_from(self, share: float) -> float:
        """What is left of a share."""
        paid = min(self.seconds, 0.75 * share)
        self.seconds -= paid
        return share - paid
