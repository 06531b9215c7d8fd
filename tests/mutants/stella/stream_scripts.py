"""What the rehearsals play on the task stream."""

from __future__ import annotations

import asyncio
from typing import Any, Final

from .rehearsal import DONE, Stage, look

__all__ = ["outlasting", "sayings", "streams"]


async def streams(on: Stage) -> None:
    """Two agents listen, talk, leave and come back."""
    one, two = await on.register("ear"), await on.register("drum")
    left = await on.task(one)
    first, second = await on.listen(one), await on.listen(two)
    ids = [await on.task(one, "ssh.exec", timeout=9), await on.task(one), await on.task(two)]
    await on.hook("/tasks/cancel", agent=one.id, task=ids[0])
    await on.hook("/tasks/cancel", agent=two.id, task=ids[2])
    ids.append(await on.task(one))
    await on.hook("/tasks/cancel", agent=one.id, task=ids[1])
    await on.act(one, f"complete/{left}", DONE)
    await asyncio.sleep(0.3)
    await on.leave(second)
    await on.task(one)
    second = await on.listen(two)
    await on.task(two)
    await on.leave(first)
    last = await on.task(one, "ecs.deploy")
    first = await on.listen(one)
    await on.task(one)
    await on.hook("/tasks/cancel", agent=one.id, task=last)
    kept = [await on.task(one, credentials=more) for more in ({"vault.user": "u"}, {})]
    await on.leave(first)
    first = await on.listen(one)
    await on.hook("/tasks/cancel", agent=one.id, task=kept[1])
    await on.operate("PUT", f"/{one.id}", {"labels": {"ear": "left"}})
    await on.task(one)
    for member in (one, two):
        await on.beat(member)
    await look(on, one, two)


async def outlasting(on: Stage) -> None:
    """A stream that is older than its agent's certificate."""
    one = await on.register("keel", labels={"wood": "oak", "age": "9"})
    line = await on.listen(one)
    for hours in (22, 1.5):
        await on.advance(hours * 3600)
        await on.beat(one)
        await on.task(one)
        await look(on, one)
    await on.leave(line)


_SAID: Final[tuple[Any, ...]] = (
    {"type": "task_log", "taskId": "", "level": "info", "message": "m"},
    {"type": "task_progress", "taskId": "", "progress": 50, "message": "m"},
    {"type": "task_progress", "taskId": "", "progress": 0, "message": "m"},
    {"type": "task_progress", "taskId": "", "progress": 100, "message": "m"},
    {"type": "task_progress", "taskId": "nowhere", "progress": 5, "message": "m"},
    {"type": "task_log", "taskId": "", "level": "warn", "message": "m"},
    {"type": "task_mood"},
    "{not json",
    b"\x00\x01",
    {"type": "task_log", "taskId": "", "level": "info", "message": "m" * 70000},
)


async def sayings(on: Stage) -> None:
    """Everything that an agent may say, and what it may not."""
    one, two = await on.register("voice", labels={"a": "b"}), await on.register("quiet")
    for said in _SAID:
        task = await on.task(one)
        first, second = await on.listen(one), await on.listen(two)
        own = isinstance(said, dict) and said.get("taskId") == ""
        await on.say(first, {**said, "taskId": task} if own else said)
        await on.hook("/tasks/cancel", agent=one.id, task=await on.task(one))
        await on.act(one, "tasks")
        await on.leave(first)
        await on.leave(second)
    task = await on.task(two)
    await on.beat(two)
    line = await on.listen(two)
    await on.say(line, {"type": "task_progress", "taskId": task, "progress": 40, "message": "m"})
    await on.task(two)
    await on.leave(line)
    await look(on, one, two)
