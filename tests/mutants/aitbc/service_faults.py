"""Faults of the service at large: health, descriptions, access, times, memory."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from .fault import Aimed, Row, Section, expand
from .model import PRIORITIES, ROUTES, Call, Env, Json, Obj, Op, RefusalError, Reply
from .shapes import epoch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from datetime import datetime

    from .reading import Reading

__all__ = ["SERVICE_FAULTS"]


class _Stamped(Aimed):
    """Every timestamp has the wrong form."""

    def stamp(self, moment: datetime) -> Json:
        return STAMPS[self.target](moment, super().stamp(moment))


STAMPS: Final[Mapping[str, Callable[[datetime, Json], Json]]] = MappingProxyType(
    {
        "epoch": lambda moment, _: epoch(moment),
        "epoch_text": lambda moment, _: str(epoch(moment)),
        "milliseconds": lambda moment, _: int(epoch(moment) * 1000),
        "frozen": lambda _moment, _text: "2024-01-01T00:00:00Z",
        "words": lambda moment, _: moment.ctime(),
        "fields": lambda moment, _: {"$date": moment.isoformat()},
        "day_first": lambda moment, _: f"{moment:%d.%m.%Y %H:%M:%S}",
        "zone_name": lambda moment, _: f"{moment:%Y-%m-%dT%H:%M:%S} UTC",
        "repr": lambda moment, _: repr(moment),
        "spaced": lambda moment, _: str(moment),
        "years_ahead": lambda moment, text: str(text).replace(
            f"{moment.year}", f"{moment.year + 7}"
        ),
    }
)


class _HealthAfter(Aimed):
    """Health that changes with what the coordinator has seen."""

    def __init__(self, reading: Reading, env: Env, *, target: str = "") -> None:
        super().__init__(reading, env, target=target)
        self._asked = 0

    def perform_service(self, call: Call) -> Reply:
        reply = super().perform_service(call)
        if call.op is not Op.HEALTH:
            return reply
        self._asked += 1
        waiting = any(self.queues.values())
        if self.target == "needs_agents" and not self.agents:
            raise RefusalError(503, "No agents")
        if self.target == "degrades_with_tasks" and waiting:
            return replace(reply, body=reply.body | {"status": "degraded"})
        if self.target == "starting_first" and self._asked == 1:
            return replace(reply, body=reply.body | {"status": "starting"})
        if self.target == "resets":
            self.agents = {}
            self.queues = {name: [] for name in PRIORITIES}
        return reply


class _Described(Aimed):
    """An OpenAPI document that breaks the OpenAPI specification."""

    def finish(self, call: Call, reply: Reply) -> Reply:
        if call.op is not Op.OPENAPI or reply.status != 200:
            return reply
        DESCRIPTIONS[self.target](reply.body)
        return reply


def _operations(document: Obj) -> list[Obj]:
    return [operation for path in document["paths"].values() for operation in path.values()]


def _without_descriptions(document: Obj) -> None:
    for operation in _operations(document):
        operation["responses"] = {"200": {}}


def _without_responses(document: Obj) -> None:
    for operation in _operations(document):
        del operation["responses"]


def _parameters(change: Callable[[Obj], object]) -> Callable[[Obj], None]:
    def spoil(document: Obj) -> None:
        for operation in _operations(document):
            for parameter in operation.get("parameters", ()):
                change(parameter)

    return spoil


def _undeclared(document: Obj) -> None:
    for operation in _operations(document):
        operation.pop("parameters", None)


def _same_ids(document: Obj) -> None:
    for operation in _operations(document):
        operation["operationId"] = "endpoint"


def _dangling(document: Obj) -> None:
    schema = {"$ref": "#/components/schemas/Missing"}
    document["paths"]["/agents/register"]["post"]["requestBody"]["content"] = {
        "application/json": {"schema": schema}
    }


def _bad_type(document: Obj) -> None:
    body = document["paths"]["/agents/register"]["post"]["requestBody"]
    body["content"]["application/json"]["schema"] = {"type": "dict"}


def _bare_paths(document: Obj) -> None:
    document["paths"] = {path.strip("/"): item for path, item in document["paths"].items()}


def _listed_paths(document: Obj) -> None:
    document["paths"] = [*document["paths"]]


def _no_paths(document: Obj) -> None:
    document["paths"] = {}


DESCRIPTIONS: Final[Mapping[str, Callable[[Obj], None]]] = MappingProxyType(
    {
        "no_descriptions": _without_descriptions,
        "no_responses": _without_responses,
        "parameters_optional": _parameters(lambda one: one.update(required=False)),
        "parameters_elsewhere": _parameters(lambda one: one.update({"in": "body"})),
        "parameters_nameless": _parameters(lambda one: one.pop("name")),
        "parameters_undeclared": _undeclared,
        "operation_ids_repeated": _same_ids,
        "reference_dangling": _dangling,
        "type_unknown": _bad_type,
        "paths_without_slash": _bare_paths,
        "paths_listed": _listed_paths,
        "paths_empty": _no_paths,
    }
)


class _PathOmitted(Aimed):
    def finish(self, call: Call, reply: Reply) -> Reply:
        if call.op is Op.OPENAPI:
            reply.body["paths"].pop(self.target, None)
        return reply


class _Guarded(Aimed):
    """Demands credentials or a pace, of which the document says there are none."""

    def __init__(self, reading: Reading, env: Env, *, target: str = "") -> None:
        super().__init__(reading, env, target=target)
        self._handled = 0

    async def perform(self, call: Call) -> Reply:
        self._handled += 1
        writes = call.method != "GET"
        if self.target == "everywhere" or (self.target == "writes" and writes):
            raise RefusalError(401, "Not authenticated")
        if self.target == "clear" and call.op is Op.CLEAR:
            raise RefusalError(403, "Forbidden")
        if self.target == "paced" and self._handled > 20:
            return Reply(
                status=429, body={"detail": "Too Many Requests"}, headers={"Retry-After": "1"}
            )
        return await super().perform(call)


class _Welcoming(Aimed):
    """Answers requests that lead nowhere as if they led somewhere."""

    def astray(self, path: str, allowed: list[str]) -> Reply:
        hit = (self.target == "methods") == bool(allowed)
        return (
            Reply(status=200, body={"status": "success"}) if hit else super().astray(path, allowed)
        )


class _Forgetful(Aimed):
    """Loses its agents or queues now and then."""

    def __init__(self, reading: Reading, env: Env, *, target: str = "") -> None:
        super().__init__(reading, env, target=target)
        self._handled = 0

    def finish(self, call: Call, reply: Reply) -> Reply:
        self._handled += 1
        refused = reply.status >= 400
        forgets = {
            "after_error": refused,
            "every_25": self._handled % 25 == 0,
            "after_submit": call.op is Op.SUBMIT,
        }
        if forgets.get(self.target, False):
            self.agents = {}
        elif self.target == "after_error_queues" and refused:
            self.queues = {name: [] for name in PRIORITIES}
        elif self.target == "after_heartbeat" and call.op is Op.HEARTBEAT:
            self.agents = {k: agent for k, agent in self.agents.items() if k == call.arg}
        return reply


class _AllTheSame(Aimed):
    """Repeats the first answer of an endpoint for ever."""

    def __init__(self, reading: Reading, env: Env, *, target: str = "") -> None:
        super().__init__(reading, env, target=target)
        self._first: Reply | None = None

    def finish(self, call: Call, reply: Reply) -> Reply:
        if call.op is None or call.op.value != self.target or reply.status != 200:
            return reply
        if self._first is None:
            self._first = reply
        return self._first


def _rows() -> Iterator[Row]:
    health: Section = "Service Health"
    broken = tuple(name for name in DESCRIPTIONS if name != "paths_empty")
    described: Section = "OpenAPI Specification"
    states = ("needs_agents", "degrades_with_tasks", "starting_first", "resets")
    lost = ("after_error", "every_25", "after_submit", "after_heartbeat")
    stamps = tuple(name for name in STAMPS if name not in ("spaced", "years_ahead"))
    guarded = ("everywhere", "writes", "clear")
    repeated = ("register", "discover", "get", "update", "submit", "status")
    yield "times.{}", "every timestamp has the wrong form: {}", "General", _Stamped, stamps
    yield "health.state.{}", "health depends on {}", health, _HealthAfter, states
    yield "openapi.{}", "breaks OpenAPI: {}", described, _Described, broken
    yield "access.{}", "credentials are demanded: {}", "General", _Guarded, guarded
    yield "memory.lost_{}", "agents are lost {}", "General", _Forgetful, lost
    yield "memory.repeats_{}", "{} repeats its first answer", "General", _AllTheSame, repeated


def _implied_rows() -> Iterator[Row]:
    described: Section = "OpenAPI Specification"
    paths = tuple(dict.fromkeys(path for _, path, op in ROUTES if op not in (Op.OPENAPI, Op.DOCS)))
    lost = ("after_error_queues",)
    yield "times.{}", "a space stands between date and time: {}", "General", _Stamped, ("spaced",)
    yield "openapi.{}", "describes nothing: {}", described, _Described, ("paths_empty",)
    yield "openapi.omits{}", "{} is not described", described, _PathOmitted, paths
    yield "times.{}", "the clock is wrong: {}", "General", _Stamped, ("years_ahead",)
    yield "stray.{}", "stray {} are answered", "Error Codes", _Welcoming, ("paths", "methods")
    yield "access.{}", "requests are limited: {}", "General", _Guarded, ("paced",)
    yield "memory.lost_{}", "queues are lost {}", "General", _Forgetful, lost


SERVICE_FAULTS: Final = (*expand(_rows()), *expand(_implied_rows(), implied=True))
