"""What a finding's evidence says the peer should have done, as far as any run can ask it. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

__all__ = ["wanted"]

_STATUSES = re.compile(r"(?:\d{3}|\dXX)(?: or (?:\d{3}|\dXX))*")


def wanted(
    evidence: Mapping[str, Any], own: Mapping[str, str], *, of_frame: bool, about_own: bool
) -> Sequence[str]:
    """The conditions of a scenario that hold where the peer does what was expected of it; empty
    where a scenario cannot say it.

    `own` are the expressions of what the run made up itself. What is counted counts only where the
    question is `about_own` things: of others, another peer has others.
    """
    if "expected" not in evidence:
        return ()
    expected, pointers = evidence["expected"], evidence.get("pointers", ())
    if not pointers and not of_frame:
        return _status(expected)
    if len(pointers) != 1 or isinstance(expected, dict | list):
        return ()
    place = f"${'message.payload' if of_frame else 'response.body'}#{pointers[0]}"
    literal = _literal(expected, own, about_own=about_own)
    return (f"{place} == {literal}",) if literal else ()


def _status(expected: Any) -> Sequence[str]:
    if not isinstance(expected, str) or not _STATUSES.fullmatch(expected):
        return ()
    return (" || ".join(_condition(word) for word in expected.split(" or ")),)


def _condition(word: str) -> str:
    if word.endswith("XX"):
        return f"($statusCode >= {word[0]}00 && $statusCode <= {word[0]}99)"
    return f"$statusCode == {word}"


def _literal(expected: Any, own: Mapping[str, str], *, about_own: bool) -> str:
    """As a condition writes it; empty for what would hold of this one peer alone."""
    if isinstance(expected, str):
        if expected in own:
            return own[expected]
        mentions = any(name in expected for name in own)
        return "" if mentions or "'" in expected else f"'{expected}'"
    if isinstance(expected, bool) or expected is None:
        return json.dumps(expected)
    return json.dumps(expected) if about_own else ""
