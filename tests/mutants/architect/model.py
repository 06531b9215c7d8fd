"""The words that fronts, agents and faults share."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Final, Literal, Protocol, TypeAlias

__all__ = [
    "MISSING",
    "VERSION",
    "Admit",
    "Json",
    "Kind",
    "Link",
    "MalformedError",
    "Missing",
    "Outcome",
    "RefuseClose",
    "RefuseHttp",
    "Request",
    "Session",
    "Upgrade",
    "Verdict",
]

Json: TypeAlias = Any
Kind: TypeAlias = Literal["str", "int", "float", "bool", "map", "list"]
"""The agent's own names for data types; a reading may call them otherwise."""

VERSION: Final = "SMP1.0"
"""The first element of the header that authenticates."""


class Missing(Enum):
    """A member that a message does not have, as against one that is null."""

    MISSING = "missing"


MISSING: Final = Missing.MISSING


class MalformedError(Exception):
    """Text that is no JSON, or JSON that no double or stack can hold."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Upgrade:
    """A client that asks to speak WebSocket: `fields` are its headers as they were written."""

    path: str
    fields: tuple[tuple[str, str], ...]

    def values(self, name: str) -> tuple[str, ...]:
        """Every value of one header, whatever the case of its name."""
        return tuple(value for key, value in self.fields if key.lower() == name.lower())

    @property
    def offers(self) -> tuple[str, ...]:
        """The elements of `Sec-WebSocket-Protocol`; several such headers count as one list."""
        joined = ",".join(self.values("sec-websocket-protocol"))
        return tuple(part for part in (one.strip(" \t") for one in joined.split(",")) if part)


@dataclass(frozen=True, kw_only=True, slots=True)
class Admit:
    """Upgrade and serve; `subprotocol` is the whole header value, None for no header."""

    subprotocol: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class RefuseHttp:
    """No upgrade, but an HTTP status."""

    status: int
    body: str = "refused\n"


@dataclass(frozen=True, kw_only=True, slots=True)
class RefuseClose:
    """Upgrade, and close at once; `code` None drops the connection without a Close frame."""

    code: int | None
    subprotocol: str | None = None
    reason: str = "authentication failed"


Verdict: TypeAlias = Admit | RefuseHttp | RefuseClose


class Link(Protocol):
    """The way to one client. Nothing here fails because the client is gone."""

    async def send(self, data: str | bytes) -> None:
        """Send one message: text for str, binary for bytes."""
        ...

    async def close(self, code: int, reason: str = "") -> None:
        """Begin the closing handshake."""
        ...

    def abort(self) -> None:
        """Drop the connection without a Close frame."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """One command. Members are as they came, MISSING when they did not come."""

    action: Json
    parameters: Json
    token: Json
    order: int
    """The place among this connection's messages, from 1."""
    message: dict[str, Json]


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """What became of a command: a result, or an error's code and text."""

    result: Json = None
    code: str = ""
    text: str = ""

    @property
    def ok(self) -> bool:
        """Whether it was done."""
        return not self.code


@dataclass(eq=False, kw_only=True, slots=True)
class Session:
    """One connection after its upgrade."""

    number: int
    link: Link
    refused: RefuseClose | None = None
    count: int = 0
    """Messages received so far, the malformed ones included."""
    tokens: list[Json] = field(default_factory=list)
    """The tokens of all requests so far, MISSING included."""
    topics: set[str] = field(default_factory=set)
    tail: asyncio.Task[None] | None = None
    tasks: set[asyncio.Task[None]] = field(default_factory=set)
    notes: dict[str, Json] = field(default_factory=dict)
    """What a fault remembers about this connection."""

    def spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Run beside the reader; ends with the connection."""
        task = asyncio.get_running_loop().create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)
        return task
