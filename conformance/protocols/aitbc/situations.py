"""What an AITBC agent must cope with, as data."""

from __future__ import annotations

from conformance.examiner import Situation
from conformance.stage import Stage
from mockserver import Fault
from mockserver.protocols.aitbc import AitbcCoordinator

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


_NEIGHBOURS = tuple(
    {
        "agent_id": f"neighbour-{number} {mark}",
        "agent_type": ("worker", "provider", "consumer", "general")[number % 4],
        "capabilities": ["mooring", f"berth-{number % 3}"],
        "services": [] if number % 5 == 0 else ["pilotage"],
        "endpoints": {"http": f"http://127.0.0.1:{9100 + number}"},
        "metadata": {"version": f"0.{number}", "tags": ["quay", mark], "draught": 2.5 * number},
    }
    for number, mark in enumerate("aé/#漢 ?%b+c:d")
)
"""Others whom a search finds as well, before the agent itself."""


async def _in_company(stage: Stage) -> None:
    coordinator = stage.session.coordinator
    assert isinstance(coordinator, AitbcCoordinator)
    for neighbour in _NEIGHBOURS:
        coordinator.registry.register(neighbour, stage.session.world.clock.now())
    await stage.until(lambda: stage.entries, stage.pace.launch)
    await stage.until(lambda: False, stage.patience)


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
    Situation(
        name="in company",
        faults=[Fault(kind="dribble", size=97, times=None)],
        play=_in_company,
    ),
    Situation(name="unknown fields", faults=[Fault(kind="extra", times=None)]),
)
