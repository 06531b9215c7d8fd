"""One agent on one stage, in this process, from its birth to its end."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Final

from tests.mutants.stella_agents.bugs import Cue
from tests.mutants.stella_agents.cli import born, live, shaped
from tests.mutants.stella_agents.frames import BINARY, CONTINUATION, PING, TEXT, Frame
from tests.mutants.stella_agents.model import Fault, Style, Target, Way
from tests.mutants.stella_agents.stage import TOKEN, Stage
from tests.mutants.stella_agents.styles import STYLES

__all__ = ["NAME", "PINGED", "Story", "rehearse"]

NAME: Final = "peer-5"
PINGED: Final = b"still there?"
PATIENCE: Final = 3.2
"""Seconds that an agent has to end after it was told to."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Story:
    """What a stage saw of an agent, and how the agent ended."""

    style: Style
    cue: Cue
    stage: Stage
    told: float
    """When it was told to stop; times are those of the monotonic clock."""
    left: float | None
    """When it left; None for one that would not."""
    end: int | str
    """Exit status, or the exception it died of."""
    said: tuple[str, ...]
    lag: float
    """Seconds by which this process was late at its worst: nobody is blamed for them."""


async def rehearse(style_name: str, fault: Fault | None, cue: Cue) -> Story:
    """Play ``cue`` to one agent, tell it to stop, and see how it ends."""
    said: list[str] = []
    style = STYLES[style_name]
    async with Stage() as stage:
        stage.expects_streams = Way.STREAM in style.takes
        if cue is Cue.IMPOSTOR:
            stage.become_impostor()
        stage.refuse_registrations = cue is Cue.REFUSED
        stage.other_times = cue is Cue.TROUBLE
        stage.knows_no_task = cue is Cue.UNKNOWN
        target = Target(base=stage.url, token=TOKEN, authority=stage.ca)
        life = born(shaped(style, fault), fault, target, NAME, "seed", said.append)
        task = asyncio.ensure_future(live(life, said.append))
        left: list[float] = []
        task.add_done_callback(lambda _task: left.append(time.monotonic()))
        lags = [0.0]
        watch = asyncio.ensure_future(_watch(lags))
        await _registered(stage, cue)
        await _PLAYS[cue](stage)
        told = time.monotonic()
        life.stop()
        await asyncio.wait({task}, timeout=PATIENCE)
        gone = task.done()
        watch.cancel()
        task.cancel()
        (result,) = await asyncio.gather(task, return_exceptions=True)
        return Story(
            style=style,
            cue=cue,
            stage=stage,
            told=told,
            left=left[0] if gone else None,
            end=result if isinstance(result, int) else f"{type(result).__name__}: {result}",
            said=tuple(said),
            lag=max(lags),
        )


async def _watch(lags: list[float]) -> None:
    """Measure how late this process is, for ever."""
    clock = time.monotonic
    while True:
        due = clock() + 0.02
        await asyncio.sleep(0.02)
        lags[0] = max(lags[0], clock() - due)


async def _registered(stage: Stage, cue: Cue) -> None:
    """Wait for the registration, so that slow starts do not eat into the play."""
    patience = 0.0 if cue in {Cue.IMPOSTOR, Cue.REFUSED} else 2.0
    await _until(lambda: stage.registered is not None, patience)


async def _opened(stage: Stage, number: int = 1) -> None:
    """Wait for so many streams in all; not everybody opens them."""
    await _until(lambda: len(stage.lines) >= number, 3.0 if stage.expects_streams else 0.0)


async def _until(holds: Callable[[], bool], patience: float) -> None:
    for _ in range(round(patience / 0.02)):
        if holds():
            return
        await asyncio.sleep(0.02)


async def _plain(stage: Stage) -> None:
    stage.give("a", 0.7)
    stage.give("b", 1.2)
    stage.give("c", 1.0)
    await asyncio.sleep(1.5)
    stage.give("odd", 0.2, taskType="teleport.start")
    stage.give("d", 0.3, credentials=None)
    await asyncio.sleep(1.0)
    # It has half a minute to go when the agent is told to stop.
    stage.give("long", 30)
    await asyncio.sleep(0.5)


async def _refused(_stage: Stage) -> None:
    await asyncio.sleep(1.5)


async def _unknown(stage: Stage) -> None:
    stage.give("lost", 0.2)
    await asyncio.sleep(2.2)


async def _ids(stage: Stage) -> None:
    stage.give("a/b 5%41", 0.2)
    stage.give("c+d?e=f#g", 0.2)
    await asyncio.sleep(1.2)


async def _cancel(stage: Stage) -> None:
    await _opened(stage)
    for name in ("x", "y", "z"):
        stage.give(name, 1.2, stream_only=True)
    await asyncio.sleep(0.5)
    stage.cancel("y")
    await asyncio.sleep(1.2)
    stage.give("w", 0.2, stream_only=True)
    await asyncio.sleep(0.7)


async def _trouble(stage: Stage) -> None:
    for n, trouble in enumerate(("503", "500", "drop", "nulls", "bare", "extra", "garbage")):
        stage.troubles["heartbeat", n + 1] = trouble
        stage.troubles["tasks", n + 1] = trouble
    stage.troubles["complete", 0] = "503"
    stage.give("t", 0.2)
    await asyncio.sleep(2.9)
    stage.give("u", 0.2)
    await asyncio.sleep(0.8)


async def _odd(stage: Stage) -> None:
    await _opened(stage)
    for line in stage.lines[-1:]:
        line.say({"type": "config_changed", "config": {"logLevel": "debug"}})
        line.say({"hello": "there"})
        line.put(Frame(opcode=TEXT, payload=b"{no json"), Frame(opcode=TEXT, payload=b"[1, null]"))
        line.put(Frame(opcode=BINARY, payload=b"\x00\x01\xff"), Frame(opcode=PING, payload=PINGED))
        line.say({"type": "task_assigned"})
        line.say({"type": "task_assigned", "task": {"taskId": None, "taskType": "docker.run"}})
        line.say({"type": "notice", "text": "=" * 100_000})
        stage.give("frame", 0.2, stream_only=True, notes=["more"], deadline=7)
        stage.push(line, stage.works["b51f0000-frame"], priority=4, trace={"id": 7})
        line.put(Frame(opcode=TEXT, payload=b'{"type": "no', fin=False))
        line.put(Frame(opcode=PING, payload=b"in the middle"))
        line.put(Frame(opcode=CONTINUATION, payload=b'thing"}'))
    await asyncio.sleep(0.3)
    stage.give("after", 0.2, stream_only=True)
    await asyncio.sleep(1.0)


async def _broken(stage: Stage) -> None:
    await _opened(stage)
    for line in stage.lines[-1:]:
        line.put(Frame(opcode=TEXT, payload=b"{}", rsv=4))
    await asyncio.sleep(1.2)


async def _close(stage: Stage) -> None:
    await _opened(stage)
    stage.give("k1", 0.2, stream_only=True)
    await asyncio.sleep(0.5)
    stage.refuse_streams = 2
    for line in stage.lines[-1:]:
        line.close()
    await _opened(stage, 2)
    await asyncio.sleep(0.2)
    # Once more what was done before, as one does that has lost its memory of it.
    for line in stage.lines[-1:]:
        stage.push(line, stage.works["b51f0000-k1"])
    stage.give("k2", 0.2, stream_only=True)
    await asyncio.sleep(0.5)
    for line in stage.lines[-1:]:
        line.abort()
    await _opened(stage, 3)
    stage.give("k3", 0.6, stream_only=True)
    stage.give("k4", 1.0, stream_only=True)
    await asyncio.sleep(0.2)
    stage.cancel("k4")
    await asyncio.sleep(1.0)
    for line in stage.lines[-1:]:
        line.close()
    await asyncio.sleep(0.9)


async def _renewal(stage: Stage, *, with_key: bool = False) -> None:
    stage.give("r1", 0.2)
    await asyncio.sleep(0.7)
    stage.renew(with_key=with_key)
    await asyncio.sleep(1.0)
    for line in stage.lines:
        if line.ended is None:
            line.close()
    await asyncio.sleep(0.9)
    stage.give("r2", 0.2)
    await asyncio.sleep(0.9)


async def _renewal_key(stage: Stage) -> None:
    await _renewal(stage, with_key=True)


async def _restart(stage: Stage) -> None:
    await asyncio.sleep(0.8)
    stage.forgotten = time.monotonic()
    for line in stage.lines:
        line.close(1012)
    await asyncio.sleep(1.6)


async def _impostor(_stage: Stage) -> None:
    await asyncio.sleep(0.8)


async def _late_impostor(stage: Stage) -> None:
    await asyncio.sleep(0.6)
    stage.become_impostor()
    await asyncio.sleep(0.8)


_PLAYS: Final[Mapping[Cue, Callable[[Stage], Awaitable[None]]]] = {
    Cue.PLAIN: _plain,
    Cue.REFUSED: _refused,
    Cue.UNKNOWN: _unknown,
    Cue.IDS: _ids,
    Cue.CANCEL: _cancel,
    Cue.TROUBLE: _trouble,
    Cue.ODD: _odd,
    Cue.BROKEN: _broken,
    Cue.CLOSE: _close,
    Cue.RENEWAL: _renewal,
    Cue.RENEWAL_KEY: _renewal_key,
    Cue.RESTART: _restart,
    Cue.IMPOSTOR: _impostor,
    Cue.LATE_IMPOSTOR: _late_impostor,
}
