"""TLS handshakes that end over the client's certificate: nothing above TLS would know of them."""

from __future__ import annotations

import ssl
from collections.abc import Callable

__all__ = ["watched"]


def watched(note: Callable[[str], None]) -> type[ssl.SSLObject]:
    """The server's ends of connections (`ssl.SSLContext.sslobject_class`). `note` is told what is
    wrong with a certificate that a client showed.
    """

    class Watched(ssl.SSLObject):
        def do_handshake(self) -> None:
            try:
                super().do_handshake()
            except ssl.SSLCertVerificationError as error:
                note(error.verify_message)
                raise

    return Watched
