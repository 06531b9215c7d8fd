"""Heartbeats: signs of life, status, and the renewal of certificates."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from . import shapes
from .authority import issue
from .fault import Beat, Renewal
from .model import Agent, Answer, Obj, Peer, Refusal
from .tasks import deliver

if TYPE_CHECKING:
    from .desk import Desk
    from .fault import Turn

__all__ = ["heartbeat", "status_of"]

_RENEWAL_LEAD = 3600
"""Seconds before its expiry from which on a certificate is renewed."""


def status_of(desk: Desk, agent: Agent) -> str:
    """`online`, `offline` or `degraded`, by the server's clock."""
    status = _plain_status(desk, agent)
    return status if desk.seed.status is None else desk.seed.status(desk, agent, status)


def _number(told: object) -> float:
    """What is no number weighs nothing: it may be taken, but must break nothing."""
    return told if isinstance(told, int | float) else 0.0


def _plain_status(desk: Desk, agent: Agent) -> str:
    reading = desk.reading
    if agent.beat is None and reading.first_status != "online" and agent.life == agent.registered:
        return reading.first_status
    streams = reading.stream_is_life and any(line.agent is agent for line in desk.lines)
    missed = 0.0 if streams else (desk.now() - agent.life) / agent.interval
    if missed >= reading.offline_after:
        return "offline"
    usage = agent.usage or {}
    degraded = {
        "health": agent.health != "healthy",
        "never": False,
        "missed": missed >= 2.0,
        "load": _number(usage.get("cpu")) > 90.0,
    }[reading.degraded_by]
    return "degraded" if degraded else "online"


async def heartbeat(turn: Turn) -> Answer:
    """POST /agents/{id}/heartbeat."""
    desk, agent = turn.desk, turn.agent
    assert agent is not None
    complaint = _complaint(turn)
    if complaint is not None:
        return shapes.refused(complaint, desk.reading)
    beat = Beat(desk=desk, turn=turn, agent=agent, data=turn.data, at=desk.now())
    if desk.seed.beat is not None:
        desk.seed.beat(beat)
    if beat.pause:
        await asyncio.sleep(beat.pause)
    _note(beat)
    if desk.seed.beaten is not None:
        desk.seed.beaten(beat)
    certificate = _renewed(desk, agent, turn.call.peer)
    body: Obj = {"tasks": deliver(desk, agent, "heartbeat")}
    body |= shapes.renewal(desk, certificate)
    return Answer(status=200, body=body)


def _complaint(turn: Turn) -> Refusal | None:
    """What is wrong with the body, where the reading looks."""
    reading, data = turn.desk.reading, turn.data
    if not isinstance(data, dict):
        return Refusal(status=reading.invalid, words="the body is no JSON object")
    if not reading.strict_bodies:
        return None
    usage, skills = data.get("resourceUsage", {}), data.get("capabilities", [])
    if not isinstance(usage, dict) or not isinstance(skills, list):
        return Refusal(status=reading.invalid, words="a field has the wrong type")
    return None


def _note(beat: Beat) -> None:
    agent, data, reading = beat.agent, beat.data, beat.desk.reading
    agent.beat = beat.at
    if beat.revives:
        agent.life = beat.at
    if isinstance(data.get("status"), str):
        agent.health = data["status"]
    if isinstance(data.get("resourceUsage"), dict):
        agent.usage = dict(data["resourceUsage"])
    skills = data.get("capabilities")
    follows = reading.heartbeat_capabilities in ("latest", "alone") or (
        reading.heartbeat_capabilities == "pinned" and not agent.pinned
    )
    if follows and isinstance(skills, list):
        agent.capabilities = [one for one in skills if isinstance(one, str)]


def _renewed(desk: Desk, agent: Agent, peer: Peer | None) -> Obj | None:
    """A new certificate when the current one is within an hour of its expiry."""
    papers = agent.papers
    current = papers.get(peer.fingerprint) if peer is not None else None
    if current is None or desk.reading.renewal_judges == "newest":
        current = [*papers.values()][-1] if papers else None
    if current is None:
        return None
    left = current.not_after - desk.now()
    due = left <= _RENEWAL_LEAD
    nth = desk.renewals.get(agent.id, 0) + 1
    decision = Renewal(desk=desk, agent=agent, due=due, left=left, nth=nth)
    if desk.seed.renew is not None:
        desk.seed.renew(decision)
    if not decision.due:
        return None
    desk.renewals[agent.id] = nth
    before = [*papers.values()]
    certificate = issue(desk, agent, renewal=True)
    if desk.reading.old_paper == "at_once":
        for old in before:
            old.revoked = True
    return certificate
