"""Tasks: how they are bid for, done and ended."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mockserver.protocols.caxton.agenda import Appointment
from mockserver.protocols.caxton.agents import Agent
from mockserver.protocols.caxton.answers import INVALID, RefusedError
from mockserver.protocols.caxton.host import Host
from mockserver.protocols.caxton.lifecycle import Machine
from mockserver.protocols.caxton.players import Bid, bid
from mockserver.protocols.caxton.post import Post
from mockserver.world import iso

__all__ = ["MANAGER", "STRATEGIES", "Task", "Tasks"]

MANAGER = "caxton"
"""Who calls for proposals, in the words of a Contract Net: the coordinator itself."""

_TIMEOUT = 300.0
"""Seconds that a task may take, where nobody says how many."""

STRATEGIES: Mapping[str, Callable[[Bid], Any]] = {
    "best_bid": lambda each: (-each.confidence, each.estimated_time),
    "fastest_bid": lambda each: (each.estimated_time, -each.confidence),
    "first_bid": lambda _: 0,
}
"""The least of these wins; of equals, whoever was asked first."""


@dataclass(eq=False, slots=True, kw_only=True)
class Task:
    """One task. Times are seconds since 1970; `timeout` and `duration` are seconds."""

    id: str
    name: str
    said: Mapping[str, Any]
    """As it was created."""
    created: float
    subtasks: int
    timeout: float
    state: str = "created"
    timer: Appointment | None = None
    proposals: int = 0
    award: Bid | None = None
    started: float | None = None
    ended: float | None = None
    reached: float = 0.0
    """How far it was at `since`, 0 to 1."""
    since: float = 0.0
    by_itself: bool = True
    reason: str = ""

    @property
    def duration(self) -> float:
        """Seconds of work that are left of it, from `since` on."""
        whole = self.award.estimated_time if self.award else 0.0
        return whole * (1 - self.reached)

    @property
    def participants(self) -> Sequence[str]:
        found: Sequence[str] = self.said.get("participants", ())
        return found

    def progress(self, now: float) -> float:
        """0 to 1; it is whole only once it is completed."""
        if self.state == "completed":
            return 1.0
        return self._grown(now) if self.state == "in_progress" else self.reached

    def stop_at(self, now: float) -> None:
        """It comes no further than it is."""
        if self.started is not None:
            self.reached, self.since = self._grown(now), now

    def _grown(self, now: float) -> float:
        left = self.duration
        gone = (now - self.since) / left if self.by_itself and left else 0.0
        return min(0.999, round(self.reached + min(1.0, gone) * (1 - self.reached), 3))

    def details(self, now: float) -> dict[str, Any]:
        told: dict[str, Any] = {"task_id": self.id, "status": self.state, "name": self.name}
        if self.award is None:
            return {**told, "assigned_to": None, "progress": 0.0, "subtasks": []}
        progress = self.progress(now)
        told |= {"assigned_to": self.award.agent.id, "progress": progress}
        if self.started is not None:
            told["started_at"] = iso(self.started)
        if self.state == "in_progress" and self.by_itself:
            told["estimated_completion"] = iso(self.since + self.duration)
        if self.ended is not None:
            told["completed_at"] = iso(self.ended)
        return {**told, "subtasks": self._parts(progress)}

    def done_at(self) -> float:
        """When it will have been done, if nothing comes in between; 0 where nobody is at it."""
        to_come = self.duration if self.state == "distributed" else 0.0
        return self.timer.at + to_come if self.timer is not None and self.by_itself else 0.0

    def _parts(self, progress: float) -> list[dict[str, Any]]:
        """They are done one after the other, and end as the task does."""
        done = int(progress * self.subtasks)
        at_hand = {"in_progress": "in_progress", "failed": "failed"}.get(self.state, "pending")
        states = ["completed"] * done + [at_hand] + ["pending"] * self.subtasks
        return [
            {"id": f"subtask_{number:03d}", "status": states[number - 1]}
            for number in range(1, self.subtasks + 1)
        ]

    def view(self, now: float) -> dict[str, Any]:
        return {
            **self.details(now),
            "created_at": iso(self.created),
            "proposals_received": self.proposals,
            "winning_bid": self.award.told() if self.award else None,
            "timeout_seconds": self.timeout,
            "reason": self.reason or None,
        }


class Tasks:
    """All tasks by id, with the Contract Net that finds who does them."""

    def __init__(self, host: Host, post: Post) -> None:
        self._host = host
        self._post = post
        self._by_id: dict[str, Task] = {}
        self.lives: Machine[Task] = Machine(host.dialect.tasks, host.agenda, self._entered)
        host.watchers.append(self._watch)
        host.work.append(self._until)

    def __iter__(self) -> Iterator[Task]:
        return iter(list(self._by_id.values()))

    def known(self, task_id: str) -> Task:
        """Raises `RefusedError` where there is none of that id."""
        task = self._by_id.get(task_id)
        if task is None:
            raise RefusedError(
                "TASK_NOT_FOUND",
                f"there is no task with the id {task_id!r}",
                task_id=task_id,
                searched_at=iso(self._host.now()),
            )
        return task

    def create(self, said: Mapping[str, Any]) -> Task:
        host = self._host
        task = Task(
            id=host.new_id("task"),
            name=said["name"],
            said=said,
            created=host.now(),
            subtasks=host.world.random.randint(2, 4),
            timeout=said.get("timeout_seconds", _TIMEOUT),
            by_itself=host.dialect.tasks["distributed", "begin"].then == "finish",
        )
        self._by_id[task.id] = task
        host.happened("task.created", task_id=task.id, name=task.name)
        return task

    # Contract Net

    def distribute(self, task: Task, strategy: str) -> Task:
        """Call for proposals, weigh them, award. All bids come at once, whatever the wait.

        Raises `RefusedError` for a task that is somebody's already, and for an unknown strategy.
        """
        weigh = STRATEGIES.get(strategy)
        if weigh is None:
            known = ", ".join(STRATEGIES)
            raise RefusedError(INVALID, f"the strategy is one of {known}, not {strategy!r}")
        self.lives.step(task, "announce")
        bids = [found for each in self._invited(task) if (found := self._call(task, each))]
        task.proposals = len(bids)
        if not bids:
            self.lives.step(task, "no_bids")
            if self._host.dialect.bidless_is_refused:
                raise RefusedError("NO_PROPOSALS", "nobody bids for this task", task_id=task.id)
            return task
        task.award = min(bids, key=weigh)
        for each in bids:
            won = each is task.award
            self._say(task, MANAGER, each.agent, "accept" if won else "reject", each.told())
        self.lives.step(task, "award")
        return task

    def _invited(self, task: Task) -> list[Agent]:
        """The participants that run, each once; all that run where none are named."""
        agents = self._host.agents
        named = [agents.get(each) for each in dict.fromkeys(task.participants)]
        invited = named if task.participants else list(agents)
        return [agent for agent in invited if agent is not None and agent.is_running]

    def _call(self, task: Task, agent: Agent) -> Bid | None:
        """One call for proposals and what comes of it; it stands in the history with the rest."""
        said = task.said
        requirements = said.get("requirements", {})
        told = {"task_id": task.id, "name": task.name, "data": said.get("data", {})}
        self._say(task, MANAGER, agent, "cfp", {**told, "requirements": requirements})
        made = bid(self._host.world, agent, requirements, task.timeout)
        if isinstance(made, Bid):
            self._say(task, agent, MANAGER, "propose", made.told())
            return made
        if not agent.silent:
            self._say(task, agent, MANAGER, "refuse", {"reason": made})
        return None

    def _say(
        self, task: Task, sender: Agent | str, receiver: Agent | str, what: str, content: Any
    ) -> None:
        performative = {"accept": "accept-proposal", "reject": "reject-proposal"}.get(what, what)
        self._post.write(
            {
                "performative": performative,
                "sender": sender if isinstance(sender, str) else sender.id,
                "receiver": receiver if isinstance(receiver, str) else receiver.id,
                "content": content,
                "conversation_id": task.id,
            }
        )

    # How they go on

    def bring_on(self, task: Task, progress: float) -> None:
        """As a command says. Raises `ValueError` for one that nobody does, and for a step back."""
        now = self._host.now()
        if task.state == "distributed":
            self.lives.step(task, "begin")
        if task.state != "in_progress":
            raise ValueError(f"a {task.state} task makes no progress: {task.id}")
        if not task.progress(now) <= progress <= 1:
            raise ValueError(f'"progress" is from {task.progress(now)} to 1, not {progress!r}')
        task.reached, task.since = progress, now
        if progress == 1:
            self.lives.step(task, "finish")
        elif task.by_itself:
            self.lives.expect(task, "finish", task.duration)

    def _entered(self, task: Task, event: str) -> None:
        host, now = self._host, self._host.now()
        if event == "begin":
            task.started = task.since = now
        if event == "award" and task.award is not None:
            agent_id = task.award.agent.id
            host.happened("task.distributed", task_id=task.id, agent_id=agent_id)
        if task.state == "failed":
            task.stop_at(now)
        if task.state in ("completed", "failed"):
            self._end(task, event)

    def _end(self, task: Task, event: str) -> None:
        """The agent reports, where it still can, and everybody hears of it."""
        assert task.award is not None, "what nobody does does not end"
        agent, well = task.award.agent, task.state == "completed"
        task.ended = self._host.now()
        task.reason = task.reason or ("" if well else event)
        if agent.works:
            report = {"task_id": task.id, "result": "success" if well else task.reason}
            self._say(task, agent, MANAGER, "inform" if well else "failure", report)
        result = "success" if well else "timeout" if event == "time_out" else "failure"
        self._host.happened("task.completed", task_id=task.id, agent_id=agent.id, result=result)

    def _until(self, agent: Agent) -> float:
        """When it will have done its tasks, those that go on by themselves."""
        own = [each for each in self if each.award is not None and each.award.agent is agent]
        return max((each.done_at() for each in own), default=0.0)

    def _watch(self, agent: Agent, event: str) -> None:
        """What an agent that has ended was doing has failed."""
        if agent.state not in ("stopped", "failed", "unloaded"):
            return
        for task in self:
            own = task.award is not None and task.award.agent is agent
            if own and self.lives.can(task, "fail"):
                task.reason = f"its agent: {event}"
                self.lives.step(task, "fail")
