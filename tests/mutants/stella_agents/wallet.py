"""What an agent proves itself with: certificate and key in files of its own, and TLS contexts."""

from __future__ import annotations

import os
import shutil
import ssl
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.mutants.stella_agents.model import Wear

__all__ = ["Wallet"]


class Wallet:
    """Keeps certificates in files that only their owner can read, until ``close``."""

    def __init__(self, authority: str, *, tls: bool) -> None:
        self._authority = authority
        self._tls = tls
        self._folder = Path(tempfile.mkdtemp(prefix="stella-agent-"))
        self._ca = ""
        self._key = ""
        self._papers: list[tuple[str, str]] = []
        self._contexts: dict[tuple[str, bool], ssl.SSLContext] = {}

    @property
    def generation(self) -> int:
        """How many certificates there have been."""
        return len(self._papers)

    @property
    def key(self) -> str:
        """The private key, PEM."""
        return self._key

    def accept(self, certificate: Mapping[str, Any]) -> None:
        """Take the certificate of a registration. Raises ValueError where it cannot be used."""
        ca = certificate.get("ca")
        if isinstance(ca, str):
            self._ca = ca
        self._add(certificate.get("cert"), certificate.get("key"))

    def renew(self, renewal: Mapping[str, Any], *, old_key: bool = False) -> bool:
        """Take a renewed one, with its own key or for the old one; False for the same again."""
        key = renewal.get("key")
        cert = renewal.get("cert")
        if self._papers and self._text(self._papers[-1][0]) == cert:
            return False
        self._add(cert, key if isinstance(key, str) and not old_key else self._key)
        return True

    def context(self, wear: Wear, *, verify: bool = True) -> ssl.SSLContext | None:
        """The TLS context to connect with; None where there is no TLS."""
        if not self._tls:
            return None
        name = self._name(wear)
        known = self._contexts.get((name, verify))
        if known is None:
            known = self._contexts[name, verify] = self._context(name, verify=verify)
        return known

    def close(self) -> None:
        """Remove the files."""
        shutil.rmtree(self._folder, ignore_errors=True)

    def _name(self, wear: Wear) -> str:
        if wear is Wear.NONE or (wear is not Wear.FOREIGN and not self._papers):
            return ""
        if wear is Wear.FOREIGN:
            return "foreign"
        return self._papers[0 if wear is Wear.OLD else -1][0]

    def _context(self, name: str, *, verify: bool) -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=self._authority or None)
        if self._ca:
            context.load_verify_locations(cadata=self._ca)
        if not verify:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        if name == "foreign":
            self._sign_oneself()
        if name:
            context.load_cert_chain(self._folder / name, self._folder / f"{name}.key")
        return context

    def _add(self, cert: object, key: object) -> None:
        if not isinstance(cert, str) or not isinstance(key, str):
            raise ValueError("a certificate or its key is no text")  # noqa: TRY004 - it is data
        name = f"{len(self._papers)}.pem"
        self._write(name, cert)
        self._write(f"{name}.key", key)
        if self._tls:
            try:
                self._contexts[name, True] = self._context(name, verify=True)
            except ssl.SSLError as error:
                raise ValueError(f"a certificate that does not load: {error}") from error
        self._papers.append((name, f"{name}.key"))
        self._key = key

    def _write(self, name: str, text: str) -> None:
        path = self._folder / name
        path.unlink(missing_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="ascii", errors="replace") as file:
            file.write(text)

    def _text(self, name: str) -> str:
        return (self._folder / name).read_text("ascii")

    def _sign_oneself(self) -> None:
        # Only a broken agent needs it, so only a broken agent waits for the import.
        from tests.mutants.stella_agents.authority import self_signed

        cert, key = self_signed()
        self._write("foreign", cert)
        self._write("foreign.key", key)
