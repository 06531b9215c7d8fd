"""Fixed conversations, played in memory against a coordinator on a clock of their own."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final
from urllib.parse import quote
from uuid import UUID

from .model import AGENT_TYPES, PRIORITIES, STATUSES, Answer, Call, Env, Json, Obj

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Iterator

    from .coordinator import Coordinator

__all__ = ["Step", "World", "base_script", "crowd_script", "play", "race_script"]

_JSON: Final = "application/json"
_LONG: Final = "x" * 300


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """One request; `body` is bytes as they are, or JSON to be encoded."""

    method: str
    path: str
    body: Json = None
    media: str = _JSON


@dataclass(kw_only=True, slots=True)
class World:
    """A clock that moves when told to, and UUIDs from a seed."""

    now: datetime = datetime(2026, 5, 7, 16, 49, 17, 250000, tzinfo=UTC)
    _random: random.Random = field(default_factory=lambda: random.Random(7))

    def env(self) -> Env:
        """The world as a coordinator sees it."""
        return Env(clock=lambda: self.now, new_uuid=self._uuid)

    def _uuid(self) -> UUID:
        return UUID(int=self._random.getrandbits(128), version=4)


async def play(peer: Coordinator, world: World, steps: Iterable[Step]) -> AsyncIterator[Answer]:
    """Send the steps one after the other over one pretended connection, a second apart."""
    for turn, step in enumerate(steps, start=1):
        world.now += timedelta(seconds=1)
        yield await peer.handle(call_of(peer, step, turn))


def call_of(peer: Coordinator, step: Step, turn: int = 1) -> Call:
    """A step as the transport would hand it over, under the peer's path prefix."""
    raw = step.body if isinstance(step.body, bytes) else json.dumps(step.body).encode()
    return Call(
        method=step.method,
        path=peer.reading.prefix + step.path,
        media=step.media if step.body is not None else "",
        body=raw if step.body is not None else b"",
        turn=turn,
    )


def _post(path: str, body: Json, media: str = _JSON) -> Step:
    return Step(method="POST", path=path, body=body, media=media)


def _get(path: str) -> Step:
    return Step(method="GET", path=path)


def _register(agent_id: str, agent_type: str = "worker", **rest: Json) -> Step:
    return _post("/agents/register", {"agent_id": agent_id, "agent_type": agent_type, **rest})


def _look(agent_id: str) -> Step:
    return _get(f"/agents/{quote(agent_id, safe='')}")


def _update(agent_id: str, body: Json) -> Step:
    path = f"/agents/{quote(agent_id, safe='')}/status"
    return Step(method="PUT", path=path, body=body)


def _beat(agent_id: str) -> Step:
    return _post(f"/agents/{quote(agent_id, safe='')}/heartbeat", {})


def _discover(**filters: Json) -> Step:
    return _post("/agents/discover", filters)


def _submit(priority: Json = "normal", **rest: Json) -> Step:
    body = {"task_data": {"model": "llama2", "prompt": "hello"}, "priority": priority, **rest}
    return _post("/tasks/submit", body)


_RICH: Final[Obj] = {
    "capabilities": ["vision", "speech", "Vision-2"],
    "services": ["task-execution", "storage"],
    "endpoints": {"http": "http://localhost:9002", "Grpc": "grpc://localhost:9003/in/"},
    "metadata": {
        "version": "2.1",
        "Nested": {"deep": {"list": [1, {"x": None}]}},
        "nothing": None,
        "zero": 0,
        "yes": True,
        "ratio": 0.25,
        "share": 0.123456,
        "digits": "42",
        "time": "2026-05-07T18:49:17",
        "words": " Ünï & <b>'quoted'</b> \\ 100% {x}\nline two ",
    },
}


def base_script() -> list[Step]:
    """Everything that a peer can be asked, in a hundred and some requests."""
    return [
        *_opening(),
        *_agents(),
        *_updates(),
        *_discovery(),
        *_corners(),
        *_tasks(),
        *_refusals(),
        *_end(),
    ]


def _opening() -> Iterator[Step]:
    yield _get("/health")
    yield _get("/openapi.json")
    yield _get("/docs")
    yield _discover()
    yield _get("/tasks/status")
    yield _get("/tasks/queues")


def _agents() -> Iterator[Step]:
    yield _register("Worker_1", **_RICH)
    yield _register("plain", "general")
    yield _register("provider-1", "provider", capabilities=["speech"], services=["billing"])
    yield _register("consumer-1", "consumer", capabilities=["storage"], services=["vision"])
    yield _register("empty", capabilities=[], services=[], endpoints={}, metadata={})
    yield _register("worker_1", capabilities=["vision"], services=["storage"])
    for name in ("worker-1", "provider-10", " plain", "ägent-é", "gent-", "a+b", "a b", "a%20b"):
        yield _register(name, metadata={"of": name})
    for name in ("long-identifier-0001", "long-identifier-0002", "prov"):
        yield _register(name, endpoints={"http": f"http://{name}"})
    yield _register("plain", "provider", capabilities=["second"], metadata={"again": True})
    for name in ("Worker_1", "plain", " plain", "a+b", "a b", "a%20b", "ägent-é", "gent-"):
        yield _look(name)
    for name in ("long-identifier-0001", "worker-1", "WORKER_1", "provider", "nobody", "empty"):
        yield _look(name)
    yield _look("nobody")
    yield _look("provider-1")
    yield _discover()


def _updates() -> Iterator[Step]:
    metrics = {"cpu_usage": 85.26, "active_connections": 5, "memory_usage": 0.5, "pending_tasks": 2}
    yield _update("Worker_1", {"status": "busy", "load_metrics": metrics})
    yield _update("provider-1", {"status": "inactive"})
    for name in ("Worker_1", "worker_1", "provider-1", "provider-10", "plain", " plain"):
        yield _look(name)
    zeros = {"active_connections": 0, "pending_tasks": 1}
    yield _update("Worker_1", {"status": "active", "load_metrics": zeros})
    yield _look("Worker_1")
    yield _update("plain", {"status": "busy", "load_metrics": {"pending_tasks": 4}})
    yield _look("plain")
    yield _look(" plain")
    yield _beat("provider-1")
    yield _beat("provider-1")
    yield _beat("Worker_1")
    for name in ("provider-1", "Worker_1", "empty"):
        yield _look(name)
    for status in STATUSES:
        yield _update("empty", {"status": status})
        yield _look("empty")
        yield _discover(status=status)
    yield _beat("empty")
    yield _look("empty")
    yield _update("nobody", {"status": "busy"})
    yield _beat("nobody")
    yield _look("nobody")
    yield _discover()


def _discovery() -> Iterator[Step]:
    yield _update("gent-", {"status": "inactive"})
    for name in (*AGENT_TYPES, "work", "WORKER", "workers"):
        yield _discover(agent_type=name)
    both: list[Json] = ["vision", "speech"]
    lists: tuple[list[Json], ...] = (
        ["vision"],
        ["speech"],
        both,
        [*both, "none"],
        ["VISION"],
        ["none"],
        ["vis"],
        [],
    )
    for wanted in (*lists, ["vision and more"], ["speech", "vision"], ["storage"], ["billing"]):
        yield _discover(capabilities=wanted)
    services = (["storage"], ["task-execution", "storage"], ["Storage"], ["stor"], ["storages"])
    for wanted in (*services, ["storage", "none"], ["none", "storage"], ["vision"], ["billing"]):
        yield _discover(services=wanted)
    yield _discover(agent_type="worker", status="active")
    yield _discover(agent_type="consumer", status="busy")
    yield _discover(agent_type="worker", capabilities=["vision"], services=["storage"])
    yield _discover(capabilities=["vision"], services=["billing"])
    yield _discover(capabilities=["a", "b", "c", "d", "e", "f"])
    yield _discover()
    bad: tuple[Obj, ...] = (
        {"capabilities": "vision"},
        {"status": 5},
        {"agent_type": []},
        {"services": [1]},
    )
    for body in bad:
        yield _post("/agents/discover", body)
    yield _post("/agents/discover", {"services": "storage"})
    yield _post("/agents/discover", {"capabilities": [1]})
    yield _post("/agents/discover", {"colour": "ünknown"})


def _corners() -> Iterator[Step]:
    skills: list[Json] = [f"skill-{number}" for number in range(120)]
    yield _register("skilled", capabilities=skills)
    yield _discover(capabilities=skills[-1:])
    for name in ("three", "other"):
        yield _register(name, services=["first", "second", name])
    yield _discover(services=["first", "second", "three"])
    yield _update("skilled", {"status": "busy", "load_metrics": {"cpu_usage": 0.8137}})
    yield _update("skilled", {"status": "busy", "load_metrics": {"pending_tasks": 90_000}})
    yield _update("a b", {"status": " BUSY"})
    yield _update("a b", {"status": "busy"})
    yield _look("skilled")
    yield _look("a b")
    yield _update("skilled", {"status": "busy", "load_metrics": {"pending_tasks": 2**40}})
    yield _look("skilled")
    for name in ("7", "007"):
        yield _register(name, capabilities=["twice", "twice"])
    yield _look("7")
    yield _discover(capabilities=["twice", "twice"])
    yield _discover(services=[])
    yield _register("mover", capabilities=["from"], services=["from"])
    moved: Obj = {"capabilities": ["to"], "services": ["to"], "agent_type": "provider"}
    yield _register("mover", **moved)
    for was in ({"agent_type": "worker"}, {"capabilities": ["from"]}, {"services": ["from"]}):
        yield _discover(**was)


def _tasks() -> Iterator[Step]:
    impossible = {"capabilities": ["nobody-has-this"], "agent_type": "worker"}
    for turn, priority in enumerate(PRIORITIES, start=1):
        for _ in range(turn):
            yield _submit(priority, requirements=impossible)
            yield _get("/tasks/status")
    yield _submit("normal", requirements={})
    yield _submit("normal")
    yield _get("/tasks/status")
    yield _get("/tasks/queues")
    yield _get("/tasks/queues/stats")
    for priority in ("High", " high ", "hi", "asap", "", "it's", "a{b}"):
        yield _submit(priority)
    yield _get("/tasks/status")
    for priority in PRIORITIES:
        for _ in range(2):
            yield _post(f"/tasks/queues/{priority}/clear", b"")
            yield _get("/tasks/status")
        yield _submit(priority)
    yield _post("/tasks/queues/asap/clear", b"")
    for _ in range(22):
        yield _submit("low", requirements=impossible)
    yield _get("/tasks/status")
    yield _get("/tasks/queues")
    yield _submit("high", requirements={"agent_type": "nobody-is-this"})
    yield _get("/tasks/status")
    yield _post("/tasks/queues/low/clear", b"")
    yield _get("/tasks/queues")
    yield _register("after-tasks")
    yield _get("/tasks/status")
    for status in ("active", "stale", "inactive"):
        yield _update("after-tasks", {"status": status})
        yield _get("/tasks/status")
    yield _get("/health")


def _refusals() -> Iterator[Step]:
    agent: Obj = {"agent_id": "odd", "agent_type": "worker"}
    for name in agent:
        yield _post("/agents/register", {k: v for k, v in agent.items() if k != name})
        yield _post("/agents/register", {**agent, name: None})
        yield _post("/agents/register", {**agent, name: 5})
    for name in ("capabilities", "services", "endpoints", "metadata"):
        yield _post("/agents/register", {**agent, name: "text"})
    for name in ("capabilities", "services"):
        yield _post("/agents/register", {**agent, name: ["ok", 5]})
    yield _post("/agents/register", {**agent, "endpoints": {"http": 5}})
    yield _look("odd")
    yield from _bad_updates()
    yield from _bad_tasks()
    yield from _strange_bodies(agent)


def _bad_updates() -> Iterator[Step]:
    bodies: tuple[Json, ...] = (
        {},
        {"status": None},
        {"status": 5},
        {"status": "asleep"},
        {"status": "busy", "load_metrics": 5},
        {"status": "busy", "load_metrics": {"cpu_usage": []}},
        {"status": "asleep", "load_metrics": {"cpu_usage": 0.75}},
    )
    for body in bodies:
        yield _update("plain", body)
        yield _look("plain")


def _bad_tasks() -> Iterator[Step]:
    task: Obj = {"task_data": {"task_type": "t", "parameters": {}}, "priority": "low"}
    for name in task:
        yield _post("/tasks/submit", {k: v for k, v in task.items() if k != name})
        yield _post("/tasks/submit", {**task, name: None})
        yield _post("/tasks/submit", {**task, name: 5})
    yield _post("/tasks/submit", {**task, "requirements": 5})
    yield _post("/tasks/submit", task)


def _strange_bodies(agent: Obj) -> Iterator[Step]:
    deep: Obj = {"metadata": {"a": {"b": {"c": {"d": {"e": 1}}}}}}
    traits: tuple[Obj, ...] = (
        {"metadata": {"k": "ü"}},
        {"metadata": {"k": _LONG}},
        deep,
        {"status": "busy", "health_score": 7, "colour": "red"},
        {"metadata": {"k": "it's 100% {odd}\n"}},
        {"metadata": {"k": ""}},
        {"metadata": {f"k{number}": number for number in range(12)}},
        {"capabilities": [f"c{number}" for number in range(30)]},
    )
    for trait in traits:
        yield _post("/agents/register", {**agent, **trait})
        yield _look("odd")
        task_data = {"parameters": {"inner": trait}}
        yield _submit("low", task_data=task_data)
    yield _submit("low", colour="red", requirements={"agent_type": "worker"})
    yield _update("odd", {"status": "busy", "colour": "red"})
    yield _post("/agents/register", {**agent}, "application/json; charset=utf-8")
    yield _post("/agents/register", {**agent}, "text/plain")
    for path in ("/agents/register", "/agents/discover", "/tasks/submit"):
        yield _post(path, b'{"agent_id": ')


def _end() -> Iterator[Step]:
    yield _get("/health")
    yield _discover()
    yield _get("/no/such/path")
    yield Step(method="DELETE", path="/health")
    yield _get("/openapi.json")
    yield _get("/docs")


def crowd_script() -> list[Step]:
    """More agents than any list should be cut at."""
    crowd = [_register(f"crowd-{number}") for number in range(103)]
    return [*crowd, _discover(), _look("crowd-0"), _look("crowd-102"), _get("/health")]


def race_script() -> list[list[Step]]:
    """Rounds of requests that are sent at once; the rounds follow one another."""
    names = [f"racer-{number}" for number in range(6)]
    same = [_register("twin", capabilities=[f"c{number}"]) for number in range(3)]
    types = [_discover(agent_type=name) for name in AGENT_TYPES]
    changes = [_update(name, {"status": status}) for name in names for status in STATUSES[1:2]]
    tasks = [_submit(priority) for priority in PRIORITIES]
    return [
        [_register(name, metadata={"of": name}) for name in names],
        [_register("other", "provider")],
        [_look(name) for name in names],
        changes,
        [_look(name) for name in names],
        [_beat(name) for name in names],
        [_look(name) for name in names],
        types,
        same,
        [_discover()],
        tasks,
        [_submit("low") for _ in range(3)],
        [_get("/tasks/status")],
    ]
