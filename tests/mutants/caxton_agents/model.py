"""The nouns of a client: requests, messages, styles, faults; no input or output."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum, StrEnum
from random import Random
from typing import Final, TypeAlias

from tests.mutants.caxton_agents.bugs import Bug, Cue, Reaction, Trouble

__all__ = [
    "CALLS",
    "OPERATIONS",
    "Answer",
    "Chapter",
    "Draft",
    "Edit",
    "Encoding",
    "Fault",
    "Form",
    "Habits",
    "Item",
    "Json",
    "Library",
    "Memory",
    "Say",
    "Style",
    "Target",
    "What",
]

# Covariant containers, so that a plain dict[str, str] is a Json without a cast.
Json: TypeAlias = "bool | int | float | str | Sequence[Json] | Mapping[str, Json] | None"


class What(StrEnum):
    """What a request, a call or a message is for."""

    DEPLOY = "deploy"
    LIST = "list"
    GET = "get"
    RELOAD = "reload"
    UPDATE = "update"
    STOP = "stop"
    REMOVE = "remove"
    SEND = "send"
    HISTORY = "history"
    TASK = "task"
    DISTRIBUTE = "distribute"
    PROGRESS = "progress"
    ROLLOUT = "rollout"
    MONITOR = "monitor"
    ROLLBACK = "rollback"
    SYSTEM = "system"
    METRICS = "metrics"
    CONNECT = "connect"
    SUBSCRIBE = "subscribe"
    UNSUBSCRIBE = "unsubscribe"
    CALL_DEPLOY = "call_deploy"
    CALL_LIST = "call_list"
    CALL_SEND = "call_send"
    CALL_WAIT = "call_wait"


OPERATIONS: Final[Mapping[What, tuple[str, str]]] = {
    What.DEPLOY: ("POST", "/agents"),
    What.LIST: ("GET", "/agents"),
    What.GET: ("GET", "/agents/{id}"),
    What.RELOAD: ("PUT", "/agents/{id}/reload"),
    What.UPDATE: ("PUT", "/agents/{id}"),
    What.STOP: ("POST", "/agents/{id}/stop"),
    What.REMOVE: ("DELETE", "/agents/{id}"),
    What.SEND: ("POST", "/messages"),
    What.HISTORY: ("GET", "/messages"),
    What.TASK: ("POST", "/tasks"),
    What.DISTRIBUTE: ("POST", "/tasks/{id}/distribute"),
    What.PROGRESS: ("GET", "/tasks/{id}"),
    What.ROLLOUT: ("POST", "/deployments"),
    What.MONITOR: ("GET", "/deployments/{id}"),
    What.ROLLBACK: ("POST", "/deployments/{id}/rollback"),
    What.SYSTEM: ("GET", "/metrics/system"),
    What.METRICS: ("GET", "/metrics/agents/{id}"),
}
"""Methods, and paths below ``/api/v1``."""

CALLS: Final[Mapping[What, str]] = {
    What.CALL_DEPLOY: "/caxton.v1.AgentService/DeployAgent",
    What.CALL_LIST: "/caxton.v1.AgentService/ListAgents",
    What.CALL_SEND: "/caxton.v1.MessageService/SendMessage",
    What.CALL_WAIT: "/caxton.v1.MessageService/SendMessageAndWait",
}
"""Full names of gRPC methods."""


class Chapter(StrEnum):
    """A part of a journey."""

    FIND = "takes an agent that is there"
    DEPLOY = "deploys an agent and waits until it runs"
    MESSAGES = "sends messages and reads their history"
    AGENTS = "lists all agents"
    TASK = "creates a task, distributes it, follows it"
    ROLLOUT = "creates a deployment, follows it, sometimes rolls it back"
    RELOAD = "reloads its agent"
    UPDATE = "updates its agent"
    METRICS = "asks metrics"
    END = "stops and removes its agent"


class Library(Enum):
    """Who speaks HTTP, or WebSocket, for us."""

    RAW = "bare streams"
    USUAL = "http.client, websockets"
    AIOHTTP = "aiohttp"


@dataclass(frozen=True, kw_only=True, slots=True)
class Target:
    """Where the coordinator is; ``grpc`` is empty where it speaks none."""

    rest: str
    """With ``/api/v1``."""
    socket: str
    """With ``/ws``."""
    grpc: str
    token: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Form:
    """How a multipart body looks. The defaults are what curl sends."""

    wasm_name: str = "wasm"
    config_name: str = "config"
    wasm_type: str = "application/octet-stream"
    config_type: str = ""
    filename: str = "agent.wasm"
    wasm_first: bool = True
    boundary: str = "----part-7d1f0c55"
    announced: str | None = None
    """The boundary in the header, where it is not the right one; empty for none."""
    subtype: str = "form-data"
    config_text: str | None = None
    """In place of the JSON of the config."""
    wasm_times: int = 1
    config_times: int = 1
    newline: str = "\r\n"
    finished: bool = True
    dispositions: bool = True


@dataclass(frozen=True, kw_only=True, slots=True)
class Draft:
    """One request or call before it goes on the wire; ``raw`` overrules ``body`` where it is set.

    ``body`` is the config where there is a ``form``, and the message of a call.
    """

    what: What
    method: str
    path: str
    query: tuple[tuple[str, str], ...] = ()
    headers: tuple[tuple[str, str], ...] = ()
    body: Json = None
    wasm: bytes | None = None
    form: Form | None = None
    raw: bytes | None = None
    numbers: Mapping[str, int] = field(default_factory=dict)
    """Of fields of a call, where they are not the right ones."""
    id: str = ""
    nth: int = 0
    """Earlier drafts of the same kind."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Say:
    """One message for the WebSocket; ``raw`` overrules ``body`` where it is set."""

    what: What
    body: Json
    raw: str | bytes | None = None
    nth: int = 0


Item: TypeAlias = Draft | Say


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """What came back: status 0 where nothing did, 599 where it makes no sense."""

    status: int
    data: Mapping[str, Json] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    took: float = 0.0
    bare: bool = False
    """Whether what the document leaves open holds nothing in it."""

    @property
    def well(self) -> bool:
        """Whether it was done."""
        return 200 <= self.status < 300

    @property
    def unknown(self) -> bool:
        """Whether nobody can say if it was done."""
        return self.status == 0 or self.status >= 500

    @property
    def later(self) -> bool:
        """Whether it was not done, and another time may be better."""
        return self.status in {401, 429}

    def text(self, name: str) -> str:
        """A member that is a text, or nothing."""
        value = self.data.get(name)
        return value if isinstance(value, str) else ""


@dataclass(kw_only=True, slots=True)
class Memory:
    """What one client has lived through, for everybody who spoils its messages."""

    name: str
    token: str
    rng: Random
    agent_id: str = ""
    agent_name: str = ""
    lives: int = 0
    """Names that were found to be taken."""
    round: int = 0
    conversation: str = ""
    sent: Counter[What] = field(default_factory=Counter)
    asked: set[str] = field(default_factory=set)
    """The ``reply_with`` and conversations of its messages."""
    awaited: list[str] = field(default_factory=list)
    """The ``reply_with`` of those whose replies it has not seen yet, in their order."""
    replies: int = 0
    """Messages heard that answer one of those."""
    removed: str = ""
    """The agent that it removed last."""
    agents: list[str] = field(default_factory=list)
    """Those that it saw in the list."""
    subscriptions: list[str] = field(default_factory=list)


Edit: TypeAlias = Callable[[Item, Memory], Iterable[Item]]
"""Changes one outgoing request or message; none, one or several come out."""


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
    interrupted: bool = False
    """Begins a new message within a message in fragments."""
    long_lengths: bool = False
    close: bytes = b"\x03\xe8"
    """What its close frame carries."""
    talks_after_close: bool = False
    pongs: bool = True
    answers_close: bool = True
    loses: frozenset[str] = frozenset()
    """What makes it deaf: ``ping``, ``fragments``, ``large``."""
    key: bool = True
    same_key: bool = False
    """One and the same key in each handshake."""
    strict: bool = True
    """Ends a connection over a frame that RFC 6455 forbids."""
    version: str = "13"
    control: bytes = b""
    """A ping with this payload after each message, where there is any."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Style:
    """A way to live. Without bugs and reactions it is a lawful one."""

    name: str
    summary: str
    chapters: tuple[Chapter, ...] = (
        Chapter.DEPLOY,
        Chapter.MESSAGES,
        Chapter.AGENTS,
        Chapter.TASK,
        Chapter.ROLLOUT,
        Chapter.RELOAD,
        Chapter.UPDATE,
        Chapter.METRICS,
        Chapter.END,
    )
    http: Library = Library.RAW
    keep_alive: bool = True
    socket: Library | None = Library.RAW
    subscribes: str = "events"
    """``events``, or ``filter``: then about its own agents."""
    calls: frozenset[What] = frozenset()
    """What goes over gRPC where there is any."""
    encoding: Encoding = Encoding()
    form: Form = Form()
    chunked: bool = False
    """Multipart bodies in chunks, without a length."""
    extras: Mapping[str, Json] = field(default_factory=dict)
    minimal: bool = False
    equips: bool = False
    """Deploys over REST with an environment and capabilities too."""
    headers: tuple[tuple[str, str], ...] = ()
    header_case: Callable[[str], str] = str
    limit: int | None = 3
    """Items a page; None leaves it to the coordinator."""
    poll: float = 0.3
    polls: int = 5
    pause: float = 0.4
    """Seconds between operations after the first journey."""
    messages: int = 2
    awaits: bool = False
    """Sends its messages in one conversation, and looks for the replies for a while."""
    rolls_back: int = 2
    """Each so-manieth time; 0 for never."""
    adopts: bool = False
    """Takes an agent that has its name already; else it takes another name."""
    concurrent: bool = False
    stops_first: bool = True
    drains: bool = True
    once: bool = False
    tidy: bool = False
    """Removes its agent when it is told to stop."""
    bugs: frozenset[Bug] = frozenset()
    blind: frozenset[What] = frozenset()
    """What it does again without a look at what became of it."""
    reactions: Mapping[Trouble, Reaction] = field(default_factory=dict)
    habits: Habits = Habits()


@dataclass(frozen=True, kw_only=True, slots=True)
class Fault:
    """One deliberate deviation. ``implied``: only plain reading forbids it."""

    name: str
    summary: str
    section: str
    style: str = "full"
    implied: bool = False
    cue: Cue = Cue.PLAIN
    edit: Edit | None = None
    reshape: Callable[[Style], Style] | None = None
