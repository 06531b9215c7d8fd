"""Waiting for a peer that has no room now, and the end of that."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import replace

from conformance.exchange import Exchange

__all__ = ["Throttle", "pause_after"]

_TRIES = 3
"""Times that a call is made again, after a pause, while the peer says 429."""

_IN_VAIN = 3
"""Calls in a row that may end in 429 all the same; after that there is no more waiting for it."""

_STARVED = 2
"""Calls of one operation that were waited for in vain from which on it counts as starved."""

_LONGEST_PAUSE = 20.0
"""Seconds that a 429 can make us wait at once."""

_SHORTEST_PAUSE = 0.5

_EPOCH = 1e9
"""Above this, a number of seconds is a moment of our time."""


class Throttle:
    """How one client obeys a 429: it waits as long as it is told, within bounds, and asks again.

    An operation that was waited for time and again, and never served, is marked as `starved`: no
    rate that anybody documents is as low as that.
    """

    def __init__(self) -> None:
        self._in_vain = 0
        self._waited: Counter[str] = Counter()
        self._served: set[str] = set()

    async def obey(
        self, ask: Callable[[bool], Awaitable[Exchange]], *, patient: bool = True
    ) -> Exchange:
        """Call `ask`, and again after pauses while the peer says 429; it is told whether that was
        so before. Not `patient`, the first answer counts.
        """
        exchange = await ask(False)
        tries = _TRIES if patient and self._in_vain < _IN_VAIN else 0
        for _ in range(tries):
            if exchange.status != 429:
                break
            await asyncio.sleep(pause_after(exchange))
            exchange = await ask(True)
        return self._counted(exchange, waited=tries > 0)

    def _counted(self, exchange: Exchange, *, waited: bool) -> Exchange:
        operation = exchange.operation
        if exchange.status == 429 and waited:
            self._in_vain += 1
            self._waited[operation] += 1
        elif exchange.status != 429 and exchange.throttled:
            self._in_vain = 0
        if exchange.ok:
            self._served.add(operation)  # a refusal for another reason may come before the rate
        never = operation not in self._served and self._waited[operation] >= _STARVED
        return replace(exchange, starved=True) if exchange.status == 429 and never else exchange


def pause_after(exchange: Exchange) -> float:
    """Seconds to wait after a 429: as long as it says, within bounds."""
    said = exchange.answer_headers.get("retry-after", "")
    reset = exchange.answer_headers.get("x-ratelimit-reset", "")
    if said.isdecimal():
        return min(float(said), _LONGEST_PAUSE)
    if reset.isdecimal():
        # A moment, or seconds until then; the moment may be that of a bucket that is full again,
        # and one more call goes through long before.
        left = float(reset) - time.time() if float(reset) > _EPOCH else float(reset)
        return min(max(left, _SHORTEST_PAUSE), _LONGEST_PAUSE / 2)
    return 1.0
