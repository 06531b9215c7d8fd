"""Types that were meant to be documented ones. Any other type is lawful."""

from __future__ import annotations

from difflib import SequenceMatcher

__all__ = ["misspelt"]

_TYPES = ("CHAT", "CHAT_STREAM", "CHAT_STREAM_END", "SYSTEM_LOG")

_ALIKE = 0.85
"""How alike two words are when one is taken for the other misspelt (1.0 is the same)."""


def misspelt(kind: str) -> str:
    """The documented type that `kind` comes near, or nothing."""
    if kind in _TYPES:
        return ""
    folded = "".join(filter(str.isalpha, kind)).upper()
    for known in _TYPES:
        plain = known.replace("_", "")
        if folded == plain or SequenceMatcher(None, folded, plain).ratio() >= _ALIKE:
            return known
    return "SYSTEM_LOG" if folded == "LOG" else ""
