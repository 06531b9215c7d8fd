"""Tells each exchange as it happens: a line for a person in colour, or a line of JSON."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from typing import Literal, TextIO

import orjson

from mockserver.transcript import Entry, Frame
from mockserver.verdicts import Judge
from schemas.spec import Protocol

__all__ = ["ExchangeLog", "Lines"]

_SHOWN = 200
"""Bytes of a message that a line shows."""

_COLOURS = {0: "35", 2: "32", 3: "36", 4: "33", 5: "31"}


class Lines:
    """Whole lines on a stream, for as long as somebody reads it."""

    def __init__(self, out: TextIO) -> None:
        self._out: TextIO | None = out
        self.in_colour = out.isatty() and "NO_COLOR" not in os.environ

    def __bool__(self) -> bool:
        return self._out is not None

    def say(self, text: str) -> None:
        """A line, with escapes for what the stream's encoding lacks."""
        if self._out is None:
            return
        try:
            print(text, file=self._out, flush=True)
        except UnicodeEncodeError:
            print(text.encode("ascii", "backslashreplace").decode(), file=self._out, flush=True)
        except OSError:
            self._out = None  # the reader went away


class ExchangeLog:
    """Called with every exchange of a mock."""

    def __init__(
        self, protocol: Protocol, out: TextIO, *, form: Literal["text", "json", "none"] = "text"
    ) -> None:
        self._lines = Lines(out)
        self._form = form
        self._judge = Judge(protocol)

    def __call__(self, exchange: Entry) -> None:
        if self._lines:
            self._lines.say(self._json(exchange) if self._form == "json" else self._text(exchange))

    def _json(self, exchange: Entry) -> str:
        view = exchange.view()
        view["broken"] = self._judge.broken(exchange) if exchange.violations else []
        return orjson.dumps(view).decode()

    def _text(self, exchange: Entry) -> str:
        when = datetime.fromtimestamp(exchange.at, UTC).strftime("%H:%M:%S.%f")[:-3]
        if isinstance(exchange, Frame):
            return "\n".join([f"{when}  {_frame(exchange)}", *self._explanation(exchange)])
        status = str(exchange.status or "dropped")
        head = f"{printable(exchange.method):6} {printable(exchange.path)}"
        faults = f"  fault: {', '.join(exchange.faults)}" if exchange.faults else ""
        took = f"{exchange.took * 1000:.1f} ms"
        line = f"{when}  {self._paint(status, exchange.status)}  {head}  {took}{faults}"
        return "\n".join([line, *self._explanation(exchange)])

    def _explanation(self, exchange: Entry) -> list[str]:
        if not exchange.violations:
            return []
        lines = [f"              {printable(str(violation))}" for violation in exchange.violations]
        broken = self._judge.broken(exchange)
        return [*lines, f"              breaks {', '.join(broken)}"] if broken else lines

    def _paint(self, text: str, status: int) -> str:
        return f"\x1b[{_COLOURS[status // 100]}m{text}\x1b[0m" if self._lines.in_colour else text


def _frame(frame: Frame) -> str:
    """Who said what on which connection; the coordinator's words point at the agent."""
    arrow = "<-" if frame.sender == "coordinator" else "->"
    who = printable(frame.principal) or "?"
    data = frame.data if len(frame.data) <= _SHOWN else frame.data[:_SHOWN] + b"..."
    words = printable(data.decode("utf-8", "backslashreplace"))
    code = "" if frame.code is None else f" {frame.code}"
    faults = f"  fault: {', '.join(frame.faults)}" if frame.faults else ""
    kind = frame.kind.upper() if frame.kind != "text" else ""
    return f"{arrow} {who} #{frame.connection}  {kind}{code}{' ' if kind else ''}{words}{faults}"


def printable(text: str) -> str:
    """Without control characters: a client's text must not steer the terminal."""
    return "".join(char if char.isprintable() else "�" for char in text)
