"""The JSON Web Token that an agent gets when it registers, signed by a key of the mock's own."""

from __future__ import annotations

import base64
import hashlib
import hmac

import orjson

from mockserver.world import World

__all__ = ["Passes"]

_HEADER = {"alg": "HS256", "typ": "JWT"}


class Passes:
    """Issues them and knows its own again. The key is drawn from the seed; no pass expires, since
    nothing in the protocol renews one.
    """

    def __init__(self, world: World) -> None:
        self._key = world.random.randbytes(32)
        self._holders: dict[str, str] = {}
        self._passes: dict[str, str] = {}

    def issue(self, agent_id: str, name: str, now: float) -> str:
        """`now` is in seconds since 1970."""
        claims = {"sub": agent_id, "name": name, "iat": int(now)}
        said = f"{_packed(orjson.dumps(_HEADER))}.{_packed(orjson.dumps(claims))}"
        made = f"{said}.{_packed(hmac.digest(self._key, said.encode(), hashlib.sha256))}"
        self._holders[made] = agent_id
        self._passes[agent_id] = made
        return made

    def holder(self, shown: str) -> str | None:
        """The id of the agent whose it is, or `None` where it is none of ours, or void.

        A look-up and no more: only what was issued letter by letter is in there.
        """
        return self._holders.get(shown)

    def revoke(self, agent_id: str) -> None:
        self._holders.pop(self._passes.pop(agent_id, ""), None)


def _packed(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
