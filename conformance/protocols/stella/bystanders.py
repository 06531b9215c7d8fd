"""Agents that do nothing wrong while somebody else does, and must not suffer for it."""

from __future__ import annotations

import asyncio

from conformance.exchange import MISSING, Exchange
from conformance.frames import Frame
from conformance.judge import Judge
from conformance.protocols.stella.fleet import Agent, Fleet
from conformance.protocols.stella.roll import alike, paged, rows_by_id

__all__ = ["Bystanders", "settle"]

Shown = Exchange | Frame

_TRIES = 4
"""Times that is asked for the task that waits."""

_PAUSE = 0.15
"""Seconds between them: a coordinator may hand its tasks on in the background."""


class Bystanders:
    """Two agents: one that goes on with its heartbeats, and one for which a task waits, where the
    target can make one.
    """

    def __init__(
        self, fleet: Fleet, judge: Judge, *, busy: Agent, waiting: Agent, tasks: bool
    ) -> None:
        self.fleet = fleet
        self.judge = judge
        self.busy = busy
        self.waiting = waiting
        self._tasks = tasks

    async def judge_served(self, row: str, what: str, *shown: Shown) -> None:
        """They are known and served as before, and new agents can come. `what` was done before."""
        if await self.judge_alive(row, what, *shown):
            await self._judge_list(row, what, *shown)
            await self._judge_newcomer(row, what, *shown)

    async def judge_work(self, row: str, what: str, *shown: Shown) -> None:
        """The task still waits. It is fetched with that, so this comes last."""
        if self._tasks:
            for _ in range(_TRIES):
                said = await self.fleet.poll(self.waiting)
                if said.at("/tasks"):
                    break
                await asyncio.sleep(_PAUSE)
            self.judge.holds(
                row,
                bool(said.at("/tasks")),
                f"{what}, a task that waited for another agent does not come any more",
                *shown,
                said,
                pointer="/tasks",
            )

    async def judge_alive(self, row: str, what: str, *shown: Shown) -> bool:
        """A heartbeat, and nothing more, is served."""
        said = await self.fleet.heartbeat(self.busy)
        wrong = f"{what}, the heartbeat of another agent is answered {said.outcome}"
        return self.judge.holds(row, said.status == 200, wrong, *shown, said)

    async def _judge_list(self, row: str, what: str, *shown: Shown) -> None:
        said = await self.fleet.list()
        rows = rows_by_id(said)
        for agent in (self.busy, self.waiting):
            held = rows.get(agent.id, {})
            known = all(
                alike(held.get(field, MISSING), agent.body[field])
                for field in ("name", "version", "capabilities")
            )
            self.judge.holds(
                row,
                known or (agent.id not in rows and said.ok and paged(said)),
                f"{what}, the list does not show another agent as it was",
                *shown,
                said,
                pointer="",
            )

    async def _judge_newcomer(self, row: str, what: str, *shown: Shown) -> None:
        body = self.fleet.registration()
        said = await self.fleet.ask_to_register(body, await self.fleet.mint())
        wrong = f"{what}, a lawful registration is answered {said.outcome}"
        self.judge.holds(row, said.status == 201, wrong, *shown, said)


async def settle(fleet: Fleet, judge: Judge, *, work: bool = True) -> Bystanders:
    """Two new agents, of which one is online, and with `work` a task waits for the other."""
    busy, waiting = [await fleet.register() for _ in range(2)]
    await fleet.heartbeat(busy)
    tasks = work and "create_task" in fleet.target.hooks
    if tasks:
        await fleet.enqueue(waiting)
    return Bystanders(fleet, judge, busy=busy, waiting=waiting, tasks=tasks)
