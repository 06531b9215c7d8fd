"""The scripts that are connected, and what each of them listens to."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mockserver.coordinator import Connection
from mockserver.protocols.architect.dialects import Dialect
from mockserver.protocols.architect.finding import ActionError
from mockserver.protocols.architect.things import News

__all__ = ["TOPICS", "Audience"]

TOPICS = ("backups", "chat", "players", "servers", "statistics")
"""What can be listened to, where scripts have to say so."""


class Audience:
    """Connections by number. `say` is the coordinator's."""

    def __init__(self, dialect: Dialect, say: Callable[[Connection, Any], None]) -> None:
        self._dialect = dialect
        self._say = say
        self._scripts: dict[int, tuple[Connection, set[str]]] = {}

    def __len__(self) -> int:
        return len(self._scripts)

    def enter(self, connection: Connection) -> None:
        self._scripts[connection.number] = (connection, set())

    def leave(self, connection: Connection) -> None:
        self._scripts.pop(connection.number, None)

    def name(self, number: int) -> str:
        """Who is logged in on that connection."""
        return self._scripts[number][0].principal

    def listen(self, number: int, topic: str, *, on: bool) -> list[str]:
        """Listen to a topic, or no longer. Returns what is listened to."""
        if topic not in TOPICS:
            known = ", ".join(TOPICS)
            raise ActionError("invalid_parameter", f"topic is one of {known}, not {topic!r}")
        topics = self._scripts[number][1]
        (topics.add if on else topics.discard)(topic)
        return sorted(topics)

    def send(self, number: int, payload: dict[str, Any]) -> None:
        """Say something to one of them, unless it has left meanwhile."""
        if number in self._scripts:
            self._say(self._scripts[number][0], payload)

    def tell(self, news: News) -> list[int]:
        """Tell an event to those who listen to it, and return who they are. One without a topic
        is for everybody.
        """
        selective = self._dialect.must_subscribe and news.topic
        told = [
            number
            for number, (_, topics) in self._scripts.items()
            if not selective or news.topic in topics
        ]
        for number in told:
            self.send(number, self._dialect.event(news))
        return told

    def view(self) -> list[dict[str, Any]]:
        return [
            {"connection": number, "principal": script.principal, "topics": sorted(topics)}
            for number, (script, topics) in self._scripts.items()
        ]
