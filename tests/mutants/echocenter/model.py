"""The nouns of the server: principals, requests, answers, and one connected line."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, TypeAlias

__all__ = [
    "LEVELS",
    "TALK",
    "Answer",
    "Line",
    "Obj",
    "Principal",
    "Refusal",
    "Request",
]

Obj: TypeAlias = "dict[str, Any]"

LEVELS: Final = ("INFO", "WARNING", "ERROR", "SUCCESS")
TALK: Final = ("CHAT", "CHAT_STREAM", "CHAT_STREAM_END")
"""The types that are routed by `target_id`."""


@dataclass(kw_only=True, slots=True, eq=False)
class Principal:
    """Whoever may connect: a human at a dashboard, an agent, or the server's own Butler."""

    id: int
    name: str
    kind: Literal["human", "agent"]
    token: str
    role: str

    @property
    def human(self) -> bool:
        """Whether this one sits at a dashboard."""
        return self.kind == "human"


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """An HTTP request; header names in lower case, `path` decoded and without its query."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes = b""


@dataclass(kw_only=True, slots=True)
class Answer:
    """An HTTP answer; a `body` of bytes is sent as it is, None is an empty one."""

    status: int
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    hang: bool = False
    """Never send anything."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Refusal:
    """No entry: an HTTP `status` before the upgrade, or an upgrade and then close `code`.

    With neither, the upgraded connection just ends.
    """

    status: int | None = None
    code: int | None = None
    reason: str = "invalid credentials"


class Line(ABC):
    """One connected socket; frames leave it in the order of the calls."""

    def __init__(self, principal: Principal) -> None:
        """Nothing was said yet."""
        self.principal = principal
        self.heard = 0
        """Frames that came in."""
        self.told = 0
        """Messages that went out."""
        self.open = True

    def send(self, text: str) -> None:
        """Queue one text message; nothing happens on a closed line."""
        if self.open:
            self.told += 1
            self.put(text)

    def send_binary(self, data: bytes) -> None:
        """Queue one binary message."""
        if self.open:
            self.told += 1
            self.put(data)

    @abstractmethod
    def put(self, data: str | bytes) -> None:
        """Queue one message on the transport."""

    @abstractmethod
    def close(self, code: int | None, reason: str = "") -> None:
        """Close after what is queued; None ends the connection without a close frame."""

    @abstractmethod
    def abort(self) -> None:
        """Cut the connection at once."""
