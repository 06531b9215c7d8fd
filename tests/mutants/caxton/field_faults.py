"""Faults in single fields of answers and events, from a table of places."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from .fault import Fault, Section, Seed, Spot
from .spoilers import SHAPES, SPOILERS, Shape, Spoiler, spoil

__all__ = ["FIELD_FAULTS"]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Place:
    """Where a field stands: an operation or a type of event, and a path with `*` for each row."""

    op: str
    path: str
    shape: Shape
    section: Section
    without: tuple[str, ...] = ()
    """Spoilers that would be lawful here."""
    event: bool = False


def _places(op: str, section: Section, rows: dict[str, Shape]) -> Iterator[_Place]:
    for path, shape in rows.items():
        without = _FREE.get((op, path), ())
        event = "." in op
        yield _Place(op=op, path=path, shape=shape, section=section, without=without, event=event)


_UNKNOWN: Final = ("missing", "null")

_FREE: Final[dict[tuple[str, str], tuple[str, ...]]] = {
    ("deploy", "status"): ("odd",),
    ("send", "status"): ("odd",),
    ("distribute", "status"): ("odd",),
    ("get", "deployment/strategy"): ("odd",),
    ("task", "status"): ("odd",),
    ("deployment", "status"): ("odd",),
    ("deployment", "stages/*/status"): ("odd",),
    ("get", "deployment/deployed_by"): _UNKNOWN,
    ("stop", "estimated_completion"): ("null",),
    ("task", "estimated_completion"): _UNKNOWN,
    ("task", "subtasks"): _UNKNOWN,
    ("rollback", "estimated_completion"): ("null",),
    ("deployment", "metrics/success_rate"): _UNKNOWN,
    ("deployment", "metrics/latency_p99"): _UNKNOWN,
    ("system.alert", "details"): (*_UNKNOWN, "emptied"),
}
"""States of which a peer may have others than the document shows; an end that cannot be told, who
deployed it, a rate before there was any traffic, and what is not divided, which it may not know.
"""

_IMPLIED: Final[dict[tuple[str, str], tuple[str, ...]]] = {
    ("get", "metrics/average_latency_ms"): _UNKNOWN,
    ("create_task", "status"): ("odd",),
    ("history", "total"): ("more",),
    ("system", "performance/message_latency_p50"): _UNKNOWN,
    ("system", "performance/message_latency_p99"): _UNKNOWN,
    ("system", "performance/agent_spawn_time_ms"): _UNKNOWN,
}
"""Spoilers that break no more than what is implied here."""

_TRAFFIC: Final[dict[str, Shape]] = {
    "metrics/messages_processed": "total",
    "metrics/messages_failed": "total",
    "metrics/average_latency_ms": "amount",
}

_PLACES: Final = (
    *_places(
        "deploy",
        "Deploy Agent",
        {
            "agent_id": "id",
            "name": "name",
            "status": "state",
            "deployed_at": "time",
            "version": "text",
            "deployment_id": "id",
            "lifecycle_state": "state",
            "resource_limits": "object",
            "resource_limits/memory": "text",
            "resource_limits/cpu_fuel": "amount",
        },
    ),
    *_places(
        "list",
        "List Agents",
        {
            "agents": "rows",
            "total": "total",
            "next_offset": "total",
            "agents/*/agent_id": "id",
            "agents/*/name": "name",
            "agents/*/status": "state",
            "agents/*/created_at": "time",
            "agents/*/resources": "object",
            "agents/*/resources/memory_used": "text",
            "agents/*/resources/cpu_usage": "amount",
        },
    ),
    *_places(
        "get",
        "Get Agent Details",
        {
            "agent_id": "id",
            "name": "name",
            "status": "state",
            "version": "name",
            "deployment": "object",
            "deployment/strategy": "word",
            "deployment/deployed_at": "time",
            "deployment/deployed_by": "text",
            "resources": "object",
            "resources/limits": "object",
            "resources/limits/memory": "text",
            "resources/limits/cpu": "text",
            "resources/usage": "object",
            "resources/usage/memory": "text",
            "resources/usage/cpu": "text",
            "metrics": "object",
            "metrics/uptime_seconds": "amount",
            **_TRAFFIC,
        },
    ),
    *_places(
        "reload",
        "Hot Reload Agent",
        {
            "hot_reload_id": "id",
            "status": "word",
            "from_version": "name",
            "to_version": "name",
            "strategy": "name",
            "started_at": "time",
        },
    ),
    *_places("update", "Update Agent", {"agent_id": "id", "status": "word", "deployment_id": "id"}),
    *_places(
        "stop",
        "Stop Agent",
        {"agent_id": "id", "status": "state", "estimated_completion": "later"},
    ),
    *_places("remove", "Remove Agent", {"agent_id": "id", "status": "state", "removed_at": "time"}),
    *_places(
        "send",
        "Send Message",
        {"message_id": "id", "status": "state", "delivered_at": "time"},
    ),
    *_places(
        "history",
        "Query Message History",
        {
            "messages": "rows",
            "total": "total",
            "next_cursor": "text",
            "messages/*/message_id": "id",
            "messages/*/performative": "name",
            "messages/*/sender": "name",
            "messages/*/receiver": "name",
            "messages/*/content": "any",
            "messages/*/timestamp": "time",
        },
    ),
    *_places(
        "create_task",
        "Create Task",
        {"task_id": "id", "status": "state", "created_at": "time"},
    ),
    *_places(
        "distribute",
        "Distribute Task",
        {
            "task_id": "id",
            "status": "state",
            "assigned_to": "id",
            "proposals_received": "total",
            "winning_bid": "object",
            "winning_bid/agent_id": "id",
            "winning_bid/estimated_time": "amount",
            "winning_bid/confidence": "share",
        },
    ),
    *_places(
        "task",
        "Get Task Status",
        {
            "task_id": "id",
            "status": "word",
            "assigned_to": "id",
            "progress": "share",
            "started_at": "time",
            "estimated_completion": "later",
            "subtasks": "list",
            "subtasks/*/id": "id",
            "subtasks/*/status": "word",
        },
    ),
    *_places(
        "create_deployment",
        "Create Deployment",
        {"deployment_id": "id", "status": "word", "created_at": "time"},
    ),
    *_places(
        "deployment",
        "Monitor Deployment",
        {
            "deployment_id": "id",
            "status": "word",
            "current_stage": "total",
            "current_percentage": "amount",
            "metrics": "object",
            "metrics/success_rate": "share",
            "metrics/error_count": "whole",
            "metrics/latency_p99": "amount",
            "stages": "rows",
            "stages/*/stage": "total",
            "stages/*/percentage": "total",
            "stages/*/status": "word",
            "stages/*/started_at": "time",
            "stages/*/completed_at": "time",
        },
    ),
    *_places(
        "rollback",
        "Rollback Deployment",
        {
            "deployment_id": "id",
            "status": "word",
            "rollback_to_version": "name",
            "estimated_completion": "later",
        },
    ),
    *_places(
        "system",
        "Get System Metrics",
        {
            "timestamp": "time",
            "agents": "object",
            "agents/total": "total",
            "agents/running": "total",
            "agents/failed": "total",
            "messages": "object",
            "messages/total_processed": "whole",
            "messages/rate_per_second": "amount",
            "messages/queue_size": "whole",
            "resources": "object",
            "resources/cpu_usage_percent": "amount",
            "resources/memory_used_mb": "amount",
            "resources/memory_available_mb": "amount",
            "resources/disk_used_gb": "amount",
            "performance": "object",
            "performance/message_latency_p50": "amount",
            "performance/message_latency_p99": "amount",
            "performance/agent_spawn_time_ms": "amount",
        },
    ),
    *_places(
        "agent_metrics",
        "Get Agent Metrics",
        {
            "agent_id": "id",
            "period": "name",
            "metrics": "object",
            **_TRAFFIC,
            "metrics/cpu_usage": "object",
            "metrics/cpu_usage/average": "amount",
            "metrics/cpu_usage/peak": "amount",
            "metrics/memory_usage": "object",
            "metrics/memory_usage/average_mb": "amount",
            "metrics/memory_usage/peak_mb": "amount",
            "metrics/errors": "list",
            "metrics/errors/*/timestamp": "time",
            "metrics/errors/*/error": "text",
            "metrics/errors/*/count": "whole",
        },
    ),
    *_places(
        "agent.deployed",
        "WebSocket Events",
        {"type": "word", "agent_id": "id", "timestamp": "time"},
    ),
    *_places(
        "agent.failed", "WebSocket Events", {"type": "word", "agent_id": "id", "timestamp": "time"}
    ),
    *_places(
        "message.sent",
        "WebSocket Events",
        {"type": "word", "message_id": "id", "from": "name", "to": "name", "performative": "name"},
    ),
    *_places(
        "task.completed",
        "WebSocket Events",
        {"type": "word", "task_id": "id", "agent_id": "id", "result": "word"},
    ),
    *_places(
        "system.alert",
        "WebSocket Events",
        {"type": "word", "severity": "word", "message": "text", "details": "object"},
    ),
)


def _on_answer(place: _Place, spoiler: Spoiler) -> Seed:
    def bend(answer: Any, spot: Spot) -> Any:
        if spot["turn"].op == place.op and answer.status < 300:
            answer.body = copy.deepcopy(answer.body)
            spoil(answer.body, place.path, spoiler, spot.memo)
        return answer

    return Seed(bends={"answer": bend})


def _on_event(place: _Place, spoiler: Spoiler) -> Seed:
    def bend(body: Any, spot: Spot) -> Any:
        if spot["event"].type == place.op:
            body = copy.deepcopy(body)
            spoil(body, place.path, spoiler, spot.memo)
        return body

    return Seed(bends={"event.body": bend})


def _fault(place: _Place, spoiler: Spoiler) -> Fault:
    field = place.path.replace("*/", "")
    where = "event" if place.event else "field"
    return Fault(
        name=f"{where}.{place.op}.{field.replace('/', '.')}.{spoiler.name}",
        section=place.section,
        summary=f"`{field}` of {place.op} {spoiler.words}",
        seed=(_on_event if place.event else _on_answer)(place, spoiler),
        implied=spoiler.implied
        or place.op == "agent.failed"
        or "cpu" in place.path
        or spoiler.name in _IMPLIED.get((place.op, place.path), ()),
    )


FIELD_FAULTS: Final = tuple(
    _fault(place, SPOILERS[name])
    for place in _PLACES
    for name in SHAPES[place.shape]
    if name not in place.without
    and not (place.event and name == "first" and "id" not in place.path)
)
"""One fault for each field and each way to spoil it."""
