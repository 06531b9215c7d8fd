"""What a stage writes down about one agent: requests, streams, tasks."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.mutants.stella_agents.frames import CLOSE, TEXT, Frame, close_payload, encode

__all__ = ["Line", "Seen", "Work"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Seen:
    """One request."""

    at: float
    method: str
    target: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    serial: int | None
    """Of the client's certificate."""
    dialled: float
    """When its connection was opened."""

    def header(self, name: str) -> str | None:
        """The last header of that name."""
        found = [value for own, value in self.headers if own.lower() == name.lower()]
        return found[-1] if found else None

    @property
    def path(self) -> str:
        """The target without its query."""
        return self.target.partition("?")[0]


@dataclass(kw_only=True, slots=True)
class Line:
    """One stream."""

    request: Seen
    writer: asyncio.StreamWriter
    frames: list[tuple[float, Frame]] = field(default_factory=list)
    closed: float | None = None
    """When the stage sent a close frame."""
    cut: bool = False
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
        self.put(Frame(opcode=CLOSE, payload=close_payload(code)))

    def abort(self) -> None:
        """Cut the line."""
        self.cut = True
        self.writer.transport.abort()


@dataclass(kw_only=True, slots=True)
class Work:
    """A task, to whom it was shown, and what became of it."""

    shown: Mapping[str, Any]
    born: float
    on_stream_only: bool = False
    told: list[tuple[float, str]] = field(default_factory=list)
    """When, and on which way."""
    done: list[tuple[float, Any]] = field(default_factory=list)
    cancelled: float | None = None
    again: set[str] = field(default_factory=set)
    """Ways on which it was shown once more after its end."""
