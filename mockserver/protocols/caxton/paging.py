"""Pages: limits, offsets and cursors of a query, taken apart."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping

from mockserver.protocols.caxton.answers import INVALID, RefusedError

__all__ = ["DEFAULT", "MOST", "cursor_after", "limit_of", "number_of", "place_of"]

DEFAULT = 50
"""What a page holds where nobody says how much, and"""
MOST = 1000
"""at most: whoever asks for more gets that many."""

_DIGITS = 18


def limit_of(query: Mapping[str, str]) -> int:
    return min(MOST, number_of(query, "limit", DEFAULT, least=1))


def number_of(query: Mapping[str, str], name: str, default: int, least: int = 0) -> int:
    """Raises `RefusedError` for what is no such number."""
    text = query.get(name)
    if text is None:
        return default
    fits = text.isascii() and text.isdecimal() and len(text) <= _DIGITS
    if not fits or int(text) < least:
        raise RefusedError(
            INVALID,
            f"{name} is a whole number from {least}, not {text!r}",
            field=name,
            value=text,
        )
    return int(text)


def cursor_after(number: int) -> str:
    """The cursor behind the message of that number: opaque to whoever gets it."""
    return "cursor_" + base64.urlsafe_b64encode(f"m{number}".encode()).decode().rstrip("=")


def place_of(query: Mapping[str, str]) -> int:
    """The number that a cursor stands for, 0 without one. Raises `RefusedError` for no cursor."""
    cursor = query.get("cursor")
    if cursor is None:
        return 0
    head, _, text = cursor.partition("_")
    try:
        told = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode("ascii")
    except (binascii.Error, ValueError):
        told = ""
    if head != "cursor" or not told.startswith("m") or not told[1:].isdecimal():
        raise RefusedError(
            INVALID, f"{cursor!r} is no cursor of ours", field="cursor", value=cursor
        )
    return int(told[1 : _DIGITS + 1])
