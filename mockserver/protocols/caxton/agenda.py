"""What is to happen later, in the order of the clock."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from heapq import heappop, heappush
from itertools import count

from mockserver.world import END, Clock

__all__ = ["Agenda", "Appointment"]


@dataclass(eq=False, slots=True)
class Appointment:
    """Something that is to be done at `at` (seconds since 1970), unless it is called off."""

    at: float
    act: Callable[[], None] | None

    def call_off(self) -> None:
        self.act = None


class Agenda:
    """Appointments by their time; those of the same moment in the order in which they were made.

    They may be kept late, where nobody looked at the clock meanwhile. While one is kept it is
    `now` as late as it was to be: what follows from it is in time again.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._moment: float | None = None
        self._heap: list[tuple[float, int, Appointment]] = []
        self._turn = count()

    def now(self) -> float:
        return self._clock.now() if self._moment is None else self._moment

    def after(self, seconds: float, act: Callable[[], None]) -> Appointment:
        """In so many seconds from now."""
        return self.at(self.now() + seconds, act)

    def at(self, when: float, act: Callable[[], None]) -> Appointment:
        appointment = Appointment(min(when, END), act)
        heappush(self._heap, (appointment.at, next(self._turn), appointment))
        return appointment

    def due(self) -> float | None:
        """When the next one is kept."""
        while self._heap and self._heap[0][2].act is None:
            heappop(self._heap)
        return self._heap[0][0] if self._heap else None

    def keep(self) -> None:
        """Do all that is due by now, and what comes of it."""
        now = self._clock.now()
        try:
            while (due := self.due()) is not None and due <= now:
                act = heappop(self._heap)[2].act
                assert act is not None, "what was called off is not due"
                self._moment = due
                act()
        finally:
            self._moment = None
