"""A word on the terminal while a run goes on: how far it is, and each finding as it falls."""

from __future__ import annotations

import os
import sys
from typing import TextIO

from schemas.spec import Requirement

__all__ = ["Progress", "printable"]

_COLOURS = {"fail": "31;1", "warn": "33", "error": "35;1"}


class Progress:
    """One line that moves on a terminal; only the findings where there is none."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._moves = out.isatty()
        self._colour = self._moves and "NO_COLOR" not in os.environ
        self._done = 0
        self._told: set[tuple[str, str]] = set()
        self.total = 0

    def step(self) -> None:
        """One more check is over."""
        self._done += 1
        if self._moves:
            self._print(f"\r\x1b[K{self._done}/{self.total} checks", end="")

    def found(self, verdict: str, row: Requirement, message: str) -> None:
        """A requirement is broken. Each is told once."""
        if (verdict, row.id) not in self._told:
            self._told.add((verdict, row.id))
            self._line(verdict, f"{row.id}  {row.text}\n           {message[:300]}")

    def error(self, check: str, message: str) -> None:
        """A fault of our own."""
        self._line("error", f"in {check}: {message[:300]} (a fault in Assay, not of the peer)")

    def close(self) -> None:
        if self._moves:
            self._print("\r\x1b[K", end="")

    def _line(self, kind: str, text: str) -> None:
        word = f"{kind.upper():>9}"
        if self._colour:
            word = f"\x1b[{_COLOURS[kind]}m{word}\x1b[0m"
        start = "\r\x1b[K" if self._moves else ""
        self._print(f"{start}{word}  {printable(text)}")

    def _print(self, text: str, end: str = "\n") -> None:
        try:
            print(text, end=end, file=self._out, flush=True)
        except (BrokenPipeError, ValueError):
            self._out = sys.stderr  # nobody listens any more: the record is what counts


def printable(text: str) -> str:
    """Without control characters: a peer's text must not steer the terminal."""
    return "".join(char if char == "\n" or char.isprintable() else "�" for char in text)
