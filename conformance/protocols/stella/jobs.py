"""Tasks that hooks make for agents, and how they come back to them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Literal

from conformance.exchange import Exchange
from conformance.hooks import HookError
from conformance.judge import Judge
from conformance.protocols.stella.fleet import Agent, Fleet, rows_of

__all__ = ["WAYS", "Depot", "Haul", "Job", "Way", "judge_done", "tasks_of"]

Way = Literal["heartbeat", "poll"]

WAYS: tuple[Way, ...] = ("heartbeat", "poll")
"""How an agent asks for its tasks."""

_TRIES = 4
"""Times that is asked for a task that does not come."""

_PAUSE = 0.15
"""Seconds between them: a coordinator may hand its tasks on in the background."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A task that was made: whose it is, the id that was handed over, and what was asked for.

    `made` is the peer's time before and after.
    """

    agent: Agent
    id: str
    task: Mapping[str, Any]
    made: tuple[float, float]

    @property
    def mark(self) -> str:
        """A word of its payload that no other task has; of an empty one its id."""
        return str(self.task["payload"].get("project", self.id))

    def named(self, row: Any) -> bool:
        """Is it this one by its id, or by its payload where that is shown?"""
        if not isinstance(row, dict):
            return False
        payload = row.get("payload")
        marked = isinstance(payload, dict) and payload.get("project") == self.mark
        return marked or row.get("taskId") == self.id

    def fits(self, row: Any) -> bool:
        """Is it this one, if only because nothing that is shown speaks against it?"""
        if self.named(row):
            return True
        if not isinstance(row, dict) or "payload" in row:
            return False
        return all(row.get(key) == self.task[key] for key in ("taskType", "priority"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Haul:
    """What an agent was handed: the answers in their order, and the tasks in them."""

    said: Sequence[Exchange]
    rows: Sequence[dict[str, Any]]

    @property
    def last(self) -> Exchange:
        return self.said[-1]

    def of(self, job: Job) -> list[dict[str, Any]]:
        """How it came, each time. What has its name goes before what only looks like it."""
        named = [row for row in self.rows if job.named(row)]
        return named or [row for row in self.rows if job.fits(row)]

    def first(self, job: Job) -> dict[str, Any] | None:
        return next(iter(self.of(job)), None)

    def has(self, job: Job) -> bool:
        return bool(self.of(job))

    def names(self, *jobs: Job) -> bool:
        """Is one of these among them?"""
        return any(job.named(row) for job in jobs for row in self.rows)

    def lack(self, jobs: Iterable[Job]) -> list[Job]:
        return [job for job in jobs if not self.has(job)]

    def beside(self, jobs: Sequence[Job]) -> list[dict[str, Any]]:
        """The tasks that are none of these."""
        return [row for row in self.rows if not any(job.fits(row) for job in jobs)]


class Depot:
    """Makes tasks, each unlike the others, and fetches them in the name of their agents."""

    def __init__(self, fleet: Fleet) -> None:
        self.fleet = fleet
        self._count = 0

    async def make(self, agent: Agent, **fields: Any) -> Job:
        """A new task, as `Fleet.enqueue` makes it. Raises `HookError` where the target has no hook
        for that.
        """
        self._count += 1
        fields = {"priority": self._count, "timeout": 200 + self._count, **fields}
        if not fields.get("asleep"):
            await self.fleet.wake(agent)
        now = self.fleet.hours.now
        began = now()
        task_id, task = await self.fleet.enqueue(agent, **fields)
        return Job(agent=agent, id=task_id, task=task, made=(began, now()))

    async def several(self, agent: Agent, number: int) -> list[Job]:
        """So many tasks, made one after the other."""
        return [await self.make(agent) for _ in range(number)]

    async def for_elders(self) -> list[Job]:
        """A task for the first and the last agent that the list shows of those of this run: who is
        mixed up with somebody is so with them. Nobody waits for these to come.
        """
        stem = self.fleet.new("elder").split("-")[1]
        rows = [row for row in rows_of(await self.fleet.list()) if _is_ours(row, stem)]
        made = []
        for row in {each["id"]: each for each in (*rows[:1], *rows[-1:])}.values():
            said = Exchange(operation="", method="", url="")
            elder = Agent(id=row["id"], name=row["name"], body={}, said=said, identity=None)
            with suppress(HookError):
                made.append(await self.make(elder))
        return made

    async def ask(self, way: Way, agent: Agent, *, running: int = 0) -> Exchange:
        """One heartbeat, which tells of so many `running` tasks, or one poll."""
        if way == "poll":
            return await self.fleet.poll(agent)
        skills = agent.body.get("capabilities", [])
        pulse = self.fleet.pulse(capabilities=skills, runningTasks=running) if running else None
        return await self.fleet.heartbeat(agent, pulse)

    async def fetch(
        self, way: Way, agent: Agent, *jobs: Job, tries: int = _TRIES, running: int = 0
    ) -> Haul:
        """Ask until all of these have come, or nothing new has for some `tries`; once at least."""
        said: list[Exchange] = []
        rows: list[dict[str, Any]] = []
        left = tries
        while True:
            said.append(await self.ask(way, agent, running=running))
            came = [row for row in tasks_of(said[-1]) if row not in rows]
            rows += tasks_of(said[-1])
            haul = Haul(said=said, rows=rows)
            left = tries if came and not said[-1].failure else left - 1
            if not haul.lack(jobs) or left <= 0:
                return haul
            await asyncio.sleep(0 if came else _PAUSE)

    async def look(self, agent: Agent, ways: Iterable[Way] = WAYS) -> Haul:
        """Ask once on each way."""
        said = [await self.ask(way, agent) for way in ways]
        return Haul(said=said, rows=[row for each in said for row in tasks_of(each)])


def _is_ours(row: Mapping[str, Any], stem: str) -> bool:
    name, known = row.get("name"), row.get("id")
    return isinstance(name, str) and isinstance(known, str) and f"-{stem}-" in name


def tasks_of(said: Exchange) -> list[dict[str, Any]]:
    """The tasks of an answer; what is no object is left out."""
    rows = said.at("/tasks") if said.ok else None
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []


def judge_done(judge: Judge, row: str, said: Exchange) -> None:
    """The lawful report of an agent's own task, which it had not reported before, counts."""
    if judge.status(row, said, 200):
        judge.equal(row, said, "/acknowledged", True)
