"""The nouns of the agent: operations, drafts, answers, styles and faults; no input or output."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum, StrEnum
from typing import Final, TypeAlias

__all__ = [
    "AGENT_TYPES",
    "OPERATIONS",
    "PRIORITIES",
    "STATUSES",
    "Answer",
    "BodyMaker",
    "Chore",
    "Draft",
    "Encoding",
    "Ending",
    "Fault",
    "Json",
    "Moment",
    "Needs",
    "OnTerm",
    "Op",
    "Operation",
    "Reaction",
    "Reshape",
    "Style",
    "Tamper",
    "Trouble",
    "Turn",
]

# Covariant containers, so that a plain dict[str, str] is a Json without a cast.
Json: TypeAlias = "bool | int | float | str | Sequence[Json] | Mapping[str, Json] | None"

AGENT_TYPES: Final = ("worker", "provider", "consumer", "general")
STATUSES: Final = ("active", "inactive", "busy", "stale")
PRIORITIES: Final = ("urgent", "critical", "high", "normal", "low")


class Op(StrEnum):
    """Everything an agent may ask of the coordinator."""

    HEALTH = "health"
    REGISTER = "register"
    DISCOVER = "discover"
    GET_AGENT = "get_agent"
    STATUS = "status"
    HEARTBEAT = "heartbeat"
    SUBMIT = "submit"
    TASK_STATUS = "task_status"
    QUEUES = "queues"
    QUEUE_STATS = "queue_stats"
    CLEAR = "clear"
    OPENAPI = "openapi"
    DOCS = "docs"


@dataclass(frozen=True, kw_only=True, slots=True)
class Operation:
    """Method and path of one operation; ``{subject}`` stands for an agent id or a priority."""

    method: str
    path: str


# The methods of the heartbeat and queue rows are the usual ones: the document names none.
OPERATIONS: Final[Mapping[Op, Operation]] = {
    Op.HEALTH: Operation(method="GET", path="/health"),
    Op.REGISTER: Operation(method="POST", path="/agents/register"),
    Op.DISCOVER: Operation(method="POST", path="/agents/discover"),
    Op.GET_AGENT: Operation(method="GET", path="/agents/{subject}"),
    Op.STATUS: Operation(method="PUT", path="/agents/{subject}/status"),
    Op.HEARTBEAT: Operation(method="POST", path="/agents/{subject}/heartbeat"),
    Op.SUBMIT: Operation(method="POST", path="/tasks/submit"),
    Op.TASK_STATUS: Operation(method="GET", path="/tasks/status"),
    Op.QUEUES: Operation(method="GET", path="/tasks/queues"),
    Op.QUEUE_STATS: Operation(method="GET", path="/tasks/queues/stats"),
    Op.CLEAR: Operation(method="POST", path="/tasks/queues/{subject}/clear"),
    Op.OPENAPI: Operation(method="GET", path="/openapi.json"),
    Op.DOCS: Operation(method="GET", path="/docs"),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Moment:
    """What the agent has lived through before a request, for bugs that show up late."""

    sent: int = 0
    """Requests sent so far."""
    nth: int = 0
    """Earlier requests of the same operation."""
    accepted: int = 0
    """Earlier 2xx answers to the same operation."""
    drops: int = 0
    """Connections that broke so far."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Draft:
    """One request before it goes on the wire; ``raw`` overrules ``payload`` when it is set."""

    op: Op
    method: str
    path: str
    subject: str = ""
    """The agent id or priority in the path, before percent-encoding."""
    payload: Json = None
    raw: bytes | None = None
    headers: tuple[tuple[str, str], ...] = ()
    prefixed: bool = True
    """Whether the base URL's own path goes in front."""
    chunked: bool = False
    moment: Moment = Moment()


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """What came back; ``data`` is None when the body is no JSON. Header names in lower case."""

    status: int
    headers: Mapping[str, str]
    data: Json = None


class Trouble(StrEnum):
    """What can go wrong with one request."""

    BUSY = "busy"
    """429 or 503."""
    FORGOTTEN = "forgotten"
    """404 about the agent itself."""
    REFUSED = "refused"
    """400 or 422."""
    BROKEN = "broken"
    """Any other 5xx."""
    SLOW = "slow"
    """No answer within the style's time-out."""
    DROPPED = "dropped"
    """No connection, or one that broke."""
    EXTRA = "extra"
    """An answer with fields that the document does not show."""


class Reaction(Enum):
    """What an agent does about a trouble. Only COPE and EXIT are healthy."""

    COPE = "wait, then go on"
    EXIT = "say why and leave with a failure status"
    CRASH = "die with a traceback"
    HAMMER = "ask again at once"
    IGNORE = "go on as if it had worked"
    QUIT = "leave with status 0 and no word"
    HANG = "never do anything again"


class Ending(Enum):
    """What follows the prologue."""

    LIVE = "do the chores until told to stop"
    EXIT = "leave with status 0"
    HANG = "stay alive and do nothing"


class OnTerm(Enum):
    """What SIGTERM does."""

    FAREWELL = "set the status to inactive, leave with status 0"
    LEAVE = "leave with status 0"
    IGNORE = "nothing"
    CRASH = "die with a traceback"
    FAIL = "leave with status 3"


@dataclass(frozen=True, kw_only=True, slots=True)
class Turn:
    """What a body is made from: who speaks, and how often this operation was asked before."""

    agent_id: str
    agent_type: str
    n: int = 0
    last: bool = False
    """The agent is about to leave."""


BodyMaker: TypeAlias = Callable[[Turn], Json]
Tamper: TypeAlias = Callable[[Draft], Draft]


@dataclass(frozen=True, kw_only=True, slots=True)
class Chore:
    """One operation asked again and again: each ``every`` intervals, or each ``seconds``."""

    op: Op
    every: float = 1.0
    seconds: float | None = None
    limit: int | None = None
    """How often at most."""
    delayed: bool = False
    """The first time comes after one period, not at once."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Encoding:
    """How a style writes its bodies."""

    indent: int | None = None
    ascii_only: bool = True
    content_type: str = "application/json"
    chunked: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Style:
    """One way of living: what is asked first, what is asked regularly, how trouble is met."""

    name: str
    summary: str
    prologue: tuple[Op, ...]
    rounds: tuple[Chore, ...] = ()
    ending: Ending = Ending.LIVE
    on_term: OnTerm = OnTerm.LEAVE
    agent_type: str = "worker"
    id_suffix: str = ""
    bodies: Mapping[Op, BodyMaker] = field(default_factory=dict)
    """Overrides of the usual bodies."""
    encoding: Encoding = Encoding()
    headers: tuple[tuple[str, str], ...] = (("Accept", "application/json"),)
    keep_alive: bool = False
    visits_peers: bool = False
    """GET_AGENT asks about discovered peers in turn, not about the agent itself."""
    reactions: Mapping[Trouble, Reaction] = field(default_factory=dict)
    """What is not named here is COPE."""
    timeout: float = 30.0
    """Seconds to wait for an answer."""
    attempts: int | None = None
    """How often one prologue step is tried before giving up with a message."""
    heeds_retry_after: bool = True
    hurries: bool = False
    """Whether it does everything twice as often from its second registration on."""

    @property
    def registers(self) -> bool:
        """Whether this style is an agent of the coordinator at all."""
        return Op.REGISTER in self.prologue

    @property
    def operations(self) -> frozenset[Op]:
        """Everything that this style asks when nothing goes wrong."""
        goodbye = {Op.STATUS} if self.on_term is OnTerm.FAREWELL else set()
        return frozenset(self.prologue) | {chore.op for chore in self.rounds} | goodbye


Reshape: TypeAlias = Callable[[Style], Style]


class Needs(StrEnum):
    """What the coordinator (or whoever launched the agent) must do for a fault to show."""

    NOTHING = "nothing"
    PREFIX = "a base URL with a path"
    BUSY = "503 or 429 to some request"
    FORGOTTEN = "404 to a heartbeat or a status update"
    REFUSED = "422 to the registration"
    BROKEN = "500 to some request"
    SLOW = "an answer more than a second late"
    DROPPED = "a connection closed without an answer"
    EXTRA = "an answer with an undocumented field"
    SIGTERM = "SIGTERM"


@dataclass(frozen=True, kw_only=True, slots=True)
class Fault:
    """One seeded bug. ``implied``: no sentence of the document forbids it."""

    name: str
    summary: str
    section: str
    implied: bool = False
    needs: Needs = Needs.NOTHING
    style: str = "daemon"
    tamper: Tamper | None = None
    reshape: Reshape | None = None
