"""Lines for a terminal: broken at its width, in colours where it has them, harmless always."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from reports.outcome import Verdict
from reports.text import printable, shorten

__all__ = ["CONCLUSIONS", "LABEL", "STYLES", "VALUE", "Lines"]

VALUE = 600
"""Characters of a value or a message."""

LABEL = 11
"""Columns of the label of a field."""

_COLOURS = {
    "bold": "1",
    "dim": "2",
    "red": "31",
    "green": "32",
    "yellow": "33",
    "cyan": "36",
    "verdict": "1;7",
}
STYLES: Mapping[Verdict, str] = {
    "fail": "red",
    "warn": "yellow",
    "pass": "green",
    "inconclusive": "cyan",
    "not-applicable": "dim",
}
CONCLUSIONS: Mapping[str, tuple[str, str]] = {
    "conformant": ("CONFORMANT", "green"),
    "nonconformant": ("NOT CONFORMANT", "red"),
    "inconclusive": ("INCONCLUSIVE", "yellow"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Lines:
    """`width` in columns; `colour` allows ANSI colours."""

    colour: bool
    width: int

    def heading(self, text: str, count: int) -> Iterator[str]:
        if count:
            yield ""
            yield self.paint(f"{text} ({count})", "bold")

    def field(self, label: str, text: str, style: str = "") -> Iterator[str]:
        """A label and a text beside it, its further lines below the first."""
        first, *rest = self.wrapped(text, indent=LABEL + 2, style=style) or [""]
        yield f"  {self.paint(label.ljust(LABEL), 'dim')}{first.removeprefix(' ' * (LABEL + 2))}"
        yield from rest

    def wrapped(self, text: str, *, indent: int = 0, hang: int = 0, style: str = "") -> list[str]:
        """Text made harmless, then broken into lines; `hang` more columns after the first."""
        lines = textwrap.wrap(
            shorten(printable(text), VALUE),
            width=self.width - indent,
            subsequent_indent=" " * hang,
            break_on_hyphens=False,
        )
        return [" " * indent + self.paint(line, style) for line in lines]

    def tag(self, text: str, colour: str) -> str:
        """A word on coloured ground."""
        return self.paint(self.paint(f" {text} " if self.colour else text, "verdict"), colour)

    def paint(self, text: str, style: str) -> str:
        """`text` in a style of `_COLOURS`, where colours are allowed."""
        if not (self.colour and style):
            return text
        return f"\x1b[{_COLOURS[style]}m{text}\x1b[0m"
