"""Sends what is no handshake to a peer, and does not care what comes back."""

from __future__ import annotations

import asyncio
import ssl
from contextlib import suppress
from urllib.parse import urlsplit

from conformance.clients.http import tls_context
from conformance.target import Target

__all__ = ["plain_request"]

_WITHIN = 0.3


async def plain_request(target: Target, data: bytes) -> bytes:
    """What comes back within a moment. Nothing where nobody answers."""
    parts = urlsplit(target.url)
    context: ssl.SSLContext | None = tls_context(target) if parts.scheme == "https" else None
    port = parts.port or (443 if context else 80)
    said = b""
    with suppress(OSError, TimeoutError):
        async with asyncio.timeout(target.timeout):
            reader, writer = await asyncio.open_connection(parts.hostname, port, ssl=context)
        try:
            async with asyncio.timeout(_WITHIN):
                writer.write(data)
                while more := await reader.read(65536):
                    said += more
        finally:
            writer.transport.abort()
    return said
