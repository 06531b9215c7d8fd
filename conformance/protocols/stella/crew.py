"""Agents that come, work, are changed and removed in any order, and what must be answered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from conformance.exchange import Exchange
from conformance.fuzz.case import Case
from conformance.protocols.stella.doors import HEARTBEAT, POLL, Try
from conformance.protocols.stella.fleet import Agent, Fleet
from conformance.protocols.stella.model import AgentModel, Moment

__all__ = ["CREW_ROWS", "Berth", "Crew"]

_REFUSED: Mapping[str, Mapping[str, str]] = {
    HEARTBEAT.name: {
        "nobody": "STELLA-MTLS-005",
        "another": "STELLA-MTLS-009",
        "deleted": "STELLA-MTLS-021",
    },
    POLL.name: {
        "nobody": "STELLA-MTLS-006",
        "another": "STELLA-MTLS-010",
        "deleted": "STELLA-MTLS-022",
    },
}
"""Who is turned away, by what is asked for and whose certificate is shown."""

CREW_ROWS = (
    *_REFUSED[HEARTBEAT.name].values(),
    *_REFUSED[POLL.name].values(),
    "STELLA-REG-001",
    "STELLA-REG-015",
    "STELLA-REG-019",
    "STELLA-REG-028",
    "STELLA-REG-030",
    "STELLA-UPD-014",
    "STELLA-UPD-015",
    "STELLA-UPD-025",
    "STELLA-DEL-004",
    "STELLA-DEL-005",
    "STELLA-DEL-010",
)
"""What is judged here."""


@dataclass(slots=True)
class Berth:
    """A place for agents of one name. `ghosts` are those that were deleted."""

    name: str
    agent: Agent | None = None
    model: AgentModel | None = None
    tokens: list[str] = field(default_factory=list)
    """The tokens that have registered an agent here."""
    ghosts: list[Agent] = field(default_factory=list)

    @property
    def held(self) -> tuple[Agent, AgentModel] | None:
        """The agent that is registered here, and what is known of it."""
        if self.agent is None or self.model is None:
            return None
        return self.agent, self.model


class Crew:
    """The agents of one case, in their berths, and the operator who looks after them."""

    def __init__(self, fleet: Fleet, case: Case, places: int) -> None:
        self.fleet = fleet
        self.judge = case.judge
        self.berths = [Berth(fleet.new("docker")) for _ in range(places)]
        self._jumped = 0.0
        self._turn = 0

    @property
    def now(self) -> Moment:
        """Where time can jump it may stand still in between."""
        hours = self.fleet.hours
        sure = self._jumped if hours.can_jump else hours.now()
        return Moment(latest=hours.now(), sure=sure)

    def jumped(self, seconds: float) -> None:
        """So much of the peer's time has passed at once."""
        self._jumped += seconds

    @property
    def agents(self) -> list[tuple[Agent, AgentModel]]:
        """All that are registered."""
        return [held for berth in self.berths if (held := berth.held) is not None]

    @property
    def ghosts(self) -> list[Agent]:
        return [ghost for berth in self.berths for ghost in berth.ghosts]

    # Coming and going

    async def register(self, place: int, skills: Sequence[str]) -> None:
        """With a fresh token, under a name that is free, taken, or that of a deleted agent."""
        berth = self.berths[place]
        self._turn += 1
        version = f"3.{self._turn}.0"
        body = self.fleet.registration(
            name=berth.name, version=version, capabilities=list(skills), labels={"tier": "edge"}
        )
        free = berth.agent is None
        token = await self.fleet.mint()
        new = free and not berth.ghosts
        said = await self.fleet.ask_to_register(body, token, served=new)
        if not free:
            self.judge.status("STELLA-REG-019", said, 409)
            return
        if new:
            self.judge.status("STELLA-REG-001", said, 201)
        if not said.ok:
            return  # whether the name of a deleted agent is free is only likely
        agent = self.fleet.agent_of(body, said)
        self._judge_new(agent, said)
        berth.tokens.append(token)
        has = frozenset(skills)
        berth.agent = agent
        berth.model = AgentModel(
            version=version, interval=agent.interval, must=has, may=has, skills=has
        )

    def _judge_new(self, agent: Agent, said: Exchange) -> None:
        for other, row in (
            *((one, "STELLA-REG-015") for one, _ in self.agents),
            *((ghost, "STELLA-DEL-010") for ghost in self.ghosts),
        ):
            wrong = f"{agent.name} has the agentId of {other.name}, which was there before"
            self.judge.holds(row, agent.id != other.id, wrong, said, pointer="/agentId")

    async def register_with_used_token(self, place: int) -> None:
        """Under a name that nobody has."""
        berth = self.berths[place]
        if berth.tokens:
            said = await self.fleet.ask_to_register(
                self.fleet.registration(), berth.tokens[0], lawful=False
            )
            row = "STELLA-REG-028" if berth.agent is not None else "STELLA-REG-030"
            wrong = f"a token that has registered {berth.name} registers another agent"
            self.judge.holds(row, not said.ok, wrong, said)

    async def remove(self, place: int) -> Agent | None:
        """Delete whoever is there, or was: who is gone by that."""
        berth = self.berths[place]
        agent = berth.agent
        if agent is None:
            for ghost in berth.ghosts[-1:]:
                said = await self.fleet.delete(ghost.id, served=False)
                self.judge.status("STELLA-DEL-005", said, 404)
            return None
        said = await self.fleet.delete(agent.id)
        if not said.ok:
            return None  # 503 is allowed, and for all else a rule speaks
        berth.ghosts.append(agent)
        berth.agent = berth.model = None
        return agent

    # Changes

    async def update(self, place: int, skills: Sequence[str]) -> None:
        """Change labels and capabilities, of whoever is there or was."""
        berth = self.berths[place]
        self._turn += 1
        labels = {"site": f"quay-{self._turn}"}
        change = {"labels": labels, "capabilities": list(skills)}
        held = berth.held
        if held is None:
            for ghost in berth.ghosts[-1:]:
                said = await self.fleet.update(ghost.id, change, served=False)
                self.judge.status("STELLA-DEL-004", said, 404)
            return
        agent, model = held
        said = await self.fleet.update(agent.id, change)
        if said.status == 503:
            return  # an agent that is not reached may be left as it is
        if self.judge.status("STELLA-UPD-014", said, 200):
            model.updates(labels, skills)
            told = said.at("/capabilities")
            wrong = f"the capabilities {skills} were set, and are answered as {told!r}"
            there = isinstance(told, list) and model.must.issubset(map(str, told))
            self.judge.holds("STELLA-UPD-015", there, wrong, said, pointer="/capabilities")
            self.judge_labels(said, model)

    def judge_labels(self, said: Exchange, model: AgentModel) -> None:
        """A label that an update has set has no other value, where labels are shown."""
        shown = said.at("/labels")
        for name, value in model.labels.items() if isinstance(shown, dict) else ():
            if name in shown:
                self.judge.equal("STELLA-UPD-025", said, f"/labels/{name}", value)

    # Who is let in

    async def knock(self, place: int, who: str, other: int) -> None:
        """Ask for what is an agent's alone, with a certificate that is not good for that: of
        `nobody`, of `another`, or the agent's own after it was deleted.
        """
        if not self.fleet.secure:
            return
        berth = self.berths[place]
        ghost = berth.ghosts[-1] if berth.ghosts else None
        victim = ghost if who == "deleted" else berth.agent
        caller = self._other(place, other) if who == "another" else victim
        if victim is None or caller is None:
            return
        identity = None if who == "nobody" else caller.identity
        attempt = Try(agent=victim, identity=identity, headers=caller.headers)
        for door in (HEARTBEAT, POLL):
            knock = await door.ask(self.fleet, attempt)
            wrong = f"{door.name} of {victim.name} with the certificate of {who} is let in"
            self.judge.holds(_REFUSED[door.name][who], not knock.admitted, wrong, knock.said)

    def _other(self, place: int, other: int) -> Agent | None:
        """Somebody else, dead or alive."""
        berth = self.berths[other]
        if other == place:
            return None
        return berth.agent or (berth.ghosts[-1] if berth.ghosts else None)

    async def tidy(self) -> None:
        """Whoever is left is removed."""
        for agent, _ in self.agents:
            await self.fleet.delete(agent.id, lawful=False)
