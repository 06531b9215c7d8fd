"""What is to happen later, on the coordinator's own clock."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field

__all__ = ["Agenda"]


@dataclass(slots=True, order=True)
class _Entry:
    at: float
    order: int
    act: Callable[[], None] = field(compare=False)


class Agenda:
    """Acts by the time at which they are due (seconds since 1970); equals in order of entry."""

    def __init__(self) -> None:
        self._entries: list[_Entry] = []
        self._entered = 0

    def __len__(self) -> int:
        return len(self._entries)

    def add(self, at: float, act: Callable[[], None]) -> None:
        self._entered += 1
        heapq.heappush(self._entries, _Entry(at, self._entered, act))

    def due(self) -> float | None:
        """When the next act is due, or `None`."""
        return self._entries[0].at if self._entries else None

    def run(self, now: float) -> None:
        """Do what is due. What that enters anew waits for the next run, even if it is overdue."""
        ripe = []
        while self._entries and self._entries[0].at <= now:
            ripe.append(heapq.heappop(self._entries))
        for entry in ripe:
            entry.act()
