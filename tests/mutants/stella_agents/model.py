"""The nouns of an agent: requests, messages, tasks, styles, faults; no input or output."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum, StrEnum
from random import Random
from typing import Any, Final, TypeAlias

from tests.mutants.stella_agents.bugs import Bug, Cue, Reaction, Trouble

__all__ = [
    "OPERATIONS",
    "Answer",
    "Draft",
    "Edit",
    "Encoding",
    "Fault",
    "Habits",
    "Item",
    "Json",
    "Library",
    "Memory",
    "Rhythm",
    "Say",
    "Style",
    "Target",
    "Task",
    "Way",
    "Wear",
    "What",
]

# Covariant containers, so that a plain dict[str, str] is a Json without a cast.
Json: TypeAlias = "bool | int | float | str | Sequence[Json] | Mapping[str, Json] | None"


class What(StrEnum):
    """What a request or a message is for."""

    REGISTER = "register"
    HEARTBEAT = "heartbeat"
    POLL = "poll"
    COMPLETE = "complete"
    STREAM = "stream"
    GET = "get"
    UPDATE = "update"
    DELETE = "delete"
    PROGRESS = "progress"
    LOG = "log"


OPERATIONS: Final[Mapping[What, tuple[str, str]]] = {
    What.REGISTER: ("POST", "/api/v1/agents/register"),
    What.HEARTBEAT: ("POST", "/api/v1/agents/{id}/heartbeat"),
    What.POLL: ("GET", "/api/v1/agents/{id}/tasks"),
    What.COMPLETE: ("POST", "/api/v1/agents/{id}/tasks/{task}/complete"),
    What.STREAM: ("GET", "/api/v1/agents/{id}/task-stream"),
    What.GET: ("GET", "/api/v1/agents/{id}"),
    What.UPDATE: ("PUT", "/api/v1/agents/{id}"),
    What.DELETE: ("DELETE", "/api/v1/agents/{id}"),
}


class Way(StrEnum):
    """The ways by which tasks come."""

    HEARTBEAT = "heartbeat"
    POLL = "poll"
    STREAM = "stream"


class Wear(Enum):
    """The certificate that goes with a connection."""

    NOW = "the newest"
    OLD = "the very first"
    NONE = "none"
    FOREIGN = "one that the agent has signed for itself"


class Library(Enum):
    """Who speaks HTTP, or WebSocket, for us."""

    RAW = "bare streams"
    USUAL = "http.client, websockets"
    AIOHTTP = "aiohttp"


@dataclass(frozen=True, kw_only=True, slots=True)
class Target:
    """Where the orchestrator is; ``authority`` is a PEM file that its own certificate leads to."""

    base: str
    token: str
    authority: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Draft:
    """One request before it goes on the wire; ``raw`` overrules ``body`` when it is set."""

    what: What
    method: str
    path: str
    headers: tuple[tuple[str, str], ...] = ()
    body: Json = None
    raw: bytes | None = None
    wear: Wear = Wear.NOW
    task: str = ""
    nth: int = 0
    """Earlier drafts of the same kind."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Say:
    """One message for the stream; ``raw`` overrules ``body`` when it is set."""

    what: What
    body: Json
    task: str
    raw: str | bytes | None = None
    nth: int = 0


Item: TypeAlias = Draft | Say


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """What came back; ``data`` is None and ``garbled`` is set where the body is no JSON."""

    status: int
    data: Json = None
    garbled: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Task:
    """Work, as it came."""

    id: str
    type: str
    payload: Mapping[str, Any] | None
    credentials: Mapping[str, Any] | None
    timeout: float | None


@dataclass(kw_only=True, slots=True)
class Memory:
    """What one agent has lived through, for everybody who spoils its messages."""

    name: str
    token: str
    rng: Random
    agent_id: str = ""
    jwt: str = ""
    key: str = ""
    running: int = 0
    sent: Counter[What] = field(default_factory=Counter)
    tasks: dict[str, Task] = field(default_factory=dict)
    """All that were ever taken, in their order."""
    done: list[str] = field(default_factory=list)
    cancelled: list[str] = field(default_factory=list)
    texts: dict[str, str] = field(default_factory=dict)
    """Room for the variables that a careless program shares."""


Edit: TypeAlias = Callable[[Item, Memory], Iterable[Item]]
"""Changes one outgoing request or message; none, one or several come out."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Rhythm:
    """When something comes that comes again and again. Only the first four are lawful choices."""

    at_once: bool = True
    fixed_rate: bool = True
    jitter: float = 0.0
    """Largest part of the interval that is added or taken away."""
    effort: float = 0.0
    """Seconds before each that something is measured for, beside the interval, and no more than
    that.
    """
    first: float = 1.0
    """Intervals before the first, where it is not at once."""
    seconds: float | None = None
    """Used in place of what was configured."""
    factor: float = 1.0
    growth: float = 1.0
    limit: int | None = None
    burst: int = 1
    """How many come at each fourth time."""
    whole: bool = False
    """Rounded up to whole seconds."""

    def gap(self, interval: float, nth: int, rng: Random) -> float:
        """Seconds after the beat number ``nth``, counted from 0."""
        seconds = interval if self.seconds is None else self.seconds
        if self.whole:
            seconds = float(-(-seconds // 1))
        spread = 1.0 + rng.uniform(-self.jitter, self.jitter)
        # A storm of one each 15 ms is storm enough.
        return max(0.015, seconds * self.factor * spread * self.growth**nth)


@dataclass(frozen=True, kw_only=True, slots=True)
class Encoding:
    """How a body becomes text."""

    indent: int | None = None
    separators: tuple[str, str] | None = None
    shuffled: bool = False
    content_type: str = "application/json"


@dataclass(frozen=True, kw_only=True, slots=True)
class Habits:
    """How our own WebSocket client speaks. The defaults keep RFC 6455."""

    masked: bool = True
    rsv: int = 0
    opcode: int | None = None
    """Used for texts in place of the right one."""
    fragment: int | None = None
    """Bytes a frame, a lawful choice."""
    no_end: bool = False
    """Messages whose last frame does not say so."""
    long_lengths: bool = False
    pongs: bool = True
    answers_close: bool = True
    closes: bool = True
    """Sends a close frame before it ends a stream itself."""
    close_code: int = 1000
    loses: frozenset[str] = frozenset()
    """Lawful things after which nothing is heard: fragments, ping, large."""
    version: str = "13"
    key: bool = True
    same_key: bool = False
    """The same key in each handshake."""
    credulous: bool = False
    """Takes frames that RFC 6455 forbids the other side."""
    talks_after_close: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Style:
    """One way of living."""

    name: str
    summary: str
    takes: frozenset[Way] = frozenset(Way)
    http: Library = Library.RAW
    socket: Library = Library.RAW
    keep_alive: bool = False
    pulse: Rhythm = Rhythm()
    polling: Rhythm = Rhythm()
    encoding: Encoding = Encoding()
    habits: Habits = Habits()
    """Only for sockets of our own."""
    header_case: Callable[[str], str] = str
    headers: tuple[tuple[str, str], ...] = ()
    sends_jwt: bool = True
    version: str = "2.4.1"
    capabilities: tuple[str, ...] = ("docker", "compose")
    labels: Mapping[str, str] | None = field(
        default_factory=lambda: {"rack": "b7", "zone": "attic"}
    )
    disk: bool = True
    whole_numbers: bool = False
    stamp: str = "zulu"
    """How timestamps look: zulu, offset, fraction."""
    progress: tuple[float, ...] = (0, 40, 80, 100)
    says_logs: bool = True
    keeps_logs: bool = True
    reports_cancelled: bool = True
    serial: bool = False
    farewell: bool = False
    deletes_itself: bool = False
    leaves_when_gone: bool = True
    stream_follows_renewal: bool = True
    curious: bool = False
    """Looks itself up and sets its labels after the registration."""
    extras: Mapping[str, Json] = field(default_factory=dict)
    bugs: frozenset[Bug] = frozenset()
    reactions: Mapping[Trouble, Reaction] = field(default_factory=dict)
    """What is not named here is lived through."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Fault:
    """One seeded bug. ``implied``: only plain reading forbids it."""

    name: str
    summary: str
    section: str
    implied: bool = False
    cue: Cue = Cue.PLAIN
    style: str = "all_ways"
    edit: Edit | None = None
    reshape: Callable[[Style], Style] | None = None

    @property
    def reading(self) -> str:
        """The lawful reading it deviates from: the style's name."""
        return self.style
