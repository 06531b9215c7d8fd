"""The life of an agent in one situation, read out of what was said: who it is, and what became of
each task that it was told of.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

from conformance.examiner import Observation
from conformance.exchange import MISSING, read_json
from conformance.protocols.stella.issued import Paper, paper_of
from mockserver.transcript import Frame, HttpExchange

__all__ = ["OF_AGENTS", "Delivery", "Life", "Way", "Work", "answered", "read_life", "said_in"]

Way = Literal["heartbeat", "poll", "stream"]

OF_AGENTS = ("sendHeartbeat", "getPendingTasks", "completeTask", "taskStream")
"""What is open to registered agents only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """A task was told: on which way, when (monotonic clock), and what told it. One that crossed
    the end of its stream may not have been heard.
    """

    way: Way
    real: float
    entry: HttpExchange | Frame
    task: Mapping[str, Any]
    crossed: bool = False


@dataclass(slots=True, kw_only=True)
class Work:
    """What became of one task."""

    id: str
    deliveries: list[Delivery] = field(default_factory=list)
    cancelled: Frame | None = None
    completions: list[HttpExchange] = field(default_factory=list)
    told: list[tuple[Frame, Mapping[str, Any]]] = field(default_factory=list)
    """What the agent said of it on the stream."""

    @property
    def owed(self) -> bool:
        """Was the agent surely told of it?"""
        return any(not each.crossed for each in self.deliveries)

    @property
    def progress(self) -> list[tuple[Frame, Mapping[str, Any]]]:
        return [each for each in self.told if each[1].get("type") == "task_progress"]

    @property
    def taken(self) -> HttpExchange | None:
        """The first report of it that was acknowledged."""
        return next((each for each in self.completions if each.status == 200), None)

    @property
    def succeeded(self) -> list[HttpExchange]:
        """The reports that tell of success."""
        return [each for each in self.completions if said_in(each).get("success") is True]


@dataclass(frozen=True, kw_only=True)
class Life:
    """All of it. `works` are by the id of the task, those that only the agent speaks of too."""

    seen: Observation
    registration: HttpExchange | None
    agent_id: str
    receipt: Mapping[str, Any]
    works: Mapping[str, Work]
    papers: tuple[Paper, ...]

    @property
    def interval(self) -> float:
        """The heartbeat interval that it was told, in seconds."""
        return float(self.receipt["config"]["heartbeatInterval"])

    @property
    def poll_interval(self) -> float:
        return float(self.receipt["config"]["taskPollInterval"])

    @cached_property
    def heartbeats(self) -> tuple[HttpExchange, ...]:
        return self._own("sendHeartbeat")

    @cached_property
    def polls(self) -> tuple[HttpExchange, ...]:
        return self._own("getPendingTasks")

    @cached_property
    def completions(self) -> tuple[HttpExchange, ...]:
        return self._asked("completeTask")

    @cached_property
    def handshakes(self) -> tuple[HttpExchange, ...]:
        return self._asked("taskStream")

    @cached_property
    def streams(self) -> tuple[HttpExchange, ...]:
        """The handshakes that opened one."""
        return tuple(each for each in self.handshakes if each.connection and each.status == 101)

    @cached_property
    def given(self) -> tuple[Work, ...]:
        """The tasks that the agent was told of."""
        return tuple(work for work in self.works.values() if work.deliveries)

    def by(self, way: Way) -> list[Work]:
        """The tasks that came on that way first."""
        return [work for work in self.given if work.deliveries[0].way == way]

    def _asked(self, operation: str) -> tuple[HttpExchange, ...]:
        return tuple(each for each in self.seen.exchanges if each.operation == operation)

    def _own(self, operation: str) -> tuple[HttpExchange, ...]:
        """What it asked for itself, before it was told to end."""
        return tuple(
            each
            for each in self._asked(operation)
            if each.number <= self.seen.played
            and each.parameters.get("id") == self.agent_id
            and not (self.registration and each.number < self.registration.number)
        )


def said_in(heard: HttpExchange) -> Mapping[str, Any]:
    """A request's body, where it is a JSON object."""
    said = read_json(heard.body)
    return said if isinstance(said, dict) else {}


def answered(heard: HttpExchange) -> Mapping[str, Any]:
    """A successful answer that the agent got, where it is a JSON object."""
    if not 200 <= heard.status < 300:
        return {}
    said = read_json(heard.answer)
    return said if isinstance(said, dict) else {}


def read_life(seen: Observation, before: Observation | None = None) -> Life:
    """Reads it. What has no form that the document knows is left out. An agent that was led here
    from a situation `before` was registered there.
    """
    registration = _registration(seen) or (_registration(before) if before else None)
    receipt = answered(registration) if registration else {}
    works: dict[str, Work] = {}
    for delivery in _deliveries(seen):
        _work(works, delivery.task["taskId"]).deliveries.append(delivery)
    for exchange in seen.exchanges:
        if exchange.operation == "completeTask":
            _work(works, exchange.parameters["taskId"]).completions.append(exchange)
    for frame in seen.frames:
        _hear(works, frame)
    return Life(
        seen=seen,
        registration=registration,
        agent_id=str(receipt.get("agentId", "")),
        receipt=receipt,
        works=works,
        papers=tuple(_papers([*(before.exchanges if before else ()), *seen.exchanges])),
    )


def _registration(seen: Observation) -> HttpExchange | None:
    asked = (each for each in seen.exchanges if each.operation == "registerAgent")
    return next((each for each in asked if each.status == 201), None)


def _work(works: dict[str, Work], task_id: str) -> Work:
    return works.setdefault(task_id, Work(id=task_id))


def _deliveries(seen: Observation) -> Iterator[Delivery]:
    ends = _ends(seen)
    for entry in seen.entries:
        if isinstance(entry, HttpExchange):
            way: Way = "heartbeat" if entry.operation == "sendHeartbeat" else "poll"
            told = answered(entry).get("tasks") if entry.operation in _TELL else None
        else:
            way, told = "stream", [_assigned(entry)]
        for task in told if isinstance(told, list) else ():
            if isinstance(task, dict) and isinstance(task.get("taskId"), str):
                crossed = way == "stream" and entry.real > ends.get(entry.connection, _NEVER)
                yield Delivery(way=way, real=entry.real, entry=entry, task=task, crossed=crossed)


def _ends(seen: Observation) -> Mapping[int, float]:
    """From when on nothing on a stream is sure to be heard, by its number (monotonic clock)."""
    ends: dict[int, float] = {}
    for frame in seen.frames:
        if frame.kind in ("close", "lost"):
            ends.setdefault(frame.connection, frame.real - _CROSSED)
    return ends


_NEVER = float("inf")

_CROSSED = 0.3
"""Seconds before the end of a stream in which a task that it assigns may not be taken any more."""

_TELL = ("sendHeartbeat", "getPendingTasks")


def _assigned(frame: Frame) -> Any:
    """The task that a message of the coordinator assigns."""
    said = _message(frame) if frame.sender == "coordinator" else {}
    sound = isinstance(said.get("task"), dict) and isinstance(said["task"].get("taskType"), str)
    return said["task"] if said.get("type") == "task_assigned" and sound else None


def _hear(works: dict[str, Work], frame: Frame) -> None:
    said = _message(frame)
    task_id = said.get("taskId")
    if not isinstance(task_id, str):
        return
    work = _work(works, task_id)
    if frame.sender == "coordinator" and said.get("type") == "task_cancelled":
        work.cancelled = work.cancelled or frame
    elif frame.sender == "agent":
        work.told.append((frame, said))


def _message(frame: Frame) -> Mapping[str, Any]:
    said = read_json(frame.data) if frame.kind in ("text", "binary") else MISSING
    return said if isinstance(said, dict) else {}


def _papers(exchanges: Iterable[HttpExchange]) -> Iterator[Paper]:
    known: set[bytes] = set()
    for heard in exchanges:
        name = {"registerAgent": "certificate", "sendHeartbeat": "certificateRenewal"}
        told = answered(heard).get(name.get(heard.operation, ""))
        paper = paper_of(heard, told)
        if paper is not None and paper.der not in known:
            known.add(paper.der)
            yield paper
