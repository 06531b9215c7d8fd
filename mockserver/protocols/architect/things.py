"""What there is on an Architect Agent's machine. Times are seconds since 1970."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from mockserver.world import iso

__all__ = ["Backup", "News", "Player", "Schedule", "Server"]

_LINES = 200
"""Lines that the log of a game server keeps."""


class News(NamedTuple):
    """Something that happened, for those who listen: its topic, its name, and the details."""

    topic: str
    event: str
    parameters: dict[str, Any]


@dataclass(slots=True, kw_only=True)
class Server:
    """A game server: stopped, starting or running."""

    server_id: str
    name: str
    map: str
    port: int
    max_players: int
    status: str = "stopped"
    started: float | None = None
    config: dict[str, Any] = field(default_factory=dict)
    log: deque[dict[str, str]] = field(default_factory=lambda: deque(maxlen=_LINES))
    turn: int = 0
    """Counts orders to start or stop: a start that was overtaken by another order is void."""


@dataclass(slots=True, kw_only=True)
class Player:
    """Somebody who plays."""

    player_id: str
    name: str
    server_id: str
    ping: int
    joined: float

    def view(self) -> dict[str, Any]:
        return {
            "player_id": self.player_id,
            "name": self.name,
            "server_id": self.server_id,
            "ping": self.ping,
            "joined_at": iso(self.joined),
        }


@dataclass(slots=True, kw_only=True)
class Schedule:
    """A restart that comes again every so many seconds."""

    schedule_id: str
    server_id: str
    every: int
    enabled: bool
    next: float

    def view(self) -> dict[str, Any]:
        return {
            "schedule_id": self.schedule_id,
            "server_id": self.server_id,
            "action": "server_restart",
            "every": self.every,
            "enabled": self.enabled,
            "next_at": iso(self.next),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Backup:
    """The settings of a game server as they once were."""

    backup_id: str
    server_id: str
    label: str
    made: float
    config: dict[str, Any]

    def view(self) -> dict[str, Any]:
        return {
            "backup_id": self.backup_id,
            "server_id": self.server_id,
            "label": self.label,
            "created_at": iso(self.made),
        }
