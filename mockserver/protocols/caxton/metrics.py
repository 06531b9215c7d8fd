"""What is measured: the system as it is, and an agent over a period."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from mockserver.protocols.caxton.agents import Agent
from mockserver.protocols.caxton.answers import INVALID, RefusedError
from mockserver.protocols.caxton.host import MEMORY, Host
from mockserver.protocols.caxton.sizes import seconds_of
from mockserver.world import iso

__all__ = ["of_agent", "of_system"]

_OWN_MEMORY = 384.0
"""MB that the host itself uses, and"""
_OWN_DISK = 8.5
"""GB."""
_WINDOW = 60.0
"""Seconds over which a rate is taken."""


def of_system(host: Host) -> dict[str, Any]:
    now = host.now()
    agents = list(host.agents)
    states = Counter(agent.state for agent in agents)
    used = min(MEMORY / 1e6, _OWN_MEMORY + sum(agent.memory(now) for agent in agents) / 1e6)
    busy = sum(agent.cpu(now) for agent in agents if agent.works)
    latencies = sorted(each.latency for each in host.handled)
    window = max(1.0, min(_WINDOW, now - host.began))
    recent = sum(1 for each in host.handled if each.at >= now - window)
    return {
        "timestamp": iso(now),
        "agents": {
            "total": len(agents),
            "running": states["running"],
            "failed": states["failed"],
        },
        "messages": {
            "total_processed": host.processed,
            "rate_per_second": round(recent / window, 3),
            "queue_size": sum(len(agent.waiting) for agent in agents),
        },
        "resources": {
            "cpu_usage_percent": round(min(100.0, 2.5 + 4 * busy), 1),
            "memory_used_mb": round(used, 1),
            "memory_available_mb": round(MEMORY / 1e6 - used, 1),
            "disk_used_gb": round(_OWN_DISK + sum(agent.module for agent in agents) / 1e9, 3),
        },
        "performance": {
            "message_latency_p50": _percentile(latencies, 0.5),
            "message_latency_p99": _percentile(latencies, 0.99),
            "agent_spawn_time_ms": _mean(host.spawns),
        },
    }


def of_agent(host: Host, agent: Agent, period: str) -> dict[str, Any]:
    """Raises `RefusedError` for a period that is none."""
    now = host.now()
    seconds = seconds_of(period, "period")
    if seconds <= 0:
        raise RefusedError(
            INVALID, f"a period is longer than {period}", field="period", value=period
        )
    whole, since = now - seconds <= agent.created, now - seconds
    handled = sum(1 for each in agent.handled if each.at >= since)
    failures = [each for each in agent.failures if each[0] >= since]
    memory = agent.memory(now) / 1e6
    cpu = agent.cpu(now)
    return {
        "agent_id": agent.id,
        "period": period,
        "metrics": {
            # What it remembers one by one may be less than all that it did.
            "messages_processed": agent.processed if whole else handled,
            "messages_failed": agent.failed if whole else len(failures),
            "average_latency_ms": agent.latency(since) or 0.0,
            "cpu_usage": {"average": cpu, "peak": max(cpu, agent.cpu_peak if agent.works else 0)},
            "memory_usage": {
                "average_mb": round(memory, 2),
                "peak_mb": round(max(memory, agent.memory_peak / 1e6 if agent.works else 0), 2),
            },
            "errors": _errors(failures),
        },
    }


def _errors(failures: Sequence[tuple[float, str]]) -> list[dict[str, Any]]:
    """One entry a kind, with the time of the last."""
    counted = Counter(reason for _, reason in failures)
    last = {reason: at for at, reason in failures}
    return [
        {"timestamp": iso(last[reason]), "error": reason, "count": count}
        for reason, count in counted.items()
    ]


def _percentile(ordered: Sequence[float], share: float) -> float:
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0


def _mean(values: Sequence[float]) -> float:
    return round(sum(values) / len(values), 2) if values else 0.0
