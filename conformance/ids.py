"""Ids for what a run makes up: readable, and never those of another run."""

from __future__ import annotations

from itertools import count

__all__ = ["IdSource", "base36"]

_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


def base36(number: int) -> str:
    """A number that is not negative in few signs, as Python's `int(text, 36)` reads it."""
    head = base36(number // 36) if number >= 36 else ""
    return head + _DIGITS[number % 36]


class IdSource:
    """`ids("agent")` gives `agent-RUN-1`, `agent-RUN-2`, and so on."""

    def __init__(self, run: str, worker: str = "main") -> None:
        self._run = run
        self._stem = run if worker == "main" else f"{run}{worker.removeprefix('g')}"
        self._count = count(1)

    def __call__(self, what: str) -> str:
        return f"{what}-{self._stem}-{next(self._count)}"

    def are_elsewhere(self, made: str) -> bool:
        """Is this an id that another worker of the same run has made?"""
        return f"-{self._run}" in made and f"-{self._stem}-" not in made
