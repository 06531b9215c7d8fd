"""What no documented endpoint offers, and tests need: tokens, tasks, targets, time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from . import registration, tasks
from .model import Agent, Obj, Op

if TYPE_CHECKING:
    from .desk import Desk

__all__ = ["hooks", "perform"]

_BODIES: dict[str, tuple[str, Obj, str]] = {
    "mint_token": ("/mint", {}, "/token"),
    "create_task": ("/tasks", {"agent": "{agent}", "task": "{task}"}, "/taskId"),
    "cancel_task": ("/tasks/cancel", {"agent": "{agent}", "task": "{task}"}, ""),
    "assign_target": ("/targets", {"agent": "{agent}", "target": "{target}"}, ""),
    "force": ("/force", {"operation": "{operation}", "status": "{status}"}, ""),
    "advance": ("/advance", {"seconds": "{seconds}"}, ""),
}


def hooks(base: str) -> dict[str, Obj]:
    """How to reach each of them under a base URL."""
    return {
        name: {"url": base + path, "json": dict(body), "result": result}
        for name, (path, body, result) in _BODIES.items()
    }


async def perform(desk: Desk, path: str, data: Any) -> tuple[int, Obj]:
    """One control request; the status and the body of its answer."""
    if not isinstance(data, dict):
        return 400, {"error": "an object is needed"}
    if path == "/mint":
        return 200, {"token": registration.mint(desk).text}
    if path == "/force":
        return _force(desk, str(data.get("operation")), int(data.get("status", 503)))
    if path == "/advance":
        desk.offset += float(data.get("seconds", 0))
        return 200, {"now": desk.stamp(desk.now())}
    agent = desk.agents.get(str(data.get("agent")))
    if agent is None:
        return 404, {"error": "no such agent"}
    return await _for_agent(desk, agent, path, data)


def _force(desk: Desk, operation: str, status: int) -> tuple[int, Obj]:
    if operation not in _OPS:
        return 404, {"error": "no such operation"}
    desk.forced[_OPS[operation]] = status
    return 200, {}


_OPS: Mapping[str, Op] = {
    "registerAgent": "register",
    "listAgents": "list",
    "getAgent": "get",
    "updateAgent": "update",
    "deleteAgent": "delete",
    "sendHeartbeat": "heartbeat",
    "completeTask": "complete",
    "getPendingTasks": "poll",
}


async def _for_agent(desk: Desk, agent: Agent, path: str, data: Obj) -> tuple[int, Obj]:
    if path == "/tasks" and desk.reading.asleep == "refused" and _asleep(desk, agent):
        return 409, {"error": "nobody is there to do it"}
    if path == "/tasks":
        wanted = data.get("task")
        given = wanted if isinstance(wanted, dict) else {}
        return 200, {"taskId": await tasks.create(desk, agent, given)}
    if path == "/tasks/cancel":
        task = next((one for one in agent.tasks if one.id == data.get("task")), None)
        if task is None:
            return 404, {"error": "no such task"}
        await tasks.cancel(desk, agent, task)
        return 200, {}
    if path == "/targets":
        name = str(data.get("target"))
        whose = agent if desk.seed.assigned is None else desk.seed.assigned(desk, agent, name)
        whose.targets.append(name)
        return 200, {}
    return 404, {"error": "nothing here"}


def _asleep(desk: Desk, agent: Agent) -> bool:
    return agent.beat is None or desk.status(agent) == "offline"
