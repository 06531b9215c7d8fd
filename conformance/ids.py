"""Ids for what a run makes up: readable, and never those of another run."""

from __future__ import annotations

from itertools import count

__all__ = ["IdSource"]


class IdSource:
    """`ids("agent")` gives `agent-RUN-1`, `agent-RUN-2`, and so on."""

    def __init__(self, run: str, worker: str = "main") -> None:
        self._stem = run if worker == "main" else f"{run}{worker.removeprefix('g')}"
        self._count = count(1)

    def __call__(self, what: str) -> str:
        return f"{what}-{self._stem}-{next(self._count)}"
