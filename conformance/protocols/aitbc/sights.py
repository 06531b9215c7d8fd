"""What a coordinator shows of the agents of one case, held against a model of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from conformance.exchange import Exchange
from conformance.judge import same
from conformance.protocols.aitbc.dialogue import TYPES, ids_of, listed
from conformance.protocols.aitbc.model import FIELDS, AgentModel, fits
from conformance.protocols.aitbc.registry import Registry
from conformance.times import later, parse_time

__all__ = ["SIGHT_ROWS", "Sights"]

_SHOWN = {
    **FIELDS,
    "status": "AITBC-STAT-014",
    "load_metrics": "AITBC-STAT-016",
    "registration_time": "AITBC-GET-029",
    "last_heartbeat": "AITBC-GET-031",
    "moved": "AITBC-BEAT-002",
}
"""Which requirement each field keeps of an agent that is asked for by its id."""

_LISTED = {**dict.fromkeys(_SHOWN, "AITBC-DISC-037"), **dict.fromkeys(FIELDS, "AITBC-DISC-036")}
"""The same of one that a search lists."""

_ONE = {"capabilities": "AITBC-DISC-026", "services": "AITBC-DISC-029"}

_SEVERAL = {"capabilities": "AITBC-DISC-027", "services": "AITBC-DISC-030"}

_SAID = {"status": "AITBC-DISC-024", "agent_type": "AITBC-DISC-025"}
"""Which requirement it keeps that whoever is found shows what was searched for."""

SIGHT_ROWS = (
    *_SAID.values(),
    *_SHOWN.values(),
    *dict.fromkeys(_LISTED.values()),
    *_ONE.values(),
    *_SEVERAL.values(),
    "AITBC-DISC-022",
    "AITBC-DISC-031",
    "AITBC-DISC-033",
    "AITBC-DISC-035",
    "AITBC-GET-001",
    "AITBC-GET-019",
    "AITBC-GET-020",
)
"""What is judged here."""


class Sights:
    """Looks at the agents of a registry, one by one and by searches."""

    def __init__(self, registry: Registry) -> None:
        self.registry = registry
        self.model = registry.model
        self.judge = registry.judge

    async def look(self, place: int) -> None:
        """Ask for whoever stands in that place."""
        agent_id = self.registry.ids[place]
        agent = self.model.agents.get(agent_id)
        sure = self.model.sure(agent_id) is not None
        said = await self.registry.aitbc.get(agent_id, known=sure)
        if agent is None:
            if agent_id not in self.model.wild:
                self.judge.status("AITBC-GET-020", said, 404)
            return
        if said.status == 404 and not sure:
            del self.model.agents[agent_id]  # forgotten, and free again
            return
        if self.judge.status("AITBC-GET-001", said, 200):
            self.judge.equal("AITBC-GET-019", said, "/agent/agent_id", agent_id)
            self._judge_shown(agent, said, "/agent", _SHOWN)

    async def search(self, filters: Mapping[str, Any]) -> None:
        """Search among the agents of the case, by filters in words of its own."""
        if not {"capabilities", "services"} & filters.keys():
            filters = {**filters, "capabilities": [self.registry.mark]}
        said = await self.registry.aitbc.discover(**filters)
        if not said.ok:
            return  # every search is served: a rule sees to that
        ids = self.registry.ids
        found = ids_of(said, ids)
        lawful = self.model.searches(filters)
        missing, extra = sorted(lawful[0].must - found), sorted(found - lawful[0].may)
        self.judge.holds(
            _row_of(filters),
            any(each.allows(found) for each in lawful),
            f"a search for {_told(filters)} misses {len(missing)} agents that match and lists"
            f" {len(extra)} that do not ({', '.join([*missing, *extra][:3])})",
            said,
            pointer="/agents",
            expected=sorted(lawful[0].must),
            actual=sorted(found),
        )
        self._judge_list(said, filters)

    def _judge_list(self, said: Exchange, filters: Mapping[str, Any]) -> None:
        agents = said.at("/agents")
        if isinstance(agents, list):
            self.judge.equal("AITBC-DISC-022", said, "/count", len(agents))
        ids = [str(each.get("agent_id")) for each in listed(said)]
        self.judge.holds(
            "AITBC-DISC-035",
            len(ids) == len(set(ids)),
            "an agent is listed twice",
            said,
            pointer="/agents",
        )
        for name, row in _SAID.items():
            if name in filters:
                odd = [each for each in listed(said) if each.get(name) != filters[name]]
                wrong = f"a search for {name} {filters[name]!r} lists an agent that shows another"
                self.judge.holds(row, not odd, wrong, said, pointer="/agents")
        for place, agent_id in enumerate(ids):
            agent = self.model.agents.get(agent_id)
            if agent is not None:
                self._judge_shown(agent, said, f"/agents/{place}", _LISTED)

    def _judge_shown(
        self, agent: AgentModel, said: Exchange, at: str, rows: Mapping[str, str]
    ) -> None:
        """All that is shown of one, and what is certain of it from then on."""
        shown = said.at(at)
        right = True
        for name, wanted, fine in _held_against(agent, shown):
            right &= self.judge.holds(
                rows[name],
                fine,
                f"{name} of {agent.agent_id} is {_short(shown.get(name))}, not {_short(wanted)}",
                said,
                pointer=f"{at}/{name}" if name in shown else at,
                expected=wanted,
                actual=shown.get(name),
            )
        if right and _complete(shown):
            agent.learns(shown, self.model.now)

    async def audit(self) -> None:
        """Everybody at a glance, by each status that is known, and by type."""
        await self.search({})
        agents = self.model.agents.values()
        for status in sorted({status for agent in agents for status in agent.status or ()}):
            await self.search({"status": status})
        for kind in TYPES:  # also those that somebody was before
            await self.search({"agent_type": kind})


def _held_against(agent: AgentModel, shown: Any) -> list[tuple[str, Any, bool]]:
    """For each field that is known: what is expected, and whether it is shown. What has not the
    form that it must have, its place judges.
    """
    if not isinstance(shown, dict):
        return []
    held = [
        (name, agent.held[name][-1], any(fits(shown[name], each) for each in agent.held[name]))
        for name in FIELDS
        if name in shown
    ]
    status = shown.get("status")
    if agent.status is not None and isinstance(status, str):
        held.append(("status", sorted(agent.status), status in agent.status))
    load = shown.get("load_metrics")
    if agent.load and isinstance(load, dict):
        told = {name: values[-1] for name, values in agent.load.items()}
        fine = all(
            any(same(load.get(name), value) for value in values)
            for name, values in agent.load.items()
        )
        held.append(("load_metrics", told, fine))
    if agent.registered is not None and "registration_time" in shown:
        time = shown["registration_time"]
        held.append(("registration_time", agent.registered, time == agent.registered))
    time = shown.get("last_heartbeat")
    if agent.heard is not None and parse_time(time) is not None:
        if agent.moved:
            held.append(("moved", f"later than {agent.heard}", later(agent.heard, time)))
        else:
            held.append(("last_heartbeat", agent.heard, time == agent.heard))
    return held


def _complete(shown: Any) -> bool:
    """Is all there that a model can learn from?"""
    names = (*FIELDS, "registration_time", "last_heartbeat")
    if not isinstance(shown, dict) or not all(name in shown for name in names):
        return False
    return isinstance(shown.get("status"), str) and isinstance(shown.get("load_metrics"), dict)


def _row_of(filters: Mapping[str, Any]) -> str:
    if "status" in filters and len(filters) == 2:
        return "AITBC-DISC-033"
    if len(filters) > 1:
        return "AITBC-DISC-031"
    name, items = next(iter(filters.items()))
    return (_ONE if len(items) == 1 else _SEVERAL)[name]


def _told(filters: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {value!r}" for name, value in filters.items())


def _short(value: Any, limit: int = 100) -> str:
    text = repr(value)
    return text if len(text) <= limit else text[: limit - 1] + "…"
