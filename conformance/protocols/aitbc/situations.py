"""What an AITBC agent must cope with, as data."""

from __future__ import annotations

from conformance.examiner import Situation
from mockserver import Fault

__all__ = ["NORMAL", "SITUATIONS"]

_OF_AN_AGENT = (
    "registerAgent",
    "updateAgentStatus",
    "sendHeartbeat",
    "submitTask",
    "getTaskStatus",
)

NORMAL = "normal life"


def _failing(status: int) -> list[Fault]:
    """Each operation fails three times: enough to tell a pause from hammering."""
    return [
        Fault(kind="status", operation=operation, status=status, times=3)
        for operation in _OF_AN_AGENT
    ]


SITUATIONS = (
    Situation(name=NORMAL),
    Situation(name="unavailable", faults=_failing(503)),
    Situation(name="internal errors", faults=_failing(500)),
    Situation(
        name="refused",
        faults=[Fault(kind="status", operation="registerAgent", status=422, times=3)],
    ),
    Situation(
        name="slow answers",
        faults=[
            Fault(kind="delay", operation=operation, seconds=1.2, skip=skip)
            for operation, skip in zip(_OF_AN_AGENT, (0, 1, 1, 0, 0), strict=True)
        ],
    ),
    Situation(
        name="dropped connections",
        faults=[
            Fault(kind="drop", operation=operation, skip=skip)
            for operation, skip in zip(_OF_AN_AGENT, (0, 1, 1, 0, 0), strict=True)
        ],
    ),
    Situation(name="restart", restart_after=3),
    Situation(name="unknown fields", faults=[Fault(kind="extra", times=None)]),
)
