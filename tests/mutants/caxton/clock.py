"""The coordinator's own time, which a test may move."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable

__all__ = ["Clock"]


class Clock:
    """Wall-clock time plus what was added by `advance`; timers fire in order of their time."""

    def __init__(self, source: Callable[[], float]) -> None:
        """`source` gives seconds since 1970."""
        self._source = source
        self._offset = 0.0
        self._frozen: float | None = None
        self._timers: list[tuple[float, int, Callable[[], object]]] = []
        self._order = itertools.count()

    def now(self) -> float:
        """Seconds since 1970; while a timer fires, the moment for which it was set."""
        return self._source() + self._offset if self._frozen is None else self._frozen

    def later(self, seconds: float, act: Callable[[], object]) -> None:
        """Set a timer."""
        heapq.heappush(self._timers, (self.now() + seconds, next(self._order), act))

    def due(self) -> float | None:
        """Seconds until the next timer; None without any."""
        return max(0.0, self._timers[0][0] - self.now()) if self._timers else None

    def settle(self) -> None:
        """Fire what is due."""
        if self._frozen is not None:
            return
        until = self.now()
        try:
            while self._timers and self._timers[0][0] <= until:
                self._frozen, _, act = heapq.heappop(self._timers)
                act()
        finally:
            self._frozen = None

    def advance(self, seconds: float) -> None:
        """Let time pass, and fire what falls due in it."""
        self._offset += seconds
        self.settle()
