"""Rate limits."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from .model import Bucket, Refusal, Turn, Via

if TYPE_CHECKING:
    from .desk import Desk

__all__ = ["CLASSES", "class_of", "settle", "take"]

CLASSES: dict[str, tuple[int, float, int]] = {
    "deploy": (10, 60.0, 20),
    "send": (1000, 1.0, 2000),
    "metrics": (100, 60.0, 200),
    "system": (50, 60.0, 100),
}
"""Requests, in so many seconds, and the burst."""

_LIFECYCLE = ("stop", "remove", "update", "reload", "create_deployment", "rollback")
_CODE = ("update", "reload", "create_deployment")


def class_of(desk: Desk, op: str) -> str | None:
    """Which limit an operation counts for."""
    return desk.bent("limit.class", _class(desk, op), op=op)


def _class(desk: Desk, op: str) -> str | None:
    reading = desk.reading
    if op == "deploy" or (reading.deploy_class == "all" and op in _CODE):
        return "deploy"
    if op == "send":
        return "send"
    if op in ("system", "agent_metrics"):
        return "metrics"
    wanted = reading.system == "everything" or (reading.system == "lifecycle" and op in _LIFECYCLE)
    return "system" if wanted else None


def take(desk: Desk, op: str, token: str, via: Via) -> Refusal | None:
    """Count a request, or say why it comes too soon."""
    kind = class_of(desk, op)
    if kind is None:
        return None
    bucket = _bucket(desk, kind, op, token, via)
    _refill(desk, bucket)
    if desk.bent("limit.enough", bucket.left >= 1, kind=kind, bucket=bucket, op=op, via=via):
        bucket.left = desk.bent("limit.left", bucket.left - 1, kind=kind, bucket=bucket, op=op)
        return None
    if desk.reading.refused_count:
        bucket.left = 0.0
    wait = max(1.0, _next(desk, bucket) - desk.now())
    refusal = Refusal(
        status=429,
        code="RATE_LIMITED",
        words=f"too many requests of the class {kind}",
        details={"limit": CLASSES[kind][0], "retry_after_seconds": math.ceil(wait)},
        wait=wait,
    )
    return desk.bent("limit.refusal", refusal, kind=kind, op=op, via=via)


def settle(turn: Turn) -> None:
    """Write the headers, and take back what a refused request has counted for."""
    desk = turn.desk
    status = turn.answer.status
    kind = class_of(desk, turn.op)
    if kind is None or status == 401:
        return
    bucket = _bucket(desk, kind, turn.op, turn.token, "rest")
    if not desk.reading.invalid_counts and status in (400, 404, 409, 415, 422):
        bucket.left = min(bucket.burst, bucket.left + 1)
    shown = CLASSES[kind][0 if desk.reading.limit_shows == "rate" else 2]
    most = shown if desk.reading.remaining_capped else CLASSES[kind][2]
    headers = {
        "X-RateLimit-Limit": str(shown),
        "X-RateLimit-Remaining": str(min(most, max(0, math.floor(bucket.left)))),
        "X-RateLimit-Reset": str(math.ceil(_reset(desk, bucket))),
    }
    turn.answer.headers |= desk.bent("limit.headers", headers, kind=kind, turn=turn)


def _bucket(desk: Desk, kind: str, op: str, token: str, via: Via) -> Bucket:
    who = "*" if desk.reading.buckets == "global" else token
    what = op if desk.reading.buckets == "endpoint" else ""
    door = "" if desk.reading.grpc_shares else via
    key: tuple[str, ...] = desk.bent("limit.key", (kind, who, door, what))
    if key not in desk.buckets:
        count, period, burst = CLASSES[kind]
        desk.buckets[key] = Bucket(
            rate=count / period, period=period, burst=burst, left=float(burst), at=desk.now()
        )
    return desk.buckets[key]


def _refill(desk: Desk, bucket: Bucket) -> None:
    passed = desk.now() - bucket.at
    if desk.reading.refill == "lump":
        passed = math.floor(passed / bucket.period) * bucket.period
    gained = desk.bent("limit.gained", passed * bucket.rate, bucket=bucket)
    bucket.left = min(float(bucket.burst), bucket.left + gained)
    bucket.at += passed


def _next(desk: Desk, bucket: Bucket) -> float:
    """When a request may come again."""
    if desk.reading.refill == "lump":
        return bucket.at + bucket.period
    return desk.now() + max(0.0, 1 - bucket.left) / bucket.rate


def _reset(desk: Desk, bucket: Bucket) -> float:
    if desk.reading.reset == "next":
        return _next(desk, bucket)
    missing = bucket.burst - bucket.left
    if desk.reading.refill == "lump":
        each = bucket.rate * bucket.period
        return bucket.at + math.ceil(max(missing, 1) / each) * bucket.period
    return desk.now() + missing / bucket.rate
