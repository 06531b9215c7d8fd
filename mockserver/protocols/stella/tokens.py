"""What an agent needs to register: a token that is good once, and not for ever."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from mockserver.world import END, World, iso

__all__ = ["Token", "Tokens"]


@dataclass(eq=False, slots=True, kw_only=True)
class Token:
    """`expires` is in seconds since 1970; `used` names the agent that registered with it."""

    text: str
    expires: float
    used: str = ""


class Tokens:
    """All that were minted, until they have been of no use for a while."""

    def __init__(self) -> None:
        self._tokens: dict[str, Token] = {}

    def mint(self, world: World, lifetime: float) -> Token:
        """A new one, from the world's chances; `lifetime` in seconds."""
        now = world.clock.now()
        self._clear(now)
        text = "reg_" + world.uuid().replace("-", "")
        token = Token(text=text, expires=min(now + lifetime, END))
        self._tokens[token.text] = token
        return token

    def objection(self, text: str, now: float) -> str:
        """Why nobody can register with that, or nothing."""
        if not text:
            return "a registration token is required"
        token = self._tokens.get(text)
        if token is None:
            return "the registration token is unknown"
        if token.used:
            return "the registration token was used before"
        return "" if now < token.expires else "the registration token has expired"

    def spend(self, text: str, name: str) -> None:
        """It has served: it is "single-use"."""
        self._tokens[text].used = name

    def view(self, now: float) -> list[dict[str, Any]]:
        """What became of each, without what it is."""
        return [
            {
                "hint": f"****{token.text[-4:]}",
                "expiresAt": iso(token.expires),
                "usedBy": token.used or None,
                "valid": not self.objection(token.text, now),
            }
            for token in self._tokens.values()
        ]

    def _clear(self, now: float) -> None:
        """The oldest ones that have long expired: they become unknown, which is a 401 as well."""
        while self._tokens:
            text, token = next(iter(self._tokens.items()))
            if now < token.expires + _KEPT:
                break
            del self._tokens[text]


_KEPT = 3600.0
"""Seconds after its end in which a token is still told from one that never was."""
