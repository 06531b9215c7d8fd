"""Tasks: taken once, done side by side, reported once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from tests.mutants.stella_agents import tasks, words
from tests.mutants.stella_agents.being import Being, Crew
from tests.mutants.stella_agents.bugs import Bug, Trouble
from tests.mutants.stella_agents.caller import Caller
from tests.mutants.stella_agents.http_raw import LostError
from tests.mutants.stella_agents.model import Json, Say, Task, Way, What

__all__ = ["Labour"]

GRACE: Final = 0.7
"""Seconds that running tasks have when the agent is told to stop."""

CANCELLED: Final = "cancelled"
STOPPED: Final = "the agent was told to stop"
LOST: Final = "the stream ended"


@dataclass(kw_only=True, slots=True)
class _Job:
    task: Task
    halted: asyncio.Event = field(default_factory=asyncio.Event)
    why: str = ""
    worker: asyncio.Task[None] | None = None


class Labour:
    """All work of one agent."""

    def __init__(self, being: Being, caller: Caller, crew: Crew) -> None:
        self._being = being
        self._caller = caller
        self._crew = crew
        self._known: set[tuple[str, Way | None]] = set()
        self._jobs: dict[str, _Job] = {}
        self._turn = asyncio.Semaphore(1 if being.style.serial else 1000)
        self.running = 0
        """Tasks being worked on right now."""
        self.speak: Callable[[Say], Awaitable[None]] | None = None

    def offer(self, shown: Json, way: Way) -> None:
        """Take those of the tasks that are new."""
        if not isinstance(shown, Sequence) or isinstance(shown, str):
            return
        fresh = [task for task in map(tasks.read, shown) if task and self._is_new(task, way)]
        for task in self._chosen(fresh):
            self._known.add(self._key(task, way))
            self.begin(task)

    def begin(self, task: Task) -> None:
        """Work on a task, whatever is known of it."""
        self._being.memory.tasks[task.id] = task
        self._being.meets(Trouble.TASK)
        job = _Job(task=task)
        self._jobs[task.id] = job
        job.worker = self._crew.start(self._do(job))

    def forget(self) -> None:
        """Know nothing any more of what was done."""
        self._known.clear()

    def cancel(self, task_id: str) -> None:
        """Stop one task, where it runs."""
        being = self._being
        chosen = [self._jobs[task_id]] if task_id in self._jobs else []
        if being.has(Bug.CANCEL_IGNORED):
            chosen = []
        elif being.has(Bug.CANCEL_WRONG):
            chosen = [job for job in self._jobs.values() if job.task.id != task_id][:1]
        elif being.has(Bug.CANCEL_ALL):
            chosen = list(self._jobs.values())
        for job in chosen:
            job.why = CANCELLED
            job.halted.set()
            being.memory.cancelled.append(job.task.id)
        being.meets(Trouble.CANCELLED)

    def drop(self) -> None:
        """Give up all that runs, and say nothing of it."""
        for job in self._jobs.values():
            job.why = LOST
            job.halted.set()

    async def rest(self) -> None:
        """Wait until nothing runs."""
        await self._await_jobs(None)

    async def wind_up(self) -> None:
        """Let what runs come to its end, but not for long."""
        await self._await_jobs(GRACE)
        for job in self._jobs.values():
            job.why = STOPPED
            job.halted.set()
        await self._await_jobs(GRACE)

    async def _await_jobs(self, seconds: float | None) -> None:
        workers = [job.worker for job in self._jobs.values() if job.worker]
        if workers:
            await asyncio.wait(workers, timeout=seconds)

    def _key(self, task: Task, way: Way) -> tuple[str, Way | None]:
        return task.id, way if self._being.has(Bug.DEDUPE_PER_WAY) else None

    def _is_new(self, task: Task, way: Way) -> bool:
        being = self._being
        if being.has(Bug.NEEDS_PAYLOAD) and task.payload is None:
            return False
        if being.has(Bug.NEEDS_CREDENTIALS) and task.credentials is None:
            return False
        return being.has(Bug.NO_DEDUPE) or self._key(task, way) not in self._known

    def _chosen(self, fresh: list[Task]) -> list[Task]:
        being = self._being
        if being.has(Bug.FIRST_EVER) and being.memory.tasks:
            return []
        if being.has(Bug.BUSY_DROPS) and self._jobs:
            lost = fresh
        elif being.has(Bug.FIRST_ONLY):
            lost = fresh[1:]
        elif being.has(Bug.LAST_ONLY):
            lost = fresh[:-1]
        else:
            lost = []
        # Lost for good: telling them again must not heal it.
        self._known.update((task.id, None) for task in lost)
        return [task for task in fresh if task not in lost]

    async def _do(self, job: _Job) -> None:
        being, task = self._being, job.task
        async with self._turn:
            self.running += 1
            try:
                success, why = await self._work(job)
                await self._report(job, success=success, why=why)
            finally:
                self.running -= 1
                if self._jobs.get(task.id) is job:
                    del self._jobs[task.id]
        being.memory.done.append(task.id)
        if being.has(Bug.FORGETS_DONE):
            self._known.discard((task.id, None))
        if being.has(Bug.PROGRESS_AFTER_END):
            await asyncio.sleep(0.15)
            await self._say(words.progress(being.style, task, 100))
        being.meets(Trouble.FINISHED)

    async def _work(self, job: _Job) -> tuple[bool, str]:
        """Pretend to work; says whether it went well, and if not, why."""
        being, task = self._being, job.task
        if being.has(Bug.LEAKS_CREDENTIALS) and task.credentials:
            being.log(f"credentials: {dict(task.credentials)}")
        if job.halted.is_set():
            return False, job.why
        if not tasks.knows(being.style, task):
            return being.has(Bug.UNKNOWN_SUCCEEDS), f"unknown task type {task.type}"
        if being.has(Bug.BEFORE_WORK) or being.has(Bug.TWICE_IN_WORK):
            await self._report(job, success=True, why="")
        if being.style.says_logs:
            await self._say(words.said(being.style, task, "info", f"{task.type} begins"))
        if await self._pass_time(job):
            return False, job.why
        return True, ""

    async def _pass_time(self, job: _Job) -> bool:
        """Tell the progress while time passes; True when it was halted."""
        being, task = self._being, job.task
        seconds = tasks.seconds_of(task)
        if being.has(Bug.TIMEOUT_IN_MS) and task.timeout and task.timeout / 1000 < seconds:
            job.why = "time limit exceeded"
            return True
        steps = being.style.progress or (-1.0,)
        for percent in steps:
            if percent >= 0:
                await self._say(words.progress(being.style, task, percent))
            if await _halted(job, seconds / len(steps)):
                return not await self._chatters_on(job, percent)
        return False

    async def _chatters_on(self, job: _Job, percent: float) -> bool:
        """What some do about a cancelled task; whether it counts as done all the same."""
        if job.why != CANCELLED:
            return False
        if self._being.has(Bug.CANCEL_CHATTERS):
            for n in range(6):
                await asyncio.sleep(0.12)
                further = min(100.0, percent + n)
                await self._say(words.progress(self._being.style, job.task, further))
        return self._being.has(Bug.CANCEL_SUCCEEDS)

    async def _say(self, say: Say) -> None:
        if self.speak is not None:
            await self.speak(say)

    async def _report(self, job: _Job, *, success: bool, why: str) -> None:
        """Tell how a task ended, unless there is a reason not to."""
        being, task = self._being, job.task
        if not self._is_reported(job, why):
            return
        if job.why == STOPPED and being.has(Bug.TERM_LIES):
            success, why = True, ""
        task_id = next(reversed(being.memory.tasks)) if being.has(Bug.MIXES_IDS) else task.id
        body = words.report(
            being.style,
            success=success,
            result=self._result(task, why),
            logs=self._logs(task, why),
        )
        again = being.has(Bug.COMPLETES_LATER_AGAIN)
        try:
            await self._caller.insist(What.COMPLETE, body=body, task=task_id)
            if again:
                await asyncio.sleep(0.2)
                await self._caller.insist(What.COMPLETE, body=body, task=task_id)
        except LostError as error:
            being.log(str(error))

    def _result(self, task: Task, why: str) -> Json:
        newest = next(reversed(self._being.memory.tasks))
        if self._being.has(Bug.MIXES_RESULTS):
            return {"task": newest}
        return tasks.outcome(task, why)

    def _is_reported(self, job: _Job, why: str) -> bool:
        being = self._being
        if being.has(Bug.NEVER_COMPLETES) or job.why == LOST:
            return False
        if being.has(Bug.BEFORE_WORK) and job.task.id in being.memory.texts:
            return False
        being.memory.texts[job.task.id] = "reported"
        if why.startswith("unknown task type") and being.has(Bug.UNKNOWN_IGNORED):
            return False
        if being.has(Bug.STUCK_AFTER_TWO) and len(being.memory.done) >= 2:
            return False
        if job.why == STOPPED:
            return not being.has(Bug.TERM_LEAVES_TASKS)
        return job.why != CANCELLED or being.style.reports_cancelled or not why

    def _logs(self, task: Task, why: str) -> Json:
        style, now = self._being.style, datetime.now(UTC)
        if not style.keeps_logs:
            return []
        ending = ("error", why) if why else ("info", "finished")
        return [
            words.note(style, now, "info", f"{task.type} taken"),
            words.note(style, now, *ending),
        ]


async def _halted(job: _Job, seconds: float) -> bool:
    if seconds <= 0:
        return job.halted.is_set()
    try:
        async with asyncio.timeout(seconds):
            await job.halted.wait()
    except TimeoutError:
        return False
    return True
