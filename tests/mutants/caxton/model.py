"""The things that a coordinator knows, and the requests and answers that pass through it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

if TYPE_CHECKING:
    from .desk import Desk

__all__ = [
    "STATES",
    "Agent",
    "Answer",
    "Bucket",
    "Call",
    "Event",
    "Line",
    "Message",
    "Obj",
    "Op",
    "Refusal",
    "RefusedError",
    "Rollout",
    "Stage",
    "Subscription",
    "Task",
    "Turn",
    "Via",
]

Obj: TypeAlias = dict[str, Any]

Via: TypeAlias = Literal["rest", "grpc"]

Op: TypeAlias = Literal[
    "deploy",
    "list",
    "get",
    "reload",
    "update",
    "stop",
    "remove",
    "send",
    "history",
    "create_task",
    "distribute",
    "task",
    "create_deployment",
    "deployment",
    "rollback",
    "system",
    "agent_metrics",
    "none",
    "method",
]

STATES = ("unloaded", "loaded", "running", "draining", "stopped", "failed")
"""Of an agent."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Refusal:
    """Why a request is not performed."""

    status: int
    code: str
    words: str
    details: Obj = field(default_factory=dict)
    wait: float = 0.0
    """Seconds until it is worth trying again; 0 says nothing."""


class RefusedError(Exception):
    """Carries a refusal to where it is answered."""

    def __init__(self, refusal: Refusal) -> None:
        """The words are for people who see it uncaught."""
        super().__init__(f"{refusal.status} {refusal.code}: {refusal.words}")
        self.refusal = refusal


@dataclass(kw_only=True, slots=True)
class Agent:
    """A deployed agent, from its deployment to its removal."""

    id: str
    name: str
    module: bytes
    version: str
    state: str
    config: Obj
    door: str
    """`deploy` or `grpc`: how it came."""
    memory: str
    cpu: str
    capabilities: tuple[str, ...]
    strategy: str
    deployment_id: str
    born: float
    number: int
    """Which deployment of this server's life; skills follow from it."""
    updating: bool = False
    gone: bool = False
    worked: list[float] = field(default_factory=list)
    """When each message was processed."""
    failures: list[float] = field(default_factory=list)


@dataclass(kw_only=True, slots=True)
class Message:
    """A FIPA message that was taken."""

    id: str
    performative: str
    sender: str
    receiver: str
    content: Any
    conversation_id: str | None
    at: float
    more: Obj = field(default_factory=dict)
    """`reply_with`, `in_reply_to`, `ontology`, `language`: those that were given."""


@dataclass(kw_only=True, slots=True)
class Task:
    """Work that is distributed among agents."""

    id: str
    name: str
    data: Any
    participants: tuple[str, ...] | None
    """None leaves it to everybody."""
    capabilities: tuple[str, ...]
    score: float
    created: float
    timeout: float
    status: str = "created"
    led: bool = False
    """By a hook, and no longer at its own pace."""
    winner: Agent | None = None
    bid: Obj | None = None
    proposals: int = 0
    started: float | None = None
    progress: float = 0.0


@dataclass(kw_only=True, slots=True)
class Stage:
    """A step of a deployment."""

    number: int
    percentage: float
    duration: float
    status: str = "pending"
    started: float | None = None
    completed: float | None = None


@dataclass(kw_only=True, slots=True)
class Rollout:
    """A deployment of a new version to an agent that exists."""

    id: str
    agent: Agent
    module: bytes
    version: str
    before: tuple[str, bytes]
    """The version and the module that it replaces."""
    stages: list[Stage]
    created: float
    status: str = "initializing"
    guarded: bool = False
    """Errors beyond the threshold roll it back."""
    threshold: float = 1.0

    @property
    def over(self) -> bool:
        """Nothing more will happen by itself."""
        return self.status in ("completed", "rolled_back", "reverted", "rolling_back", "failed")


@dataclass(kw_only=True, slots=True)
class Bucket:
    """What is left of a rate limit."""

    rate: float
    """Per second."""
    period: float
    burst: int
    left: float
    at: float


@dataclass(kw_only=True, slots=True)
class Subscription:
    """What one subscription asks for; None asks for everything."""

    id: str
    events: tuple[str, ...] | None
    agents: tuple[str, ...] | None
    performatives: tuple[str, ...] | None
    ids: tuple[str, ...] | None


@dataclass(kw_only=True, slots=True)
class Event:
    """Something that happened, and whom it concerns."""

    body: Obj
    senders: tuple[str, ...] = ()
    receivers: tuple[str, ...] = ()
    more: Obj = field(default_factory=dict)
    """Fields that only some readings show."""

    @property
    def type(self) -> str:
        """As subscribers name it."""
        return str(self.body.get("type"))


@dataclass(kw_only=True, slots=True, eq=False)
class Line:
    """A WebSocket connection."""

    number: int
    send: Callable[[str | bytes], None]
    close: Callable[[int], None]
    subscriptions: dict[str, Subscription] = field(default_factory=dict)


class Raw(bytes):
    """Bytes that go out on a WebSocket as they are, in no frame of the server's."""


@dataclass(kw_only=True, slots=True)
class Call:
    """An HTTP request; the names of headers are in small letters."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes


@dataclass(kw_only=True, slots=True)
class Answer:
    """An HTTP answer; `text` stands for the body where it is no JSON."""

    status: int
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    media: str = "application/json"
    text: str | None = None
    wire: Literal["", "final", "hang", "reset", "truncate"] = ""


@dataclass(kw_only=True, slots=True)
class Turn:
    """One REST request on its way."""

    desk: Desk
    op: Op
    call: Call
    who: str
    """The id in the path."""
    nth: int
    """1 for the first request of this operation."""
    token: str = ""
    refusal: Refusal | None = None
    answer: Answer = field(default_factory=lambda: Answer(status=500))
