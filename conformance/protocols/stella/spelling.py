"""Types of an agent's messages that come close to documented ones, and are none."""

from __future__ import annotations

import re
from difflib import SequenceMatcher

__all__ = ["misspelt"]

_TYPES = ("task_progress", "task_log")

_ALIKE = 0.85
"""From this likeness on, one is the other misspelt."""


def misspelt(kind: str) -> str:
    """The documented type that is meant, or nothing where none is or it is spelt rightly.

    Other words in which the same letters stand (`taskProgress`, `TASK-LOG`) are misspelt too, and
    so is the second half alone.
    """
    if kind in _TYPES:
        return ""
    bare = re.sub(r"[^a-z]", "", kind.lower())
    for known in _TYPES:
        plain = known.replace("_", "")
        if bare in (plain, known.partition("_")[2]):
            return known
        if SequenceMatcher(None, bare, plain).ratio() >= _ALIKE:
            return known
    return ""
