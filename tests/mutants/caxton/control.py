"""What no documented endpoint offers, and tests need: time, crashes, failures, alerts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import deployments, events, tasks
from .agents import moved
from .model import Obj
from .routes import operation

if TYPE_CHECKING:
    from .desk import Desk

__all__ = ["PREFIX", "hooks", "perform"]

PREFIX = "/_control"

_RESTARTS = 1012
"""The code of RFC 6455's registry for a service that restarts."""

_BODIES: dict[str, Obj] = {
    "advance": {"seconds": "{seconds}"},
    "restart": {},
    "fail_agent": {"agent": "{agent}"},
    "force": {"operation": "{operation}", "status": "{status}"},
    "alert": {},
    "reply": {"agent": "{agent}", "content": "{content}"},
    "progress": {"task": "{task}", "progress": "{progress}"},
}


def hooks() -> dict[str, Obj]:
    """How to reach each of them, relative to the base URL."""
    return {name: {"url": f"{PREFIX}/{name}", "json": dict(body)} for name, body in _BODIES.items()}


def perform(desk: Desk, name: str, data: Any) -> tuple[int, Obj]:
    """One control request; the status and the body of its answer."""
    desk.clock.settle()
    if not isinstance(data, dict):
        return 400, {"error": "an object is needed"}
    match name:
        case "advance":
            desk.clock.advance(float(data.get("seconds", 0)))
            return 200, {"now": desk.stamp()}
        case "restart":
            return _restarted(desk)
        case "fail_agent":
            return _crash(desk, str(data.get("agent")))
        case "force":
            wanted = operation(str(data.get("operation")))
            desk.forced[wanted] = int(data.get("status", 500))
            return 200, {"operation": wanted}
        case "alert":
            details = {"memory_percent": 91}
            severity = str(data.get("severity", "warning"))
            message = str(data.get("message", "the machine is running hot"))
            events.alert(desk, severity, message, data.get("details", details))
            return 200, {}
        case "reply":
            desk.replies[str(data.get("agent"))] = data.get("content")
            return 200, {}
        case "progress":
            return _brought_on(desk, str(data.get("task")), float(data.get("progress", 0)))
        case _:
            return 404, {"error": f"there is no hook '{name}'"}


def _brought_on(desk: Desk, number: str, progress: float) -> tuple[int, Obj]:
    task = desk.tasks.get(number)
    if task is None or task.winner is None:
        return 404, {"error": f"nobody does a task '{number}'"}
    tasks.bring_on(desk, task, progress)
    return 200, {"task": number}


def _restarted(desk: Desk) -> tuple[int, Obj]:
    """What is in its database stays; whoever was connected is not."""
    for line in [*desk.lines]:
        line.subscriptions.clear()
        line.close(_RESTARTS)
    return 200, {}


def _crash(desk: Desk, who: str) -> tuple[int, Obj]:
    agent = desk.agents.get(who)
    if agent is None:
        return 404, {"error": f"there is no agent '{who}'"}
    moved(desk, agent, "failed", "agent.failed", error="the module has trapped")
    deployments.failed(desk, agent)
    tasks.abandon(desk, agent)
    return 200, {"agent": who}
