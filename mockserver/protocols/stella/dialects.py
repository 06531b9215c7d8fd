"""How the mock reads what the document leaves open about delivery, by dialect."""

from __future__ import annotations

from collections.abc import Mapping

from mockserver.protocols.stella.tasks import Task, Tasks

__all__ = ["DIALECTS", "Dialect"]


class Dialect:
    """A task is pending until it was handed over in full: by a heartbeat or on the stream. A poll
    tells too little of it for that.
    """

    def waiting(self, tasks: Tasks, agent_id: str) -> list[Task]:
        """What heartbeats, polls and the beginning of a stream tell an agent of."""
        return tasks.pending(agent_id)


class AtLeastOnce(Dialect):
    """A task is pending until it is completed or cancelled, and told of again and again."""

    def waiting(self, tasks: Tasks, agent_id: str) -> list[Task]:
        return tasks.open(agent_id)


DIALECTS: Mapping[str, Dialect] = {"documented": Dialect(), "at-least-once": AtLeastOnce()}
