"""Wakes coordinators when something of theirs falls due on the real clock."""

from __future__ import annotations

import asyncio
from weakref import WeakKeyDictionary

from mockserver.app import Mock
from mockserver.session import Session
from mockserver.world import VirtualClock

__all__ = ["Timers"]

_SAME = 0.005
"""Seconds by which a timer may be off and stay."""


class Timers:
    """One timer a session that somebody is connected to; a virtual clock needs none."""

    def __init__(self, mock: Mock) -> None:
        self._mock = mock
        self._set: WeakKeyDictionary[Session, asyncio.TimerHandle] = WeakKeyDictionary()
        mock.sockets.touched = self._arm

    def close(self) -> None:
        self._mock.sockets.touched = None
        for timer in self._set.values():
            timer.cancel()

    def _arm(self, session: Session) -> None:
        due = session.coordinator.due()
        if due is None and not self._set:
            return  # as after most messages
        if isinstance(session.world.clock, VirtualClock):
            return
        old = self._set.get(session)
        if due is None:
            if old is not None:
                self._set.pop(session).cancel()
            return
        loop = asyncio.get_running_loop()
        wait = max(0.0, due - session.world.clock.now())
        if old is not None and not old.cancelled():
            if abs(old.when() - loop.time() - wait) < _SAME:
                return
            old.cancel()
        self._set[session] = loop.call_later(wait, self._wake, session)

    def _wake(self, session: Session) -> None:
        self._set.pop(session, None)
        session.coordinator.catch_up()
        self._mock.sockets.flush(session)
