"""Rate limits: a bucket of tokens for each client and kind of operation, whatever the transport."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["GROUPS", "GROUP_OF", "Group", "Limits", "Reading"]

_NEARLY = 1e-3
"""What a clock that counts since 1970 may lack of a whole call, at a thousand calls a second."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """One line of the table: `rate` calls in `per` seconds, and `burst` at once."""

    name: str
    rate: int
    per: float
    burst: int


_DEPLOYMENT = Group(name="Agent deployment", rate=10, per=60, burst=20)
_MESSAGES = Group(name="Message sending", rate=1000, per=1, burst=2000)
_METRICS = Group(name="Metrics queries", rate=100, per=60, burst=200)
_SYSTEM = Group(name="System operations", rate=50, per=60, burst=100)

GROUPS = (_DEPLOYMENT, _MESSAGES, _METRICS, _SYSTEM)

GROUP_OF: Mapping[str, Group] = {
    "deployAgent": _DEPLOYMENT,
    "AgentService.DeployAgent": _DEPLOYMENT,
    "sendMessage": _MESSAGES,
    "MessageService.SendMessage": _MESSAGES,
    "MessageService.SendMessageAndWait": _MESSAGES,
    "getSystemMetrics": _METRICS,
    "getAgentMetrics": _METRICS,
    # Silence 8: whatever else changes something. Reading is free.
    "reloadAgent": _SYSTEM,
    "updateAgent": _SYSTEM,
    "stopAgent": _SYSTEM,
    "removeAgent": _SYSTEM,
    "createTask": _SYSTEM,
    "distributeTask": _SYSTEM,
    "createDeployment": _SYSTEM,
    "rollbackDeployment": _SYSTEM,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What came of a call: may it be made, what the headers say, and how long to wait if not."""

    allowed: bool
    headers: Mapping[str, str]
    wait: float
    group: Group


@dataclass(slots=True)
class _Bucket:
    calls: float
    at: float


class Limits:
    """Buckets that start full. A call that is refused costs nothing."""

    def __init__(self, *, limit_is_burst: bool) -> None:
        self._limit_is_burst = limit_is_burst
        self._buckets: dict[tuple[str, str], _Bucket] = {}

    def take(self, client: str, operation: str, now: float) -> Reading | None:
        """Count one call; `None` where the operation has no limit."""
        group = GROUP_OF.get(operation)
        if group is None:
            return None
        bucket = self._buckets.setdefault((client, group.name), _Bucket(group.burst, now))
        speed = group.rate / group.per
        bucket.calls = min(group.burst, bucket.calls + max(0.0, now - bucket.at) * speed)
        bucket.at = now
        allowed = bucket.calls >= 1 - _NEARLY
        if allowed:
            bucket.calls = max(0.0, bucket.calls - 1)
        left = math.floor(bucket.calls + _NEARLY)
        wait = max(0.0, left + 1 - bucket.calls) / speed
        return Reading(
            allowed=allowed,
            headers=self._headers(group, left, now + wait),
            wait=wait,
            group=group,
        )

    def _headers(self, group: Group, left: int, regained: float) -> dict[str, str]:
        """`Remaining` is what the bucket holds, so at first it is more than the rate. `Reset` is
        the second (since 1970) by which one more call than that can surely be made.
        """
        return {
            "X-RateLimit-Limit": str(group.burst if self._limit_is_burst else group.rate),
            "X-RateLimit-Remaining": str(left),
            "X-RateLimit-Reset": str(math.ceil(regained)),
        }

    def view(self) -> list[dict[str, Any]]:
        """How full the buckets were when they were last asked; no token is shown whole."""
        return [
            {"token": f"{client[:3]}…", "group": group, "calls": round(bucket.calls, 3)}
            for (client, group), bucket in self._buckets.items()
        ]
