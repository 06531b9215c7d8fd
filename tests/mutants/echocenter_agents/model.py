"""The nouns of an agent: what it hears, what it does about it, styles and faults; no I/O."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum, StrEnum
from random import Random
from typing import Final, TypeAlias

from tests.mutants.echocenter_agents.wire import STRICT, Habits

__all__ = [
    "LEVELS",
    "Address",
    "Answer",
    "Chat",
    "Cue",
    "Do",
    "Edit",
    "Encoding",
    "Fault",
    "Incoming",
    "Json",
    "Kind",
    "LinkKind",
    "Loss",
    "Memory",
    "Pause",
    "React",
    "Reshape",
    "Say",
    "Step",
    "Style",
    "Target",
]

# Covariant containers, so that a plain dict[str, str] is a Json without a cast.
Json: TypeAlias = "bool | int | float | str | Sequence[Json] | Mapping[str, Json] | None"

LEVELS: Final = ("INFO", "WARNING", "ERROR", "SUCCESS")


class Kind(StrEnum):
    """What a message of ours is for."""

    LOG = "log"
    CHAT = "chat"
    """A whole reply in one message."""
    CHUNK = "chunk"
    FINAL = "final"
    """The CHAT that belongs to a stream."""
    END = "end"
    OTHER = "other"


@dataclass(frozen=True, kw_only=True, slots=True)
class Chat:
    """An instruction; ``n`` counts them over the whole life, from 0."""

    sender_id: Json
    payload: Json
    frame: Mapping[str, Json]
    n: int
    connection: int

    @property
    def text(self) -> str:
        """The payload where it is a text."""
        return self.payload if isinstance(self.payload, str) else ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Incoming:
    """One message from the server. ``broken``: its text is no JSON."""

    raw: str | bytes
    data: Json = None
    broken: bool = False
    chat: Chat | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Say:
    """Send one message; ``raw`` goes out instead of ``message`` where it is set."""

    kind: Kind
    message: Json
    chat: Chat | None = None
    raw: str | bytes | None = None


@dataclass(frozen=True, slots=True)
class Pause:
    """Let time pass."""

    seconds: float


class Do(Enum):
    """Things that healthy agents do not do."""

    CRASH = "dies with a traceback"
    HANG = "never does anything again"
    QUIT = "leaves with status 0 and without a word"
    SPIN = "loops without ever coming back"
    DROP = "cuts the connection"
    TWIN = "opens a second connection beside the first"


Step: TypeAlias = Say | Pause | Do


@dataclass(kw_only=True, slots=True)
class Memory:
    """What one agent has lived through; the only thing here that changes."""

    name: str
    rng: Random
    token: str = "secret"
    connection: int = 0
    """Connections opened so far."""
    chats: list[Chat] = field(default_factory=list)
    sent: Counter[Kind] = field(default_factory=Counter)
    streams: int = 0
    texts: dict[str, str] = field(default_factory=dict)
    """Room for the variables that a careless program shares."""
    held: list[Say] = field(default_factory=list)
    """Messages kept back."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Target:
    """Where to connect; ``n`` counts the connections from 0."""

    base: str
    token: str
    n: int = 0


Edit: TypeAlias = Callable[[Say, Memory], Iterable[Step]]
"""Changes one outgoing message."""
React: TypeAlias = Callable[[Incoming, Memory], Iterable[Step] | None]
"""What is done about a message in place of the usual; None: the usual."""
Answer: TypeAlias = Callable[[Chat, Memory], Iterable[Step]]
"""The steps that answer an instruction; taken one by one, as time passes."""
Address: TypeAlias = Callable[[Target], str]
"""The URL to connect to."""


class LinkKind(Enum):
    """Who speaks the WebSocket protocol for us."""

    ASYNC = "websockets, asyncio"
    SYNC = "websockets, threads"
    AIOHTTP = "aiohttp"
    RAW = "a client of our own on bare sockets"


@dataclass(frozen=True, kw_only=True, slots=True)
class Encoding:
    """How a message becomes text."""

    indent: int | None = None
    separators: tuple[str, str] | None = None
    ascii_only: bool = True
    shuffled: bool = False
    around: str = ""
    """White space before and after."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Loss:
    """What follows the loss (or the refusal) of a connection."""

    again: bool = True
    first_pause: float = 0.25
    longest_pause: float = 4.0
    says_why: bool = True
    status: int = 3
    stays: bool = False
    """Neither comes back nor leaves."""
    crashes: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Style:
    """One way of living."""

    name: str
    summary: str
    answer: Answer
    address: Address
    link: LinkKind = LinkKind.ASYNC
    headers: tuple[tuple[str, str], ...] = ()
    """``{token}`` in a value stands for the token."""
    habits: Habits = STRICT
    """Only for LinkKind.RAW."""
    hello: tuple[tuple[str, str], ...] = (("SUCCESS", "Agent online"),)
    """Level and content of the logs after each connect."""
    also: tuple[Json, ...] = ()
    """Messages of its own kind after the logs."""
    log_every: float | None = None
    ping_every: float | None = None
    acknowledges: bool = False
    """Logs that an instruction has come."""
    serial: bool = False
    think: float = 0.0
    """Seconds before the answer."""
    encoding: Encoding = Encoding()
    extras: Mapping[str, Json] = field(default_factory=dict)
    """Fields added to every message."""
    fragment: int | None = None
    """Characters per frame."""
    on_loss: Loss = Loss()
    on_refusal: Loss = Loss(again=False, status=2)
    on_term: Do | None = None
    starts: bool = True
    """Whether it connects at all."""
    twins: int = 0
    """Further connections opened and kept beside the working one."""
    churn: int = 0
    """Connections opened and dropped before the working one."""
    prints: str = ""
    """What it says before it connects; ``{token}`` in it stands for the token."""
    enrols: Callable[[str], bytes] | None = None
    """What it registers an agent of that name with before it connects; None: it does not."""


Reshape: TypeAlias = Callable[[Style], Style]


class Cue(StrEnum):
    """What the other side must do for a fault to show."""

    START = "let it connect"
    CHAT = "one or two instructions from one sender"
    REPEAT = "the same instruction twice"
    SENDERS = "instructions from two senders, one after the other"
    TOGETHER = "instructions from two senders at once"
    MANY = "a dozen instructions"
    PAYLOADS = "instructions with odd payloads"
    SHAPES = "instructions in odd but lawful JSON"
    OTHERS = "messages that are no CHAT"
    MALFORMED = "a text that is no JSON"
    NOT_OBJECT = "JSON that is no object"
    NO_TYPE = "objects whose type is absent or no text"
    BAD_CHAT = "CHATs that lack a member or have an ill-typed one"
    BINARY = "a binary message"
    DEEP = "JSON nested ten thousand levels deep"
    DIRECTIVE = "a Butler's [DIRECTIVE]"
    PING = "WebSocket pings"
    FRAMES = "lawful but unusual WebSocket frames"
    BAD_FRAMES = "WebSocket frames that RFC 6455 forbids"
    CLOSE = "a close frame"
    RESTART = "a connection closed, and the next one accepted"
    OUTAGE = "a connection closed, and none accepted for a while"
    REFUSAL = "HTTP 401 in place of the upgrade"
    BAD_ACCEPT = "a wrong Sec-WebSocket-Accept"
    SIGTERM = "SIGTERM"


@dataclass(frozen=True, kw_only=True, slots=True)
class Fault:
    """One seeded bug. ``implied``: no sentence or example of the document forbids it."""

    name: str
    summary: str
    section: str
    implied: bool = False
    cue: Cue = Cue.CHAT
    style: str = "plain"
    edit: Edit | None = None
    react: React | None = None
    answer: Answer | None = None
    reshape: Reshape | None = None

    @property
    def reading(self) -> str:
        """The lawful reading it deviates from: the style's name."""
        return self.style
