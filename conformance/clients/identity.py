"""Who a connection belongs to: the certificate with which a client makes itself known."""

from __future__ import annotations

import os
import ssl
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

from conformance.target import Target, Tls

__all__ = ["Identity", "client_context"]


def client_context(tls: Tls) -> ssl.SSLContext:
    """As a target file says. Raises `OSError` for a file that cannot be read or is no PEM."""
    if tls.verify is False:  # the machine's authorities are many, and take their time to be read
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    else:
        context = ssl.create_default_context(cafile=tls.ca or None)
    if tls.cert:
        context.load_cert_chain(tls.cert, tls.key or None)
    return context


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """A client certificate in use, with connections of its own. `name` is for the evidence."""

    name: str
    context: ssl.SSLContext = field(repr=False)

    @classmethod
    def nobody(cls, target: Target, name: str = "no certificate") -> Identity:
        """Somebody who shows none, whatever the target file has."""
        return cls(name=name, context=client_context(replace(target.tls, cert="", key="")))

    @classmethod
    def of_files(cls, target: Target, name: str, cert: str, key: str) -> Identity:
        """Raises `OSError` for files that are no certificate and its key."""
        return cls(name=name, context=client_context(replace(target.tls, cert=cert, key=key)))

    @classmethod
    def of_pem(cls, target: Target, name: str, chain: Iterable[str], key: str) -> Identity:
        """The certificate, then those between it and its authority, and its key, as PEM texts.

        Raises `OSError` where they do not belong together: OpenSSL reads them from files only, so
        they lie in one that nobody else can read, for as long as that takes.
        """
        handle, file = tempfile.mkstemp(prefix="assay-identity-", suffix=".pem")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as opened:
                opened.write("\n".join([*chain, key]))
            return cls.of_files(target, name, file, "")
        finally:
            Path(file).unlink()
