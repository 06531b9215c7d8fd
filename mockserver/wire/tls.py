"""TLS for a mock: a certificate made on the fly, by an authority made with it."""

from __future__ import annotations

import ipaddress
import ssl
import tempfile
import time
from pathlib import Path

from cryptography import x509

from mockserver.authority import Authority

__all__ = ["Identity", "make_identity"]

_LIFETIME = 30 * 24 * 3600.0
_EARLY = 300.0
"""Seconds that a certificate is valid before it is made: clocks differ."""

_NO_CHECK_TIME = 0x200000
"""OpenSSL's X509_V_FLAG_NO_CHECK_TIME: a coordinator judges dates by its own clock, which may be
a virtual one.
"""


class Identity:
    """A server's certificate with its authority. `ca` is the authority's PEM file, for clients;
    `files` are those of the certificate and its key.

    The files live in a folder of their own, which `remove` takes away.
    """

    def __init__(self, folder: tempfile.TemporaryDirectory[str], context: ssl.SSLContext) -> None:
        self._folder = folder
        self.context = context
        place = Path(folder.name)
        self.ca = str(place / "ca.pem")
        self.files = (place / "server.pem", place / "server.key")

    def disguise(self) -> None:
        """Show, on connections that come from now on, a certificate of another authority."""
        place = Path(self._folder.name)
        now = time.time()
        issued = Authority("Somebody else").issue(
            "Assay mock", now - _EARLY, now + _LIFETIME, server=True, names=_names("localhost")
        )
        (place / "other.pem").write_text(issued.cert)
        (place / "other.key").write_text(issued.key)
        self.context.load_cert_chain(place / "other.pem", place / "other.key")

    def remove(self) -> None:
        self._folder.cleanup()


def make_identity(host: str, authority: Authority, *, mutual: bool = False) -> Identity:
    """A certificate for `host`, localhost and the loopback, signed by `authority`.

    `mutual` takes the certificates that clients show, if `authority` signed them.
    """
    folder = tempfile.TemporaryDirectory(prefix="assay-tls-")
    place = Path(folder.name)  # nobody else's to read
    now = time.time()
    issued = authority.issue(
        "Assay mock", now - _EARLY, now + _LIFETIME, server=True, names=_names(host)
    )
    (place / "ca.pem").write_text(authority.pem)
    (place / "server.pem").write_text(issued.cert)
    (place / "server.key").write_text(issued.key)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(place / "server.pem", place / "server.key")
    context.num_tickets = 0  # whoever resumes a session looks at no certificate
    if mutual:
        context.verify_mode = ssl.CERT_OPTIONAL
        context.verify_flags |= ssl.VerifyFlags(_NO_CHECK_TIME)
        context.load_verify_locations(cadata=authority.pem)
    return Identity(folder, context)


def _names(host: str) -> list[x509.GeneralName]:
    names: list[x509.GeneralName] = [x509.DNSName("localhost")]
    for address in dict.fromkeys(["127.0.0.1", "::1", host]):
        try:
            names.append(x509.IPAddress(ipaddress.ip_address(address)))
        except ValueError:
            names.append(x509.DNSName(address))
    return names
