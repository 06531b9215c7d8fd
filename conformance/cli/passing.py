"""Tells what passes a proxy: each thing that is unlawful in one line, and a summary at the end."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TextIO

from conformance.progress import printable
from conformance.proxy.watch import Breach, Passed
from conformance.recording.concealing import Concealer
from mockserver.log import Lines
from mockserver.transcript import HttpExchange

__all__ = ["PassingLog", "counted"]

_COLOURS = {"FAIL": "31;1", "WARN": "33", "LOST": "35"}
_LONGEST = 300


class PassingLog:
    """Told of everything that passed. Secrets are masked by `concealer`."""

    def __init__(self, out: TextIO, concealer: Concealer) -> None:
        self._lines = Lines(out)
        self._concealer = concealer
        self.requests = 0
        self.messages = 0
        self.failed = 0
        self.warned = 0

    def __call__(self, passed: Passed) -> None:
        entry = passed.entry
        if isinstance(entry, HttpExchange):
            self.requests += passed.answered
        else:
            self.messages += entry.kind in ("text", "binary")
        for breach in passed.breaches:
            self._tell_breach(entry.at, breach)
        if passed.failure and not passed.breaches:
            self._line(entry.at, "LOST", f"{_name(passed)}  {passed.failure}")

    def summary(self) -> str:
        """How much passed, and how much of it was unlawful."""
        told = [counted(self.requests, "request"), counted(self.messages, "message")]
        told += [f"{self.failed} unlawful", f"{self.warned} doubtful"]
        return ", ".join(told)

    def say(self, text: str) -> None:
        """A line of ours."""
        self._lines.say(text)

    def _tell_breach(self, at: float, breach: Breach) -> None:
        word = "FAIL" if breach.fails else "WARN"
        self.failed += breach.fails
        self.warned += not breach.fails
        parts = (breach.who, breach.subject, breach.message[:_LONGEST], breach.requirement)
        self._line(at, word, "  ".join(filter(None, parts)))

    def _line(self, at: float, word: str, text: str) -> None:
        when = datetime.fromtimestamp(at, UTC).strftime("%H:%M:%S")
        said = printable(self._concealer.text(text)).replace("\n", " ")
        shown = f"\x1b[{_COLOURS[word]}m{word}\x1b[0m" if self._lines.in_colour else word
        self.say(f"{when}  {shown}  {said}")


def _name(passed: Passed) -> str:
    """What it was, in a few words."""
    entry = passed.entry
    return f"{entry.method} {entry.path}" if isinstance(entry, HttpExchange) else entry.kind


def counted(number: int, what: str) -> str:
    """`1 step`, `2 steps`."""
    return f"{number} {what}{'' if number == 1 else 's'}"
