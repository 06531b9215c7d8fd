"""Agents as the list shows them, while some send heartbeats and others are silent."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from conformance.exchange import Exchange
from conformance.judge import Judge
from conformance.protocols.stella.fleet import Agent, Fleet, rows_of

__all__ = ["GRACE", "View", "Watch"]

GRACE = 5.0
"""Seconds after the fourth interval in which an agent may still be found to be silent."""

_TURN = 4.0
"""Seconds of our own time in which a peer sees that time has jumped."""

_AGAIN = 0.2
"""Seconds between two looks at it."""

_STILL = 3.0
"""Intervals until which nobody is offline."""

_GONE = 4.0
"""Intervals after which everybody is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """One look at the list: the answer, and the agents in it by their ids."""

    said: Exchange
    rows: Mapping[str, dict[str, Any]]

    def status(self, agent: Agent) -> Any:
        return self.rows.get(agent.id, {}).get("status")

    def of(self, agent: Agent, name: str) -> Any:
        return self.rows.get(agent.id, {}).get(name)


@dataclass(slots=True, kw_only=True)
class _Pulse:
    """The last heartbeat of an agent: when it was sent by the latest clock, and how much had
    passed for sure.
    """

    said: Exchange
    sent: float
    passed: float


class Watch:
    """Who sent the last heartbeat when, and what becomes of it."""

    def __init__(self, fleet: Fleet, judge: Judge) -> None:
        self.fleet = fleet
        self.judge = judge
        self._pulses: dict[str, _Pulse] = {}
        self._jumped = 0.0
        self._leave = _TURN

    @property
    def _passed(self) -> float:
        """Seconds that have passed for sure: a clock that jumps may stand still in between."""
        return self._jumped if self.fleet.hours.can_jump else self.fleet.hours.now()

    async def beat(self, *agents: Agent) -> None:
        for agent in agents:
            await self._send(agent)

    async def part(self, agent: Agent, *, lawful: bool = True, **told: Any) -> None:
        """A heartbeat that says something else than usual; a usual one where it is refused."""
        skills = agent.body["capabilities"]
        pulse = self.fleet.pulse(capabilities=skills, **told)
        if not await self._send(agent, pulse, lawful=lawful):
            await self._send(agent)

    async def _send(self, agent: Agent, pulse: Any = None, **options: Any) -> bool:
        sent = self.fleet.hours.now()
        said = await self.fleet.heartbeat(agent, pulse, **options)
        if said.ok:
            self._pulses[agent.id] = _Pulse(said=said, sent=sent, passed=self._passed)
        return said.ok

    async def pass_by(self, seconds: float) -> None:
        """Let so much of the peer's time pass."""
        await self.fleet.hours.pass_by(seconds)
        if self.fleet.hours.can_jump:
            self._jumped += seconds

    async def look(self, query: Mapping[str, str] | None = None) -> View:
        said = await self.fleet.list(query)
        rows = {row["id"]: row for row in rows_of(said) if isinstance(row.get("id"), str)}
        return View(said=said, rows=rows)

    def still(self, agent: Agent) -> bool:
        """Is the last heartbeat certainly less than three intervals old?"""
        pulse = self._pulses.get(agent.id)
        age = None if pulse is None else self.fleet.hours.now() - pulse.sent
        return age is not None and age < _STILL * agent.interval

    def gone(self, agent: Agent) -> bool:
        """Is it certainly more than four intervals old?"""
        pulse = self._pulses.get(agent.id)
        past = None if pulse is None else self._passed - pulse.passed
        return past is not None and past >= _GONE * agent.interval + GRACE

    # What is judged

    async def not_offline(self, row: str, *agents: Agent) -> None:
        """None whose last heartbeat is young enough is offline, in the list and by its filters."""
        all_of_them = await self.look()
        off = await self.look({"status": "offline"})
        for agent in filter(self.still, agents):
            told = f"{agent.name}, whose last heartbeat is not yet three intervals old,"
            fine = all_of_them.status(agent) not in ("offline", None)
            wrong = f"{told} is {all_of_them.status(agent) or 'not in the list'}"
            self.judge.holds(row, fine, wrong, *self._shown(agent), all_of_them.said)
            fine = off.said.ok and agent.id not in off.rows
            wrong = f"{told} is among those that are offline"
            self.judge.holds(row, fine, wrong, *self._shown(agent), off.said)

    async def online(self, row: str, *agents: Agent) -> None:
        """Each is online, in the list and by its filters."""
        all_of_them = await self.look()
        on, off = await self.look({"status": "online"}), await self.look({"status": "offline"})
        for agent in agents:
            status = all_of_them.status(agent)
            wrong = f"{agent.name}, which has just sent a heartbeat, is {status or 'not listed'}"
            shown = (*self._shown(agent), all_of_them.said)
            self.judge.holds(row, status == "online", wrong, *shown)
            wrong = f"{agent.name}, which is online, is not found by that filter"
            self.judge.holds(row, agent.id in on.rows, wrong, *self._shown(agent), on.said)
            wrong = f"{agent.name}, which is online, is found among those that are offline"
            fine = off.said.ok and agent.id not in off.rows
            self.judge.holds(row, fine, wrong, *self._shown(agent), off.said)

    async def offline(self, row: str, *agents: Agent, why: str = "") -> bool:
        """Each whose last heartbeat is old enough is offline, in the list, by its filters and, as
        far as they tell it, in its details.
        """
        all_of_them = await self._settled(agents)
        on, off = await self.look({"status": "online"}), await self.look({"status": "offline"})
        kept = True
        for agent in filter(self.gone, agents):
            details = await self.fleet.get(agent.id)
            told = f"{agent.name}, which has been silent for more than four intervals{why},"
            status = all_of_them.status(agent)
            before = self._shown(agent)
            words = [
                (status == "offline", f"is {status or 'not in the list'}", all_of_them.said),
                (agent.id in off.rows, "is not found by the filter offline", off.said),
                (on.said.ok and agent.id not in on.rows, "is found by the filter online", on.said),
                (
                    details.at("/status") not in ("online", "degraded"),
                    f"is {details.at('/status')} by its details",
                    details,
                ),
            ]
            for fine, wrong, said in words:
                kept &= self.judge.holds(row, fine, f"{told} {wrong}", *before, said)
        return kept

    async def _settled(self, agents: Sequence[Agent]) -> View:
        """The list as soon as it shows as offline who must be: where time has jumped, a peer that
        looks round from time to time has not had its turn yet.
        """
        silent = list(filter(self.gone, agents))
        end = time.monotonic() + (self._leave if self.fleet.hours.can_jump else 0.0)
        while True:
            view = await self.look()
            if all(view.status(agent) == "offline" for agent in silent):
                return view
            if time.monotonic() > end:
                self._leave = 0.0  # once is enough for a peer that never sees it
                return view
            await asyncio.sleep(_AGAIN)

    def _shown(self, agent: Agent) -> list[Exchange]:
        pulse = self._pulses.get(agent.id)
        return [] if pulse is None else [pulse.said]
