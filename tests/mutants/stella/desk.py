"""The orchestrator without a socket: a request goes in, an answer comes out."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from . import beats, gate, registration, roster, shapes, tasks
from .authority import Authority
from .fault import Seed, Turn
from .model import Agent, Answer, Call, Line, Op, Refusal, Token
from .reading import Reading

__all__ = ["PREFIX", "Desk", "Env"]

PREFIX = "/api/v1/agents"


@dataclass(frozen=True, kw_only=True, slots=True)
class Env:
    """Time and chance, passed in."""

    clock: Callable[[], float]
    """Seconds since 1970."""
    new_uuid: Callable[[], str]


class Desk:
    """Everything that one orchestrator knows."""

    def __init__(self, reading: Reading, seed: Seed, env: Env) -> None:
        """Start with nobody registered."""
        self.reading = reading
        self.seed = seed
        self.env = env
        self.offset = 0.0
        self.authority = Authority(reading, env.clock())
        self.operator_print = ""
        self.tokens: dict[str, Token] = {}
        self.agents: dict[str, Agent] = {}
        self.papers: dict[str, Agent] = {}
        self.lines: list[Line] = []
        self.counted: Counter[str] = Counter()
        self.renewals: dict[str, int] = {}
        self.certificates = 0
        self.memo: dict[Any, Any] = {}
        self.forced: dict[Op, int] = {}
        """Statuses that the next call of an operation gets, whatever it asks."""

    def now(self) -> float:
        """Seconds since 1970, by the server's own clock."""
        return self.env.clock() + self.offset

    def stamp(self, seconds: float) -> str:
        """A moment as the reading writes it."""
        return shapes.stamp(seconds, self.reading)

    def status(self, agent: Agent) -> str:
        """`online`, `offline` or `degraded`."""
        return beats.status_of(self, agent)

    def new_id(self) -> str:
        """An identifier in the style of the reading."""
        self.counted["ids"] += 1
        text = self.env.new_uuid()
        match self.reading.ids:
            case "ulid":
                return "01J" + text.replace("-", "").upper()[:23]
            case "number":
                return str(100000 + 7 * self.counted["ids"])
            case "slug":
                return f"x.{text[:13]}~{self.counted['ids']}"
            case _:
                return text

    async def handle(self, call: Call) -> Answer:
        """One request, from its first look to its last word."""
        if self.seed.early is not None:
            early = await self.seed.early(self, call)
            if early is not None:
                return early
        turn = self.routed(call)
        turn.answer = await self._performed(turn)
        if self.seed.answer is not None:
            self.seed.answer(turn)
        return turn.answer

    def admit(self, call: Call) -> Turn:
        """A request for the stream: its `refusal` says whether it is let in."""
        turn = self.routed(call)
        gate.judge(turn)
        busy = any(line.agent is turn.agent for line in self.lines)
        if turn.refusal is None and busy and self.reading.second_stream == "refuse":
            turn.refusal = Refusal(status=409, words="there is a stream already")
        if turn.refusal is None and "origin" in call.headers and not self.reading.from_pages:
            turn.refusal = Refusal(status=403, words="no pages")
        if turn.refusal is not None:
            turn.answer = shapes.refused(turn.refusal, self.reading)
        return turn

    async def _performed(self, turn: Turn) -> Answer:
        gate.judge(turn)
        if turn.op == "none":
            return self._astray(turn.call)
        if turn.refusal is None and turn.op in self.forced:
            turn.refusal = Refusal(status=self._forced(turn.op), words="not now")
        if turn.refusal is not None:
            return shapes.refused(turn.refusal, self.reading)
        if turn.op in ("register", "update", "heartbeat", "complete"):
            try:
                turn.data = json.loads(turn.call.body)
            except (ValueError, RecursionError):
                refusal = Refusal(status=self.reading.invalid, words="the body is no JSON")
                return shapes.refused(refusal, self.reading)
        return await self._dispatched(turn)

    def _forced(self, op: Op) -> int:
        return self.forced[op] if self.seed.sticks else self.forced.pop(op)

    async def _dispatched(self, turn: Turn) -> Answer:
        match turn.op:
            case "register":
                return await registration.register(turn)
            case "list":
                return roster.listing(turn)
            case "get":
                return roster.get(turn)
            case "update":
                return await roster.update(turn)
            case "delete":
                return await roster.remove(turn)
            case "heartbeat":
                return await beats.heartbeat(turn)
            case "poll":
                return tasks.poll(turn)
            case "complete":
                return tasks.complete(turn)
            case _:
                refusal = Refusal(status=400, words="a WebSocket is spoken here")
                return shapes.refused(refusal, self.reading)

    def _astray(self, call: Call) -> Answer:
        known = call.path.startswith(PREFIX)
        status = self.reading.stray_method if known else 404
        return shapes.refused(Refusal(status=status, words="nothing here"), self.reading)

    def routed(self, call: Call) -> Turn:
        """Which operation a request asks for."""
        op, who, task_id = _route(call.method, call.path)
        self.counted[f"turn.{op}"] += 1
        nth = self.counted[f"turn.{op}"]
        return Turn(desk=self, op=op, call=call, who=who, task_id=task_id, nth=nth)


_ONE: dict[str, Op] = {"GET": "get", "PUT": "update", "DELETE": "delete"}
_SUB: dict[tuple[str, str], Op] = {
    ("POST", "heartbeat"): "heartbeat",
    ("GET", "tasks"): "poll",
    ("GET", "task-stream"): "stream",
}


def _route(method: str, path: str) -> tuple[Op, str, str]:
    if not path.startswith(PREFIX):
        return "none", "", ""
    parts = path.removeprefix(PREFIX).split("/")[1:]
    if not parts:
        return ("list" if method == "GET" else "none"), "", ""
    if parts == ["register"] and method == "POST":
        return "register", "", ""
    match parts:
        case [who]:
            return _ONE.get(method, "none"), who, ""
        case [who, sub]:
            return _SUB.get((method, sub), "none"), who, ""
        case [who, "tasks", task, "complete"] if method == "POST":
            return "complete", who, task
        case _:
            return "none", "", ""
