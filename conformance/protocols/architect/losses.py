"""The script's connection is lost, in one way or another, and what it then does."""

from __future__ import annotations

import time

from conformance.protocols.architect.desk import TAKEN_OVER, Desk
from conformance.protocols.architect.plays import Scene
from conformance.stage import GoneError
from mockserver import Fault

__all__ = ["lost", "outage", "refused"]

_SOME = 3
"""Replies after which a connection is ended, of a script that has more to say."""

_AT_ONCE = 6
"""Further connections that are ended as soon as they are there."""

_AWAY = 1.5
"""Seconds for which nobody is let in."""


def lost(kind: str, code: int | None) -> Scene:
    """A play in which the connection ends twice in the middle, and then each time at once."""

    async def play(desk: Desk) -> None:
        await desk.arrive()
        for _ in range(2):
            await desk.serve(calls=_some(desk))
            await _end(desk, kind, code)
            await _back(desk)
        await desk.serve(calls=_some(desk))
        end = time.monotonic() + desk.stage.patience / 2
        for _ in range(_AT_ONCE):
            if time.monotonic() < end:
                await _end(desk, "at once", code)
                await _back(desk, end - time.monotonic())

    return play


async def outage(desk: Desk) -> None:
    """The coordinator restarts, and lets nobody in for a while."""
    await desk.arrive()
    await desk.serve(calls=_some(desk))
    faults = desk.stage.session.faults
    faults.add(Fault(kind="status", operation="socket", status=503, times=None))
    await _end(desk, "outage", 1012)
    await desk.stage.until(lambda: False, _AWAY)
    faults.clear()
    faults.add(TAKEN_OVER)
    await _back(desk)
    await desk.serve(calls=_some(desk))


async def refused(desk: Desk) -> None:
    """Nobody is let in from the beginning."""
    desk.stage.session.hang_up(1008)
    stage, before = desk.stage, len(desk.stage.entries)
    await stage.until(lambda: len(stage.entries) > before, 2 * stage.patience)
    await stage.until(lambda: False, _AWAY)


def _some(desk: Desk) -> int:
    return min(_SOME, max(1, desk.habits.messages - 1))


async def _end(desk: Desk, kind: str, code: int | None) -> None:
    """End all connections, and wait until they are gone."""
    session = desk.stage.session
    if not session.lines:
        return
    desk.befall(kind)
    session.hang_up(code, "as it happens")
    await desk.stage.until(lambda: not session.lines, 2.5)


async def _back(desk: Desk, within: float | None = None) -> None:
    """Wait until somebody is connected anew. Raises `GoneError` where nobody is."""
    stage = desk.stage
    seconds = stage.patience if within is None else max(0.0, within)
    if not await stage.until(lambda: bool(stage.session.lines), seconds):
        raise GoneError
    desk.wake()
