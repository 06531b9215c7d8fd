"""What clients show by TLS, shown again behind a proxy, so that nobody there can tell.

TLS ends at a proxy, and a client's key stays with the client: so only certificates can be shown
again whose keys passed here when they were issued, and those that the target file has. A client
with any other is refused in the handshake, as the coordinator itself would do; one that shows
nothing is nobody behind the proxy as well.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterable
from pathlib import Path

from conformance.clients.identity import Identity
from conformance.proxy.identities import issued_in
from conformance.target import Target

__all__ = ["Mirror"]

_PARTIAL_CHAIN = 0x80000
_NO_CHECK_TIME = 0x200000
"""Flags of OpenSSL: a certificate may be trusted without its authority, and whether it is out of
date is the coordinator's to say.
"""


class Mirror:
    """`server` is the context in which clients are met: it is made to take the certificates that
    are known here. Raises `OSError` for files that are no PEM.
    """

    def __init__(self, target: Target, server: ssl.SSLContext) -> None:
        self._target = target
        self._server = server
        self._nobody = Identity.nobody(target).context
        self._known: dict[bytes, tuple[ssl.SSLContext, str]] = {}
        server.verify_mode = ssl.CERT_OPTIONAL
        server.verify_flags |= ssl.VerifyFlags(_PARTIAL_CHAIN | _NO_CHECK_TIME)
        for cert, key in (
            (target.tls.cert, target.tls.key),
            (target.operator.cert, target.operator.key),
        ):
            if cert:
                self._keep(*(Path(name).read_text("utf-8") for name in (cert, key or cert)))

    def context(self, shown: bytes) -> ssl.SSLContext:
        """For the connection of a client that shows this certificate (DER), or nothing."""
        return self._known[shown][0] if shown in self._known else self._nobody

    def learn(self, shown: bytes, answer: bytes) -> None:
        """Keep what an answer issues to whoever showed that certificate, if it does."""
        certificate, key, _ = issued_in(answer)
        if not key and shown in self._known:
            key = self._known[shown][1]
        if certificate and key:
            self._keep(certificate, key)

    def _keep(self, certificate: str, key: str) -> None:
        try:
            identity = Identity.of_pem(self._target, "shown", [certificate], key)
            own = ssl.PEM_cert_to_DER_cert(_first(certificate.splitlines()))
            self._server.load_verify_locations(cadata=certificate)
        except (OSError, ValueError):  # no pair: somebody else's, or an authority's
            return
        self._known[own] = (identity.context, key)


def _first(lines: Iterable[str]) -> str:
    """The first certificate of a chain."""
    text: list[str] = []
    for line in lines:
        text.append(line)
        if line.startswith("-----END"):
            break
    return "\n".join(text)
