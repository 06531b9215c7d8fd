"""One client on one stage, in this process, from its birth to its end."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from tests.mutants.caxton_agents.bugs import Cue
from tests.mutants.caxton_agents.cli import born, live, shaped, target_of
from tests.mutants.caxton_agents.frames import BINARY, CONTINUATION, PING, TEXT, Frame
from tests.mutants.caxton_agents.life import Life
from tests.mutants.caxton_agents.model import Fault, Style
from tests.mutants.caxton_agents.stage import NAME, TOKEN, Stage
from tests.mutants.caxton_agents.styles import STYLES

__all__ = ["PACE", "PINGED", "Story", "rehearse"]

PACE: Final = 0.1
PINGED: Final = b"still there?"
PATIENCE: Final = 3.2
"""Seconds that a client has to end after it was told to."""

_LONGEST: Final = 7.0
"""Seconds after which it is told to stop, however far it came."""

_JOURNEYS: Final = 2
_SHORTEST: Final = {Cue.RATE: 2.2, Cue.BUSY: 2.2}
"""Seconds that it takes to see who gives up for ever."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Story:
    """What a stage saw of a client, and how the client ended."""

    style: Style
    cue: Cue
    stage: Stage
    told: float
    """When it was told to stop; times are those of the monotonic clock."""
    left: float | None
    """When it left; None for one that would not."""
    end: int | str
    """Exit status, or the exception it died of."""
    rounds: int
    said: tuple[str, ...]
    lag: float
    """Seconds by which this process was late at its worst: nobody is blamed for them."""


async def rehearse(style_name: str, fault: Fault | None, cue: Cue) -> Story:
    """Play ``cue`` to one client, tell it to stop, and see how it ends."""
    said: list[str] = []
    style = STYLES[style_name]
    async with Stage(cue, grpc=bool(style.calls)) as stage:
        target = target_of(stage.url, "", stage.grpc, TOKEN)
        life = born(shaped(style, fault), fault, target, NAME, "seed", said.append, PACE)
        task = asyncio.ensure_future(live(life, said.append))
        left: list[float] = []
        task.add_done_callback(lambda _task: left.append(time.monotonic()))
        lags = [0.0]
        watch = asyncio.ensure_future(_watch(lags))
        play = asyncio.ensure_future(_play(stage, cue, style, task.done))
        soonest = time.monotonic() + _SHORTEST.get(cue, 0.0)
        await _until(
            lambda: task.done() or (_far(life, soonest) and play.done()),
            _LONGEST,
        )
        told = time.monotonic()
        life.stop()
        await asyncio.wait({task}, timeout=PATIENCE)
        gone = task.done()
        for job in (watch, play, task):
            job.cancel()
        result, *_ = await asyncio.gather(task, watch, play, return_exceptions=True)
        return Story(
            style=style,
            cue=cue,
            stage=stage,
            told=told,
            left=left[0] if gone else None,
            end=result if isinstance(result, int) else f"{type(result).__name__}: {result}",
            rounds=life.rounds,
            said=tuple(said),
            lag=max(lags),
        )


def _far(life: Life, soonest: float) -> bool:
    return life.rounds >= _JOURNEYS and time.monotonic() > soonest


async def _watch(lags: list[float]) -> None:
    """Measure how late this process is, for ever."""
    clock = time.monotonic
    while True:
        due = clock() + 0.02
        await asyncio.sleep(0.02)
        lags[0] = max(lags[0], clock() - due)


async def _until(holds: Callable[[], bool], patience: float) -> bool:
    for _ in range(round(patience / 0.02)):
        if holds():
            return True
        await asyncio.sleep(0.02)
    return False


async def _play(stage: Stage, cue: Cue, style: Style, is_over: Callable[[], bool]) -> None:
    """What happens on the WebSocket, where there is one."""
    if style.socket is None or cue not in {Cue.ODD, Cue.CLOSE, Cue.BAD_FRAME}:
        return
    if cue is Cue.ODD:
        stage.silent_sockets = True
    if not await _until(lambda: is_over() or _subscribed(stage, 1), 3.0) or is_over():
        return
    if cue is Cue.ODD:
        await _odd(stage)
    elif cue is Cue.BAD_FRAME:
        line = stage.lines[-1]
        line.spoilt = True
        line.put(Frame(opcode=TEXT, payload=b"{}", rsv=4))
        await _until(lambda: is_over() or line.ended is not None, 1.0)
    else:
        await _close(stage, is_over)


def _subscribed(stage: Stage, lines: int) -> bool:
    return len(stage.lines) >= lines and bool(stage.lines[-1].subscriptions)


async def _odd(stage: Stage) -> None:
    line = stage.lines[-1]
    line.say({"type": "agent.hibernated", "agent_id": "agent_1"})
    line.say({"hello": "there"})
    line.say({"type": "message.sent", "message_id": "m", "x_more": [None], "x_much": {}})
    line.say({"type": "agent.failed", "agent_id": "agent_1", "timestamp": "2031-01-01T00:00:00Z"})
    alert = {"type": "system.alert", "severity": "warning", "message": "smoke in the attic"}
    line.say({**alert, "details": {"memory_percent": 85}})
    line.put(Frame(opcode=TEXT, payload=b"{no json"), Frame(opcode=TEXT, payload=b"[1, null]"))
    line.put(Frame(opcode=BINARY, payload=b"\x00\x01\xff"), Frame(opcode=PING, payload=PINGED))
    line.say({"type": "system.alert", "message": "=" * 100_000})
    line.put(Frame(opcode=TEXT, payload=b'{"type": "no', fin=False))
    line.put(Frame(opcode=PING, payload=b"in the middle"))
    line.put(Frame(opcode=CONTINUATION, payload=b'thing"}'))
    await asyncio.sleep(0.1)
    # Whoever still hears learns its subscription now, and ends it when it leaves.
    stage.silent_sockets = False
    for line in stage.lines:
        if line.subscriptions and line.ended is None:
            stage.acknowledge(line)
    await asyncio.sleep(0.2)


async def _close(stage: Stage, is_over: Callable[[], bool]) -> None:
    await asyncio.sleep(0.1)
    stage.refuse_sockets = 2
    stage.lines[-1].close()
    if not await _until(lambda: is_over() or _subscribed(stage, 2), 2.5):
        return
    await asyncio.sleep(0.1)
    stage.lines[-1].abort()
    await _until(lambda: is_over() or _subscribed(stage, 3), 2.5)
    await asyncio.sleep(0.1)
