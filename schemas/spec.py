"""The shape of a protocol once it is loaded: frozen, and the same for all five."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from schemas import pointer as json_pointer

__all__ = [
    "Basis",
    "Channel",
    "Example",
    "FrozenSet",
    "Level",
    "Message",
    "Operation",
    "Place",
    "Protocol",
    "Requirement",
    "Role",
]

Role = Literal["coordinator", "agent"]
Level = Literal["MUST", "SHOULD", "MAY"]
Basis = Literal["stated", "example", "implied"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where in the conversation a requirement's shape is written.

    Either a body of an `operation`: `answer` is a status (`"200"`, or a range, `"2XX"`) for what
    the coordinator answers, and empty for what the agent asks. Or a `message` of a channel.
    `pointer` is a JSON Pointer into the body in which `*` stands for any one step.
    """

    operation: str = ""
    answer: str = ""
    message: str = ""
    pointer: str = ""

    @property
    def subject(self) -> str:
        """The operation or message that it is a place of: no two of them share an id."""
        return self.operation or self.message

    @property
    def steps(self) -> tuple[str, ...]:
        return json_pointer.parse(self.pointer)

    def __str__(self) -> str:
        side = f"answer {self.answer}" if self.answer else "request"
        side = "message" if self.message else side
        return f"{self.subject} {side} {self.pointer or '(whole body)'}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirement:
    """One thing that the document asks of one side: the unit of everything.

    A requirement with a `place` is judged on every message that passes there, by the schema of
    that place; one with a `rule` on every message, by the general rule of that name; the others
    need a check of their own. `hook` names what a target must supply before it can be judged at
    all; `untestable` is the reason why nothing can judge it.
    """

    id: str
    level: Level
    role: Role
    basis: Basis
    section: str
    text: str
    capability: str
    place: Place | None = None
    rule: str = ""
    hook: str = ""
    silence: int | None = None
    untestable: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FrozenSet:
    """The requirements of one role as they stood on a day: what a certificate is bound to.

    `number` counts the sets of that revision and role, `requirements` is how many there are,
    `frozen` the day, and `digest` a SHA-256 in hex.
    """

    role: Role
    revision: str
    number: int
    requirements: int
    frozen: str
    digest: str

    @property
    def name(self) -> str:
        return f"set {self.number} of revision {self.revision}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One endpoint: what is asked, and what may be answered.

    `request` is the reference of the body's schema inside the bundled document, `responses` those
    of the answers by status or range; `None` where a body is free. `media_type` is the request's:
    of a form, the schema describes an object of its parts.

    A remote procedure is an operation too: its `method` is `RPC`, its `path` that of gRPC, its
    bodies are seen in their JSON form, and its codes as the statuses that gateways make of them.
    """

    id: str
    method: str
    path: str
    summary: str
    section: str
    capability: str
    request: str | None
    request_required: bool
    request_example: Any
    responses: Mapping[str, str | None]
    parameters: Mapping[str, str] = field(default_factory=dict)
    media_type: str = "application/json"
    open: bool = False
    """Does the document give the path alone, and neither method nor answers?"""

    @property
    def is_rpc(self) -> bool:
        """Is it called by gRPC?"""
        return self.method == "RPC"

    def answer(self, status: int) -> str | None:
        """The key under which a status is documented (`"200"`, `"2XX"`), or `None`."""
        for key in (str(status), f"{status // 100}XX"):
            if key in self.responses:
                return key
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One kind of message on a channel.

    `sender` is who sends it. `payload` is the reference of its schema inside the bundled AsyncAPI
    document. `type` is what its discriminator says, or empty for the one that any other message
    is taken for. `correlation` is a JSON Pointer to the id in it that ties an answer to what it
    answers, or empty where the document names none.
    """

    id: str
    channel: str
    sender: Role
    summary: str
    section: str
    capability: str
    payload: str
    type: str = ""
    correlation: str = ""
    example: Any = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """One WebSocket endpoint. `discriminator` is a JSON Pointer to what tells messages apart; the
    path may hold parameters in braces.
    """

    id: str
    path: str
    summary: str
    section: str
    capability: str
    discriminator: str
    messages: Mapping[str, Message]
    _steps: tuple[str, ...] = field(init=False, repr=False)
    _known: Mapping[str, Mapping[str, Message]] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        # Looked up for every message that is said: it must not be searched for.
        known: dict[str, dict[str, Message]] = {"agent": {}, "coordinator": {}}
        for message in self.messages.values():
            known[message.sender].setdefault(message.type, message)
        object.__setattr__(self, "_known", known)
        object.__setattr__(self, "_steps", json_pointer.parse(self.discriminator))

    def message(self, sender: Role, payload: Any) -> Message | None:
        """Which of the sender's messages this is, or `None` for one that the document lacks."""
        kind = payload
        for step in self._steps:
            kind = kind.get(step) if isinstance(kind, dict) else None
        known = self._known[sender]
        found = known.get(kind) if self._steps and isinstance(kind, str) else None
        return found or known.get("")


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """A golden message, written by hand from the document.

    `violates` is empty for a legal one; else it is the requirement that the message breaks, at
    `pointer`.
    """

    name: str
    place: Place
    message: Any
    violates: str = ""
    pointer: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Protocol:
    """Everything that we know of one protocol.

    `openapi`, `asyncapi` and `grpc` are self-contained (bundled), and empty where a protocol has
    none. `grpc_port` is where its procedures are called by default, `token_header` the header in
    which a token goes with a request; 0 and empty where there is no such thing.
    `tls` says that its coordinators speak TLS unless they are told otherwise, with certificates
    that nobody vouches for. `dialects` are the ways in which the mock can read the document.
    `hooks` are what a target may supply beside the protocol, by name.
    """

    id: str
    title: str
    version: str
    document: str
    summary: str
    roles: Mapping[Role, str]
    transports: tuple[str, ...]
    authentication: str
    port: int
    readiness: str
    capabilities: Mapping[str, str]
    operations: Mapping[str, Operation]
    openapi: Mapping[str, Any]
    folder: str
    channels: Mapping[str, Channel] = field(default_factory=dict)
    asyncapi: Mapping[str, Any] = field(default_factory=dict)
    grpc: Mapping[str, Any] = field(default_factory=dict)
    grpc_port: int = 0
    token_header: str = ""
    tls: bool = False
    dialects: tuple[str, ...] = ("documented",)
    hooks: Mapping[str, str] = field(default_factory=dict)

    def __iter__(self) -> Iterator[Operation]:
        return iter(self.operations.values())

    @property
    def messages(self) -> Mapping[str, Message]:
        """The messages of all channels by id."""
        return {
            message.id: message
            for channel in self.channels.values()
            for message in channel.messages.values()
        }
