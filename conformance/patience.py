"""How long an answer is waited for, so that a peer that hangs cannot hang the run, and none is
blamed for taking its time.
"""

from __future__ import annotations

from collections import Counter

__all__ = ["GIVEN_UP", "Pace", "Patience"]

_FULL = 2
"""Hangs of one operation, without an answer in between, that are waited out to the end."""

GIVEN_UP = 5
"""Such hangs after which the operation is not asked again."""

_ALLOWANCE = 3
"""Times the time-out that all hangs of a run together may cost before each costs a tenth."""

_GLANCE = 0.1
"""Seconds that are left for what has not come once, and was waited for too often."""

_FIRST = 4
"""Times the patience that an agent may take until its first answer of all."""

_AGAIN, _MARGIN = 3.0, 1.0
"""Times the slowest of before that a peer may take for another, and the seconds that an agent may
take beside them.
"""

_LONGEST = 60.0
"""Seconds to which a patience grows, unless more is asked for."""


class Patience:
    """The patience with one peer. `timeout` is the seconds that an answer may take. Who is
    `tireless` waits less and less, but asks again all the same: it has a budget of its own.
    """

    def __init__(self, timeout: float, *, tireless: bool = False) -> None:
        self._timeout = timeout
        self._tireless = tireless
        self._hung: Counter[str] = Counter()
        self._slowest: dict[str, float] = {}
        self._lost = 0.0

    def seconds(self, operation: str, *, least: float = 0.0) -> float | None:
        """The seconds to wait this time, or `None` where it is not worth asking; `least` are those
        that a good answer may take, where they are more than the time-out.
        """
        if self._hung[operation] >= GIVEN_UP and not self._tireless:
            return None
        tired = self._hung[operation] >= _FULL or self._lost > _ALLOWANCE * self._timeout
        return self._tired(operation) if tired else max(self._timeout, least)

    def glance(self, operation: str) -> float:
        """The seconds to wait this time for what costs nothing to wait for again: few, where it
        never came.
        """
        seconds = self.seconds(operation)
        if seconds is None:
            known = operation in self._slowest
            seconds = self._tired(operation) if known else min(_GLANCE, self._timeout / 10)
        return seconds

    def _tired(self, operation: str) -> float:
        """No less than it may take by what is known of it: who is slow is not blamed for it."""
        own = min(_AGAIN * self._slowest.get(operation, 0.0), self._timeout)
        return max(self._timeout / 10, own)

    def hung(self, operation: str, seconds: float) -> None:
        """It gave no answer for so many seconds."""
        self._hung[operation] += 1
        self._lost += seconds

    def answered(self, operation: str, seconds: float = 0.0) -> None:
        """It gave an answer after so many seconds, so that it is worth asking again."""
        self._slowest[operation] = max(seconds, self._slowest.get(operation, 0.0))
        if self._hung[operation] < GIVEN_UP:
            self._hung[operation] = 0


class Pace:
    """How slow an agent is, as its own first answers show: no document says how long one may think.
    What comes after these is held against them. `least` are the seconds that any agent is waited
    for.
    """

    def __init__(self, least: float) -> None:
        self._least = least
        self._slowest: float | None = None
        self._launch = 0.0
        self._known = False

    @property
    def seconds(self) -> float:
        """The patience with an answer."""
        own = 0.0 if self._slowest is None else _AGAIN * self._slowest + _MARGIN
        return max(self._least, min(own, _LONGEST))

    @property
    def first(self) -> float:
        """The patience with an answer before which nothing is known of its pace."""
        return self.seconds if self._known or self._slowest is not None else self.longest

    @property
    def longest(self) -> float:
        """The patience with one that never was so silent, before it is said to do nothing more."""
        return max(self.seconds, _FIRST * self._least)

    @property
    def launch(self) -> float:
        """The patience with an agent that was launched, until its first word."""
        return max(_FIRST * self._least, min(_AGAIN * self._launch, _LONGEST))

    def launched(self, seconds: float) -> None:
        """So many seconds after its launch its first word came."""
        self._launch = max(seconds, self._launch)

    def answered(self, seconds: float) -> None:
        """It gave an answer after so many seconds: one of its first, or it tells nothing new."""
        if not self._known:
            self._slowest = max(seconds, self._slowest or 0.0)

    def settle(self) -> None:
        """Its first answers have come, or were waited for in vain."""
        self._known = True
