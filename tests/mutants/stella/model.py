"""What the orchestrator remembers, and what goes in and out of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

__all__ = [
    "AGENT_OPS",
    "OPERATOR_OPS",
    "Agent",
    "Answer",
    "Call",
    "Line",
    "Obj",
    "Op",
    "Paper",
    "Peer",
    "Refusal",
    "Standing",
    "Task",
    "Token",
    "Way",
]

Obj: TypeAlias = dict[str, Any]
Op: TypeAlias = Literal[
    "register", "list", "get", "update", "delete", "heartbeat", "poll", "complete", "stream", "none"
]
Way: TypeAlias = Literal["heartbeat", "poll", "stream"]
Standing: TypeAlias = Literal["none", "foreign", "expired", "revoked", "good", "operator"]
"""What the server makes of the client's certificate."""

AGENT_OPS: tuple[Op, ...] = ("heartbeat", "poll", "complete", "stream")
OPERATOR_OPS: tuple[Op, ...] = ("list", "get", "update", "delete")


@dataclass(kw_only=True, slots=True)
class Token:
    """A registration token; times are seconds since 1970 by the server's clock."""

    text: str
    minted: float
    spent: bool = False


@dataclass(kw_only=True, slots=True)
class Paper:
    """A certificate that was issued."""

    serial: int
    not_after: float
    revoked: bool = False
    used: bool = False


@dataclass(kw_only=True, slots=True)
class Task:
    """Work for one agent."""

    id: str
    type: str
    payload: Obj
    credentials: Obj
    timeout: int
    priority: int
    created: float
    state: Literal["pending", "done", "cancelled"] = "pending"
    told: bool = False
    """Whether it was handed over in a way that counts."""


@dataclass(kw_only=True, slots=True)
class Agent:
    """A registered agent."""

    id: str
    name: str
    version: str
    capabilities: list[str]
    labels: Obj
    registered: float
    interval: int
    nth: int
    """1 for the first of this server's life."""
    jwt: str = ""
    key: Any = None
    beat: float | None = None
    life: float = 0.0
    """The last sign of life."""
    health: str = "healthy"
    usage: Obj | None = None
    pinned: bool = False
    targets: list[str] = field(default_factory=list)
    papers: dict[str, Paper] = field(default_factory=dict)
    tasks: list[Task] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True, slots=True)
class Peer:
    """The certificate that a client showed."""

    fingerprint: str
    not_after: float
    ours: bool
    """Whether an authority of ours signed it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Call:
    """One HTTP request."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes
    peer: Peer | None


@dataclass(kw_only=True, slots=True)
class Answer:
    """What goes back; `text` stands in for `body` where it is not JSON."""

    status: int
    body: Any = None
    text: str | None = None
    media: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)
    wire: Literal["normal", "hang", "reset", "truncate", "die"] = "normal"


@dataclass(frozen=True, kw_only=True, slots=True)
class Refusal:
    """Why a call is not performed; the status 0 cuts the connection."""

    status: int
    words: str


@dataclass(eq=False, kw_only=True, slots=True)
class Line:
    """One open task stream."""

    agent: Agent
    send: Callable[[str | bytes], Awaitable[None]]
    close: Callable[[int], Awaitable[None]]
    nth: int = 1
    heard: int = 0
