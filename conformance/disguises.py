"""What a secret looks like when somebody passes it on: as it is, or encoded."""

from __future__ import annotations

import base64
import json
from functools import lru_cache
from urllib.parse import quote

__all__ = ["disguises", "holds_secret"]

_LOST = (0, 2, 3)
"""Signs of Base64 that what stands before has a part in, by how many bytes of it are left over."""

_SHORT = 8
"""Signs below which what looks like a disguise may be chance."""


@lru_cache(maxsize=256)
def disguises(secret: str) -> tuple[str, ...]:
    """The texts that stand for it: itself, in JSON, in a URL, in hexadecimal, in Base32, backwards,
    and in Base64 of either alphabet, also amid something else that is encoded with it.
    """
    if len(secret) < _SHORT:
        return (secret,)
    raw = secret.encode()
    encoded = [_amid(raw, before) for before in range(3)]
    found = [
        secret,
        json.dumps(secret)[1:-1],
        quote(secret, safe=""),
        raw.hex(),
        base64.b32encode(raw).decode().rstrip("="),
        secret[::-1],
        *encoded,
        *(each.translate(str.maketrans("+/", "-_")) for each in encoded),
    ]
    return tuple(dict.fromkeys(found))


def _amid(raw: bytes, before: int) -> str:
    """What of its Base64 is the same whatever else is encoded with it."""
    text = base64.b64encode(bytes(before) + raw).decode().rstrip("=")
    whole = (before + len(raw)) % 3 == 0
    return text[_LOST[before] : len(text) if whole else len(text) - 1]


def holds_secret(said: str | bytes, secret: str) -> bool:
    """Does it stand there in any of its disguises?"""
    if isinstance(said, bytes):
        return any(each.encode() in said for each in disguises(secret))
    return any(each in said for each in disguises(secret))
