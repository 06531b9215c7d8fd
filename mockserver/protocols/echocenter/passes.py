"""What a person gets for a password: a JSON Web Token, signed by a key of the mock's own."""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import Any

import orjson

from mockserver.world import World

__all__ = ["Passes"]

_HEADER = {"alg": "HS256", "typ": "JWT"}


class Passes:
    """Issues them and knows its own again. The key is drawn from the seed; no pass expires."""

    def __init__(self, world: World) -> None:
        self._key = world.random.randbytes(32)

    def issue(self, holder: int, username: str, now: float) -> str:
        """`now` is in seconds since 1970."""
        claims = {"sub": str(holder), "username": username, "role": "ADMIN", "iat": int(now)}
        said = f"{_packed(orjson.dumps(_HEADER))}.{_packed(orjson.dumps(claims))}"
        return f"{said}.{self._signature(said)}"

    def holder(self, token: str) -> int | None:
        """The id of whom it was issued for, or `None` where it is none of ours."""
        said, _, signature = token.rpartition(".")
        if not hmac.compare_digest(_bytes(signature), self._signature(said).encode()):
            return None
        claims: dict[str, Any] = orjson.loads(_unpacked(said.partition(".")[2]))
        return int(claims["sub"])

    def _signature(self, said: str) -> str:
        return _packed(hmac.digest(self._key, _bytes(said), hashlib.sha256))


def _bytes(text: str) -> bytes:
    """Of a header, which may hold what is no UTF-8."""
    return text.encode("utf-8", "surrogateescape")


def _packed(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _unpacked(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
