"""Faults in what registration stores, and in how ids are kept and found."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from .coordinator import Coordinator
from .fault import Aimed, Fault, Row, Section, expand
from .model import PRIORITIES, Agent, Call, Env, Json, Obj, Op, RefusalError, Reply

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from .reading import Reading

__all__ = ["REGISTER_FAULTS"]

_SECTION: Final[Section] = "Register Agent"

OPTIONAL: Final = ("capabilities", "services", "endpoints", "metadata")

MANGLERS: Final[Mapping[str, Callable[[str], str]]] = MappingProxyType(
    {
        "lowered": str.lower,
        "stripped": str.strip,
        "cut": lambda text: text[:16],
        "ascii": lambda text: text.encode("ascii", "ignore").decode(),
        "dashed": lambda text: text.replace("_", "-").replace(".", "-"),
    }
)
"""What careless code does to an id."""


class _NotStored(Coordinator):
    def keep(self, agent: Agent) -> None:
        pass


class _Lost(Aimed):
    def new_agent(self, data: Obj) -> Agent:
        return super().new_agent({k: v for k, v in data.items() if k != self.target})


class _ListsSwapped(Coordinator):
    def new_agent(self, data: Obj) -> Agent:
        agent = super().new_agent(data)
        agent.capabilities, agent.services = agent.services, agent.capabilities
        return agent


class _TypeFixed(Coordinator):
    def new_agent(self, data: Obj) -> Agent:
        return super().new_agent({**data, "agent_type": "general"})


class _IdMisfiled(Aimed):
    def keep(self, agent: Agent) -> None:
        self.agents[MANGLERS[self.target](agent.agent_id)] = agent


class _IdCollides(_IdMisfiled):
    def find(self, agent_id: str) -> Agent | None:
        return self.agents.get(MANGLERS[self.target](agent_id))


class _IdByPrefix(Coordinator):
    def find(self, agent_id: str) -> Agent | None:
        exact = super().find(agent_id)
        near = (one for name, one in self.agents.items() if name.startswith(agent_id))
        return exact or next(near, None)


class _Doubled(Coordinator):
    def __init__(self, reading: Reading, env: Env) -> None:
        super().__init__(reading, env)
        self._older: list[Agent] = []

    def enroll_again(self, known: Agent, data: Obj) -> Agent:
        self._older.append(known)
        self.agents[known.agent_id] = self.new_agent(data)
        return self.agents[known.agent_id]

    def everyone(self) -> list[Agent]:
        return [*super().everyone(), *self._older]


class _AgainCrashes(Coordinator):
    def enroll_again(self, known: Agent, data: Obj) -> Agent:
        message = f"UNIQUE constraint failed: agents.agent_id {known.agent_id}"
        raise RuntimeError(message)


class _AgainInOtherWords(Coordinator):
    async def do_register(self, call: Call) -> Reply:
        known = set(self.agents)
        reply = await super().do_register(call)
        agent_id = reply.body["agent_id"]
        words = f"Agent {agent_id} is known already"
        return replace(reply, body=reply.body | {"message": words}) if agent_id in known else reply


class _EndpointsHttpOnly(Coordinator):
    def accept(self, op: Op, body: Json) -> Obj:
        data = super().accept(op, body)
        urls = data.get("endpoints", {}).values() if op is Op.REGISTER else ()
        if not all(str(url).startswith("http") for url in urls):
            raise RefusalError(422, "Validation error: endpoints: should be http URLs")
        return data


class _AgainVanishes(Coordinator):
    def enroll_again(self, known: Agent, data: Obj) -> Agent:
        del self.agents[known.agent_id]
        return self.new_agent(data)


class _AgainBlends(Coordinator):
    """Answers for one agent with the id of the newest one."""

    def enroll_again(self, known: Agent, data: Obj) -> Agent:
        agent = super().enroll_again(known, data)
        newest = list(self.agents)[-1]
        return replace(agent, agent_id=newest)


class _Inherited(Aimed):
    """A mutable default: a field left out takes the value of the registration before."""

    def __init__(self, reading: Reading, env: Env, *, target: str = "") -> None:
        super().__init__(reading, env, target=target)
        self._before: Json = None

    def new_agent(self, data: Obj) -> Agent:
        if self.target in data:
            self._before = data[self.target]
        elif self._before is not None:
            data = {**data, self.target: self._before}
        return super().new_agent(data)


class _MetricsShared(Coordinator):
    def __init__(self, reading: Reading, env: Env) -> None:
        super().__init__(reading, env)
        self._shared = super().first_metrics()

    def first_metrics(self) -> Obj:
        return self._shared

    def apply_metrics(self, agent: Agent, sent: Obj) -> None:
        agent.load_metrics.update(sent)


class _MetadataSpoiled(Aimed):
    def new_agent(self, data: Obj) -> Agent:
        metadata = data.get("metadata", {})
        return super().new_agent({**data, "metadata": METADATA[self.target](metadata)})


METADATA: Final[Mapping[str, Callable[[Obj], Obj]]] = MappingProxyType(
    {
        "stringified": lambda held: {k: str(v) for k, v in held.items()},
        "nested_dropped": lambda held: {k: v for k, v in held.items() if not isinstance(v, dict)},
        "nested_stringified": lambda held: {
            k: str(v) if isinstance(v, dict | list) else v for k, v in held.items()
        },
        "nulls_dropped": lambda held: {k: v for k, v in held.items() if v is not None},
        "falsy_dropped": lambda held: {k: v for k, v in held.items() if v},
        "keys_lowered": lambda held: {k.lower(): v for k, v in held.items()},
        "floats_cut": lambda held: {
            k: int(v) if isinstance(v, float) else v for k, v in held.items()
        },
        "booleans_as_numbers": lambda held: {
            k: int(v) if isinstance(v, bool) else v for k, v in held.items()
        },
        "first_ten": lambda held: dict([*held.items()][:10]),
        "null_when_empty": lambda held: held or {"metadata": None},
    }
)


class _TextSpoiled(Aimed):
    """Does something to every string of a registration but the id and the type."""

    def new_agent(self, data: Obj) -> Agent:
        held: Obj = {name: self._spoil(data[name]) for name in OPTIONAL if name in data}
        return super().new_agent({**data, **held})

    def _spoil(self, value: Json) -> Json:
        if isinstance(value, str):
            return TEXTS[self.target](value)
        if isinstance(value, list):
            return [self._spoil(item) for item in value]
        if isinstance(value, dict):
            return {name: self._spoil(item) for name, item in value.items()}
        return value


TEXTS: Final[Mapping[str, Callable[[str], str]]] = MappingProxyType(
    {
        "question_marks": lambda text: text.encode("ascii", "replace").decode(),
        "mojibake": lambda text: text.encode().decode("latin-1"),
        "html_escaped": lambda text: text.replace("&", "&amp;").replace("<", "&lt;"),
        "stripped": str.strip,
        "cut_at_64": lambda text: text[:64],
        "lowered": str.lower,
        "slashes_doubled": lambda text: text.replace("\\", "\\\\"),
        "lines_joined": lambda text: " ".join(text.splitlines()),
    }
)


class _TimesDisagree(Coordinator):
    def new_agent(self, data: Obj) -> Agent:
        agent = super().new_agent(data)
        self.agents[agent.agent_id] = replace(
            agent, registration_time=agent.registration_time - timedelta(hours=1)
        )
        return agent

    def keep(self, agent: Agent) -> None:
        self.agents.setdefault(agent.agent_id, agent)


class _StoredBeforeChecked(Coordinator):
    """Refuses a bad registration, but only after having stored it."""

    def accept(self, op: Op, body: Json) -> Obj:
        if op is Op.REGISTER and isinstance(body, dict) and self._enough(body):
            listless = {k: v for k, v in body.items() if k not in OPTIONAL}
            self.keep(self.new_agent(listless))
        return super().accept(op, body)

    @staticmethod
    def _enough(body: Obj) -> bool:
        return all(isinstance(body.get(name), str) for name in ("agent_id", "agent_type"))


class _StatusUnlisted(Coordinator):
    def new_agent(self, data: Obj) -> Agent:
        return replace(super().new_agent(data), status="online")


class _MassAssigned(Coordinator):
    """Undocumented members of the body overwrite the coordinator's own fields."""

    def view(self, agent: Agent) -> Obj:
        view = super().view(agent)
        return {**view, **{name: agent.sent[name] for name in view if name in agent.sent}}


class _Evicting(Coordinator):
    def keep(self, agent: Agent) -> None:
        super().keep(agent)
        for name in list(self.agents)[:-50]:
            del self.agents[name]


class _Full(Coordinator):
    def keep(self, agent: Agent) -> None:
        if len(self.agents) >= 100:
            message = "agent table is full"
            raise RuntimeError(message)
        super().keep(agent)


class _HiddenUntilBeat(Coordinator):
    def everyone(self) -> list[Agent]:
        return [one for one in super().everyone() if one.last_heartbeat > one.registration_time]


class _EmptiesQueues(Coordinator):
    def keep(self, agent: Agent) -> None:
        super().keep(agent)
        self.queues = {name: [] for name in PRIORITIES}


class _OnlyNewest(Coordinator):
    def keep(self, agent: Agent) -> None:
        self.agents = {agent.agent_id: agent}


class _SecondRefused(Coordinator):
    """Takes the type for the key: two agents of one type cannot both register."""

    def keep(self, agent: Agent) -> None:
        if any(one.agent_type == agent.agent_type for one in self.agents.values()):
            raise RefusalError(422, f"Agent type {agent.agent_type} is already registered")
        super().keep(agent)


class _AnswersBeforeStoring(Coordinator):
    """The agent only turns up when the next registration comes."""

    def __init__(self, reading: Reading, env: Env) -> None:
        super().__init__(reading, env)
        self._waiting: Agent | None = None

    def keep(self, agent: Agent) -> None:
        if self._waiting is not None:
            super().keep(self._waiting)
        self._waiting = agent


class _ArgSpoiled(Aimed):
    def decode_arg(self, raw: str) -> str:
        once = super().decode_arg(raw)
        if self.target == "raw":
            return raw
        if self.target == "plus":
            return once.replace("+", " ")
        return super().decode_arg(once)


def _plain() -> Iterator[Fault]:
    rows: tuple[tuple[str, str, type[Coordinator]], ...] = (
        ("not_stored", "says success and stores nothing", _NotStored),
        ("lists_swapped", "mixes capabilities and services up", _ListsSwapped),
        ("type_fixed", "every agent becomes `general`", _TypeFixed),
        ("again.doubled", "a second registration leaves both in the list", _Doubled),
        ("again.vanishes", "a second registration makes the agent vanish", _AgainVanishes),
        ("again.other_id", "a second registration answers with another id", _AgainBlends),
        ("load_metrics.shared", "all agents share one set of load metrics", _MetricsShared),
        ("refused_but_stored", "a refused registration is stored", _StoredBeforeChecked),
        ("evicts", "forgets all but the last 50 agents", _Evicting),
        ("hidden_until_heartbeat", "is not discovered before a heartbeat", _HiddenUntilBeat),
        ("only_newest", "only the newest agent is kept", _OnlyNewest),
        ("one_per_type", "a second agent of a type is refused", _SecondRefused),
        ("one_behind", "an agent appears when the next one registers", _AnswersBeforeStoring),
        ("id.by_prefix", "an id is found by its beginning", _IdByPrefix),
    )
    for name, summary, make in rows:
        yield Fault(name=f"register.{name}", summary=summary, section=_SECTION, make=make)
    implied: tuple[tuple[str, str, type[Coordinator]], ...] = (
        ("again.other_words", "a second registration is answered otherwise", _AgainInOtherWords),
        ("endpoints.http_only", "an endpoint of another scheme is refused", _EndpointsHttpOnly),
        ("again.crashes", "a second registration fails with 500", _AgainCrashes),
        ("status_unlisted", "a fresh agent has a status outside the list", _StatusUnlisted),
        ("empties_queues", "registration clears all task queues", _EmptiesQueues),
        ("time_disagrees", "registered_at and registration_time differ", _TimesDisagree),
        ("full_at_100", "fails with 500 from the 101st agent on", _Full),
        ("mass_assignment", "the body can set internal fields", _MassAssigned),
    )
    for name, summary, make in implied:
        yield Fault(
            name=f"register.{name}", summary=summary, section=_SECTION, make=make, implied=True
        )


def _rows() -> Iterator[Row]:
    manglers = (*MANGLERS,)
    decodings = ("raw", "plus", "twice")
    yield "register.{}.lost", "{} is not stored", _SECTION, _Lost, OPTIONAL
    yield "register.{}.inherited", "{} comes from the agent before", _SECTION, _Inherited, OPTIONAL
    yield "register.id.{}.lost", "stored under an id {}", _SECTION, _IdMisfiled, manglers
    yield "register.id.{}.collides", "ids alike once {} collide", _SECTION, _IdCollides, manglers
    yield (
        "register.metadata.{}",
        "metadata is spoiled: {}",
        _SECTION,
        _MetadataSpoiled,
        (*METADATA,),
    )
    yield "register.text.{}", "strings are spoiled: {}", _SECTION, _TextSpoiled, (*TEXTS,)
    yield "register.path_id.{}", "ids in paths decode badly: {}", _SECTION, _ArgSpoiled, decodings


REGISTER_FAULTS: Final = (*_plain(), *expand(_rows()))
