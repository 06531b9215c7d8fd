"""Agents that register, report and beat in any order, and what must be answered to that."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from conformance.exchange import Exchange
from conformance.fuzz.case import Case
from conformance.protocols.aitbc.dialogue import TYPES, Dialogue
from conformance.protocols.aitbc.model import AgentModel, Model

__all__ = ["ANSWER_ROWS", "Registry", "Telling"]

ANSWER_ROWS = (
    "AITBC-REG-001",
    "AITBC-REG-007",
    "AITBC-REG-009",
    "AITBC-REG-013",
    "AITBC-REG-033",
    "AITBC-STAT-001",
    "AITBC-STAT-002",
    "AITBC-STAT-007",
    "AITBC-STAT-009",
    "AITBC-STAT-011",
    "AITBC-STAT-019",
    "AITBC-STAT-021",
    "AITBC-STAT-028",
    "AITBC-BEAT-003",
)
"""What is judged here."""

Telling = tuple[str, Mapping[str, float] | None]
"""A status and, perhaps, metrics: what an update tells."""

_WRONG_UPDATES: Mapping[str, tuple[str, Mapping[str, Any], Sequence[int]]] = {
    "no status": ("AITBC-STAT-019", {"load_metrics": {"cpu_usage": 0.5}}, (422,)),
    "no such status": ("AITBC-STAT-021", {"status": "flying", "load_metrics": {}}, (400, 422)),
}


class Registry:
    """The agents of one case, each in its place, and a model of what may be shown of them.
    `claimed` are the capabilities that the peer has.
    """

    def __init__(
        self, aitbc: Dialogue, case: Case, *, places: int, claimed: Collection[str]
    ) -> None:
        self.aitbc = aitbc
        self.judge = case.judge
        self.model = Model()
        self.mark = aitbc.new("case")
        self.ids = [aitbc.new("agent") for _ in range(places)]
        self._beating = "heartbeat" in claimed
        self._turn = 0

    def sure(self, place: int) -> AgentModel | None:
        """Who stands there, where that is certain."""
        return self.model.sure(self.ids[place])

    def words(self, names: Iterable[str]) -> list[str]:
        """Words that are this case's own."""
        return [f"{self.mark}-{name}" for name in names]

    # Registration

    def body(
        self, place: int, kind: int, capabilities: Iterable[str], services: Iterable[str]
    ) -> dict[str, Any]:
        """A registration with every field, unlike all others."""
        self._turn += 1
        agent_id, turn = self.ids[place], self._turn
        return {
            "agent_id": agent_id,
            "agent_type": TYPES[kind % len(TYPES)],
            "capabilities": [self.mark, *self.words(capabilities)],
            "services": [self.mark, *self.words(services)],
            "endpoints": {"http": f"http://127.0.0.1:7301/{agent_id}/{turn}"},
            "metadata": {"owner": agent_id, "turn": turn, "parts": [{"turn": turn}]},
        }

    async def register(self, *bodies: Mapping[str, Any]) -> None:
        """Register an id, several times at once where there are several bodies for it.

        Whether a known id is taken anew is unsaid, so what is answered then is held to no status.
        """
        agent_id = bodies[0]["agent_id"]
        fresh = len(bodies) == 1 and not self.model.mentions(agent_id)
        asked = (self.aitbc.register(body, lawful=fresh) for body in bodies)
        answers = await asyncio.gather(*asked)
        if fresh:
            self.judge.status("AITBC-REG-001", answers[0], 200)
        for said in answers:
            self._judge_named(said, agent_id, "AITBC-REG-007" if fresh else "AITBC-REG-033")
        if self.model.sure(agent_id) is None and not any(said.ok for said in answers):
            self.model.loses(agent_id)
        for body, said in zip(bodies, answers, strict=True):
            if said.ok or said.status is None or said.status >= 500:
                self.model.registers(body)
        if len(bodies) > 1:
            self.model.mixes(agent_id, bodies)

    def _judge_named(self, said: Exchange, agent_id: str, row: str) -> None:
        if said.ok:
            words = f"Agent {agent_id} registered successfully"
            self.judge.equal("AITBC-REG-009", said, "/agent_id", agent_id)
            self.judge.equal(row, said, "/message", words)

    async def register_wrongly(self, body: Mapping[str, Any]) -> None:
        """Without its type: refused, and nothing comes of it."""
        wrong = {name: value for name, value in body.items() if name != "agent_type"}
        said = await self.aitbc.register(wrong, lawful=False)
        if not self.judge.status("AITBC-REG-013", said, 422):
            self.model.loses(body["agent_id"])

    # Updates and heartbeats

    async def update(self, place: int, *told: Telling) -> None:
        """Update a status, several times at once where several are told, and with a heartbeat
        among them. There may be nobody in that place.
        """
        agent = self.sure(place)
        if agent is None:
            await self._update_a_stranger(self.ids[place], told[0])
            return
        updates = [self.aitbc.update(agent.agent_id, *each) for each in told]
        beats = [self.aitbc.heartbeat(agent.agent_id)] if self._beating and len(told) > 1 else []
        answers = await asyncio.gather(*updates, *beats)
        for said, each in zip(answers, told, strict=False):
            self._judge_updated(said, agent.agent_id, each)
        if not all(said.ok for said in answers[: len(told)]):
            self.model.loses(agent.agent_id)
        elif len(told) == 1:
            agent.updates(*told[0])
        else:
            agent.updates_at_once(told)
            if beats and self.aitbc.beats_with_load:
                agent.load = {}

    def _judge_updated(self, said: Exchange, agent_id: str, told: Telling) -> None:
        status, load = told
        self.judge.status("AITBC-STAT-001" if load else "AITBC-STAT-002", said, 200)
        if said.ok:
            words = f"Agent {agent_id} status updated"
            self.judge.equal("AITBC-STAT-009", said, "/agent_id", agent_id)
            self.judge.equal("AITBC-STAT-011", said, "/new_status", status)
            self.judge.equal("AITBC-STAT-007", said, "/message", words)

    async def _update_a_stranger(self, agent_id: str, told: Telling) -> None:
        """Of nobody, or of an agent that may be forgotten: what is done is done to somebody."""
        said = await self.aitbc.update(agent_id, *told, known=False)
        if not said.ok:
            return
        seen = await self.aitbc.get(agent_id, known=False)
        wrong = "an update was answered as done, and its agent is unknown"
        self.judge.holds("AITBC-STAT-028", seen.status != 404, wrong, said, seen)
        self.model.loses(agent_id)

    async def update_wrongly(self, place: int, what: str) -> None:
        """Refused, and nothing comes of it."""
        agent = self.sure(place)
        if agent is None:
            return
        row, body, statuses = _WRONG_UPDATES[what]
        at = {"agent_id": agent.agent_id}
        said = await self.aitbc.peer.call("updateAgentStatus", at, body=body, lawful=False)
        if not self.judge.status(row, said, *statuses):
            agent.forget()

    async def beat(self, place: int) -> None:
        """A heartbeat, of whoever stands there or of nobody."""
        agent = self.sure(place)
        said = await self.aitbc.heartbeat(self.ids[place])
        if agent is not None and self.aitbc.beats_in_vain(said):
            self.judge.inconclusive("AITBC-BEAT-003", f"no heartbeat is taken: {said.outcome}")
        elif agent is not None:
            self.judge.status("AITBC-BEAT-003", said, range(200, 300))
            agent.beats(self.model.now)
            if self.aitbc.beats_with_load:
                agent.load = {}
        elif said.ok and self.ids[place] not in self.model.agents:
            self.model.loses(self.ids[place])
