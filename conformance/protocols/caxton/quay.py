"""Agents that come and go over REST and gRPC in any order, and what both show of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from conformance.exchange import Exchange
from conformance.judge import Judge
from conformance.protocols.caxton.caller import Caller, key_of
from conformance.protocols.caxton.client import WASM, Agent, Client, agent_of
from conformance.protocols.caxton.labour import Labour, assigned
from conformance.protocols.caxton.model import State
from conformance.protocols.caxton.refusals import (
    ALREADY_EXISTS,
    NOT_FOUND,
    Refusal,
    judge_refused,
)
from conformance.protocols.caxton.roll import Roll, call_roll

__all__ = ["QUAY_ROWS", "Berth", "Quay"]

QUAY_ROWS = (
    "CAXTON-DEP-012",
    "CAXTON-DEP-013",
    "CAXTON-DEP-014",
    "CAXTON-DEP-015",
    "CAXTON-DEP-022",
    "CAXTON-GET-022",
    "CAXTON-GET-023",
    "CAXTON-LST-014",
    "CAXTON-LST-015",
    "CAXTON-LST-024",
    "CAXTON-STP-005",
    "CAXTON-STP-006",
    "CAXTON-STP-008",
    "CAXTON-STP-012",
    "CAXTON-STP-014",
    "CAXTON-REM-005",
    "CAXTON-REM-008",
    "CAXTON-REM-010",
    "CAXTON-REM-011",
    "CAXTON-REM-012",
    "CAXTON-DIS-012",
    "CAXTON-DIS-016",
    "CAXTON-DIS-018",
    "CAXTON-GRP-014",
    "CAXTON-GRP-016",
    "CAXTON-XTR-001",
    "CAXTON-XTR-002",
    "CAXTON-XTR-007",
    "CAXTON-XTR-009",
)
"""What is judged here."""

_GRACE = 2
_SLACK = 10.0
"""Seconds that an agent may take to stop when its grace period is over."""

_OK = range(200, 300)


@dataclass(slots=True)
class Berth:
    """A place for agents of one name. `rpc` says that the one which is there came over gRPC."""

    name: str
    agent: Agent | None = None
    state: State = "running"
    rpc: bool = False
    gone: list[Agent] = field(default_factory=list)


class Quay:
    """The agents of one case. `caller` is there where gRPC is."""

    def __init__(self, client: Client, caller: Caller | None, judge: Judge, places: int) -> None:
        self.client = client
        self.caller = caller
        self.judge = judge
        self.berths = [Berth(client.new("mate")) for _ in range(places)]

    @property
    def agents(self) -> list[Agent]:
        """All that are there."""
        return [berth.agent for berth in self.berths if berth.agent is not None]

    @property
    def gone(self) -> list[Agent]:
        return [agent for berth in self.berths for agent in berth.gone]

    # Coming

    async def deploy(self, place: int, *, rpc: bool) -> Agent | None:
        """Ask for an agent, under a name that is free, taken, or that of one that was removed."""
        berth = self.berths[place]
        new = berth.agent is None and not berth.gone
        rpc = rpc and self.caller is not None
        config, said = await (self._call if rpc else self._post)(berth.name, served=new)
        if berth.agent is not None:
            self._judge_taken(berth, said, rpc=rpc)
            return None
        if new:
            self.judge.status("CAXTON-GRP-014" if rpc else "CAXTON-DEP-012", said, _OK)
        if not said.ok:
            return None  # whether the name of a removed agent is free is only likely
        agent = agent_of(said, config)
        for other in (*self.agents, *self.gone):
            wrong = f"{agent.name} is given the agent_id of {other.name}, which was there before"
            self.judge.holds("CAXTON-DEP-014", agent.id != other.id, wrong, other.said, said)
        if not rpc:
            self.judge.equal("CAXTON-DEP-013", said, "/name", berth.name)
        seen = await self.client.until(agent, "running")
        berth.agent, berth.rpc = agent, rpc
        berth.state = "running" if seen.at("/status") == "running" else "unsure"
        return agent

    async def _post(self, name: str, *, served: bool) -> tuple[Mapping[str, Any], Exchange]:
        config = self.client.config(name=name)
        return config, await self.client.try_deploy(WASM, served=served, **config)

    async def _call(self, name: str, *, served: bool) -> tuple[Mapping[str, Any], Exchange]:
        assert self.caller is not None, "who calls procedures has a caller"
        config = self.caller.config(name=name)
        return config, await self.caller.deploy(config, served=served)

    def _judge_taken(self, berth: Berth, said: Exchange, *, rpc: bool) -> None:
        """The name is in use, whichever way it came."""
        if rpc != berth.rpc:
            wrong = f"the name {berth.name} is in use, and is given again on another transport"
            self.judge.holds("CAXTON-XTR-007", not said.ok, wrong, said)
        elif rpc:
            wrong = f"the name {berth.name} is in use, and is given again"
            self.judge.holds("CAXTON-GRP-016", not said.ok, wrong, said)
        else:
            self._judge_refused("CAXTON-DEP-022", said, ALREADY_EXISTS)

    def _judge_refused(self, row: str, said: Exchange, refusal: Refusal) -> None:
        """With that status and code; or for its rate, which comes before all else."""
        if said.status != 429:
            judge_refused(self.judge, row, said, refusal)

    # Going

    async def stop(self, place: int, *, wait: bool) -> None:
        """Stop whoever is there, and perhaps wait until it is stopped; or who is there no more."""
        berth = self.berths[place]
        if berth.agent is None:
            for ghost in berth.gone[-1:]:
                said = await self.client.call(
                    "stopAgent", ghost.at, body={"grace_period_seconds": _GRACE}, served=False
                )
                self._judge_refused("CAXTON-STP-014", said, NOT_FOUND)
            return
        if berth.state == "running":
            said = await self.client.stop(berth.agent, grace_period_seconds=_GRACE)
            self.judge.status("CAXTON-STP-005", said, _OK)
            self.judge.equal("CAXTON-STP-006", said, "/agent_id", berth.agent.id)
            berth.state = "draining"
        if wait and berth.state == "draining":
            seen = await self.client.until(berth.agent, "stopped", within=_GRACE + _SLACK)
            wrong = f"{berth.name} was told to stop, and is {seen.at('/status')} at last"
            stopped = seen.at("/status") == "stopped"
            self.judge.holds("CAXTON-STP-008", stopped, wrong, seen, pointer="/status")
            berth.state = "stopped"

    async def remove(self, place: int) -> None:
        """Remove whoever is there, or was."""
        berth = self.berths[place]
        agent = berth.agent
        if agent is None:
            for ghost in berth.gone[-1:]:
                said = await self.client.remove(ghost, served=False)
                self._judge_refused("CAXTON-REM-012", said, NOT_FOUND)
            return
        stopped = berth.state == "stopped"
        said = await self.client.remove(agent, served=stopped)
        if stopped:
            self.judge.status("CAXTON-REM-005", said, _OK)
        if said.ok:
            self.judge.equal("CAXTON-REM-008", said, "/agent_id", agent.id)
            berth.gone.append(agent)
            berth.agent = None

    # Looking

    async def look(self, place: int) -> None:
        """The details of whoever is there, or was."""
        berth = self.berths[place]
        agent = berth.agent
        if agent is None:
            for ghost in berth.gone[-1:]:
                said = await self.client.get(ghost, served=False)
                self._judge_refused("CAXTON-REM-011", said, NOT_FOUND)
            return
        said = await self.client.get(agent)
        self.judge.status("CAXTON-XTR-002" if berth.rpc else "CAXTON-GET-022", said, _OK)
        for pointer, value in (("/agent_id", agent.id), ("/name", berth.name)):
            self.judge.equal("CAXTON-GET-023", said, pointer, value)
        if said.ok and (states := _states(berth)):
            wrong = f"{berth.name} is {said.at('/status')!r}, and must be {' or '.join(states)}"
            self.judge.holds("CAXTON-LST-024", said.at("/status") in states, wrong, said)

    async def list(self, state: str = "") -> None:
        """The list over REST, of all or by a state."""
        roll = await call_roll(self.client, **({"status": state} if state else {}))
        for berth in self.berths:
            if berth.agent is not None:
                self._judge_listed(berth, roll, state)
        for ghost in self.gone:
            wrong = f"{ghost.name} was removed, and is in the list"
            self.judge.holds("CAXTON-REM-010", ghost.id not in roll.ids, wrong, *roll.pages[-1:])

    def _judge_listed(self, berth: Berth, roll: Roll, state: str) -> None:
        agent, states = berth.agent, _states(berth)
        assert agent is not None, "who looks has seen that it is there"
        count = roll.ids.count(agent.id)
        wrong = f"{berth.name} is listed {count} times"
        self.judge.holds("CAXTON-LST-014", count < 2, wrong, *roll.pages[-1:])
        must = not state or states == (state,)
        barred = bool(state and states) and state not in states
        row = "CAXTON-LST-015" if state else "CAXTON-XTR-001" if berth.rpc else "CAXTON-DEP-015"
        wrong = f"{berth.name} is {' or '.join(states)}, and is listed {count} times"
        wrong += f" among those that are {state}" if state else ""
        fine = not (must and not count) and not (barred and count)
        self.judge.holds(row, fine, wrong, *roll.pages[-1:])
        status = roll.status(agent.id)
        if count and states and not state:
            wrong = f"{berth.name} is listed as {status!r}, and must be {' or '.join(states)}"
            row = "CAXTON-STP-012" if berth.state == "stopped" else "CAXTON-LST-024"
            self.judge.holds(row, status in states, wrong, *roll.pages[-1:])

    async def call_list(self) -> None:
        """The list over gRPC, where it is served and its agents can be read."""
        if self.caller is None or not self.gone:
            return
        if not await self.caller.tells("Agent", "agent_id"):
            return
        first = await self.caller.call("AgentService.ListAgents", {"limit": 1}, served=False)
        if not first.ok:
            return  # the document's service lacks it
        pages, rows = await self.caller.walk()
        keys = {key_of(row)[0] for row in rows if isinstance(row, dict)}
        for ghost in self.gone:
            wrong = f"{ghost.name} was removed over REST, and ListAgents shows it"
            self.judge.holds("CAXTON-XTR-009", ghost.id not in keys, wrong, *pages[-1:])

    async def give_work(self, places: Sequence[int]) -> None:
        """A task for some, dead or alive: one of those that run may get it, and nobody else."""
        berths = [self.berths[place] for place in places]
        some = [
            agent for berth in berths for agent in ([berth.agent] if berth.agent else berth.gone)
        ]
        if not some:
            return
        *_, said = await Labour(self.client).award(*some, served=False)
        chosen = assigned(said)
        if chosen is None:
            return  # whether somebody must be found is unsaid
        known = [agent.id for agent in some]
        wrong = f"a task for {known} is assigned to {chosen}"
        self.judge.holds("CAXTON-DIS-012", chosen in known, wrong, said, pointer="/assigned_to")
        lost = {agent.id for agent in self.gone}
        lost |= {each.agent.id for each in self.berths if each.agent and each.state == "stopped"}
        wrong = f"a task is assigned to {chosen}, which was stopped or removed"
        self.judge.holds("CAXTON-DIS-016", chosen not in lost, wrong, said, pointer="/assigned_to")
        task_id = said.at("/task_id")
        if isinstance(task_id, str):
            seen = await Labour(self.client).look(task_id)
            self.judge.equal("CAXTON-DIS-018", seen, "/assigned_to", chosen, said)

    async def tidy(self) -> None:
        """Whoever is left is removed."""
        for agent in self.agents:
            await self.client.remove(agent, lawful=False)


def _states(berth: Berth) -> tuple[str, ...]:
    """What it may be; empty for anything."""
    if berth.state == "unsure":
        return ()
    return ("draining", "stopped") if berth.state == "draining" else (berth.state,)
