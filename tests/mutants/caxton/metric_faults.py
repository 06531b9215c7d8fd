"""Faults in what is measured."""

from __future__ import annotations

from typing import Any, Final

from .fault import Fault, Row, Seed, Spot, at, table
from .seeds import on_body

__all__ = ["METRIC_FAULTS"]


def _system(part: str, **change: Any) -> Seed:
    return on_body("system", lambda body, spot: body[part].update(change))


def _traffic(change: Any) -> Seed:
    def bend(told: Any, spot: Spot) -> Any:
        change(told, spot)
        return told

    return at("traffic", bend)


def _frozen(body: Any, spot: Spot) -> None:
    body.update(
        spot.memo.setdefault("body", {key: dict(body[key]) for key in ("agents", "messages")})
    )


def _agent(part: str, **change: Any) -> Seed:
    return on_body("agent_metrics", lambda body, spot: body["metrics"][part].update(change))


def _swapped(told: Any, spot: Spot) -> None:
    told["messages_processed"], told["messages_failed"] = (
        told["messages_failed"],
        told["messages_processed"],
    )


def _shared(told: Any, spot: Spot) -> None:
    told["messages_processed"] = sum(len(one.worked) for one in spot.desk.agents.values())


def _with_draining(body: Any, spot: Spot) -> None:
    body["agents"]["running"] += sum(one.state == "draining" for one in spot.desk.agents.values())


def _unlimited_idle(body: Any, spot: Spot) -> None:
    if body["status"] == "stopped":
        body["resources"].update(limits={})


def _of_the_living(body: Any, spot: Spot) -> None:
    left = sum(len(one.worked) for one in spot.desk.agents.values())
    body["messages"].update(total_processed=left)


_SYSTEM: Final[tuple[Row, ...]] = (
    (
        "total.less",
        "total is less than running and failed",
        on_body(
            "system",
            lambda b, s: b["agents"].update(
                total=b["agents"]["running"] - 1 if b["agents"]["running"] else 0
            ),
        ),
    ),
    ("total.constant", "total does not follow", _system("agents", total=42)),
    (
        "running.all",
        "stopped agents count as running",
        on_body("system", lambda b, s: b["agents"].update(running=b["agents"]["total"])),
    ),
    ("running.zero", "nobody counts as running", _system("agents", running=0)),
    ("failed.zero", "failed agents are not counted", _system("agents", failed=0)),
    ("frozen", "the numbers are those of the first look", on_body("system", _frozen)),
    ("messages.zero", "messages are not counted", _system("messages", total_processed=0)),
    (
        "messages.falls",
        "the number of messages falls",
        on_body("system", lambda b, s: b["messages"].update(total_processed=1000 - s.nth)),
    ),
    (
        "~messages.of_the_living",
        "messages to agents that are gone count no more",
        on_body("system", _of_the_living),
    ),
    ("~cpu.above", "CPU is above 100 percent", _system("resources", cpu_usage_percent=180.0)),
    ("~latency.swapped", "p50 is above p99", _system("performance", message_latency_p50=99.5)),
    (
        "timestamp.frozen",
        "the timestamp is that of the first look",
        on_body("system", lambda b, s: b.update(timestamp=s.memo.setdefault("at", b["timestamp"]))),
    ),
)

_DRAINED: Final[tuple[Row, ...]] = (
    ("running.draining", "agents that drain count as running", on_body("system", _with_draining)),
)

_AGENT: Final[tuple[Row, ...]] = (
    (
        "~processed.frozen",
        "processed messages are not counted",
        _traffic(lambda t, s: t.update(messages_processed=0)),
    ),
    (
        "~processed.doubled",
        "processed messages are counted twice",
        _traffic(lambda t, s: t.update(messages_processed=2 * t["messages_processed"])),
    ),
    ("processed.shared", "the messages of all agents are counted", _traffic(_shared)),
    ("~failed.swapped", "processed and failed messages are swapped", _traffic(_swapped)),
    ("~period.ignored", "the period makes no difference", at("period.since", lambda v, s: 0.0)),
    (
        "~period.short",
        "over more than two hours nothing is counted",
        at("period.since", lambda v, s: v if s.desk.now() - v < 7201 else s.desk.now() + 1),
    ),
    (
        "period.default",
        "the period reads 1h whatever was asked",
        on_body("agent_metrics", lambda b, s: b.update(period="1h")),
    ),
    (
        "period.seconds",
        "the period is a number of seconds",
        on_body("agent_metrics", lambda b, s: b.update(period=3600)),
    ),
    ("~cpu.peak", "the average is above the peak", _agent("cpu_usage", peak=0.001)),
    ("~memory.peak", "the average memory is above the peak", _agent("memory_usage", peak_mb=0.5)),
    (
        "agent.other",
        "the agent is another",
        on_body("agent_metrics", lambda b, s: b.update(agent_id=[*s.desk.agents][-1])),
    ),
)

_DETAILS: Final[tuple[Row, ...]] = (
    (
        "~uptime.frozen",
        "the uptime does not grow",
        on_body("get", lambda b, s: b["metrics"].update(uptime_seconds=0)),
    ),
    (
        "~uptime.milli",
        "the uptime is in milliseconds",
        on_body(
            "get",
            lambda b, s: b["metrics"].update(uptime_seconds=1000 * b["metrics"]["uptime_seconds"]),
        ),
    ),
    (
        "~uptime.moment",
        "the uptime is a moment",
        on_body("get", lambda b, s: b["metrics"].update(uptime_seconds=int(s.desk.now()))),
    ),
    (
        "deployed.now",
        "the deployment was just now",
        on_body("get", lambda b, s: b["deployment"].update(deployed_at=s.desk.stamp())),
    ),
    ("~limits.idle", "a stopped agent shows no limits", on_body("get", _unlimited_idle)),
    (
        "limits.default",
        "the memory limit is not that of the deployment",
        on_body("get", lambda b, s: b["resources"]["limits"].update(memory="64MB")),
    ),
    (
        "~usage.above",
        "more memory is used than there may be",
        on_body("get", lambda b, s: b["resources"]["usage"].update(memory="900GB")),
    ),
    (
        "version.default",
        "the version is always 1.0.0",
        on_body("get", lambda b, s: b.update(version="1.0.0")),
    ),
)

METRIC_FAULTS: Final[tuple[Fault, ...]] = (
    *table("Get System Metrics", _SYSTEM, prefix="system."),
    *table("Get System Metrics", _DRAINED, prefix="system.", reading="slow", implied=True),
    *table("Get Agent Metrics", _AGENT, prefix="agent_metrics."),
    *table("Get Agent Details", _DETAILS, prefix="get."),
)
