"""The peer's hours: what time it is there, and how to let it pass."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from conformance.peer_clock import PeerClock

__all__ = ["HOUR", "Hours"]

HOUR = 3600.0


class Hours(PeerClock):
    """What is judged by it are hours and days."""

    slack = HOUR

    @contextmanager
    def undisturbed(self) -> Iterator[list[int]]:
        """The list holds how often time jumped meanwhile, once the block is over."""
        before, jumped = self._jumps, [0]
        yield jumped
        jumped[0] = self._jumps - before
