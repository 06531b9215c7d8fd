"""Who is there and who is lost: by heartbeats, and by nothing else."""

from __future__ import annotations

from heapq import heappop, heappush, heapreplace
from itertools import count

from mockserver.protocols.stella.registry import Agent
from mockserver.protocols.stella.terms import MISSED

__all__ = ["Presence"]


class Presence:
    """A heap with one entry for each agent that is watched. A heartbeat only moves the agent's own
    deadline; its entry is moved when it comes to the top.
    """

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, Agent]] = []
        self._watched: set[Agent] = set()
        self._turn = count()  # tells apart those of the same moment

    def hear(self, agent: Agent, now: float) -> None:
        """A registration or a heartbeat: the agent is there for three intervals more."""
        agent.deadline = now + MISSED * agent.config["heartbeatInterval"]
        if agent not in self._watched:
            self._watched.add(agent)
            heappush(self._heap, (agent.deadline, next(self._turn), agent))

    def due(self) -> float | None:
        """Nobody is lost before this (seconds since 1970)."""
        return self._heap[0][0] if self._heap else None

    def tick(self, now: float) -> None:
        """Whoever missed three intervals is offline, until it is heard again."""
        heap = self._heap
        while heap and heap[0][0] <= now:
            agent = heap[0][2]
            if agent in self._watched and agent.deadline > now:
                heapreplace(heap, (agent.deadline, next(self._turn), agent))
                continue
            heappop(heap)
            if agent in self._watched:
                self._watched.discard(agent)
                agent.status = "offline"

    def forget(self, agent: Agent) -> None:
        """One that is no longer registered. Its entry goes when it comes to the top."""
        self._watched.discard(agent)
