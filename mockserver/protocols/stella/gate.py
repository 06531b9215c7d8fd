"""Who may use the routes of an agent: the agent itself, and nobody else."""

from __future__ import annotations

from collections.abc import Mapping

from mockserver.coordinator import Answer
from mockserver.protocols.stella.answers import refused
from mockserver.protocols.stella.ledger import Ledger

__all__ = ["Gate", "unregistered"]

_BEARER = {"WWW-Authenticate": "Bearer"}


class Gate:
    """Over TLS the certificate tells who it is ("for all subsequent requests"),
    and a token beside it is not looked at. In the clear nobody can show one, and the token of the
    registration stands in for it.
    """

    def __init__(self, ledger: Ledger, *, tls: bool) -> None:
        self._ledger = ledger
        self._tls = tls

    def bar(self, agent_id: str, certificate: bytes, headers: Mapping[str, str]) -> Answer | None:
        """Refuse whoever is not that agent: 401 for who is nobody, 404 and 403 for the others."""
        holder = self._by_certificate(certificate) if self._tls else self._by_token(headers)
        if isinstance(holder, Answer):
            return holder
        if self._ledger.registry.get(agent_id) is None:
            return unregistered()
        if holder != agent_id:
            return refused(403, "these are the credentials of another agent")
        return None

    def _by_certificate(self, shown: bytes) -> str | Answer:
        if not shown:
            return refused(401, "a client certificate is required")
        known = self._ledger.certificates.known(shown)
        if known is None:
            return refused(401, "the client certificate is unknown")
        objection = known.objection(self._ledger.world.clock.now())
        return refused(401, objection) if objection else known.agent_id

    def _by_token(self, headers: Mapping[str, str]) -> str | Answer:
        scheme, _, token = headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            return refused(401, "the agent's token is required", _BEARER)
        holder = self._ledger.passes.holder(token.strip())
        return holder or refused(401, "the agent's token is unknown or was revoked", _BEARER)


def unregistered() -> Answer:
    """The document's "Agent not found"."""
    return refused(404, "no such agent")
