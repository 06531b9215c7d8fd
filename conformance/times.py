"""ISO 8601 times as peers write them: with or without zone, extended or basic."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

__all__ = ["later", "parse_time", "seconds_from_now"]


def parse_time(text: Any) -> datetime | None:
    """The moment, or `None` where it is no ISO 8601 time. Without a zone it is taken as UTC."""
    if not isinstance(text, str) or "T" not in text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def later(first: Any, second: Any) -> bool:
    """Are both times, and is the second after the first?"""
    one, two = parse_time(first), parse_time(second)
    return one is not None and two is not None and two > one


def seconds_from_now(text: Any) -> float | None:
    """How far a time is from ours, in seconds; `None` where it is no time.

    A time without a zone may be local anywhere on earth: whole quarters of an hour are taken off.
    """
    moment = parse_time(text)
    if moment is None:
        return None
    off = (moment - datetime.now(UTC)).total_seconds()
    if isinstance(text, str) and datetime.fromisoformat(text).tzinfo is None and abs(off) < 54_000:
        off -= round(off / 900) * 900
    return abs(off)
