"""Listing agents, and looking at one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import bodies, config, metrics, shapes
from .agents import named
from .model import STATES, Agent, Answer, Obj, Turn

if TYPE_CHECKING:
    from .desk import Desk

__all__ = ["counted", "get", "listing", "page", "shown_state"]


def shown_state(desk: Desk, agent: Agent) -> str:
    """What an agent's status reads."""
    updating = agent.updating and desk.reading.updating_shown
    return desk.bent("status", "updating" if updating else agent.state, agent=agent)


def counted(desk: Desk, query: dict[str, str], name: str, default: int, least: int) -> int:
    """A number of the query; refused where it is none, or taken for the default."""
    given = query.get(name)
    if given is None:
        return default
    value = int(given) if given.isascii() and given.isdigit() and len(given) < 10 else -1
    if value < least:
        bodies.check(desk, False, name, f"must be a number of at least {least}")
        return default
    return value


def limit_of(desk: Desk, given: int) -> int:
    """A limit within the largest."""
    most = desk.reading.max_limit
    if given > most and desk.reading.over_limit == "refuse":
        bodies.invalid(desk, f"limit must be at most {most}", field="limit")
    return min(given, most)


def page(
    desk: Desk, status: str | None, limit: int, offset: int, door: str
) -> tuple[list[Agent], int, int | None]:
    """The agents of a page, the total, and where the next page starts."""
    everybody = sorted(desk.agents.values(), key=lambda one: one.number)
    if desk.reading.newest_first:
        everybody.reverse()
    everybody = desk.bent("list.all", everybody, door=door)
    chosen = [one for one in everybody if status is None or shown_state(desk, one) == status]
    chosen = desk.bent("list.chosen", chosen, status=status, all=everybody, door=door)
    shown = chosen[offset : offset + limit]
    shown = desk.bent(
        "list.page", shown, chosen=chosen, limit=limit, offset=offset, status=status, door=door
    )
    more = offset + limit < len(chosen)
    total = len(chosen) if desk.reading.total == "filtered" else len(everybody)
    total = desk.bent("list.total", total, shown=shown, chosen=chosen, door=door)
    after = offset + limit if more else None
    return shown, total, desk.bent("list.next", after, limit=limit, offset=offset)


def listing(turn: Turn) -> Answer:
    """All agents, or those of a state."""
    desk, query = turn.desk, turn.call.query
    status = query.get("status")
    strange = status is not None and status not in (*STATES, "updating")
    if strange and desk.reading.unknown_filter == "refuse":
        bodies.invalid(desk, f"'{status}' is no lifecycle state", field="status")
    limit = limit_of(desk, counted(desk, query, "limit", desk.reading.default_limit, 1))
    offset = counted(desk, query, "offset", 0, 0)
    shown, total, after = page(desk, status, limit, offset, "rest")
    body: Obj = {"agents": [_row(desk, one) for one in shown], "total": total}
    if after is not None or desk.reading.absent == "null":
        body["next_offset"] = after
    return shapes.good(desk, 200, body)


def _row(desk: Desk, agent: Agent) -> Obj:
    usage = metrics.usage(desk, agent)
    return {
        "agent_id": agent.id,
        "name": agent.name,
        "status": shown_state(desk, agent),
        "created_at": desk.stamp(agent.born),
        "resources": {"memory_used": f"{usage.memory:g}MB", "cpu_usage": usage.cpu},
    }


def _strategy(desk: Desk, agent: Agent) -> str:
    direct = agent.strategy == "immediate" and desk.reading.strategy_shown == "direct"
    return "direct" if direct else agent.strategy


def get(turn: Turn) -> Answer:
    """One agent in detail."""
    desk, agent = turn.desk, named(turn)
    usage = metrics.usage(desk, agent)
    cpu = agent.cpu if desk.reading.cpu_style == "given" else f"{config.fuel(agent.cpu) // 1000}m"
    body = {
        "agent_id": agent.id,
        "name": agent.name,
        "status": shown_state(desk, agent),
        "version": agent.version,
        "deployment": {
            "strategy": _strategy(desk, agent),
            "deployed_at": desk.stamp(agent.born),
            "deployed_by": "operator@caxton.example",
        },
        "resources": {
            "limits": {"memory": agent.memory, "cpu": cpu},
            "usage": {"memory": f"{usage.memory:g}MB", "cpu": f"{usage.cpu * 100:.0f}m"},
        },
        "metrics": {
            **metrics.traffic(desk, agent, None),
            "uptime_seconds": int(desk.now() - agent.born),
        },
    }
    return shapes.good(desk, 200, body)
