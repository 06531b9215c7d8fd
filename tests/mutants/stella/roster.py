"""What operators do with agents: list, look up, change, remove."""

from __future__ import annotations

import asyncio
import copy
from typing import TYPE_CHECKING, Any

from . import shapes
from .fault import Deletion, Listing, Update
from .model import Agent, Answer, Obj, Refusal
from .registration import CAPABILITIES
from .stream import leave, lines_of

if TYPE_CHECKING:
    from .desk import Desk
    from .fault import Turn

__all__ = ["get", "listing", "remove", "update"]

_STATUSES = ("online", "offline", "degraded")


def listing(turn: Turn) -> Answer:
    """GET /agents."""
    desk = turn.desk
    query = {name: turn.call.query[name] for name in ("status", "capability") if _given(turn, name)}
    if desk.reading.odd_filter == "refuse" and not _known(query):
        refusal = Refusal(status=desk.reading.invalid, words="no such filter value")
        return shapes.refused(refusal, desk.reading)
    agents = _ordered(desk)
    chosen = [agent for agent in agents if _fits(desk, agent, query)]
    view = Listing(desk=desk, query=query, agents=agents, chosen=chosen)
    if desk.seed.listed is not None:
        desk.seed.listed(view)
    rows = [shapes.agent_row(desk, agent, "list") for agent in view.chosen]
    return Answer(status=200, body=rows)


def _given(turn: Turn, name: str) -> bool:
    return bool(turn.call.query.get(name))


def _known(query: Obj) -> bool:
    known = query.get("status", "online") in _STATUSES
    return known and query.get("capability", "docker") in CAPABILITIES


def _ordered(desk: Desk) -> list[Agent]:
    agents = [*desk.agents.values()]
    match desk.reading.order:
        case "newest":
            agents.reverse()
        case "priority":
            agents.sort(key=lambda agent: agent.name)
    return agents


def _fits(desk: Desk, agent: Agent, query: Obj) -> bool:
    if "status" in query and desk.status(agent) != query["status"]:
        return False
    return "capability" not in query or query["capability"] in agent.capabilities


def get(turn: Turn) -> Answer:
    """GET /agents/{id}."""
    assert turn.agent is not None
    return Answer(status=200, body=shapes.agent_row(turn.desk, turn.agent, "get"))


async def update(turn: Turn) -> Answer:
    """PUT /agents/{id}."""
    desk, agent, reading = turn.desk, turn.agent, turn.desk.reading
    assert agent is not None
    refusal = _update_refusal(turn, agent)
    if refusal is not None:
        return shapes.refused(refusal, reading)
    change = Update(desk=desk, agent=agent, data=dict(turn.data), answers=agent)
    if desk.seed.update is not None:
        desk.seed.update(change)
    if desk.seed.update_pause:
        await _write_back_late(change)
    else:
        _apply(change)
    if desk.seed.updated is not None:
        desk.seed.updated(change)
    return Answer(status=200, body=shapes.agent_row(desk, change.answers, "update"))


async def _write_back_late(change: Update) -> None:
    """Read the whole, change it, write the whole: what happened meanwhile is lost."""
    agent = change.agent
    before = copy.deepcopy((agent.labels, agent.capabilities))
    await asyncio.sleep(change.desk.seed.update_pause)
    agent.labels, agent.capabilities = before
    _apply(change)


def _update_refusal(turn: Turn, agent: Agent) -> Refusal | None:
    desk, data = turn.desk, turn.data
    if not isinstance(data, dict):
        return Refusal(status=desk.reading.invalid, words="the body is no JSON object")
    labels, skills = data.get("labels", {}), data.get("capabilities", [])
    typed = isinstance(labels, dict) and isinstance(skills, list)
    if not typed or not all(isinstance(one, str) for one in skills):
        return Refusal(status=desk.reading.invalid, words="a field has the wrong type")
    if desk.reading.known_capabilities and not {*skills} <= {*CAPABILITIES}:
        return Refusal(status=desk.reading.invalid, words="no such capability")
    if not desk.reading.part_put and not {"labels", "capabilities"} <= {*data}:
        return Refusal(status=desk.reading.invalid, words="half of a change")
    lost = agent.beat is not None and desk.status(agent) == "offline"
    if lost and desk.reading.offline_update == 503:
        return Refusal(status=503, words="Agent offline or unreachable")
    return None


def _apply(change: Update) -> None:
    agent, data, way = change.agent, change.data, change.desk.reading.put
    labels: Any = data.get("labels", {} if way == "replace" else None)
    skills: Any = data.get("capabilities", [] if way == "replace" else None)
    if labels is not None:
        agent.labels = {**agent.labels, **labels} if way == "merge_labels" else dict(labels)
    told = agent.beat is not None and change.desk.reading.heartbeat_capabilities == "alone"
    if skills is not None and not told:
        agent.capabilities = [*skills]
        agent.pinned = True


async def remove(turn: Turn) -> Answer:
    """DELETE /agents/{id}."""
    desk, agent = turn.desk, turn.agent
    assert agent is not None
    parts = {"registration", "credentials", "stream"}
    removal = Deletion(desk=desk, agent=agent, removed=agent, parts=parts)
    if desk.seed.delete is not None:
        desk.seed.delete(removal)
    gone = removal.removed
    if "registration" in parts:
        desk.agents.pop(gone.id, None)
    if "credentials" in parts:
        for paper in gone.papers.values():
            paper.revoked = True
    if "stream" in parts:
        await _hang_up(desk, gone)
    if desk.seed.deleted is not None:
        desk.seed.deleted(removal)
    body: Obj = {"deleted": True}
    if desk.reading.extras:
        body["id"] = gone.id
    return Answer(status=200, body=body)


async def _hang_up(desk: Desk, agent: Agent) -> None:
    for line in lines_of(desk, agent):
        await leave(desk, line)
        if desk.reading.delete_closes:
            await line.close(4001)
