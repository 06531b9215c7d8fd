"""TLS for one orchestrator: its own certificate, and clients that may show theirs."""

from __future__ import annotations

import ssl
import tempfile
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding

from .authority import Authority, key_text, pem

__all__ = ["Papers", "peer_der", "server_context"]

_NO_CHECK_TIME = 0x200000
_PARTIAL_CHAIN = 0x80000
_CERTIFICATE_MESSAGE = 11


class Papers:
    """The PEM files of an orchestrator, in a folder that goes with it."""

    def __init__(self, authority: Authority, *, operator: bool) -> None:
        """Write them all."""
        self._folder = tempfile.TemporaryDirectory(prefix="depot-")
        home = Path(self._folder.name)
        self.ca = home / "ca.pem"
        self.ca.write_text(pem(authority.server_root.cert))
        self.server = home / "server.pem"
        self.server.write_text(pem(authority.server.cert) + key_text(authority.server.key))
        self.cert = self.key = ""
        if operator:
            cert, key = home / "operator.pem", home / "operator.key"
            cert.write_text(pem(authority.operator.cert))
            key.write_text(key_text(authority.operator.key))
            self.cert, self.key = str(cert), str(key)

    def remove(self) -> None:
        """Delete the folder."""
        self._folder.cleanup()


def server_context(authority: Authority, papers: Papers, *, lax: bool) -> ssl.SSLContext:
    """Certificates are asked for, not demanded; their dates are judged by the server's own clock.

    A lax context takes certificates of any authority, and leaves their judgement to the server.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(papers.server)
    context.verify_mode = ssl.CERT_OPTIONAL
    context.verify_flags |= ssl.VerifyFlags(_NO_CHECK_TIME)
    if lax:
        _take_any(context)
    else:
        for cert in (authority.root.cert, authority.issuer.cert):
            context.load_verify_locations(cadata=cert.public_bytes(Encoding.DER))
    return context


def _take_any(context: ssl.SSLContext) -> None:
    """Trust each certificate just before it is verified: `ssl` offers no other way."""
    context.verify_flags |= ssl.VerifyFlags(_PARTIAL_CHAIN)
    seen: set[bytes] = set()

    def watch(
        _link: Any, direction: str, _version: Any, _kind: Any, message: Any, data: bytes
    ) -> None:
        if direction == "read" and message == _CERTIFICATE_MESSAGE:
            for der in _certificates(data):
                if der not in seen:
                    seen.add(der)
                    context.load_verify_locations(cadata=der)

    vars_of: Any = context
    vars_of._msg_callback = watch


def _certificates(message: bytes) -> list[bytes]:
    """The leaf of a TLS 1.2 or 1.3 Certificate message."""
    for start in (5, 4):  # TLS 1.3 has the length of a context before the list
        at = start + 3
        if len(message) < at + 3:
            continue
        listed = int.from_bytes(message[start:at], "big")
        size = int.from_bytes(message[at : at + 3], "big")
        if at + listed == len(message) and 0 < size <= listed:
            return [message[at + 3 : at + 3 + size]]
    return []


def peer_der(transport: Any) -> bytes | None:
    """The certificate that the client of a connection showed."""
    link = transport.get_extra_info("ssl_object")
    return link.getpeercert(binary_form=True) if link is not None else None
