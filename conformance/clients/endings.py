"""Which ends of a peer's connections tell nothing of it."""

from __future__ import annotations

import time
from collections import deque

__all__ = ["Endings"]

_FAILED = range(500, 600)

_IDLE = 0.5
"""Seconds without a request after which a peer may end a connection that was kept alive."""

_SOON = 2.0
"""Seconds within which the end of a connection shows on which the peer failed."""


class Endings:
    """When a peer may end a kept-alive connection without a word.

    One that was idle for a while, and one on which it failed: servers answer 500 where a handler
    crashed, and then close, for they can't know what else is broken.
    """

    def __init__(self) -> None:
        self._heard = 0.0
        self._failures: deque[float] = deque()

    def answered(self, status: int) -> None:
        self._heard = time.monotonic()
        if status in _FAILED:
            self._failures.append(self._heard)

    def excuse(self, began: float) -> bool:
        """May the connection end that was written to at `began`? Each failure excuses one end."""
        while self._failures:
            if began - self._failures.popleft() < _SOON:
                return True
        return began - self._heard > _IDLE
