"""What goes wrong around a stella agent: answers that fail, streams that end, a coordinator that
does not know it any more.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from conformance.protocols.stella.biography import OF_AGENTS
from conformance.protocols.stella.foreman import Foreman
from conformance.protocols.stella.impostor import REPLACED
from conformance.protocols.stella.notes import CALMED
from conformance.protocols.stella.plays import BEHIND, Scene, stop_on_stream
from mockserver import Fault

__all__ = [
    "broken_frames",
    "failing",
    "forgotten",
    "impostor",
    "lost_streams",
    "not_registered",
    "refused_completion",
    "replaced",
    "restart",
    "struck",
]

_AWAY = 3.0
"""Seconds for which nobody is let in to a stream."""

_PARTED = 2.5
"""Seconds in which a connection that was ended is gone."""

_REFUSED = 3.5
"""Seconds for which a refusal lasts: long enough to tell a pause from none."""

_BEGUN = 0.2
"""Seconds in which an agent has begun with a task, and not ended it if it takes any time."""

_BEHIND = 5.0
"""Seconds for the task that comes when it is over."""

_RETRY = 8.0
"""Seconds in which something that failed is tried again by an agent that tries at all."""

_CALM = 6
"""Intervals without trouble and work, which show whether the rhythm is the old one."""

_BROKEN_FRAMES = (
    b"\xf1\x02{}",  # reserved bits, which nobody asked for
    b"\x83\x02{}",  # a reserved opcode
    b"\x80\x02{}",  # the continuation of nothing
)


def failing(status: int, times: int) -> list[Fault]:
    """Everything that a registered agent asks for fails so many times; the first heartbeat not."""
    return [
        Fault(
            kind="status",
            operation=operation,
            status=status,
            times=times,
            skip=1 if operation == "sendHeartbeat" else 0,
        )
        for operation in OF_AGENTS
    ]


async def struck(foreman: Foreman) -> None:
    """The faults strike; there is a task in the middle of them, and one behind."""
    await foreman.arrive()
    await foreman.beats(1)
    given = foreman.give(foreman.task("amid"))
    await foreman.beats(4)
    await foreman.done(given, max(_RETRY, foreman.patience))
    await foreman.connected()
    await foreman.done(foreman.give(foreman.task(BEHIND)), max(_BEHIND, foreman.patience))
    await foreman.beats(3, _RETRY + 2)


async def not_registered(foreman: Foreman) -> None:
    """It is refused when it wants to register."""
    stage = foreman.stage
    if not await stage.until(lambda: foreman.exchanges, max(12.0, 2 * stage.patience)):
        return
    foreman.befall("refused")
    await foreman.live(_REFUSED)


async def impostor(foreman: Foreman) -> None:
    """Whoever speaks here has not looked to whom. A good one tries for a while, or ends."""
    await foreman.stage.until(lambda: foreman.exchanges, max(5.0, foreman.stage.patience))


async def replaced(foreman: Foreman) -> None:
    """An impostor takes the coordinator's place: connections end, and what comes next is to it."""
    await foreman.arrive()
    await foreman.beats(2)
    if (identity := foreman.stage.mock.identity) is None:
        return
    identity.disguise()
    foreman.befall(REPLACED)
    for operation in OF_AGENTS:
        foreman.stage.session.faults.add(Fault(kind="drop", operation=operation, times=3))
    foreman.stage.session.hang_up(1001, "somebody else takes over")
    await foreman.live(max(5 * foreman.interval, foreman.stage.patience))


async def refused_completion(foreman: Foreman) -> None:
    """Nobody knows the task that it reports."""
    await foreman.arrive()
    await foreman.beats(1)
    foreman.give(foreman.task("unknown"))
    stage = foreman.stage
    if await stage.until(lambda: foreman.asked("completeTask", status=404), foreman.patience):
        await foreman.live(max(5.0, foreman.stage.patience))
        await foreman.done(foreman.give(foreman.task(BEHIND)), max(_BEHIND, foreman.patience))


async def restart(foreman: Foreman) -> None:
    """The coordinator restarts, and knows what it knew."""
    await foreman.arrive()
    await foreman.done(foreman.give(foreman.task("before")))
    foreman.restart()
    foreman.befall("restart")
    await foreman.beats(2)
    await foreman.connected()
    await foreman.done(foreman.give(foreman.task(BEHIND)), max(_BEHIND, foreman.patience))
    await _calm(foreman)


async def _calm(foreman: Foreman) -> None:
    """Nothing happens any more, and the agent has nothing to do."""
    await foreman.live(0.5)
    foreman.mark(CALMED)
    await foreman.live(_CALM * foreman.interval)


def forgotten(command: str) -> Scene:
    """The coordinator carries out a `command` by which it does not know the agent any more, or has
    what it asks for forbidden where there is none.
    """

    async def play(foreman: Foreman) -> None:
        await foreman.arrive()
        await foreman.beats(1)
        if command:
            foreman.stage.command(command, agent=foreman.agent_id)
        else:
            for fault in (
                Fault(kind="status", operation=each, status=403, times=None) for each in OF_AGENTS
            ):
                foreman.stage.session.faults.add(fault)
            foreman.stage.session.hang_up(1008, "not here any more")
        foreman.befall("forgotten")
        await foreman.live(max(foreman.stage.patience, 5 * foreman.interval))

    return play


async def lost_streams(foreman: Foreman) -> None:
    """The stream is closed, lost without a word, and refused for a while; each time there is
    something to do before and afterwards, and the first time amid it.
    """
    await foreman.arrive()
    if not await foreman.connected():
        return
    before = foreman.task("before")
    await foreman.done(foreman.give(before))
    amid = foreman.give(foreman.task("amid"))
    await foreman.handed(*amid)
    await foreman.live(_BEGUN)
    for kind, code in (("closed", 1001), ("lost", None), ("failed", 1011)):
        await _end(foreman, kind, code)
        await _go_on(foreman, kind, *([before] if kind == "closed" else []))
    await foreman.done(amid)
    faults = foreman.stage.session.faults
    faults.add(Fault(kind="status", operation="taskStream", status=503, times=None))
    await _end(foreman, "refused", 1012)
    await foreman.live(_AWAY)
    faults.clear()
    await _go_on(foreman, "refused")
    await stop_on_stream(foreman)
    await _calm(foreman)


async def _end(foreman: Foreman, kind: str, code: int | None) -> None:
    session = foreman.stage.session
    before = set(session.lines)
    foreman.befall(kind)
    session.hang_up(code, "as it happens")
    await _parted(foreman, before)


async def _parted(foreman: Foreman, connections: set[int]) -> bool:
    """Are these gone, within a moment?"""
    lines = foreman.stage.session.lines
    return await foreman.stage.until(lambda: not connections & set(lines), _PARTED)


async def _go_on(foreman: Foreman, kind: str, *known: Mapping[str, Any]) -> None:
    """Wait for a stream; then there is something to do, on it or on another way. Tasks that are
    known may come again on a new stream.
    """
    lines = foreman.stage.session.lines
    back = await foreman.stage.until(lambda: lines, max(_RETRY, foreman.patience))
    task = foreman.task(f"after {kind}")
    if back and "stream" in foreman.book.ways:
        foreman.tell("stream", *known, task)
    else:
        foreman.give(task)
    await foreman.done([task["taskId"]])
    await foreman.live(0.5)


async def broken_frames(foreman: Foreman) -> None:
    """Frames that nobody may take for good, each on a connection of its own."""
    await foreman.arrive()
    for data in _BROKEN_FRAMES:
        if not await foreman.connected():
            return
        await foreman.live(0.2)
        before = set(foreman.stage.session.lines)
        foreman.stage.inject(data, "raw")
        if not await _parted(foreman, before):
            return  # it is settled that it takes them
