"""The sans-I/O contract of a coordinator: calls and time in, answers out.

A coordinator is a plain object: no socket, no asyncio, no wall clock, no global chance. The wire
shells, the tests and the examiner drive the very same one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, ClassVar, TypeVar

from mockserver.world import World
from schemas.spec import Operation, Protocol
from schemas.validation import Violation

__all__ = ["Answer", "Call", "Coordinator", "Refusal", "Wrong", "handles"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A lawful request: which operation, with which path parameters and which JSON body.

    `bare` says that the request came without a body, which is not the same as a body of `null`.
    """

    operation: str
    parameters: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    body: Any = None
    bare: bool = False


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


Handler = Callable[[Any, Call], Answer]
_H = TypeVar("_H", bound=Handler)


def handles(operation: str) -> Callable[[_H], _H]:
    """Marks the method that answers an operation of the OpenAPI document."""

    def mark(method: _H) -> _H:
        method.__operation__ = operation  # type: ignore[attr-defined]
        return method

    return mark


class Coordinator:
    """Base of the five. A protocol adds one method an operation, its refusals and its state."""

    _handlers: ClassVar[Mapping[str, Handler]] = {}

    def __init__(self, protocol: Protocol, world: World) -> None:
        self.protocol = protocol
        self.world = world

    def __init_subclass__(cls) -> None:
        own = {
            method.__operation__: method
            for method in vars(cls).values()
            if hasattr(method, "__operation__")
        }
        cls._handlers = {**cls._handlers, **own}

    @classmethod
    def operations(cls) -> frozenset[str]:
        """The operations that this coordinator answers."""
        return frozenset(cls._handlers)

    def answer(self, call: Call) -> Answer:
        """Serve a lawful call. An operation that nobody handles is a 501 that names itself."""
        self.catch_up()
        handler = self._handlers.get(call.operation)
        if handler is None:
            return self.failure(501, f"{call.operation} is not implemented")
        return handler(self, call)

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

    def due(self) -> float | None:
        """When `tick` wants to be called next (seconds since 1970), or `None`."""
        return None

    def tick(self) -> None:
        """Do what is due at the clock's present time."""

    def state(self) -> dict[str, Any]:
        """All that it knows, as JSON: for people and tests that look in from outside."""
        raise NotImplementedError
