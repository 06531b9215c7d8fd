"""Faults that show only where somebody looks twice, or says what is rarely said."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from .coordinator import Coordinator
from .fault import Aimed, Fault, Row, Section, expand
from .model import Agent, Call, Env, Obj, Op, RefusalError, Reply

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from .reading import Reading

__all__ = ["LATER_FAULTS"]

_REGISTER: Final[Section] = "Register Agent"
_DISCOVER: Final[Section] = "Discover Agents"
_UPDATE: Final[Section] = "Update Agent Status"
_STATUS: Final[Section] = "Get Task Status"


class _OldInLists(Aimed):
    """A search shows what an agent told first, or what everybody has."""

    def __init__(self, reading: Reading, env: Env, *, target: str = "") -> None:
        super().__init__(reading, env, target=target)
        self._loads: dict[str, Obj] = {}

    def apply_metrics(self, agent: Agent, sent: Obj) -> None:
        super().apply_metrics(agent, sent)
        self._loads.setdefault(agent.agent_id, dict(agent.load_metrics))

    def discover_view(self, agent: Agent) -> Obj:
        view = super().discover_view(agent)
        if self.target == "load_metrics":
            return view | {"load_metrics": self._loads.get(agent.agent_id, view["load_metrics"])}
        if self.target == "last_heartbeat":
            return view | {"last_heartbeat": view["registration_time"]}
        if self.target == "version":
            return view | {"version": "1.0.0"}
        return view | {"health_score": 0.5}


class _OddSearch(Aimed):
    """Lists of a search that are taken for what they are not."""

    def select(self, query: Obj) -> list[Agent]:
        skills = query.get("capabilities", ())
        if self.target == "doubled_finds_nobody" and len(set(skills)) < len(skills):
            return []
        if self.target == "services.empty_finds_nobody" and query.get("services") == []:
            return []
        return super().select(query)


class _NobodyLongAgo(Coordinator):
    """An empty answer is made once and for all."""

    def __init__(self, reading: Reading, env: Env) -> None:
        super().__init__(reading, env)
        self._since = self.stamp(self.now())

    def finish(self, call: Call, reply: Reply) -> Reply:
        if call.op is Op.DISCOVER and reply.status == 200 and not reply.body["agents"]:
            return replace(reply, body=reply.body | {"timestamp": self._since})
        return reply


class _Reshaped(Aimed):
    """A registration is made regular where nobody asked for it."""

    def new_agent(self, data: Obj) -> Agent:
        return super().new_agent(RESHAPED[self.target](data))


def _digits_as_numbers(data: Obj) -> Obj:
    held = data.get("metadata", {})
    numbers = {k: int(v) for k, v in held.items() if isinstance(v, str) and v.isdecimal()}
    return data | {"metadata": held | numbers}


def _rounded(data: Obj) -> Obj:
    held = data.get("metadata", {})
    return data | {
        "metadata": {k: round(v, 3) if isinstance(v, float) else v for k, v in held.items()}
    }


def _days_alone(data: Obj) -> Obj:
    held = data.get("metadata", {})
    times = {k: v[:10] for k, v in held.items() if isinstance(v, str) and v[10:11] == "T"}
    return data | {"metadata": held | times}


def _slash_cut(data: Obj) -> Obj:
    urls = {name: url.rstrip("/") for name, url in data.get("endpoints", {}).items()}
    return data | {"endpoints": urls}


def _multiplied(data: Obj) -> Obj:
    skills = data.get("capabilities", [])
    return data | {"capabilities": skills * (1 + (len(set(skills)) < len(skills)))}


RESHAPED: Final[Mapping[str, Callable[[Obj], Obj]]] = MappingProxyType(
    {
        "metadata.digits_as_numbers": _digits_as_numbers,
        "metadata.rounded_to_three": _rounded,
        "metadata.days_alone": _days_alone,
        "endpoints.slash_cut": _slash_cut,
        "capabilities.multiplied": _multiplied,
    }
)


class _ZerosCut(Coordinator):
    """An id of digits is a number."""

    def keep(self, agent: Agent) -> None:
        self.agents[_number(agent.agent_id)] = agent

    def find(self, agent_id: str) -> Agent | None:
        return super().find(_number(agent_id))


def _number(agent_id: str) -> str:
    return agent_id.lstrip("0") if agent_id.isdecimal() else agent_id


class _RefusedButTold(Aimed):
    """A refused update tells something of its agent nevertheless."""

    def __init__(self, reading: Reading, env: Env, *, target: str = "") -> None:
        super().__init__(reading, env, target=target)
        self._refused: dict[str, int] = {}

    async def do_update(self, call: Call) -> Reply:
        try:
            return await super().do_update(call)
        except RefusalError:
            agent = self.find(call.arg)
            if agent is not None and self.target == "life":
                agent.last_heartbeat = self.now()
            self._refused[call.arg] = self._refused.get(call.arg, 0) + 1
            raise

    def health_of(self, agent: Agent) -> float:
        if self.target == "life":
            return super().health_of(agent)
        return max(0.0, super().health_of(agent) - self._refused.get(agent.agent_id, 0) / 16)


class _LoadCapped(Coordinator):
    def apply_metrics(self, agent: Agent, sent: Obj) -> None:
        super().apply_metrics(agent, {name: min(v, 2**31 - 1) for name, v in sent.items()})


class _Counted(Aimed):
    """Figures that do not add up with what was done."""

    def __init__(self, reading: Reading, env: Env, *, target: str = "") -> None:
        super().__init__(reading, env, target=target)
        self._again = 0

    def enroll_again(self, known: Agent, data: Obj) -> Agent:
        self._again += known.status == "active"
        return super().enroll_again(known, data)

    def balancer(self) -> Obj:
        told = super().balancer()
        busy = sum(self.status_of(each) == "busy" for each in self.agents.values())
        stale = sum(self.status_of(each) == "stale" for each in self.agents.values())
        active = told["active_agents"]
        changes: Mapping[str, Obj] = {
            "again": {"active_agents": active + self._again},
            "busy": {"active_agents": active + busy},
            "stale": {"active_agents": active + stale},
            "total_doubled": {"total_assignments": 2 * told["total_assignments"]},
            "rate_of_nought": {"success_rate": 0.0},
        }
        return told | changes.get(self.target, {})

    async def do_stats(self, call: Call) -> Reply:
        reply = await super().do_stats(call)
        if self.target != "stats_of_nought":
            return reply
        figures = super().figures() | {"tasks_distributed": 0}
        return replace(reply, body=reply.body | {"distribution": figures})


class _VersionFlips(Coordinator):
    def __init__(self, reading: Reading, env: Env) -> None:
        super().__init__(reading, env)
        self._asked = 0

    def finish(self, call: Call, reply: Reply) -> Reply:
        if call.op is not Op.HEALTH:
            return reply
        self._asked += 1
        return replace(reply, body=reply.body | {"version": f"1.0.{self._asked}"})


def _rows() -> Iterator[Row]:
    old = ("load_metrics", "last_heartbeat", "health_score")
    doubled = ("doubled_finds_nobody",)
    yield "discover.old_{}", "a search shows another {}", _DISCOVER, _OldInLists, old
    yield "discover.{}", "a list of a search is odd: {}", _DISCOVER, _OddSearch, doubled
    yield "register.{}", "a registration is altered: {}", _REGISTER, _Reshaped, (*RESHAPED,)


def _implied_rows() -> Iterator[Row]:
    empty = ("services.empty_finds_nobody",)
    told = ("life", "score")
    counted = ("again", "busy", "stale")
    yield "discover.{}", "a list of a search is odd: {}", _DISCOVER, _OddSearch, empty
    yield "update.refused_moves_{}", "a refused update moves {}", _UPDATE, _RefusedButTold, told
    yield "status.active.{}", "active agents are counted wrongly: {}", _STATUS, _Counted, counted


def _eager_rows() -> Iterator[Row]:
    """Of peers that hand tasks over at once, where there is something to count."""
    figures = ("total_doubled", "rate_of_nought", "stats_of_nought")
    yield "status.counted.{}", "figures do not add up: {}", _STATUS, _Counted, figures


def _versioned_rows() -> Iterator[Row]:
    """Of peers whose agents have a version of their own."""
    yield "discover.old_{}", "a search shows another {}", _DISCOVER, _OldInLists, ("version",)


def _plain() -> Iterator[Fault]:
    rows: tuple[tuple[str, str, Section, type[Coordinator], bool], ...] = (
        (
            "discover.nobody.long_ago",
            "no one is found at one time",
            _DISCOVER,
            _NobodyLongAgo,
            False,
        ),
        ("register.id.zeros_cut", "007 and 7 are one agent", _REGISTER, _ZerosCut, False),
        ("update.load_capped", "a load of more than 31 bits is cut", _UPDATE, _LoadCapped, False),
        ("health.version_flips", "tells another version", "Service Health", _VersionFlips, True),
    )
    for name, summary, section, make, implied in rows:
        yield Fault(name=name, summary=summary, section=section, make=make, implied=implied)


LATER_FAULTS: Final = (
    *_plain(),
    *expand(_rows()),
    *expand(_implied_rows(), implied=True),
    *expand(_versioned_rows(), reading="lavish"),
    *expand(_eager_rows(), implied=True, reading="eager"),
)
