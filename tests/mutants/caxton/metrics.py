"""What is measured."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from . import bodies, config, shapes
from .agents import named
from .model import Agent, Answer, Obj, Turn

if TYPE_CHECKING:
    from .desk import Desk

__all__ = ["Usage", "of_agent", "system", "traffic", "usage"]

_PERIOD = re.compile(r"(\d{1,6})([smhd])")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


@dataclass(frozen=True, kw_only=True, slots=True)
class Usage:
    """What an agent takes of the machine."""

    memory: float
    """MB."""
    cpu: float
    """A share of one core."""


def usage(desk: Desk, agent: Agent) -> Usage:
    """Half of the memory it may have, and the more CPU the more it has worked."""
    if agent.state not in ("running", "draining"):
        return Usage(memory=0.0, cpu=0.0)
    busy = min(len(agent.worked), 50)
    memory = round(config.megabytes(agent.memory) / 2, 2)
    return Usage(memory=memory, cpu=round(0.05 + busy / 100, 3))


def traffic(desk: Desk, agent: Agent, since: float | None) -> Obj:
    """Messages of an agent since a moment, or since its birth."""
    done, lost = (
        len([at for at in times if since is None or at >= since])
        for times in (agent.worked, agent.failures)
    )
    return desk.bent(
        "traffic",
        {
            "messages_processed": done,
            "messages_failed": lost,
            "average_latency_ms": round(8.5 + done % 7, 2) if done else 0.0,
        },
        agent=agent,
        since=since,
    )


def system(turn: Turn) -> Answer:
    """The whole system at a glance."""
    desk = turn.desk
    agents = list(desk.agents.values())
    done = len(desk.messages)
    recent = len([one for one in desk.messages if one.at > desk.now() - 10])
    body = {
        "timestamp": desk.stamp(),
        "agents": {
            "total": len(agents),
            "running": len([one for one in agents if one.state == "running"]),
            "failed": len([one for one in agents if one.state == "failed"]),
        },
        "messages": {
            "total_processed": done,
            "rate_per_second": recent / 10,
            "queue_size": 0,
        },
        "resources": {
            "cpu_usage_percent": min(95.0, 4.5 + 2 * len(agents)),
            "memory_used_mb": round(512 + sum(usage(desk, one).memory for one in agents), 1),
            "memory_available_mb": 6144,
            "disk_used_gb": 10.5,
        },
        "performance": {
            "message_latency_p50": 8.5,
            "message_latency_p99": 25.25,
            "agent_spawn_time_ms": 85.2,
        },
    }
    return shapes.good(desk, 200, body)


def of_agent(turn: Turn) -> Answer:
    """One agent over a period."""
    desk, agent = turn.desk, named(turn)
    period = turn.call.query.get("period", "1h")
    found = _PERIOD.fullmatch(period)
    bodies.check(desk, found is not None, "period", "must be a number and one of s, m, h, d")
    seconds = int(found[1]) * _SECONDS[found[2]] if found else 3600
    since = desk.bent("period.since", desk.now() - seconds)
    used = usage(desk, agent)
    lost = [at for at in agent.failures if at >= since]
    errors = [
        {"timestamp": desk.stamp(lost[-1]), "error": "delivery_failed", "count": len(lost)}
        for _ in lost[:1]
    ]
    body = {
        "agent_id": agent.id,
        "period": period,
        "metrics": {
            **traffic(desk, agent, since),
            "cpu_usage": {"average": used.cpu, "peak": round(used.cpu * 1.5, 3)},
            "memory_usage": {"average_mb": used.memory, "peak_mb": used.memory},
            "errors": errors,
        },
    }
    return shapes.good(desk, 200, body)
