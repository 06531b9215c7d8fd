"""The certificates of the agents: issued, renewed, revoked, and known again when they are shown."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from mockserver.world import END, World, iso

if TYPE_CHECKING:
    from mockserver.authority import Authority, Issued

__all__ = ["Certificate", "Certificates"]

_KEPT = 3600.0
"""Seconds after its end in which a certificate is still told from one that never was."""


@dataclass(eq=False, slots=True, kw_only=True)
class Certificate:
    """One certificate and its key (PEM). `expires` is in whole seconds since 1970."""

    agent_id: str
    cert: str
    key: str
    der: bytes
    expires: float
    revoked: bool = False
    successor: Certificate | None = None
    """What it was renewed with: whoever goes on showing this one is given the same once more."""

    @property
    def expires_at(self) -> str:
        return iso(self.expires)

    def objection(self, now: float) -> str:
        """Why it proves nothing any more, or nothing."""
        if self.revoked:
            return "the client certificate was revoked"
        return "" if now < self.expires else "the client certificate has expired"

    def is_due(self, now: float, before: float) -> bool:
        """Is it within `before` seconds of its end?"""
        return self.expires - now <= before


class Certificates:
    """All of them by their bytes, which is how TLS shows them."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._shown: dict[bytes, Certificate] = {}
        self._own: dict[str, list[Certificate]] = {}
        self._order: deque[Certificate] = deque()

    @cached_property
    def authority(self) -> Authority:
        """That of the world, whose certificates TLS takes; where it has none, one of our own."""
        if self._world.authority is not None:
            return self._world.authority
        from mockserver.authority import Authority  # slow to load, and most mocks need none

        return Authority()

    def issue(self, agent_id: str, lifetime: float) -> Certificate:
        """The first one of an agent, with a key of its own; `lifetime` in seconds."""
        return self._issue(agent_id, lifetime, key="")

    def renew(self, old: Certificate, lifetime: float, before: float) -> Certificate:
        """The next one, for the same key: a renewal has no field for another."""
        now = self._world.clock.now()
        known = old.successor
        if known is not None and not (known.revoked or known.is_due(now, before)):
            return known
        old.successor = self._issue(old.agent_id, lifetime, key=old.key)
        return old.successor

    def known(self, der: bytes) -> Certificate | None:
        """The one with these bytes, whatever has become of it."""
        return self._shown.get(der)

    def current(self, agent_id: str, shown: bytes = b"") -> Certificate | None:
        """The one that an agent goes by: the one it showed, or else its newest."""
        own = self._own.get(agent_id)
        return self._shown.get(shown) or (own[-1] if own else None)

    def revoke(self, agent_id: str) -> None:
        """All that an agent has, old ones too."""
        for certificate in self._own.pop(agent_id, ()):
            certificate.revoked = True

    def _issue(self, agent_id: str, lifetime: float, key: str) -> Certificate:
        now = self._world.clock.now()
        self._clear(now)
        end = float(int(min(now + lifetime, END)))
        issued: Issued = self.authority.issue(agent_id, int(now), end, key=key)
        made = Certificate(
            agent_id=agent_id, cert=issued.cert, key=issued.key, der=issued.der, expires=end
        )
        self._shown[made.der] = made
        self._own.setdefault(agent_id, []).append(made)
        self._order.append(made)
        return made

    def _clear(self, now: float) -> None:
        """The oldest ones that have long expired: they become unknown, which is a 401 as well."""
        while self._order and self._order[0].expires + _KEPT <= now:
            gone = self._order.popleft()
            del self._shown[gone.der]
            own = self._own.get(gone.agent_id, [])
            if gone in own:
                own.remove(gone)
