"""Deployments: a new version takes the place of an old one, in stages, and may be taken back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from mockserver.protocols.caxton.agenda import Appointment
from mockserver.protocols.caxton.agents import Agent, Resources
from mockserver.protocols.caxton.answers import INVALID, RefusedError
from mockserver.protocols.caxton.host import Host
from mockserver.protocols.caxton.lifecycle import DEPLOYMENT, Machine
from mockserver.protocols.caxton.sizes import seconds_of
from mockserver.world import iso

__all__ = ["PLANS", "Change", "Deployment", "Deployments", "Order", "Stage", "next_version"]

PLANS: Mapping[str, Sequence[tuple[float, float]]] = {
    # "Replace agent instantly"
    "immediate": ((100, 0.0),),
    "direct": ((100, 0.0),),
    # "Gradual replacement with configurable batch size"
    "rolling": ((25, 1.0), (50, 1.0), (75, 1.0), (100, 0.0)),
    # "Deploy to parallel environment, switch traffic"
    "blue_green": ((0, 2.0), (100, 0.0)),
    # "Deploy to subset, gradually increase traffic"
    "canary": ((10, 2.0), (50, 2.0), (100, 0.0)),
    "graceful": ((50, 1.0), (100, 0.0)),
}
"""By strategy, where no stages are given: shares of the traffic in percent, and seconds of each."""

_CALLS_PER_SECOND = 40
"""Of the traffic that a deployment is measured by."""
_THRESHOLD = 0.05
"""The share of errors above which it is given up, where nobody says which."""
_WHOLE = 100
_SPLIT = 1.0
"""Seconds for which the traffic is split in a reload."""
_BACK = 3.0
"""Seconds that a rollback takes."""


@dataclass(slots=True, kw_only=True)
class Stage:
    percentage: float
    seconds: float
    status: str = "pending"
    started: float | None = None
    completed: float | None = None

    def told(self, number: int) -> dict[str, Any]:
        times = {"started_at": self.started, "completed_at": self.completed}
        return {
            "stage": number,
            "percentage": self.percentage,
            "status": self.status,
            **{name: iso(at) for name, at in times.items() if at is not None},
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What becomes of an agent once a deployment is through."""

    version: str
    module: int
    resources: Resources
    environment: Mapping[str, str]
    capabilities: Sequence[str]

    @classmethod
    def none(cls, agent: Agent) -> Change:
        """All as it is."""
        return cls(
            version=agent.version,
            module=agent.module,
            resources=agent.resources,
            environment=agent.environment,
            capabilities=agent.capabilities,
        )

    def make(self, agent: Agent) -> None:
        agent.version, agent.module = self.version, self.module
        agent.resources = self.resources
        agent.environment, agent.capabilities = self.environment, self.capabilities


@dataclass(eq=False, slots=True, kw_only=True)
class Deployment:
    """One deployment of one agent. `rate` is the share of calls that go wrong."""

    id: str
    agent: Agent
    change: Change
    undo: Change | None
    """What it takes the place of, where there was anything."""
    strategy: str
    stages: list[Stage]
    created: float
    rate: float
    rollback_on_error: bool = False
    threshold: float = _THRESHOLD
    state: str = ""
    timer: Appointment | None = None
    at: int = 0
    """The stage, from 1; 0 before the first."""
    begun: float | None = None
    ended: float | None = None
    reason: str = ""
    calls: float = 0.0
    errors: float = 0.0
    measured: float = 0.0

    @property
    def stage_seconds(self) -> float:
        return self.stages[self.at - 1].seconds if self.at else 0.0

    @property
    def percentage(self) -> float:
        if self.state in ("rolled_back", "rolling_back"):
            return 0.0
        return self.stages[self.at - 1].percentage if self.at else 0.0

    def measure(self, now: float) -> None:
        """Count the calls since it was last measured."""
        if self.begun is not None and self.state == "in_progress":
            calls = (now - self.measured) * _CALLS_PER_SECOND
            self.calls += calls
            self.errors += calls * self.rate
        self.measured = now

    def details(self, now: float) -> dict[str, Any]:
        self.measure(now)
        errors, calls = int(self.errors), max(int(self.calls), 1)
        return {
            "deployment_id": self.id,
            "agent_id": self.agent.id,
            "status": self.state,
            "version": self.change.version,
            "strategy": self.strategy,
            "created_at": iso(self.created),
            "current_stage": self.at,
            "current_percentage": self.percentage,
            "metrics": {
                "success_rate": round(1 - min(errors, calls) / calls, 4),
                "error_count": errors,
                "latency_p99": round(self.agent.temper.latency_ms * 2.3, 1),
            },
            "stages": [each.told(number) for number, each in enumerate(self.stages, 1)],
            **({"reason": self.reason} if self.reason else {}),
        }


def stages_of(strategy: Mapping[str, Any]) -> list[Stage]:
    """What a strategy comes to. Raises `RefusedError` for stages that do not rise."""
    given = strategy.get("stages")
    if not given:
        plan = PLANS[strategy["type"]]
    else:
        plan = [(each["percentage"], seconds_of(each["duration"], "duration")) for each in given]
    shares = [share for share, _ in plan]
    if any(later <= earlier for earlier, later in pairwise(shares)):
        what = "each stage has a higher percentage than the one before"
        raise RefusedError(INVALID, what, field="stages", value=shares)
    return [Stage(percentage=share, seconds=seconds) for share, seconds in plan]


def next_version(version: str) -> str:
    """The next major one, where there is such a number; and one that differs in any case."""
    major, dot, _ = version.partition(".")
    return f"{int(major) + 1}.0.0" if major.isdecimal() and dot else f"{version}-next"


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """How a change is to be brought in."""

    strategy: str
    stages: list[Stage]
    rollback_on_error: bool = False
    threshold: float = _THRESHOLD

    @classmethod
    def of(cls, said: Mapping[str, Any]) -> Order:
        return cls(
            strategy=said["type"],
            stages=stages_of(said),
            rollback_on_error=said.get("rollback_on_error", False),
            threshold=said.get("error_threshold", _THRESHOLD),
        )

    @classmethod
    def split(cls, strategy: str, share: float | None) -> Order:
        """At first that share of the traffic, in percent, where one is named."""
        if share is None or not 0 < share < _WHOLE:
            return cls.of({"type": strategy})
        return cls(
            strategy=strategy,
            stages=[
                Stage(percentage=share, seconds=_SPLIT),
                Stage(percentage=_WHOLE, seconds=0.0),
            ],
        )


class Deployments:
    """All deployments by id, hot reloads and those of new agents among them."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._by_id: dict[str, Deployment] = {}
        self.lives: Machine[Deployment] = Machine(DEPLOYMENT, host.agenda, self._entered)
        host.watchers.append(self._watch)

    def __iter__(self) -> Iterator[Deployment]:
        return iter(list(self._by_id.values()))

    def known(self, deployment_id: str) -> Deployment:
        """Raises `RefusedError` where there is none of that id."""
        found = self._by_id.get(deployment_id)
        if found is None:
            raise RefusedError(
                "DEPLOYMENT_NOT_FOUND",
                f"there is no deployment with the id {deployment_id!r}",
                deployment_id=deployment_id,
                searched_at=iso(self._host.now()),
            )
        return found

    def first(self, agent: Agent) -> Deployment:
        """That of a new agent, which is through as soon as the agent is there."""
        now = self._host.now()
        order = Order(strategy=agent.strategy, stages=[Stage(percentage=100, seconds=0.0)])
        made = self._make("deploy", agent, Change.none(agent), order, None)
        made.state, made.at, made.begun, made.ended = "completed", 1, now, now
        made.stages[0] = Stage(
            percentage=100, seconds=0.0, status="completed", started=now, completed=now
        )
        agent.deployment_id = made.id
        return made

    def begin(self, kind: str, agent: Agent, change: Change, order: Order) -> Deployment:
        """Bring a change in. Raises `RefusedError` for an agent that does not run."""
        if agent.state not in ("loaded", "running"):
            raise RefusedError(
                "FORBIDDEN",
                f"{agent.id} is {agent.state}: nothing new is brought to it",
                agent_id=agent.id,
                state=agent.state,
            )
        for each in self:
            if each.agent is agent and self.lives.can(each, "supersede"):
                self.lives.step(each, "supersede")
        made = self._make(kind, agent, change, order, Change.none(agent))
        agent.deployment_id = made.id
        self.lives.step(made, "create")
        return made

    def _make(
        self, kind: str, agent: Agent, change: Change, order: Order, undo: Change | None
    ) -> Deployment:
        host = self._host
        made = Deployment(
            id=host.new_id(kind),
            agent=agent,
            change=change,
            undo=undo,
            strategy=order.strategy,
            stages=order.stages,
            created=host.now(),
            rate=round(host.world.random.uniform(0.001, 0.01), 4),
            rollback_on_error=order.rollback_on_error,
            threshold=order.threshold,
            measured=host.now(),
        )
        self._by_id[made.id] = made
        return made

    def roll_back(self, deployment: Deployment, reason: str) -> float:
        """Take one back; returns when that is done. Raises `RefusedError` where it cannot be."""
        why = _why_not(deployment)
        if why:
            raise RefusedError(
                "FORBIDDEN",
                f"{deployment.id} cannot be rolled back: {why}",
                deployment_id=deployment.id,
            )
        deployment.measure(self._host.now())
        self.lives.step(deployment, "roll_back")
        deployment.reason = reason
        return self._host.now() + _BACK

    def go_wrong(self, deployment: Deployment, rate: float) -> None:
        """From now on this share of its calls fails; above the threshold it may be given up."""
        deployment.measure(self._host.now())
        deployment.rate = rate
        if (
            rate > deployment.threshold
            and deployment.rollback_on_error
            and deployment.state == "in_progress"
        ):
            self.roll_back(deployment, f"{rate:.1%} of the calls fail")

    # How they go on

    def _entered(self, deployment: Deployment, event: str) -> None:
        now = self._host.now()
        if event == "begin":
            deployment.begun = deployment.measured = now
        if event in ("begin", "advance") and not self._next_stage(deployment, now):
            return
        if event in ("finish", "rolled_back"):
            self._change(deployment, event)
        if event in ("finish", "rolled_back", "fail", "supersede"):
            deployment.ended = now
        if event in _BROKEN_OFF:
            for stage in deployment.stages:
                if stage.status == "in_progress":
                    stage.status = _BROKEN_OFF[event]
        kind = _EVENT_OF.get(event, event)
        self._host.happened(
            f"deployment.{kind}",
            deployment_id=deployment.id,
            agent_id=deployment.agent.id,
            status=deployment.state,
            **({"stage": deployment.at} if deployment.at else {}),
        )
        if event in ("finish", "rolled_back"):
            self._host.happened(
                "agent.updated", agent_id=deployment.agent.id, version=deployment.agent.version
            )

    def _next_stage(self, deployment: Deployment, now: float) -> bool:
        """On to the next stage; `False` where there was none, and the deployment is through."""
        deployment.measure(now)
        if deployment.at:
            stage = deployment.stages[deployment.at - 1]
            stage.status, stage.completed = "completed", now
        if deployment.at == len(deployment.stages):
            self.lives.step(deployment, "finish")
            return False
        deployment.at += 1
        stage = deployment.stages[deployment.at - 1]
        stage.status, stage.started = "in_progress", now
        return True

    def _change(self, deployment: Deployment, event: str) -> None:
        agent = deployment.agent
        if event == "finish":
            deployment.change.make(agent)
            agent.strategy, agent.deployed = deployment.strategy, self._host.now()
        elif deployment.undo is not None:
            deployment.undo.make(agent)

    def _watch(self, agent: Agent, event: str) -> None:
        """Nothing is rolled out to an agent that has ended."""
        if agent.state not in ("stopped", "failed", "unloaded"):
            return
        for each in self:
            if each.agent is agent and self.lives.can(each, "fail"):
                each.reason = f"its agent: {event}"
                self.lives.step(each, "fail")


def _why_not(deployment: Deployment) -> str:
    """Why it cannot be taken back, if so."""
    agent = deployment.agent
    if deployment.undo is None:
        return "there was nothing before it"
    if agent.state not in ("loaded", "running"):
        return f"its agent is {agent.state}"
    if agent.deployment_id != deployment.id:
        return "there is a newer one"
    return ""


_BROKEN_OFF = {"roll_back": "rolled_back", "fail": "failed", "supersede": "superseded"}
"""What becomes of the stage that is under way."""

_EVENT_OF = {
    "create": "created",
    "begin": "started",
    "advance": "progressed",
    "finish": "completed",
    "roll_back": "rolling_back",
    "fail": "failed",
    "supersede": "superseded",
}
