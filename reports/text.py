"""Words for people: peer text made harmless, lists made short, shares made honest."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

__all__ = ["compact", "in_markdown", "listing", "percent", "plural", "printable", "shorten"]

# Controls (a terminal obeys them, XML 1.0 forbids most of them), surrogates and non-characters,
# and the marks that turn the direction of writing: with these, text shows as what it is not.
_HARMFUL = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069"
    "\ud800-\udfff\ufeff\ufffe\uffff]"
)

# What Markdown or the HTML in it takes for more than a character, and what begins a list.
_MARKED = re.compile(r"[\\`*_{}\[\]<>()!|~&$]|:(?=\S)|(?<=www)\.|^[-+]|^\d+(?=[.)])")
# What GitHub takes for a person or an issue, even where Markdown is told that it is a character.
_MENTION = re.compile(r"[@#]")


def printable(text: str) -> str:
    """`text` with every character that could do harm in a terminal, in XML or to a reader's eye
    replaced by U+FFFD. Line feeds and tabs stay.
    """
    return _HARMFUL.sub("\ufffd", text.replace("\r\n", "\n"))


def in_markdown(text: str, limit: int = 300) -> str:
    """At most `limit` characters of `text` on one line of Markdown, also in a table, and nothing of
    it taken for a mark, a link or a mention.
    """
    line = _MARKED.sub(_escaped, " ".join(shorten(printable(text), limit).split()))
    return _MENTION.sub(r"\\\g<0><!-- -->", line)


def _escaped(found: re.Match[str]) -> str:
    mark = found[0]
    return f"{mark}<!-- -->" if mark.isdigit() else f"\\{mark}"


def shorten(text: str, limit: int) -> str:
    """At most `limit` characters of `text`, with an ellipsis where something was cut."""
    return text if len(text) <= limit else text[: limit - 1] + "…"


def compact(value: Any, limit: int = 300) -> str:
    """A JSON value on one line, cut after `limit` characters."""
    return shorten(json.dumps(value, ensure_ascii=False), limit)


def plural(count: int, noun: str) -> str:
    """`1 requirement`, `2 requirements`."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def listing(names: Sequence[str], limit: int = 5) -> str:
    """Names with commas between them; beyond `limit` only how many more there are."""
    if len(names) <= limit + 1:  # "and 1 more" would be no shorter
        return ", ".join(names)
    return f"{', '.join(names[:limit])} and {len(names) - limit} more"


def percent(part: int, whole: int) -> str:
    """A share for people. Rounded down, so that 100 % means all and nothing else does."""
    if not whole:
        return "0 %"
    if part and part * 100 < whole:
        return "< 1 %"
    return f"{part * 100 // whole} %"
