"""What a stage writes down about one client: requests, calls, WebSockets."""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from tests.mutants.caxton_agents.frames import CLOSE, TEXT, Frame, encode
from tests.mutants.caxton_agents.model import What

__all__ = ["Call", "Line", "Seen"]


@dataclass(kw_only=True, slots=True)
class Seen:
    """One request, and what it was answered with (0: a cut connection, 599: nonsense)."""

    at: float
    method: str
    target: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    what: What | None = None
    """None where no operation of the document fits."""
    id: str = ""
    answered: int = 0
    answer: dict[str, Any] = field(default_factory=dict)
    until: float = 0.0
    """When a limit that it met is over, by the monotonic clock."""

    def header(self, name: str) -> str | None:
        """The last header of that name."""
        found = [value for own, value in self.headers if own.lower() == name.lower()]
        return found[-1] if found else None

    @property
    def path(self) -> str:
        """The target without its query."""
        return self.target.partition("?")[0]

    @property
    def query(self) -> dict[str, str]:
        """The parameters; of several of one name, the last."""
        return dict(parse_qsl(self.target.partition("?")[2], keep_blank_values=True))

    @property
    def json(self) -> Any:
        """The body; None where it is no JSON."""
        try:
            return json.loads(self.body)
        except ValueError:
            return None


@dataclass(frozen=True, kw_only=True, slots=True)
class Call:
    """One gRPC call; ``remaining`` is the time until its deadline in seconds."""

    at: float
    method: str
    metadata: tuple[tuple[str, str], ...]
    data: bytes
    remaining: float | None


@dataclass(kw_only=True, slots=True)
class Line:
    """One WebSocket."""

    request: Seen
    writer: asyncio.StreamWriter
    opened: float
    frames: list[tuple[float, Frame]] = field(default_factory=list)
    subscriptions: list[str] = field(default_factory=list)
    closed: float | None = None
    """When the stage sent a close frame."""
    spoilt: bool = False
    """Whether the stage sent a frame that RFC 6455 forbids."""
    cut: bool = False
    """Whether the stage cut it."""
    ended: float | None = None

    def put(self, *frames: Frame) -> None:
        """Send frames, where anybody is left."""
        for frame in frames:
            if not self.writer.transport.is_closing():
                self.writer.write(encode(frame))

    def say(self, message: Any) -> None:
        """Send a message."""
        self.put(Frame(opcode=TEXT, payload=json.dumps(message).encode()))

    def close(self, code: int = 1001) -> None:
        """Send a close frame."""
        self.closed = time.monotonic()
        self.put(Frame(opcode=CLOSE, payload=code.to_bytes(2, "big")))

    def abort(self) -> None:
        """Cut the line."""
        self.cut = True
        self.writer.transport.abort()
