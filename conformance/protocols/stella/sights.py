"""What a coordinator shows of a crew, in its list and in the details of each agent."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from typing import Any

from conformance.exchange import Exchange
from conformance.protocols.stella.crew import Crew
from conformance.protocols.stella.fleet import Agent
from conformance.protocols.stella.model import AgentModel, Moment
from conformance.protocols.stella.roll import alike, judge_filter, paged, rows_by_id
from conformance.times import later

__all__ = ["SIGHT_ROWS", "Sights"]

_BY_FILTER: Mapping[tuple[str, ...], str] = {
    (): "STELLA-LIST-013",
    ("status",): "STELLA-LIST-015",
    ("capability",): "STELLA-LIST-016",
    ("capability", "status"): "STELLA-LIST-017",
}

SIGHT_ROWS = (
    *_BY_FILTER.values(),
    "STELLA-REG-017",
    "STELLA-LIST-014",
    "STELLA-GET-014",
    "STELLA-GET-019",
    "STELLA-UPD-017",
    "STELLA-UPD-020",
    "STELLA-DEL-003",
    "STELLA-DEL-004",
    "STELLA-HB-011",
    "STELLA-HB-013",
    "STELLA-HB-014",
    "STELLA-HB-019",
    "STELLA-HB-020",
    "STELLA-HB-021",
)
"""What is judged here, labels apart."""

_TURN = 4.0
"""Seconds of our own time in which a peer sees that its time has jumped."""

_AGAIN = 0.2


class Sights:
    """Looks at the agents of a crew."""

    def __init__(self, crew: Crew) -> None:
        self.crew = crew
        self.judge = crew.judge
        self._leave = _TURN

    async def list(self, query: Mapping[str, str]) -> None:
        """The list, by filters."""
        before = self.crew.now
        said = await self.crew.fleet.list(query)
        if not said.ok or paged(said):
            return
        words = [(agent, self._fits(model, query, before)) for agent, model in self.crew.agents]
        judge_filter(
            self.judge,
            _BY_FILTER[tuple(sorted(query))],
            said,
            query,
            wanted=[agent for agent, fits in words if fits is True],
            barred=[agent for agent, fits in words if fits is False],
        )
        shown = rows_by_id(said)
        for ghost in self.crew.ghosts:
            wrong = f"the list shows {ghost.name} under an id that was deleted"
            self.judge.holds("STELLA-DEL-003", ghost.id not in shown, wrong, said)
        names = [row.get("name") for row in shown.values()]
        for agent, model in self.crew.agents:
            wrong = f"the list shows {names.count(agent.name)} agents of the name {agent.name}"
            self.judge.holds("STELLA-LIST-014", names.count(agent.name) < 2, wrong, said)
            if agent.id in shown:
                self._judge_row(agent, model, shown[agent.id], said, before)

    def _fits(self, model: AgentModel, query: Mapping[str, str], before: Moment) -> bool | None:
        """Was it so before the question and after it?"""
        first, last = (model.fits(query, now) for now in (before, self.crew.now))
        return first if first == last else None

    def _judge_row(
        self,
        agent: Agent,
        model: AgentModel,
        shown: Mapping[str, Any],
        said: Exchange,
        before: Moment,
    ) -> None:
        """How the list shows one agent. What is not there at all, its place judges."""
        for name, wanted in (("name", agent.name), ("version", model.version)):
            wrong = f"the list shows {shown.get(name)!r} for the {name} of {agent.name}"
            row = "STELLA-UPD-020" if model.updated else "STELLA-REG-017"
            self.judge.holds(row, shown.get(name) == wanted, wrong, said, expected=wanted)
        self._judge_skills(agent, model, shown.get("capabilities"), said)
        self._judge_status(agent, model, shown.get("status"), said, before)
        usage = shown.get("resourceUsage")
        if model.usage is not None and isinstance(usage, dict):
            wrong = f"{agent.name} told {model.usage}, and the list shows {usage}"
            fine = all(usage.get(name) == model.usage[name] for name in ("cpu", "memory"))
            self.judge.holds("STELLA-HB-020", fine, wrong, said, expected=model.usage)
        self._judge_last(agent, model, shown.get("lastHeartbeat"), said)

    def _judge_skills(self, agent: Agent, model: AgentModel, skills: Any, said: Exchange) -> None:
        if not isinstance(skills, list):
            return
        has = set(map(str, skills))
        row = "STELLA-UPD-017" if model.updated else "STELLA-REG-017"
        wanted = sorted(model.must)
        wrong = f"{agent.name} has the capabilities {wanted}, and is shown with {skills}"
        fine = model.must <= has <= model.may
        self.judge.holds(row, fine, wrong, said, expected=wanted, actual=skills)

    def _judge_status(
        self, agent: Agent, model: AgentModel, status: Any, said: Exchange, before: Moment
    ) -> None:
        if not isinstance(status, str) or model.beaten is None:
            return
        statuses = model.statuses(before) | model.statuses(self.crew.now)
        wrong = f"{agent.name} is {status!r}, and must be {' or '.join(sorted(statuses))}"
        row = "STELLA-HB-011"
        if statuses == {"offline"}:
            row = "STELLA-HB-014"
        elif status == "offline":
            row = "STELLA-HB-013"
        self.judge.holds(row, status in statuses, wrong, said, actual=status)

    def _judge_last(self, agent: Agent, model: AgentModel, time_shown: Any, said: Exchange) -> None:
        """It stays where nothing was said by its agent, and never goes back."""
        if time_shown is None:
            return
        if model.shown is not None:
            wrong = f"{agent.name} was silent, and its lastHeartbeat moves from {model.shown}"
            self.judge.holds("STELLA-HB-021", alike(time_shown, model.shown), wrong, said)
        elif model.last is not None:
            wrong = f"the lastHeartbeat of {agent.name} goes back from {model.last}"
            self.judge.holds("STELLA-HB-019", not later(time_shown, model.last), wrong, said)
        model.shown = model.last = time_shown

    async def get(self, place: int) -> None:
        """The details of whoever is there, or was."""
        berth = self.crew.berths[place]
        held = berth.held
        if held is None:
            for ghost in berth.ghosts[-1:]:
                said = await self.crew.fleet.get(ghost.id, served=False)
                self.judge.status("STELLA-DEL-004", said, 404)
            return
        agent, model = held
        said = await self.crew.fleet.get(agent.id)
        if not self.judge.status("STELLA-GET-014", said, 200):
            return
        for name, wanted in (("id", agent.id), ("name", agent.name), ("version", model.version)):
            shown = said.at(f"/{name}")
            wrong = f"the details of {agent.name} show {shown!r} for its {name}"
            fine = shown == wanted or not isinstance(shown, str)
            self.judge.holds("STELLA-GET-019", fine, wrong, said, expected=wanted)
        skills = said.at("/capabilities")
        if isinstance(skills, list):
            wrong = f"{agent.name} has {sorted(model.must)}, and its details show {skills}"
            fine = model.must <= set(map(str, skills)) <= model.may
            self.judge.holds("STELLA-GET-019", fine, wrong, said, expected=sorted(model.must))
        self.crew.judge_labels(said, model)

    async def settle(self) -> None:
        """Time has jumped: a peer that looks round from time to time may not have had its turn."""
        end = time.monotonic() + self._leave
        while time.monotonic() < end:
            shown = rows_by_id(await self.crew.fleet.list())
            now = self.crew.now
            if all(
                model.beaten is None or shown.get(agent.id, {}).get("status") in model.statuses(now)
                for agent, model in self.crew.agents
            ):
                return
            await asyncio.sleep(_AGAIN)
        self._leave = 0.0  # once is enough for a peer that never sees it
