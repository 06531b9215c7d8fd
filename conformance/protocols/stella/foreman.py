"""Gives an agent its tasks as the orchestrator does, on the way that a play wants, and waits for
what becomes of them.

The tasks are its own and not the mock's: each is told as often and on those ways as a play says.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any, cast

from conformance.protocols.stella.biography import OF_AGENTS, Way
from conformance.protocols.stella.notes import Notebook, Notes, Strike
from conformance.stage import GoneError, Stage
from conformance.timed import Timed
from mockserver.coordinator import Answer, Call
from mockserver.transcript import HttpExchange

__all__ = ["Edit", "Foreman", "digest_of", "secret_of"]

_LAUNCH = 12.0
"""Seconds that a process may take until it registers: several start at the same time."""

_AT_LEAST = 15.0
"""Seconds that a small task may take, on a busy machine as well."""

Edit = Callable[[Call, Answer], Answer]
"""What a play makes of an answer: what no fault can say."""


def secret_of(task_id: str) -> str:
    """A credential that nobody else has: where it shows, that task has leaked it."""
    return f"pw-{sum(map(ord, task_id)):x}-{task_id.encode().hex()[-10:]}-keep"


def digest_of(task_id: str) -> str:
    """The digest of an image that no other task has: a result that names it is that task's."""
    return f"sha256:{hashlib.sha256(task_id.encode()).hexdigest()}"


_PRIORITIES = (10, 0, 3)
"""Of tasks that are polled for; 0 is one as well, and who takes it for none skips a task."""


class Foreman(Timed):
    """One situation's tasks."""

    def __init__(self, stage: Stage, book: Notebook, situation: str) -> None:
        self.stage = stage
        self.book = book
        self.situation = situation
        self.notes: Notes = book.of(situation)
        super().__init__(self.notes)
        self.edits: list[Edit] = []
        self._queues: dict[Way, list[Mapping[str, Any]]] = {"heartbeat": [], "poll": []}
        self._own: set[str] = set()
        self._told: list[tuple[Way, str]] = []
        self._first = stage.mark()
        self.take_over()

    def over(self) -> None:
        """One that is led on to the next situation must not meet there what this one brought."""
        self.notes.slowness = _slowness(self.exchanges)
        self.edits.clear()
        self._queues = {"heartbeat": [], "poll": []}

    # The coordinator's answers

    def take_over(self) -> None:
        """Have the tasks told in its answers; once more for each coordinator after a restart."""
        coordinator = self.stage.session.coordinator
        usual = coordinator.answer

        def answer(call: Call) -> Answer:
            said = self._answer(call, cast("Callable[[Call], Answer]", usual))
            for edit in self.edits:
                said = edit(call, said)
            return said

        vars(coordinator)["answer"] = answer

    def _answer(self, call: Call, usual: Callable[[Call], Answer]) -> Answer:
        if call.operation == "completeTask" and call.parameters["taskId"] in self._own:
            return Answer(body={"acknowledged": True})
        said = usual(call)
        way: Way = "poll" if call.operation == "getPendingTasks" else "heartbeat"
        if call.operation in ("getPendingTasks", "sendHeartbeat") and said.status == 200:
            told, self._queues[way] = self._queues[way], []
            return replace(said, body={**said.body, "tasks": [*said.body["tasks"], *told]})
        return said

    def restart(self) -> None:
        self.stage.restart()
        self.take_over()

    # What the agent does

    @property
    def exchanges(self) -> list[HttpExchange]:
        entries = self.stage.session.transcript.since(self._first)
        return [each for each in entries if isinstance(each, HttpExchange)]

    def asked(self, *operations: str, status: int = 200) -> list[HttpExchange]:
        """The requests of those operations that were answered so."""
        wanted = (status, 101) if status == 200 else (status,)
        return [h for h in self.exchanges if h.operation in operations and h.status in wanted]

    @property
    def agent_id(self) -> str:
        """The id under which the agent asks."""
        known = (h.parameters for h in reversed(self.exchanges))
        found: str = next(each["id"] for each in known if "id" in each)
        return found

    @property
    def interval(self) -> float:
        return float(self.stage.command("configure")["heartbeatInterval"])

    async def arrive(self) -> None:
        """Wait until the agent is registered and uses what is for registered agents. Raises
        `GoneError` where it does not come.
        """
        begun, within = time.monotonic(), max(_LAUNCH, self.stage.pace.launch)
        # One that somebody else runs was registered before.
        if not await self.stage.until(
            lambda: self.asked("registerAgent", status=201) or self.asked(*OF_AGENTS), within
        ):
            raise GoneError
        self.stage.pace.launched(time.monotonic() - begun)
        if not await self.stage.until(lambda: self.asked(*OF_AGENTS), self.patience):
            raise GoneError

    @property
    def patience(self) -> float:
        """Seconds that something is waited for that should come with the next heartbeats."""
        return max(self.stage.patience, 3 * self.interval + 1)

    async def beats(self, count: int, within: float | None = None) -> bool:
        """Wait for so many heartbeats from now on."""
        before = len(self._attempts())
        limit = within or (count + 1) * self.interval * 1.5 + 1
        return await self.stage.until(lambda: len(self._attempts()) >= before + count, limit)

    def _attempts(self) -> list[HttpExchange]:
        return [each for each in self.exchanges if each.operation == "sendHeartbeat"]

    async def live(self, seconds: float) -> None:
        """Let time pass."""
        await self.stage.until(lambda: False, seconds)

    # What it is given

    def task(self, purpose: str, **fields: Any) -> dict[str, Any]:
        """A task of a kind that the agent says it can do."""
        number = len(self.notes.tasks) + 1
        letters = "".join(each for each in self.situation if each.isalpha())
        made: dict[str, Any] = {
            "taskId": f"{letters}-{number}",
            "taskType": f"{self._capability()}.pull",
            "payload": {"image": "assay.invalid/nothing", "tag": f"0.{number}"},
        }
        made["payload"]["digest"] = digest_of(made["taskId"])
        made["credentials"] = {"registry.password": secret_of(made["taskId"])}
        made = {**made, "timeout": 60, **fields}
        self.notes.tasks[made["taskId"]] = purpose
        self._own.add(made["taskId"])
        return made

    def long(self, purpose: str, seconds: float, **fields: Any) -> dict[str, Any]:
        """One that takes a while, for an agent that reads `duration`."""
        made = self.task(purpose, **fields)
        return {**made, "payload": {**made["payload"], "duration": seconds}}

    def tell(self, way: Way, *tasks: Mapping[str, Any]) -> bool:
        """Tell of tasks on a way. `False` where there is no stream to tell it on."""
        if way == "stream":
            if not self.stage.session.lines:
                return False
            for task in tasks:
                self.say({"type": "task_assigned", "task": task})
        elif way == "poll":
            self._queues[way] += [_polled(task) for task in tasks]
        else:
            self._queues[way] += tasks
        self._told += [(way, str(task["taskId"])) for task in tasks]
        return True

    def give(self, *tasks: Mapping[str, Any]) -> list[str]:
        """Tell of tasks on the best of the ways on which the agent takes any."""
        for way in self.book.ways or ("heartbeat",):
            if self.tell(way, *tasks):
                break
        return [str(task["taskId"]) for task in tasks]

    async def handed(self, *ids: str) -> bool:
        """Wait until nothing of these is left for a heartbeat or a poll to bring."""

        def gone() -> bool:
            left = (task["taskId"] for queue in self._queues.values() for task in queue)
            return not {*ids} & {*left}

        return await self.stage.until(gone, self.patience)

    def say(self, message: Any, **how: Any) -> None:
        """Say a message in JSON on each stream."""
        self.stage.inject(json.dumps(message).encode(), **how)

    def cancel(self, task_id: str) -> None:
        self.say({"type": "task_cancelled", "taskId": task_id})

    def _capability(self) -> str:
        for heard in self.exchanges:
            if heard.operation == "registerAgent" and heard.status == 201:
                names = heard.json().get("capabilities")
                if isinstance(names, list) and names and "docker" not in names:
                    return str(names[0])
        return "docker"

    async def done(self, ids: Iterable[str], within: float | None = None) -> bool:
        """Wait until these are reported."""
        wanted = set(ids)

        def reported() -> bool:
            return wanted <= {h.parameters["taskId"] for h in self.asked("completeTask")}

        return await self.stage.until(reported, within or self.patience)

    async def first_done(self, ids: Iterable[str]) -> None:
        """Wait until the first tasks of all are reported: how long one of them takes tells how long
        this agent is waited for. It may not take all of them.
        """
        given, pace = time.monotonic(), self.stage.pace
        if await self.stage.until(lambda: self.asked("completeTask"), pace.first):
            due = self.interval  # until then it need not know of any
            pace.answered(max(0.0, time.monotonic() - given - due))
        await self.done(ids, self.patience + 2)

    async def settle(self) -> bool:
        """Wait until all that was told on ways that the agent takes tasks by is reported."""
        waiting = {task["taskId"] for queue in self._queues.values() for task in queue}
        told = [each for way, each in self._told if way in self.book.ways and each not in waiting]
        return await self.done(told, max(_AT_LEAST, 2 * self.patience))

    async def connected(self) -> bool:
        """Wait for a stream, of an agent that opens any."""
        if not self.book.streams:
            return False
        return await self.stage.until(lambda: self.stage.session.lines, self.patience)

    def befall(self, kind: str, *probes: str) -> None:
        """Note that something befell the agent just now."""
        self.notes.strikes.append(
            Strike(kind=kind, real=time.monotonic(), number=self.stage.mark(), probes=probes)
        )

    def mark(self, name: str) -> None:
        self.notes.marks[name] = time.monotonic()


def _slowness(asked: Iterable[HttpExchange]) -> float:
    """The longest that it took from a connection to the first request on it, in seconds."""
    first: dict[float, float] = {}
    for heard in asked:
        if heard.dialled:
            first.setdefault(heard.dialled, heard.real - heard.dialled)
    return max(first.values(), default=0.0)


def _polled(task: Mapping[str, Any]) -> Mapping[str, Any]:
    """As a poll tells it: without what is needed to do it."""
    shown = {"taskId": task["taskId"], "taskType": task["taskType"]}
    priority = _PRIORITIES[sum(map(ord, shown["taskId"])) % len(_PRIORITIES)]
    return {**shown, "priority": priority, "createdAt": "2026-02-03T04:05:06Z"}
