"""The sans-I/O contract of a coordinator: calls, messages and time in; answers and effects out.

A coordinator is a plain object: no socket, no asyncio, no wall clock, no global chance. The wire
shells, the tests and the examiner drive the very same one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, ClassVar, NamedTuple, TypeVar

from mockserver.world import World
from schemas.spec import Operation, Protocol
from schemas.validation import Violation

__all__ = [
    "Accepted",
    "Answer",
    "Call",
    "Connection",
    "Coordinator",
    "End",
    "Handshake",
    "Heard",
    "Later",
    "Refusal",
    "Say",
    "Settings",
    "Settle",
    "Wrong",
    "commands",
    "handles",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A lawful request: which operation, with which path parameters and which JSON body.

    `bare` says that the request came without a body, which is not the same as a body of `null`.
    `certificate` is what the client showed in the TLS handshake (DER); TLS has seen to it that one
    of the coordinator's own authority signed it and that the client holds its key, and to no more.
    """

    operation: str
    parameters: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    body: Any = None
    bare: bool = False
    certificate: bytes = b""


class Wrong(Enum):
    """Why a request never becomes a call."""

    UNKNOWN_PATH = "no such path"
    UNKNOWN_METHOD = "no such method here"
    MALFORMED = "the body is not well-formed JSON"
    INVALID = "the request breaks its schema"
    TOO_LARGE = "the body is too large"
    GARBLED = "this is not HTTP"


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A request that cannot be served, with what is wrong, for the protocol to word its refusal."""

    wrong: Wrong
    operation: Operation | None = None
    violations: Sequence[Violation] = ()
    allowed: Sequence[str] = ()
    """Methods that the path does take, where the method was wrong."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the coordinator says: a status and a JSON body, or ready bytes of another media type."""

    status: int = 200
    body: Any = None
    raw: bytes | None = None
    media_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(eq=False, slots=True, kw_only=True)
class Later:
    """An answer that is still to come: the coordinator gives it with `settle`.

    `deliver` is the core's, and takes it on.
    """

    deliver: Callable[[Answer], None] = field(default=lambda _: None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Handshake:
    """A client that wants to open a WebSocket: where, with what, offering which sub-protocols.

    `certificate` is as with a `Call`.
    """

    channel: str
    parameters: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    subprotocols: Sequence[str] = ()
    certificate: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """The client may come in. `principal` is who it is, for people who read the transcript."""

    principal: str = ""
    subprotocol: str = ""


@dataclass(eq=False, slots=True, kw_only=True)
class Connection:
    """An open WebSocket, as a coordinator knows it. `number` is its own within a session."""

    number: int
    channel: str
    principal: str = ""


class Heard(NamedTuple):
    """What a client said. A tuple, for it is made for every message.

    `wrong` is `MALFORMED` for what is no JSON, `INVALID` for what breaks the schema of its
    message; `message` is empty for one that the document does not know.
    """

    data: Any
    message: str = ""
    wrong: Wrong | None = None
    violations: Sequence[Violation] = ()


class Say(NamedTuple):
    """Effect: the coordinator says something on a connection, in JSON."""

    connection: Connection
    payload: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """Effect: the coordinator ends a connection; without a close frame where `code` is `None`."""

    connection: Connection
    code: int | None = 1000
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settle:
    """Effect: an answer that somebody waits for is there."""

    later: Later
    answer: Answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What a mock can be told beforehand.

    `token` is what each request must carry, where the protocol has such a thing.
    `dialect` is one of the protocol's. `username` and `password` are those of a person, where
    the protocol knows people. `production` leaves out what a document keeps out of production.
    `limits` is whether rates are limited, where the protocol limits them.
    `tls` says that the mock is served over TLS, so that clients can show certificates.
    """

    dialect: str = "documented"
    username: str = "admin"
    password: str = "assay-admin"  # noqa: S105  # a mock's own, told to whoever asks
    token: str = "assay-token"  # noqa: S105  # as below
    limits: bool = True
    production: bool = False
    tls: bool = False


Handler = Callable[[Any, Call], Answer | Later]
_H = TypeVar("_H", bound=Handler)
Commander = Callable[[Any, Mapping[str, Any]], Any]
_C = TypeVar("_C", bound=Commander)


def handles(operation: str) -> Callable[[_H], _H]:
    """Marks the method that answers an operation of the OpenAPI document."""

    def mark(method: _H) -> _H:
        method.__operation__ = operation  # type: ignore[attr-defined]
        return method

    return mark


def commands(name: str) -> Callable[[_C], _C]:
    """Marks the method that carries out a command of the control interface: `/_assay/<name>`.

    It takes the JSON object of the request and returns JSON; `ValueError` and `TypeError` say
    what is wrong with it.
    """

    def mark(method: _C) -> _C:
        method.__command__ = name  # type: ignore[attr-defined]
        return method

    return mark


class Coordinator:
    """Base of the five. A protocol adds one method an operation, its refusals and its state; one
    with channels also says who comes in and what it does with what it hears.
    """

    _handlers: ClassVar[Mapping[str, Handler]] = {}
    _commands: ClassVar[Mapping[str, Commander]] = {}

    hooks: ClassVar[Mapping[str, tuple[str, str]]] = {}
    """The commands that do what the protocol's hooks do, where they are called otherwise or hand
    something over: by the hook's name the command, and where in what it says that stands.
    """

    largest_message: int = 1 << 20
    """Bytes of a WebSocket message that are taken; a larger one ends the connection with 1009."""

    ping_every: float = 20.0
    """Seconds between pings to a client, in real time: guards on I/O know no other."""

    pong_within: float = 20.0
    """Seconds in which a client must give a sign of life after a ping."""

    def __init__(self, protocol: Protocol, world: World, settings: Settings | None = None) -> None:
        self.protocol = protocol
        self.world = world
        self.settings = settings or Settings()
        self._effects: list[Say | End | Settle] = []

    def __init_subclass__(cls) -> None:
        methods = vars(cls).values()
        own = {each.__operation__: each for each in methods if hasattr(each, "__operation__")}
        cls._handlers = {**cls._handlers, **own}
        told = {each.__command__: each for each in methods if hasattr(each, "__command__")}
        cls._commands = {**cls._commands, **told}

    @classmethod
    def operations(cls) -> frozenset[str]:
        """The operations that this coordinator answers."""
        return frozenset(cls._handlers)

    def answer(self, call: Call) -> Answer | Later:
        """Serve a lawful call. An operation that nobody handles is a 501 that names itself."""
        self.catch_up()
        handler = self._handlers.get(call.operation)
        if handler is None:
            return self.failure(501, f"{call.operation} is not implemented")
        return handler(self, call)

    def guard(self, call: Call) -> Answer | None:
        """Refuse whoever may not ask this, before anybody looks at what the body holds."""
        del call
        return None

    # Connections

    def admit(self, handshake: Handshake) -> Accepted | Answer:
        """Let a client in, or answer its handshake with a refusal."""
        raise NotImplementedError

    def opened(self, connection: Connection, handshake: Handshake) -> None:
        """A client that was let in is there."""

    def hear(self, connection: Connection, heard: Heard) -> None:
        """Take one message of a client, lawful or not."""
        raise NotImplementedError

    def closed(self, connection: Connection) -> None:
        """A connection has ended, whoever ended it. Nothing more can be said on it."""

    def say(self, connection: Connection, payload: Any) -> None:
        """Have something said on a connection, once this turn is over."""
        self._effects.append(Say(connection, payload))

    def end(self, connection: Connection, code: int | None = 1000, reason: str = "") -> None:
        """Have a connection ended, once this turn is over."""
        self._effects.append(End(connection=connection, code=code, reason=reason))

    def settle(self, later: Later, answer: Answer) -> None:
        """Give an answer that somebody waits for, once this turn is over."""
        self._effects.append(Settle(later=later, answer=answer))

    def abandoned(self, later: Later) -> None:
        """Nobody waits for that answer any more."""

    def effects(self) -> list[Say | End | Settle]:
        """What is to be done, in order; each is given once."""
        effects, self._effects = self._effects, []
        return effects

    # What people and tests may do from outside

    def command(self, name: str, said: Mapping[str, Any]) -> Any:
        """Carry out a command of this protocol's own. Raises `LookupError` where it has none."""
        return self._commands[name](self, said)

    @classmethod
    def own_commands(cls) -> list[str]:
        return list(cls._commands)

    def enrol(self, name: str) -> Mapping[str, str]:
        """Make an agent of that name known, and return what it needs to connect (`token`,
        `username`, `password`), where it needs anything.
        """
        del name
        return {}

    def inherit(self, before: Coordinator) -> None:
        """Take over what outlives a restart: what a real one keeps in its database."""

    # Time

    def catch_up(self) -> None:
        """Do what has fallen due since the last call."""
        due = self.due()
        if due is not None and due <= self.world.clock.now():
            self.tick()

    def refuse(self, refusal: Refusal) -> Answer:
        """Word the refusal of a request as the protocol does."""
        raise NotImplementedError

    def failure(self, status: int, reason: str, operation: str = "") -> Answer:
        """Word a failure of the coordinator itself as the protocol does."""
        raise NotImplementedError

    def reason(self, answer: Answer) -> str:
        """What an answer that refuses a procedure says in words: gRPC has room for no more."""
        return str(answer.body)

    def due(self) -> float | None:
        """When `tick` wants to be called next (seconds since 1970), or `None`."""
        return None

    def tick(self) -> None:
        """Do what is due at the clock's present time."""

    def state(self) -> dict[str, Any]:
        """All that it knows, as JSON: for people and tests that look in from outside."""
        raise NotImplementedError
