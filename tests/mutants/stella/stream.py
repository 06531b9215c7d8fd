"""The task stream: who listens, what is pushed, what is heard."""

from __future__ import annotations

import asyncio
import contextlib
import json
from typing import TYPE_CHECKING, Any

from . import shapes
from .fault import Push
from .model import Agent, Line, Obj

if TYPE_CHECKING:
    from .desk import Desk

__all__ = ["hear", "join", "leave", "lines_of", "push", "say"]


def lines_of(desk: Desk, agent: Agent) -> list[Line]:
    """The open lines of an agent."""
    return [line for line in desk.lines if line.agent is agent]


async def push(one: Push) -> None:
    """Send a message down its lines."""
    desk = one.desk
    if desk.seed.push is not None:
        desk.seed.push(one)
    if desk.reading.push_delay:
        await asyncio.sleep(desk.reading.push_delay)
    text: str | bytes = shapes.encode(_with_extras(desk, one.message), desk.reading)
    if one.text is not None:
        text = one.text(str(text))
    for line in one.lines:
        for _ in range(one.copies):
            await send(line, text)
    for step in one.after:
        await step()


def _with_extras(desk: Desk, message: Obj) -> Obj:
    if not desk.reading.extras:
        return message
    desk.counted["frames"] += 1
    return {"seq": desk.counted["frames"], **message, "sentAt": desk.stamp(desk.now())}


async def send(line: Line, text: str | bytes) -> None:
    """Send, if the line still stands."""
    with contextlib.suppress(ConnectionError, RuntimeError):
        await line.send(text)


async def say(desk: Desk, line: Line, message: Obj) -> None:
    """A message of our own, which no document knows."""
    await send(line, shapes.encode(message, desk.reading))


async def join(desk: Desk, line: Line) -> None:
    """A stream was opened: greet it, and bring what waits."""
    from .tasks import assigned, deliver  # the tasks push down lines, and lines bring tasks

    agent = line.agent
    if desk.reading.second_stream == "replace":
        for old in lines_of(desk, agent):
            desk.lines.remove(old)
            await old.close(4000)
    desk.counted["lines"] += 1
    line.nth = desk.counted["lines"]
    desk.lines.append(line)
    if desk.reading.hello:
        await say(desk, line, {"type": "hello", "server": "depot/3", "agentId": agent.id})
    if desk.reading.backlog:
        for row in deliver(desk, agent, "stream"):
            one = assigned(desk, agent, row)
            one.kind, one.lines = "backlog", [line]
            await push(one)
    if desk.seed.joined is not None:
        await desk.seed.joined(desk, line)


async def leave(desk: Desk, line: Line) -> None:
    """A stream was closed."""
    if line in desk.lines:
        desk.lines.remove(line)
        if desk.reading.stream_is_life:
            line.agent.life = desk.now()
    if desk.seed.left is not None:
        await desk.seed.left(desk, line)


async def hear(desk: Desk, line: Line, frame: str | bytes) -> None:
    """A frame from an agent; what is not understood is passed over."""
    line.heard += 1
    if desk.seed.hear is not None and await desk.seed.hear(desk, line, frame):
        return
    message = _message(frame)
    kind = message.get("type") if message is not None else None
    known = kind in ("task_progress", "task_log")
    if message is not None and kind == "task_log" and _too_loud(desk, message):
        await leave(desk, line)
        await line.close(1008)
        return
    if known and desk.reading.acks:
        await say(desk, line, {"type": "ack", "of": kind})
    if not known and desk.reading.complains:
        await say(desk, line, {"type": "error", "message": "not understood"})


def _too_loud(desk: Desk, message: Obj) -> bool:
    return desk.reading.log_levels == "info" and message.get("level") != "info"


def _message(frame: str | bytes) -> Obj | None:
    try:
        message: Any = json.loads(frame)
    except (ValueError, RecursionError):
        return None
    return message if isinstance(message, dict) else None
