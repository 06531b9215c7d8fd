"""The script's connection is lost, in one way or another, and what it then does."""

from __future__ import annotations

import asyncio
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

_FIRST_WORD = 0.2
"""Seconds in which it may say something on such a connection."""

_IN_THE_MIDDLE = 0.03
"""Seconds for which a call waits before its connection ends."""


def lost(kind: str, code: int | None) -> Scene:
    """A play in which the connection ends twice while a call waits, and then each time at once."""

    async def play(desk: Desk) -> None:
        await desk.arrive()
        for _ in range(2):
            await _some_calls(desk)
            await _back(desk, await _end(desk, kind, code))
        await _some_calls(desk)
        end = time.monotonic() + max(1.5, desk.stage.patience / 2)
        for _ in range(_AT_ONCE):
            said = desk.said
            await desk.stage.until(lambda said=said: desk.said > said, _FIRST_WORD)  # type: ignore[misc]
            await asyncio.sleep(_IN_THE_MIDDLE)
            before = await _end(desk, "at once", code)
            await _back(desk, before, max(0.0, end - time.monotonic()))

    return play


async def outage(desk: Desk) -> None:
    """The coordinator restarts, and lets nobody in for a while."""
    await desk.arrive()
    await _some_calls(desk)
    faults = desk.stage.session.faults
    faults.add(Fault(kind="status", operation="socket", status=503, times=None))
    before = await _end(desk, "outage", 1012)
    await desk.stage.until(lambda: False, _AWAY)
    faults.clear()
    faults.add(TAKEN_OVER)
    await _back(desk, before)
    await _some_calls(desk)


async def refused(desk: Desk) -> None:
    """Nobody is let in from the beginning."""
    desk.stage.session.hang_up(1008)
    stage, before = desk.stage, len(desk.stage.entries)
    await stage.until(lambda: len(stage.entries) > before, 2 * stage.patience)
    await stage.until(lambda: False, _AWAY)


async def _some_calls(desk: Desk) -> None:
    """Reply to some, and let the next one wait, if there is one."""
    await desk.serve(calls=min(_SOME, max(1, desk.habits.messages - 1)))
    said = desk.said
    await desk.stage.until(lambda: desk.said > said or desk.quiet)
    await asyncio.sleep(_IN_THE_MIDDLE)


async def _end(desk: Desk, kind: str, code: int | None) -> set[int]:
    """End all connections, and wait until they are gone. Returns which they were."""
    session = desk.stage.session
    before = set(session.lines)
    if before:
        desk.befall(kind)
        session.hang_up(code, "as it happens")
        await desk.stage.until(lambda: not before & set(session.lines), 2.5)
    return before


async def _back(desk: Desk, before: set[int], within: float | None = None) -> None:
    """Wait until somebody is connected anew. Raises `GoneError` where nobody is."""
    lines = desk.stage.session.lines
    seconds = desk.stage.patience if within is None else within
    if not await desk.stage.until(lambda: set(lines) - before, seconds):
        raise GoneError
    desk.wake()
