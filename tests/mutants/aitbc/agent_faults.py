"""Faults in looking up, updating and hearing from single agents."""

from __future__ import annotations

import copy
from dataclasses import replace
from datetime import timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from .coordinator import Coordinator
from .fault import Aimed, Fault, Row, Section, expand
from .model import STATUSES, Agent, Call, Env, Json, Obj, Op, RefusalError, Reply
from .parsing import METRIC_KEYS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from .reading import Reading

__all__ = ["AGENT_FAULTS"]

_GET: Final[Section] = "Get Agent Information"
_UPDATE: Final[Section] = "Update Agent Status"
_BEAT: Final[Section] = "Commit message"


class _UnknownFound(Aimed):
    """What a look-up answers when there is nothing to find."""

    def unknown_on_get(self, agent_id: str) -> Reply:
        body = {"status": "success", "agent": None, "timestamp": self.stamp(self.now())}
        if self.target == "null":
            return Reply(status=200, body=body)
        if self.target == "empty":
            return Reply(status=200, body=body | {"agent": {}})
        if self.target == "error_in_200":
            return Reply(status=200, body={"status": "error", "detail": "Agent not found"})
        if self.target == "words":
            raise RefusalError(404, f"Agent {agent_id} does not exist")
        raise RefusalError(int(self.target), "Agent not found")


class _UnknownCreated(Coordinator):
    def unknown_on_get(self, agent_id: str) -> Reply:
        self.keep(self.new_agent({"agent_id": agent_id, "agent_type": "general"}))
        return super().unknown_on_get(agent_id)


class _WrongOne(Aimed):
    """A look-up that finds somebody else."""

    async def do_get(self, call: Call) -> Reply:
        if self.find(call.arg) is None:
            return self.unknown_on_get(call.arg)
        index = 0 if self.target == "first" else -1
        return await super().do_get(replace(call, arg=list(self.agents)[index]))


class _GetTouches(Aimed):
    async def do_get(self, call: Call) -> Reply:
        agent = self.find(call.arg)
        if agent is not None:
            if self.target == "status":
                agent.status = "active"
            else:
                setattr(agent, self.target, self.now())
        return await super().do_get(call)


class _OldCopy(Aimed):
    """A look-up that never sees changes, from registration or from the first look on."""

    def __init__(self, reading: Reading, env: Env, *, target: str = "") -> None:
        super().__init__(reading, env, target=target)
        self._copies: dict[str, Agent] = {}

    def keep(self, agent: Agent) -> None:
        super().keep(agent)
        self._copies.pop(agent.agent_id, None)
        if self.target == "registration":
            self._copies[agent.agent_id] = copy.copy(agent)

    async def do_get(self, call: Call) -> Reply:
        agent = self.find(call.arg)
        if agent is None:
            return self.unknown_on_get(call.arg)
        old = self._copies.setdefault(call.arg, copy.copy(agent))
        body = {"status": "success", "agent": self.view(old), "timestamp": self.stamp(self.now())}
        return Reply(status=200, body=body)


class _SecondLookCrashes(Coordinator):
    def __init__(self, reading: Reading, env: Env) -> None:
        super().__init__(reading, env)
        self._looked: set[str] = set()

    async def do_get(self, call: Call) -> Reply:
        if call.arg in self._looked and self.find(call.arg):
            message = "generator already executing"
            raise RuntimeError(message)
        self._looked.add(call.arg)
        return await super().do_get(call)


class _Apply(Aimed):
    """An update that is not, or not wholly, made."""

    def __init__(self, reading: Reading, env: Env, *, target: str = "") -> None:
        super().__init__(reading, env, target=target)
        self._updated: set[str] = set()

    def apply(self, agent: Agent, data: Obj) -> None:
        again = agent.agent_id in self._updated
        self._updated.add(agent.agent_id)
        if self.target == "nothing" or (self.target == "second_ignored" and again):
            return
        if self.target == "second_crashes" and again:
            message = "cannot reuse already awaited coroutine"
            raise RuntimeError(message)
        before = agent.status
        super().apply(agent, data)
        measured = "load_metrics" in data
        spared = {"needs_metrics": not measured, "excludes_metrics": measured, "status_kept": True}
        if spared.get(self.target, False):
            agent.status = before


class _ApplyElsewhere(Aimed):
    """An update that reaches other agents."""

    def apply(self, agent: Agent, data: Obj) -> None:
        if self.target == "newest":
            super().apply(list(self.agents.values())[-1], data)
            return
        for other in self.agents.values():
            if ALIKE[self.target](agent, other):
                super().apply(other, data)


ALIKE: Final[Mapping[str, Callable[[Agent, Agent], bool]]] = MappingProxyType(
    {
        "everyone": lambda _one, _other: True,
        "prefix": lambda one, other: other.agent_id.startswith(one.agent_id),
        "case": lambda one, other: other.agent_id.lower() == one.agent_id.lower(),
        "type": lambda one, other: other.agent_type == one.agent_type,
        "stripped": lambda one, other: other.agent_id.strip() == one.agent_id.strip(),
    }
)


class _Wiping(Aimed):
    """An update that destroys what it should leave alone."""

    def apply(self, agent: Agent, data: Obj) -> None:
        super().apply(agent, data)
        if self.target == "registration_time":
            agent.registration_time = self.now()
        elif self.target == "agent_type":
            agent.agent_type = "general"
        elif self.target == "load_metrics":
            agent.load_metrics = dict(data.get("load_metrics", {}))
        else:
            setattr(agent, self.target, type(getattr(agent, self.target))())


class _Metrics(Aimed):
    """Load metrics that are stored wrongly."""

    def apply_metrics(self, agent: Agent, sent: Obj) -> None:
        before = dict(agent.load_metrics)
        if self.target == "elsewhere":
            super().apply_metrics(next(iter(self.agents.values())), sent)
            return
        super().apply_metrics(agent, METRICS[self.target](sent))
        if self.target == "added_up":
            total = {name: before.get(name, 0) + value for name, value in sent.items()}
            agent.load_metrics |= total


METRICS: Final[Mapping[str, Callable[[Obj], Obj]]] = MappingProxyType(
    {
        "not_stored": lambda _: {},
        "first_only": lambda sent: dict([*sent.items()][:1]),
        "zeros_ignored": lambda sent: {k: v for k, v in sent.items() if v},
        "cut_to_whole": lambda sent: {k: int(v) for k, v in sent.items()},
        "rounded_to_two": lambda sent: {k: round(v, 2) for k, v in sent.items()},
        "capped_at_1000": lambda sent: {k: min(v, 1000) for k, v in sent.items()},
        "rounded_to_one": lambda sent: {k: round(v, 1) for k, v in sent.items()},
        "clamped_at_one": lambda sent: {k: min(v, 1) for k, v in sent.items()},
        "as_text": lambda sent: {k: str(v) for k, v in sent.items()},
        "percent": lambda sent: {k: v * 100 if "usage" in k else v for k, v in sent.items()},
        "camel_keys": lambda sent: {_camel(k): v for k, v in sent.items()},
        "swapped": lambda sent: {_SWAPS.get(k, k): v for k, v in sent.items()},
        "added_up": lambda sent: sent,
        "elsewhere": lambda sent: sent,
    }
)

_SWAPS: Final[Mapping[str, str]] = MappingProxyType(
    {"cpu_usage": "memory_usage", "memory_usage": "cpu_usage"}
)


def _camel(name: str) -> str:
    head, *tail = name.split("_")
    return head + "".join(part.title() for part in tail)


class _UpdateRaw(Coordinator):
    """Looks for an id as it stands in the path, where it updates."""

    async def do_update(self, call: Call) -> Reply:
        return await super().do_update(replace(call, arg=quote(call.arg, safe="")))


class _MetricDropped(Aimed):
    def apply_metrics(self, agent: Agent, sent: Obj) -> None:
        super().apply_metrics(agent, {k: v for k, v in sent.items() if k != self.target})


class _StatusRefused(Aimed):
    def accept(self, op: Op, body: Json) -> Obj:
        data = super().accept(op, body)
        if op is Op.UPDATE and data["status"] == self.target:
            raise RefusalError(422, "Validation error: status: unknown value")
        return data


class _StatusSwallowed(Aimed):
    """One listed status is accepted and becomes `active`."""

    def apply(self, agent: Agent, data: Obj) -> None:
        status = data["status"]
        super().apply(agent, {**data, "status": "active" if status == self.target else status})


class _OldStatusAnswered(Coordinator):
    def apply(self, agent: Agent, data: Obj) -> None:
        before = agent.status
        super().apply(agent, data)
        data["status"] = before


class _UnknownUpdated(Aimed):
    def unknown_on_update(self, agent_id: str, data: Obj) -> Reply:
        if self.target == "created":
            self.keep(self.new_agent({"agent_id": agent_id, "agent_type": "general"}))
            self.apply(self.agents[agent_id], data)
        return self.updated(agent_id, data)


class _RefusedButMade(Coordinator):
    """Takes the load metrics over before it looks at the status."""

    async def do_update(self, call: Call) -> Reply:
        agent, body = self.find(call.arg), self.load(call, Op.UPDATE)
        if agent is not None and isinstance(body, dict):
            metrics = body.get("load_metrics")
            agent.load_metrics |= metrics if isinstance(metrics, dict) else {}
            status = body.get("status")
            agent.status = status if isinstance(status, str) else agent.status
        return await super().do_update(call)


class _HealthRuns(Coordinator):
    def health_of(self, agent: Agent) -> float:
        return 1.0 - float(agent.load_metrics.get("cpu_usage", 0)) / 10


class _Beat(Aimed):
    """Heartbeats that do the wrong thing."""

    def __init__(self, reading: Reading, env: Env, *, target: str = "") -> None:
        super().__init__(reading, env, target=target)
        self._beaten: set[str] = set()

    def beat(self, agent: Agent, sent: Obj) -> None:
        if self.target == "crashes_again" and agent.agent_id in self._beaten:
            message = "timer already started"
            raise RuntimeError(message)
        if self.target == "only_once" and agent.agent_id in self._beaten:
            return
        self._beaten.add(agent.agent_id)
        if self.target == "first":
            agent = next(iter(self.agents.values()))
        if self.target == "everyone":
            for other in self.agents.values():
                super().beat(other, sent)
        elif self.target != "ignored":
            super().beat(agent, sent)
        self._after(agent)

    def _after(self, agent: Agent) -> None:
        match self.target:
            case "registration_time":
                agent.registration_time = agent.last_heartbeat
            case "load_metrics":
                agent.load_metrics = {}
            case "backwards":
                agent.last_heartbeat = agent.registration_time - timedelta(days=1)
            case "ahead":
                agent.last_heartbeat += timedelta(days=1)
            case "stale":
                agent.status = "stale"
            case "forgets":
                del self.agents[agent.agent_id]
            case _:
                pass


class _BeatUnknown(Aimed):
    async def do_heartbeat(self, call: Call) -> Reply:
        if self.find(call.arg) is not None:
            return await super().do_heartbeat(call)
        if self.target == "crash":
            raise KeyError(call.arg)
        if self.target == "created":
            self.keep(self.new_agent({"agent_id": call.arg, "agent_type": "general"}))
        return Reply(status=200, body={"status": "success", "agent_id": call.arg})


def _rows() -> Iterator[Row]:
    unknown = ("null", "empty", "error_in_200", "words", "200", "400", "403", "422", "500")
    made = (
        "nothing",
        "second_ignored",
        "second_crashes",
        "status_kept",
        "needs_metrics",
        "excludes_metrics",
    )
    wiped = ("capabilities", "services", "endpoints", "metadata", "registration_time", "agent_type")
    touched = ("last_heartbeat", "registration_time", "status")
    beats = (
        "ignored",
        "only_once",
        "first",
        "everyone",
        "registration_time",
        "load_metrics",
        "backwards",
        "crashes_again",
        "forgets",
    )
    yield "get.unknown.{}", "an unknown id gets {}", _GET, _UnknownFound, unknown
    yield "get.finds_{}", "any known id finds the {} agent", _GET, _WrongOne, ("first", "last")
    yield "get.changes.{}", "a look-up changes {}", _GET, _GetTouches, touched
    yield "get.old.{}", "shows the state of {} for ever", _GET, _OldCopy, ("registration", "first")
    yield "update.made.{}", "the update is not made properly: {}", _UPDATE, _Apply, made
    yield "update.reaches.{}", "others change too: {}", _UPDATE, _ApplyElsewhere, (*ALIKE, "newest")
    yield "update.wipes.{}", "an update spoils {}", _UPDATE, _Wiping, wiped
    yield "update.metrics.{}", "load metrics go wrong: {}", _UPDATE, _Metrics, (*METRICS,)
    yield "update.metrics.no_{}", "{} is dropped", _UPDATE, _MetricDropped, METRIC_KEYS
    yield "update.status.{}.refused", "{} is refused", _UPDATE, _StatusRefused, STATUSES
    yield "update.status.{}.swallowed", "{} becomes active", _UPDATE, _StatusSwallowed, STATUSES[1:]
    yield "update.unknown.{}", "an unknown id is {}", _UPDATE, _UnknownUpdated, ("answered",)
    yield "heartbeat.{}", "a heartbeat goes wrong: {}", _BEAT, _Beat, beats


def _implied_rows() -> Iterator[Row]:
    yield "update.unknown.{}", "an unknown id is {}", _UPDATE, _UnknownUpdated, ("created",)
    yield "update.wipes.{}", "{} vanish when left out", _UPDATE, _Wiping, ("load_metrics",)
    yield "heartbeat.{}", "a heartbeat makes an agent {}", _BEAT, _Beat, ("stale", "ahead")
    unknown = ("crash", "created", "answered")
    yield "heartbeat.unknown.{}", "of an unknown agent: {}", _BEAT, _BeatUnknown, unknown


def _faults() -> Iterator[Fault]:
    yield from expand(_rows())
    yield from expand(_implied_rows(), implied=True)
    plain: tuple[tuple[str, str, Section, type[Coordinator]], ...] = (
        ("get.unknown.registers", "a look-up creates the agent", _GET, _UnknownCreated),
        ("get.second_crashes", "the second look fails with 500", _GET, _SecondLookCrashes),
        ("update.answers_old_status", "tells the old status", _UPDATE, _OldStatusAnswered),
        ("update.refused_but_made", "a refused update is made", _UPDATE, _RefusedButMade),
        ("update.health_runs_off", "a loaded agent scores below 0", _UPDATE, _HealthRuns),
    )
    for name, summary, section, make_plain in plain:
        yield Fault(name=name, summary=summary, section=section, make=make_plain)
    yield Fault(
        name="update.path_id.raw",
        summary="updates nobody whose id is encoded",
        section=_UPDATE,
        make=_UpdateRaw,
        implied=True,
    )


AGENT_FAULTS: Final = tuple(_faults())
