"""The order of what goes out on a WebSocket where some of it is late."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

from mockserver.sockets import Delivery, Ending

__all__ = ["Turns"]


class Turns:
    """Hands things over in the order in which they came, each no earlier than after its delay.

    While it is `busy`, nothing is handed over: something is going out in pieces.
    """

    def __init__(self, carry: Callable[[Delivery | Ending], None]) -> None:
        self._loop = asyncio.get_running_loop()
        self._carry = carry
        self._waiting: deque[tuple[float, Delivery | Ending]] = deque()
        self._timer: asyncio.TimerHandle | None = None
        self.busy = False

    @property
    def taken(self) -> bool:
        """Must what comes now wait for what came before?"""
        return self.busy or bool(self._waiting)

    def add(self, what: Delivery | Ending) -> None:
        """Have it wait for its delay, and for all that came before."""
        due = self._loop.time() + what.delay
        if self._waiting:
            due = max(due, self._waiting[-1][0])
        self._waiting.append((due, what))
        self._arm()

    def free(self) -> None:
        """What went out in pieces is out."""
        self.busy = False
        self._run()

    def cancel(self) -> None:
        """Nobody is there any more."""
        self._waiting.clear()
        self._arm()

    def _run(self) -> None:
        self._timer = None
        while self._waiting and not self.busy and self._waiting[0][0] <= self._loop.time():
            self._carry(self._waiting.popleft()[1])
        self._arm()

    def _arm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._waiting and not self.busy:
            self._timer = self._loop.call_at(self._waiting[0][0], self._run)
