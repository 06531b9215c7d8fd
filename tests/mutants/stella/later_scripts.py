"""What the rehearsals play of second looks, and of what goes on beside something else."""

from __future__ import annotations

from .rehearsal import DONE, Member, Stage

__all__ = ["later"]


async def later(on: Stage) -> None:
    """Long after, once more, and beside an open stream."""
    await on.mint()
    await on.register("nobody", "never-minted")
    vain = await on.mint()
    await on.advance(5000)
    one = await on.register("again")
    await on.beat(one)
    await on.beat(one, 55.5, status="degraded")
    await on.advance(20)
    await on.act(one, "tasks")
    await on.operate("GET")
    await _work(on, one)
    await _lines(on, one)
    bad = {"labels": {"half": "done"}, "capabilities": "ssh"}
    await on.operate("PUT", f"/{one.id}", bad)
    await on.operate("GET", f"/{one.id}")
    await on.advance(1000)
    await on.operate("PUT", f"/{one.id}", {"labels": {"a": "b"}, "capabilities": ["ssh"]})
    await on.operate("GET", f"/{one.id}")
    await on.register("again", vain)
    await on.register("twice")
    await on.advance(86400 - 1000 - 1800)
    line = await on.listen(one)
    await on.beat(one)
    await on.task(one)
    await on.act(one, "tasks")
    await on.leave(line)
    await on.advance(1900)
    await on.register("again")
    await on.register("vain", vain)
    await on.operate("DELETE", f"/{one.id}")
    await on.beat(one)
    await on.advance(7200)
    await on.beat(one)
    await on.register("twice")


async def _work(on: Stage, one: Member) -> None:
    """Tasks that are alike, of no priority, with nothing in them, and older than others."""
    payload = {"image": "ledger", "proxy": None}
    old = await on.task(one, payload={"image": "older"}, priority=0)
    alike = [await on.task(one, payload=payload) for _ in range(2)]
    await on.act(one, "tasks")
    await on.beat(one)
    await on.advance(70)
    await on.act(one, "tasks")
    new = await on.task(one)
    for task in (alike[0], new):
        await on.act(one, f"complete/{task}", DONE)
        await on.act(one, "tasks")
    await on.act(one, f"complete/{alike[1]}", DONE)
    await on.act(one, f"complete/{old}", DONE)


async def _lines(on: Stage, one: Member) -> None:
    """Two streams of one agent, and what is said on them of work that is over."""
    first, second = await on.listen(one), await on.listen(one)
    task = await on.task(one)
    await on.leave(first)
    other = await on.task(one)
    await on.beat(one)
    await on.hook("/tasks/cancel", agent=one.id, task=other)
    await on.say(second, {"type": "task_log", "taskId": task, "level": "error", "message": "m"})
    await on.act(one, "tasks")
    await on.act(one, f"complete/{task}", DONE)
    late = {"type": "task_progress", "taskId": task, "progress": 90, "message": "m"}
    await on.say(second, late)
    await on.beat(one)
    await on.leave(second)
