"""Client certificates towards a coordinator that knows its agents by them.

TLS ends at a proxy: what a client shows there cannot be shown again behind it, since the key stays
with the client. So the certificate that a coordinator hands out, with its key, in an answer that
passes (a registration, a renewal) is kept in memory, and shown on the connections that are about
whatever was named in the same answer.
"""

from __future__ import annotations

import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import unquote

from conformance.clients.identity import Identity, client_context
from conformance.target import Target
from mockserver.json_text import read_json, texts_in

__all__ = ["Identities", "issued_in"]

_CERTIFICATE, _KEY = "-----BEGIN CERTIFICATE-----", " PRIVATE KEY-----"
_SHORTEST, _LONGEST = 4, 128
"""Characters of what may be an id that a path holds."""


@dataclass(frozen=True, slots=True)
class _Issued:
    names: frozenset[str]
    key: str
    context: ssl.SSLContext


class Identities:
    """The TLS contexts by which a coordinator is called. `target` says whom to trust, and what to
    show where nothing was issued for a path. Raises `OSError` for files that are no PEM.
    """

    def __init__(self, target: Target) -> None:
        self._target = target
        self._own = client_context(target.tls)
        self._issued: list[_Issued] = []

    def context(self, path: str) -> ssl.SSLContext:
        """For a connection on which that path is asked for first."""
        issued = self._of(path)
        return issued.context if issued else self._own

    def learn(self, path: str, answer: bytes) -> None:
        """Keep what an answer issues, if it does."""
        certificate, key, found = issued_in(answer)
        if not certificate:
            return
        before = self._of(path)
        if key:
            names = frozenset(text for text in found if _SHORTEST <= len(text) <= _LONGEST)
            self._keep(names, certificate, key)
        elif before is not None:
            self._keep(before.names, certificate, before.key)

    def _of(self, path: str) -> _Issued | None:
        steps = {unquote(step) for step in path.split("/")}
        return next((each for each in reversed(self._issued) if each.names & steps), None)

    def _keep(self, names: frozenset[str], certificate: str, key: str) -> None:
        try:
            identity = Identity.of_pem(self._target, "issued", [certificate], key)
        except (OSError, ValueError):  # no pair: somebody else's, or an authority's
            return
        self._issued = [each for each in self._issued if each.names != names]
        self._issued.append(_Issued(names, key, identity.context))


def issued_in(answer: bytes) -> tuple[str, str, Sequence[str]]:
    """The certificate and the key that an answer holds (PEM, or empty), and all of its texts."""
    if _CERTIFICATE.encode() not in answer:
        return "", "", ()
    try:
        found = list(texts_in(read_json(answer)))
    except ValueError:
        return "", "", ()
    certificate = next((text for text in found if _CERTIFICATE in text), "")
    return certificate, next((text for text in found if _KEY in text), ""), found
