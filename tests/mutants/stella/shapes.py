"""How things look in an answer: agents, tasks, moments, refusals, JSON."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

from .model import Agent, Answer, Obj, Refusal, Task, Way

if TYPE_CHECKING:
    from .desk import Desk
    from .reading import Reading

__all__ = ["agent_row", "encode", "refused", "renewal", "stamp", "task_row"]


def stamp(seconds: float, reading: Reading) -> str:
    """A moment in the notation of the reading; `seconds` since 1970."""
    zone = timezone(timedelta(hours=2)) if reading.zone == "+02:00" else UTC
    moment = datetime.fromtimestamp(seconds, zone)
    timespec = {0: "seconds", 3: "milliseconds", 6: "microseconds"}[reading.digits]
    text = moment.isoformat(timespec=timespec)
    return text.replace("+00:00", "Z") if reading.zone == "Z" else text


def encode(body: Any, reading: Reading) -> str:
    """JSON in the style of the reading."""
    if reading.reversed_keys:
        body = _reversed(body)
    if reading.pretty:
        return json.dumps(body, indent=2, ensure_ascii=False)
    return json.dumps(body, separators=(",", ":"))


def _reversed(body: Any) -> Any:
    if isinstance(body, dict):
        return {name: _reversed(body[name]) for name in reversed(body)}
    if isinstance(body, list):
        return [_reversed(one) for one in body]
    return body


def agent_row(desk: Desk, agent: Agent, where: str) -> Obj:
    """An agent's details; `where` is `list`, `get` or `update`."""
    row: Obj = {
        "id": agent.id,
        "name": agent.name,
        "version": agent.version,
        "status": desk.status(agent),
        "capabilities": [*agent.capabilities],
    }
    row |= _signs_of_life(desk, agent)
    if where != "list":
        row["labels"] = dict(agent.labels)
        row |= _targets(agent, desk.reading)
    if desk.reading.extras:
        row |= {"registeredAt": desk.stamp(agent.registered), "os": "linux", "zone": None}
    if desk.seed.shown is not None:
        desk.seed.shown(desk, agent, where, row)
    return row


def _signs_of_life(desk: Desk, agent: Agent) -> Obj:
    reading, row = desk.reading, dict[str, Any]()
    if agent.beat is not None:
        row["lastHeartbeat"] = desk.stamp(agent.beat)
    elif reading.first_beat != "absent":
        early = reading.first_beat == "registered"
        row["lastHeartbeat"] = desk.stamp(agent.registered) if early else None
    if agent.usage is not None:
        shown = ("cpu", "memory") if reading.usage_shown == "two" else tuple(agent.usage)
        row["resourceUsage"] = {name: agent.usage[name] for name in shown if name in agent.usage}
    elif reading.first_usage != "absent":
        first: dict[str, Any] = {"null": None, "empty": {}, "zeros": {"cpu": 0, "memory": 0}}
        row["resourceUsage"] = first[reading.first_usage]
    return row


def _targets(agent: Agent, reading: Reading) -> Obj:
    if reading.targets == "objects":
        rows = [{"id": f"t-{name}", "name": name} for name in agent.targets]
        return {"assignedTargets": rows}
    if reading.targets == "nested":
        return {"assignments": {"targets": {name: {"state": "bound"} for name in agent.targets}}}
    return {"targets": [*agent.targets]}


def task_row(desk: Desk, agent: Agent, task: Task, way: Way) -> Obj:
    """A task as one of the three ways shows it."""
    work: Obj = {
        "payload": task.payload,
        "credentials": task.credentials,
        "timeout": task.timeout,
    }
    listed: Obj = {"priority": task.priority, "createdAt": desk.stamp(task.created)}
    row: Obj = {"taskId": task.id, "taskType": task.type}
    row |= listed if way == "poll" else work
    if desk.reading.task_fields == "all":
        row |= work | listed
    if desk.reading.extras:
        row |= {"attempt": 1, "releaseId": None}
    if desk.seed.task_row is not None:
        desk.seed.task_row(desk, agent, task, way, row)
    return row


def renewal(desk: Desk, certificate: Obj | None) -> Obj:
    """The part of a heartbeat's answer that tells of a new certificate."""
    if certificate is not None:
        return {"certificateRenewal": certificate}
    match desk.reading.no_renewal:
        case "null":
            return {"certificateRenewal": None}
        case "empty":
            return {"certificateRenewal": {}}
        case _:
            return {}


def refused(refusal: Refusal, reading: Reading) -> Answer:
    """A refusal in the form of the reading."""
    if refusal.status == 0:
        return Answer(status=500, wire="reset")
    words = refusal.words
    answer = Answer(status=refusal.status)
    match reading.errors:
        case "error":
            answer.body = {"error": words}
        case "nested":
            answer.body = {"error": {"code": f"E{refusal.status}", "message": words}}
        case "detail":
            answer.body = {"detail": [{"msg": words}]}
        case "problem":
            answer.body = {"type": "about:blank", "title": words, "status": refusal.status}
            answer.media = "application/problem+json"
        case "text":
            answer.text, answer.media = words, "text/plain"
        case "html":
            answer.text, answer.media = f"<h1>{words}</h1>", "text/html"
        case "empty":
            answer.text, answer.media = "", ""
    return answer
