"""The client certificates of a replay: what the peer hands out now stands for what it did then."""

from __future__ import annotations

from dataclasses import dataclass

from conformance.clients.identity import Identity
from conformance.exchange import Exchange, read_json
from conformance.replay.story import Opening, Request
from conformance.target import Target
from mockserver.json_text import texts_in

__all__ = ["Identities"]

_CERTIFICATE, _KEY = "-----BEGIN CERTIFICATE-----", "PRIVATE KEY-----"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Issued:
    """`names` are what the old request and its answer called whom it was for."""

    names: frozenset[str]
    identity: Identity


class Identities:
    """Of one target, whose operator may have one as well."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._issued: list[_Issued] = []

    def learn(self, step: Request, exchange: Exchange) -> None:
        """Keep the certificate that an answer hands over with its key, if it does."""
        texts = list(texts_in(exchange.json))
        chain = [text for text in texts if _CERTIFICATE in text]
        key = next((text for text in texts if _KEY in text), None)
        if not chain or key is None:
            return
        old = (*texts_in(read_json(step.body)), *texts_in(read_json(step.answer)))
        name = f"who was registered by {step.operation}"
        try:
            identity = Identity.of_pem(self._target, name, chain[:1], key)
        except (OSError, ValueError):
            return  # what cannot be used is told by the answers to whoever needs it
        self._issued.append(_Issued(names=frozenset(old), identity=identity))

    def of(self, step: Request | Opening) -> Identity | None:
        """Whose certificate a step shows; `None` for the target's own."""
        if not step.identity or not self._target.url.startswith("https"):
            return None
        operator = self._target.operator
        if step.identity == "operator" and operator.cert:
            return Identity.of_files(self._target, "operator", operator.cert, operator.key)
        for each in reversed(self._issued):
            if step.identity in each.names:
                return each.identity
        return Identity.nobody(self._target)
