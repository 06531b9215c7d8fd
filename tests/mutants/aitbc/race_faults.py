"""Faults that only show when requests overlap: an await between reading and writing."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from .coordinator import Coordinator
from .fault import Aimed, Fault, Row, Section, expand
from .model import Agent, Answer, Call, Env, Json, Obj, Op, Reply, Wire

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .reading import Reading

__all__ = ["RACE_FAULTS"]

_PAUSE: Final = 0.02
"""Seconds of pretended input and output; long enough for another request to come in."""


class _RegistrationLost(Coordinator):
    async def enroll(self, data: Obj) -> Agent:
        snapshot = dict(self.agents)
        await asyncio.sleep(_PAUSE)
        agent = self.new_agent(data)
        snapshot[agent.agent_id] = agent
        self.agents = snapshot
        return agent


class _RegistrationDoubled(Coordinator):
    def __init__(self, reading: Reading, env: Env) -> None:
        super().__init__(reading, env)
        self._rows: list[Agent] = []

    async def enroll(self, data: Obj) -> Agent:
        absent = self.find(data["agent_id"]) is None
        await asyncio.sleep(_PAUSE)
        agent = await super().enroll(data)
        if absent:
            self._rows.append(agent)
        return agent

    def everyone(self) -> list[Agent]:
        ids = [agent.agent_id for agent in self._rows]
        return [self.agents[name] for name in ids if name in self.agents]


class _Swapped(Aimed):
    """Keeps the present call on the instance, where the next one overwrites it."""

    def __init__(self, reading: Reading, env: Env, *, target: str = "") -> None:
        super().__init__(reading, env, target=target)
        self._present: Call | None = None

    async def perform(self, call: Call) -> Reply:
        if call.op is None or call.op.value != self.target:
            return await super().perform(call)
        self._present = call
        await asyncio.sleep(_PAUSE)
        return await super().perform(self._present)


class _AnswerSwapped(Aimed):
    """The call is performed rightly, but the answer is the latest one at hand."""

    def __init__(self, reading: Reading, env: Env, *, target: str = "") -> None:
        super().__init__(reading, env, target=target)
        self._latest: Reply | None = None

    async def perform(self, call: Call) -> Reply:
        reply = await super().perform(call)
        if call.op is None or call.op.value != self.target:
            return reply
        self._latest = reply
        await asyncio.sleep(_PAUSE)
        return self._latest


class _SameTaskId(Coordinator):
    def __init__(self, reading: Reading, env: Env) -> None:
        super().__init__(reading, env)
        self._waiting = 0
        self._next = ""

    async def new_task_id(self, data: Obj) -> Json:
        if not self._waiting:
            self._next = await super().new_task_id(data)
        self._waiting += 1
        mine = self._next
        await asyncio.sleep(_PAUSE)
        self._waiting -= 1
        return mine


class _WriteBack(Aimed):
    """Copies a whole table, waits, and writes the copy back."""

    async def perform(self, call: Call) -> Reply:
        if call.op is None or call.op.value != self.target:
            return await super().perform(call)
        agents = {name: replace(agent) for name, agent in self.agents.items()}
        queues = {name: list(queue) for name, queue in self.queues.items()}
        await asyncio.sleep(_PAUSE)
        self.agents, self.queues = agents, queues
        return await super().perform(call)


class _Overlapping(Aimed):
    """Cannot bear two requests at a time."""

    def __init__(self, reading: Reading, env: Env, *, target: str = "") -> None:
        super().__init__(reading, env, target=target)
        self._inside = 0
        self._stuck = False

    async def handle(self, call: Call) -> Answer:
        self._inside += 1
        try:
            overlapped = self._inside > 1
            await asyncio.sleep(_PAUSE)
            answer = await super().handle(call)
        finally:
            self._inside -= 1
        self._stuck = self._stuck or (overlapped and self.target == "deadlock")
        if self._stuck:
            return replace(answer, wire=Wire.HANG)
        return self._locked(call) if overlapped and self.target != "deadlock" else answer

    def _locked(self, call: Call) -> Answer:
        if self.target == "crash":
            body = {"detail": "Internal error: database is locked"}
            return self.encode(call, Reply(status=500, body=body))
        body = {"detail": "Task distributor not available"}
        return self.encode(call, Reply(status=503, body=body))


def _rows() -> Iterator[Row]:
    swapped = (Op.REGISTER, Op.DISCOVER, Op.GET, Op.UPDATE, Op.SUBMIT)
    written = (Op.UPDATE, Op.HEARTBEAT, Op.REGISTER)
    overlaps = ("crash", "deadlock")
    yield "race.{}.call_swapped", "one {} is taken for another", "General", _Swapped, swapped
    yield "race.{}.answer_swapped", "answers of {} go astray", "General", _AnswerSwapped, swapped
    yield "race.{}.written_back", "each {} undoes others", "General", _WriteBack, written
    yield "race.overlap.{}", "overlapping requests: {}", "General", _Overlapping, overlaps


def _implied_rows() -> Iterator[Row]:
    tasks = (Op.SUBMIT,)
    refusal = ("unavailable",)
    yield "race.overlap.{}", "overlapping requests: {}", "General", _Overlapping, refusal
    yield "race.{}.written_back", "tasks leave queues", "Get Task Status", _WriteBack, tasks


def _faults() -> Iterator[Fault]:
    plain: tuple[tuple[str, str, Section, type[Coordinator]], ...] = (
        ("race.register.lost", "concurrent agents are lost", "Register Agent", _RegistrationLost),
        ("race.register.doubled", "one id is listed twice", "Register Agent", _RegistrationDoubled),
        ("race.submit.same_id", "concurrent tasks share an id", "Submit Task", _SameTaskId),
    )
    for name, summary, section, make in plain:
        yield Fault(name=name, summary=summary, section=section, make=make, kind="race")
    yield from expand(_rows(), kind="race")
    yield from expand(_implied_rows(), kind="race", implied=True)


RACE_FAULTS: Final = tuple(_faults())
