"""The open task streams, and whose they are."""

from __future__ import annotations

from typing import Any

from mockserver.coordinator import Connection
from mockserver.protocols.stella.registry import Agent

__all__ = ["Streams"]


class Streams:
    """An agent may have several; what is for it is said on each of them."""

    def __init__(self) -> None:
        self._lines: dict[int, tuple[Connection, Agent]] = {}
        self._of: dict[str, dict[int, Connection]] = {}

    def enter(self, connection: Connection, agent: Agent) -> None:
        self._lines[connection.number] = (connection, agent)
        self._of.setdefault(agent.id, {})[connection.number] = connection

    def leave(self, connection: Connection) -> None:
        entry = self._lines.pop(connection.number, None)
        if entry is None:
            return
        own = self._of[entry[1].id]
        del own[connection.number]
        if not own:
            del self._of[entry[1].id]

    def owner(self, connection: Connection) -> Agent | None:
        """Whose it is, or `None` where it is no longer there."""
        entry = self._lines.get(connection.number)
        return entry[1] if entry else None

    def of(self, agent_id: str) -> list[Connection]:
        return list(self._of.get(agent_id, {}).values())

    def view(self) -> list[dict[str, Any]]:
        return [
            {"connection": number, "agentId": agent.id, "name": agent.name}
            for number, (_, agent) in self._lines.items()
        ]
