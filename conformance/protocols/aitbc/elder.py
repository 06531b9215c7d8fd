"""The first agent of a run, which is looked for again at its end."""

from __future__ import annotations

import time

from conformance.exchange import Exchange
from conformance.protocols.aitbc.dialogue import Dialogue

__all__ = ["Elder"]

_LONG = 20.0
"""Seconds of its time after which a coordinator may have given up an agent that says nothing."""


class Elder:
    """An agent that registers, and then waits until everybody else has come and gone."""

    def __init__(self, time_scale: float) -> None:
        self._scale = time_scale
        self._since = 0.0
        self._known: tuple[str, Exchange] | None = None

    async def settle(self, aitbc: Dialogue) -> tuple[str, Exchange]:
        """Its id and the answer to its registration, which is made if it was not yet."""
        if self._known is None:
            self._known = await aitbc.registration_of()
            self._since = time.monotonic()
        return self._known

    @property
    def given_up(self) -> bool:
        """May it have been, by now?"""
        return (time.monotonic() - self._since) * self._scale > _LONG
