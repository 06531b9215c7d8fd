"""Faults in single response fields, generated from a table of endpoints and JSON pointers."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from .coordinator import Coordinator
from .fault import Fault, Section
from .model import Call, Env, Json, Obj, Op, Reply
from .spoilers import GONE, SHAPES, SPOILERS, Shape, Spot

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from .reading import Reading

__all__ = ["FIELD_FAULTS"]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Target:
    op: Op
    pointer: str
    shape: Shape
    statuses: tuple[int, ...] = (200,)
    reading: str = "natural"
    implied: bool = False


class _Spoiled(Coordinator):
    """Replaces or removes one field of one endpoint's answers."""

    def __init__(self, reading: Reading, env: Env, *, target: _Target, spoiler: str) -> None:
        super().__init__(reading, env)
        self._target = target
        self._spoil = SPOILERS[spoiler].spoil
        self._seen: list[Json] = []

    def finish(self, call: Call, reply: Reply) -> Reply:
        if call.op is self._target.op and reply.status in self._target.statuses:
            self._walk(reply.body, self._target.pointer.split("/")[1:], call)
        return reply

    def _walk(self, host: Json, path: list[str], call: Call) -> None:
        name, *rest = path
        if name == "*" and isinstance(host, list):
            for item in host:
                self._walk(item, rest, call)
        elif isinstance(host, dict) and name in host:
            if rest:
                self._walk(host[name], rest, call)
            else:
                self._replace(host, name, call)

    def _replace(self, host: Obj, name: str, call: Call) -> None:
        value = host[name]
        self._seen = [*self._seen[:1], *self._seen[-1:], value]
        first, previous = self._seen[0], self._seen[-2] if len(self._seen) > 1 else value
        spoiled = self._spoil(
            Spot(value=value, first=first, previous=previous, host=host, arg=call.arg)
        )
        if spoiled is GONE:
            del host[name]
        else:
            host[name] = spoiled


_SECTIONS: Final[Mapping[Op, Section]] = MappingProxyType(
    {
        Op.REGISTER: "Register Agent",
        Op.DISCOVER: "Discover Agents",
        Op.GET: "Get Agent Information",
        Op.UPDATE: "Update Agent Status",
        Op.SUBMIT: "Submit Task",
        Op.STATUS: "Get Task Status",
        Op.HEALTH: "Service Health",
        Op.OPENAPI: "OpenAPI Specification",
    }
)

_AGENT: Final[Mapping[str, Shape]] = MappingProxyType(
    {
        "agent_id": "echo",
        "agent_type": "echo",
        "status": "state",
        "capabilities": "texts",
        "services": "texts",
        "endpoints": "text_map",
        "metadata": "map",
        "last_heartbeat": "time",
        "registration_time": "time",
        "load_metrics": "numbers",
        "health_score": "score",
        "version": "text",
        "tags": "tags",
    }
)

_BALANCER: Final[Mapping[str, Shape]] = MappingProxyType(
    {
        "strategy": "text",
        "total_assignments": "count",
        "successful_assignments": "count",
        "failed_assignments": "count",
        "success_rate": "number",
        "active_agents": "count",
        "agent_weights": "number",
        "avg_agent_load": "number",
    }
)

_PLAIN: Final[tuple[tuple[Op, str, Shape], ...]] = (
    (Op.REGISTER, "/status", "success"),
    (Op.REGISTER, "/message", "message"),
    (Op.REGISTER, "/agent_id", "echo"),
    (Op.REGISTER, "/registered_at", "time"),
    (Op.DISCOVER, "/status", "success"),
    (Op.DISCOVER, "/query", "object"),
    (Op.DISCOVER, "/agents", "array"),
    (Op.DISCOVER, "/count", "tally"),
    (Op.DISCOVER, "/timestamp", "clock"),
    (Op.GET, "/status", "success"),
    (Op.GET, "/agent", "object"),
    (Op.GET, "/timestamp", "clock"),
    (Op.UPDATE, "/status", "success"),
    (Op.UPDATE, "/message", "message"),
    (Op.UPDATE, "/agent_id", "echo"),
    (Op.UPDATE, "/new_status", "echo"),
    (Op.UPDATE, "/updated_at", "time"),
    (Op.SUBMIT, "/status", "success"),
    (Op.SUBMIT, "/message", "message"),
    (Op.SUBMIT, "/task_id", "uuid"),
    (Op.SUBMIT, "/priority", "echo"),
    (Op.SUBMIT, "/submitted_at", "time"),
    (Op.STATUS, "/status", "success"),
    (Op.STATUS, "/stats", "object"),
    (Op.STATUS, "/stats/tasks_distributed", "count"),
    (Op.STATUS, "/stats/tasks_completed", "count"),
    (Op.STATUS, "/stats/tasks_failed", "count"),
    (Op.STATUS, "/stats/avg_distribution_time", "number"),
    (Op.STATUS, "/stats/load_balancer_stats", "object"),
    (Op.STATUS, "/stats/queue_sizes", "object"),
    (Op.STATUS, "/timestamp", "clock"),
    (Op.HEALTH, "/status", "health"),
    (Op.HEALTH, "/version", "text"),
    (Op.HEALTH, "/timestamp", "clock"),
    (Op.OPENAPI, "/openapi", "release"),
    (Op.OPENAPI, "/info", "object"),
    (Op.OPENAPI, "/info/title", "text"),
    (Op.OPENAPI, "/info/version", "text"),
    (Op.OPENAPI, "/paths", "object"),
)

_DETAILS: Final = (
    (Op.REGISTER, 422),
    (Op.GET, 404),
    (Op.UPDATE, 422),
    (Op.SUBMIT, 400),
)


def _targets() -> Iterator[_Target]:
    for op, pointer, shape in _PLAIN:
        yield _Target(op=op, pointer=pointer, shape=shape)
    for name, shape in _AGENT.items():
        yield _Target(op=Op.GET, pointer=f"/agent/{name}", shape=shape)
        yield _Target(op=Op.DISCOVER, pointer=f"/agents/*/{name}", shape=shape)
    for name, shape in _BALANCER.items():
        yield _Target(op=Op.STATUS, pointer=f"/stats/load_balancer_stats/{name}", shape=shape)
    for name in ("urgent", "critical", "high", "normal", "low"):
        yield _Target(op=Op.STATUS, pointer=f"/stats/queue_sizes/{name}", shape="count")
    for op, status in _DETAILS:
        yield _Target(op=op, pointer="/detail", shape="detail", statuses=(status,))


def _faults() -> Iterator[Fault]:
    for target in _targets():
        place = target.pointer.strip("/").replace("/*", "").replace("/", ".")
        for name in SHAPES[target.shape]:
            spoiler = SPOILERS[name]
            yield Fault(
                name=f"{target.op}.{place}.{spoiler.name}",
                summary=f"{target.pointer} in the answer of {target.op} {spoiler.words}",
                section=_SECTIONS[target.op],
                make=partial(_Spoiled, target=target, spoiler=name),
                kind="field",
                implied=spoiler.implied,
            )


FIELD_FAULTS: Final = tuple(_faults())
