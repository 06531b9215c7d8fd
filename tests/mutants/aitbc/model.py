"""The nouns of the coordinator: calls, replies, answers, agents and tasks.

Everything here is free of sockets and clocks, so that a peer can be driven in memory.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime
    from uuid import UUID

__all__ = [
    "AGENT_TYPES",
    "PRIORITIES",
    "ROUTES",
    "STATUSES",
    "Agent",
    "Answer",
    "Call",
    "Counters",
    "Env",
    "Json",
    "Obj",
    "Op",
    "RefusalError",
    "Reply",
    "Task",
    "Wire",
]

Json: TypeAlias = Any
"""Whatever `json.loads` can return; only checks at run time can say more."""

Obj: TypeAlias = dict[str, Any]

AGENT_TYPES: Final = ("worker", "provider", "consumer", "general")
STATUSES: Final = ("active", "inactive", "busy", "stale")
PRIORITIES: Final = ("urgent", "critical", "high", "normal", "low")


class Op(StrEnum):
    """The thirteen endpoints."""

    REGISTER = "register"
    DISCOVER = "discover"
    GET = "get"
    UPDATE = "update"
    HEARTBEAT = "heartbeat"
    SUBMIT = "submit"
    STATUS = "status"
    QUEUES = "queues"
    STATS = "stats"
    CLEAR = "clear"
    HEALTH = "health"
    OPENAPI = "openapi"
    DOCS = "docs"


ROUTES: Final[tuple[tuple[str, str, Op], ...]] = (
    ("POST", "/agents/register", Op.REGISTER),
    ("POST", "/agents/discover", Op.DISCOVER),
    ("GET", "/agents/{agent_id}", Op.GET),
    ("PUT", "/agents/{agent_id}/status", Op.UPDATE),
    ("POST", "/agents/{agent_id}/heartbeat", Op.HEARTBEAT),
    ("POST", "/tasks/submit", Op.SUBMIT),
    ("GET", "/tasks/status", Op.STATUS),
    ("GET", "/tasks/queues", Op.QUEUES),
    ("GET", "/tasks/queues/stats", Op.STATS),
    ("POST", "/tasks/queues/{priority}/clear", Op.CLEAR),
    ("GET", "/health", Op.HEALTH),
    ("GET", "/openapi.json", Op.OPENAPI),
    ("GET", "/docs", Op.DOCS),
)
"""Method, path template and endpoint. No template has more than one variable."""


class Wire(StrEnum):
    """How the answer travels; everything but `NORMAL` is a fault of the transport."""

    NORMAL = "normal"
    HANG = "hang"
    DROP = "drop"
    RESET = "reset"
    TRUNCATE = "truncate"
    OVERLONG = "overlong"
    UNDERLONG = "underlong"
    FLOOD = "flood"
    GARBAGE = "garbage"
    BAD_CHUNK = "bad_chunk"
    DIE = "die"


@dataclass(frozen=True, kw_only=True, slots=True)
class Call:
    """One request, as the transport hands it over.

    `path` is still percent-encoded; `turn` is its place on the connection, from 1.
    `op` and `arg` are filled in by the router.
    """

    method: str
    path: str
    media: str = ""
    body: bytes = b""
    turn: int = 1
    op: Op | None = None
    arg: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Reply:
    """An outcome before it becomes bytes: `text` wins over `body` when given."""

    status: int
    body: Json = None
    text: str | None = None
    media: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """An outcome as bytes, with the manner of its delivery."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    wire: Wire = Wire.NORMAL
    chunked: bool = False
    close: bool = False


class RefusalError(Exception):
    """The coordinator declines: a status code and the content of `detail`."""

    def __init__(self, status: int, detail: Json) -> None:
        """Keep both for the reply."""
        super().__init__(status, detail)
        self.status = status
        self.detail = detail


@dataclass(kw_only=True, slots=True)
class Agent:
    """A registered agent; mutable, for it is the state itself."""

    agent_id: str
    agent_type: str
    status: str
    capabilities: list[str]
    services: list[str]
    endpoints: Obj
    metadata: Obj
    last_heartbeat: datetime
    registration_time: datetime
    load_metrics: Obj
    sent: Obj
    """The registration as it came, for readings that look at undocumented fields."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Task:
    """A task that waits in a queue."""

    task_id: str
    priority: str
    requirements: Obj
    submitted_at: datetime


@dataclass(kw_only=True, slots=True)
class Counters:
    """Running totals of the distributor and its load balancer."""

    distributed: int = 0
    completed: int = 0
    failed: int = 0
    seconds: float = 0.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Env:
    """What a coordinator takes from the world: the time (aware, UTC) and fresh UUIDs."""

    clock: Callable[[], datetime]
    new_uuid: Callable[[], UUID]
