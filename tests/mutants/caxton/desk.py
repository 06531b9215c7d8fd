"""The coordinator without a socket: one state behind all its transports."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, TypeVar

from . import agents, deployments, gate, history, limits, messages, metrics, roster, shapes, tasks
from .clock import Clock
from .fault import Seed, Spot
from .model import (
    Agent,
    Answer,
    Bucket,
    Call,
    Line,
    Message,
    Op,
    Refusal,
    RefusedError,
    Rollout,
    Task,
    Turn,
)
from .reading import Reading
from .routes import routed

__all__ = ["Desk", "Env"]

T = TypeVar("T")

_OPERATIONS: Mapping[Op, Callable[[Turn], Answer]] = MappingProxyType(
    {
        "list": roster.listing,
        "get": roster.get,
        "reload": agents.reload,
        "update": agents.update,
        "stop": agents.stop,
        "remove": agents.remove,
        "send": messages.post,
        "history": history.query,
        "create_task": tasks.create,
        "distribute": tasks.distribute,
        "task": tasks.get,
        "create_deployment": deployments.create,
        "deployment": deployments.get,
        "rollback": deployments.rollback,
        "system": metrics.system,
        "agent_metrics": metrics.of_agent,
    }
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Env:
    """Time and chance, passed in."""

    source: Callable[[], float]
    """Seconds since 1970."""
    new_uuid: Callable[[], str]


class Desk:
    """Everything that one coordinator knows."""

    def __init__(self, reading: Reading, seed: Seed, env: Env) -> None:
        """Start with nothing deployed."""
        self.reading = reading
        self.seed = seed
        self.env = env
        self.clock = Clock(env.source)
        self.born = self.clock.now()
        self.agents: dict[str, Agent] = {}
        self.messages: list[Message] = []
        self.clients: set[str] = set()
        self.tasks: dict[str, Task] = {}
        self.rollouts: dict[str, Rollout] = {}
        self.small_rollouts: dict[str, tuple[Agent, float]] = {}
        self.lines: list[Line] = []
        self.waiters: dict[str, Callable[[Message], None]] = {}
        self.buckets: dict[tuple[str, ...], Bucket] = {}
        self.forced: dict[str, int] = {}
        self.replies: dict[str, Any] = {}
        self.counted: Counter[str] = Counter()
        self.memo: dict[Any, Any] = {}

    def bent(self, point: str, value: T, /, **facts: Any) -> T:
        """The value, unless a fault sits at this point."""
        bend = self.seed.bends.get(point)
        if bend is None:
            return value
        self.counted[f"at {point}"] += 1
        spot = Spot(desk=self, nth=self.counted[f"at {point}"], facts=facts)
        changed: T = bend(value, spot)
        return changed

    def now(self) -> float:
        """Seconds since 1970, by the coordinator's own clock."""
        return self.clock.now()

    def stamp(self, seconds: float | None = None) -> str:
        """A moment, now by default, as the reading writes it."""
        return shapes.stamp(self.now() if seconds is None else seconds, self.reading)

    def new_id(self, kind: str) -> str:
        """An identifier in the style of the reading."""
        self.counted[kind] += 1
        match self.reading.ids:
            case "uuid":
                return self.env.new_uuid()
            case "hex":
                return f"{kind}-{self.env.new_uuid().replace('-', '')[:12]}"
            case _:
                return f"{kind}_{100 + self.counted[kind]}"

    async def handle(self, call: Call) -> Answer:
        """One REST request, from its first look to its last word."""
        self.clock.settle()
        op, who = routed(call.method, call.path)
        self.counted[f"turn {op}"] += 1
        turn = Turn(desk=self, op=op, call=call, who=who, nth=self.counted[f"turn {op}"])
        early: Answer | None = self.bent("early", None, turn=turn)
        if early is not None:
            return early
        try:
            gate.admit(turn)
            await asyncio.sleep(self.bent("pause", 0.0, turn=turn))
            turn.answer = await self._performed(turn)
        except RefusedError as refused:
            turn.refusal = self.bent("refused", refused.refusal, turn=turn)
            turn.answer = shapes.refused(self, turn.refusal)
        limits.settle(turn)
        return self.bent("answer", turn.answer, turn=turn)

    async def _performed(self, turn: Turn) -> Answer:
        if turn.op == "deploy":
            return await agents.deploy(turn)
        perform = _OPERATIONS.get(turn.op)
        if perform is None:
            raise RefusedError(self._astray(turn))
        return perform(turn)

    def _astray(self, turn: Turn) -> Refusal:
        known = turn.op == "method"
        status = self.reading.stray_method if known else 404
        code = "METHOD_NOT_ALLOWED" if status == 405 else "NOT_FOUND"
        details = {"path": turn.call.path, "method": turn.call.method}
        return Refusal(status=status, code=code, words="there is nothing here", details=details)
