"""How long an answer is waited for, so that a peer that hangs cannot hang the run."""

from __future__ import annotations

from collections import Counter

__all__ = ["GIVEN_UP", "Patience"]

_FULL = 2
"""Hangs of one operation, without an answer in between, that are waited out to the end."""

GIVEN_UP = 5
"""Such hangs after which the operation is not asked again."""

_ALLOWANCE = 3
"""Times the time-out that all hangs of a run together may cost before each costs a tenth."""


class Patience:
    """The patience with one peer. `timeout` is the seconds that an answer may take. Who is
    `tireless` waits less and less, but asks again all the same: it has a budget of its own.
    """

    def __init__(self, timeout: float, *, tireless: bool = False) -> None:
        self._timeout = timeout
        self._tireless = tireless
        self._hung: Counter[str] = Counter()
        self._lost = 0.0

    def seconds(self, operation: str, *, least: float = 0.0) -> float | None:
        """The seconds to wait this time, or `None` where it is not worth asking; `least` are those
        that a good answer may take, where they are more than the time-out.
        """
        if self._hung[operation] >= GIVEN_UP and not self._tireless:
            return None
        tired = self._hung[operation] >= _FULL or self._lost > _ALLOWANCE * self._timeout
        return self._timeout / 10 if tired else max(self._timeout, least)

    def hung(self, operation: str, seconds: float) -> None:
        """It gave no answer for so many seconds."""
        self._hung[operation] += 1
        self._lost += seconds

    def answered(self, operation: str) -> None:
        """It gave an answer, so that it is worth asking again."""
        if self._hung[operation] < GIVEN_UP:
            self._hung[operation] = 0
