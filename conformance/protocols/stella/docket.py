"""The tasks of a crew: made, fetched, pushed, reported and cancelled in any order."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

from conformance.conversation import Refused
from conformance.exchange import Exchange
from conformance.judge import Judge
from conformance.protocols.stella.crew import Berth, Crew
from conformance.protocols.stella.fleet import Agent
from conformance.protocols.stella.jobs import Job, Way, judge_done, tasks_of
from conformance.protocols.stella.model import AgentModel, TaskState
from conformance.protocols.stella.streams import Line, Streams

__all__ = ["DOCKET_ROWS", "Docket"]

_COMES: Mapping[Way, str] = {"heartbeat": "STELLA-TASK-009", "poll": "STELLA-TASK-010"}

_NOT_AGAIN: Mapping[TaskState, Mapping[Way, str]] = {
    "done": {"heartbeat": "STELLA-TASK-025", "poll": "STELLA-TASK-026"},
    "cancelled": {"heartbeat": "STELLA-TASK-027", "poll": "STELLA-TASK-028"},
}

_PUSHED_AGAIN: Mapping[TaskState, str] = {
    "done": "STELLA-STREAM-018",
    "cancelled": "STELLA-STREAM-019",
}

DOCKET_ROWS = (
    *_COMES.values(),
    *_NOT_AGAIN["done"].values(),
    *_NOT_AGAIN["cancelled"].values(),
    *_PUSHED_AGAIN.values(),
    "STELLA-HB-001",
    "STELLA-HB-010",
    "STELLA-TASK-008",
    "STELLA-TASK-012",
    "STELLA-COMP-003",
    "STELLA-COMP-004",
    "STELLA-COMP-006",
    "STELLA-COMP-010",
    "STELLA-COMP-011",
    "STELLA-STREAM-010",
    "STELLA-STREAM-011",
    "STELLA-STREAM-016",
    "STELLA-STREAM-023",
)
"""What is judged here."""

_TRIES = 4
"""Times that is asked for a task that does not come."""

_PAUSE = 0.15
"""Seconds between them: a coordinator may hand its tasks on in the background."""

_LASTING = 7200
"""Seconds that a task may take: more than can pass in one case."""

_CALM = {"cpu": 7, "memory": 8, "disk": 9}

_OPEN: tuple[TaskState, ...] = ("waiting", "adrift", "told")


@dataclass(slots=True)
class _Task:
    """A task. Streams from number `over` on were opened when it was done or cancelled."""

    job: Job
    state: TaskState
    over: int = 0


class Docket:
    """All tasks of one case, and the streams on which they are pushed."""

    def __init__(self, crew: Crew, judge: Judge, streams: Streams) -> None:
        self.crew = crew
        self.judge = judge
        self.streams = streams
        self.tasks: list[_Task] = []
        self.lines: dict[str, Line] = {}
        self._all_lines: list[Line] = []

    def of(self, agent: Agent, *states: TaskState) -> list[_Task]:
        """The tasks of an agent in these states, the oldest first."""
        return [
            task for task in self.tasks if task.job.agent.id == agent.id and task.state in states
        ]

    def _line(self, agent: Agent) -> Line | None:
        """Its stream, if it is open."""
        line = self.lines.get(agent.id)
        if line is not None and line.closed is not None:
            self._ends(line)
            return None
        return line

    # Made and taken back

    async def make(self, berth: Berth) -> None:
        """A task for whoever is there: it waits, or is pushed."""
        if berth.agent is None:
            return
        if berth.model is not None and berth.model.statuses(self.crew.now) != {"online"}:
            await self.fetch(berth, "heartbeat", _CALM)
        line = self._line(berth.agent)
        task = _Task(await self.streams.depot.make(berth.agent, timeout=_LASTING), "waiting")
        self.tasks.append(task)
        if line is not None:
            told = "a task that was made while its agent's stream was open"
            await self.streams.expect("STELLA-STREAM-010", line, task.job, told)
            task.state = "told"

    async def cancel(self, berth: Berth, which: int) -> None:
        """Take a task back that is not done: it comes no more."""
        task = self._one(berth, which, *_OPEN)
        if task is None:
            return
        job = task.job
        line = self._line(job.agent)
        pushed = line is not None and line.assigned(job)
        await self.crew.fleet.cancel(job.agent, job.id)
        task.state, task.over = "cancelled", len(self._all_lines)
        if line is not None and pushed:
            await self.streams.expect_cancelled("STELLA-STREAM-016", line, job)

    def _one(self, berth: Berth, which: int, *states: TaskState) -> _Task | None:
        tasks = self.of(berth.agent, *states) if berth.agent is not None else []
        return tasks[which % len(tasks)] if tasks else None

    # Fetched

    async def fetch(self, berth: Berth, way: Way, usage: Mapping[str, float]) -> None:
        """A heartbeat or a poll of whoever is there, and again until all has come that waits."""
        held = berth.held
        if held is None:
            return
        agent, model = held
        for turn in range(_TRIES):
            waiting = self.of(agent, "waiting", "adrift")
            said = await self._ask(agent, model, way, usage)
            self._take(agent, way, said)
            missing = [task for task in waiting if task.state != "told" and not self._came(task)]
            if not missing:
                return
            await asyncio.sleep(_PAUSE if turn else 0)
        wrong = f"{len(missing)} of the tasks that wait for {agent.name} do not come with a {way}"
        self.judge.holds(_COMES[way], False, wrong, said)

    async def _ask(
        self, agent: Agent, model: AgentModel, way: Way, usage: Mapping[str, float]
    ) -> Exchange:
        fleet = self.crew.fleet
        if way == "poll":
            said = await fleet.poll(agent)
            self.judge.status("STELLA-TASK-008", said, 200)
            model.lives(self.crew.now)
            return said
        now = self.crew.now
        pulse = fleet.pulse(resourceUsage=dict(usage), capabilities=sorted(model.skills))
        said = await fleet.heartbeat(agent, pulse)
        if self.judge.status("STELLA-HB-001", said, 200):
            model.beats(usage, now)
        return said

    def _came(self, task: _Task) -> bool:
        """Did it come on the stream meanwhile?"""
        line = self.lines.get(task.job.agent.id)
        if line is not None and line.assigned(task.job):
            task.state = "told"
            return True
        return False

    def _take(self, agent: Agent, way: Way, said: Exchange) -> None:
        """What came is the agent's own, and neither done nor cancelled."""
        if not said.ok:
            return
        rows = tasks_of(said)
        for task in self.tasks:
            if not any(map(task.job.named, rows)):
                continue
            job = task.job
            wrong = f"the task {job.id} of {job.agent.name} comes to {agent.name}"
            own = job.agent.id == agent.id
            self.judge.holds("STELLA-TASK-012", own, wrong, said, pointer="/tasks")
            if task.state in _NOT_AGAIN:
                wrong = f"the task {job.id} is {task.state}, and comes with a {way}"
                row = _NOT_AGAIN[task.state][way]
                self.judge.holds(row, False, wrong, said, pointer="/tasks")
            elif own:
                task.state = "told"
        if way == "heartbeat" and not self.of(agent, *_OPEN):
            self.judge.equal("STELLA-HB-010", said, "/tasks", [])

    # Reported

    async def complete(self, berth: Berth, which: int, *, success: bool) -> None:
        """Report a task that has come, whichever way; a second time, or when it is cancelled."""
        task = self._one(berth, which, "told", "done", "cancelled")
        if task is None:
            return
        fleet = self.crew.fleet
        agent, job = task.job.agent, task.job
        told = task.state == "told"
        said = await fleet.complete(agent, job.id, fleet.outcome(success=success), served=told)
        if told:
            judge_done(self.judge, "STELLA-COMP-003" if success else "STELLA-COMP-004", said)
            if said.ok:
                task.state, task.over = "done", len(self._all_lines)
            return
        row = "STELLA-COMP-010" if task.state == "done" else "STELLA-COMP-011"
        fine = said.status is not None and said.status < 500
        wrong = f"the completion of a task that is {task.state} is answered {said.outcome}"
        self.judge.holds(row, fine, wrong, said)

    async def report_as(self, berth: Berth, which: int, other: Berth) -> None:
        """Somebody else reports a task under its owner's id: that counts for nothing."""
        task = self._one(berth, which, *_OPEN)
        if task is None or other.agent is None or other is berth or not self.crew.fleet.secure:
            return
        job = task.job
        said = await self.crew.fleet.complete(job.agent, job.id, by=other.agent)
        fine = not said.ok or said.at("/acknowledged") is False
        wrong = (
            f"{other.name} reports a task of {berth.name} as done, and is answered {said.outcome}"
        )
        self.judge.holds("STELLA-COMP-006", fine, wrong, said)

    # Streams

    async def open(self, berth: Berth) -> None:
        """Open the stream of whoever is there, unless it is open."""
        held = berth.held
        if held is None or self._line(held[0]) is not None:
            return
        agent, model = held
        line = await self.streams.again(agent)
        model.lives(self.crew.now)
        if isinstance(line, Refused):
            wrong = f"the task stream of {agent.name} is refused: {line.reason}"
            self.judge.holds("STELLA-STREAM-023", False, wrong, line.exchange)
            return
        self.lines[agent.id] = line
        self._all_lines.append(line)
        for task in self.of(agent, "waiting"):
            task.state = "adrift"

    async def hang_up(self, berth: Berth, *, politely: bool) -> None:
        """End the stream of whoever is there, in order or not."""
        line = self._line(berth.agent) if berth.agent is not None else None
        if line is None:
            return
        await self.streams.end(line, politely=politely)
        self._ends(line)

    def _ends(self, line: Line) -> None:
        """What was under way may be lost with it."""
        self.lines.pop(line.agent.id, None)
        for task in self.of(line.agent, "adrift"):
            task.state = "told"
        for agent, model in self.crew.agents:
            if agent.id == line.agent.id:
                model.lives(self.crew.now)

    def live(self) -> None:
        """Time has passed. An open stream may be a sign of life, for as long as it is open; tasks
        of who may be offline need not come any more.
        """
        for agent, model in self.crew.agents:
            if agent.id in self.lines:
                model.lives(self.crew.now)
            if "offline" in model.statuses(self.crew.now):
                for task in self.of(agent, "waiting", "adrift"):
                    task.state = "told"

    def audit(self) -> None:
        """On each stream came its own agent's tasks, and none that was done before."""
        for number, line in enumerate(self._all_lines):
            for task in self.tasks:
                if task.state in _PUSHED_AGAIN and number >= task.over:
                    found = line.assigned(task.job)
                    wrong = f"a task that is {task.state} is assigned on a stream opened later"
                    row = _PUSHED_AGAIN[task.state]
                    self.judge.holds(row, not found, wrong, *found[:1])
                if task.job.agent.id != line.agent.id:
                    found = line.mentions(task.job)
                    wrong = f"a task of {task.job.agent.name} is told to {line.agent.name}"
                    self.judge.holds("STELLA-STREAM-011", not found, wrong, *found[:1])

    def removed(self, agent: Agent) -> None:
        """An agent was deleted: its stream is of no use any more."""
        line = self.lines.pop(agent.id, None)
        if line is not None:
            line.socket.abort()
