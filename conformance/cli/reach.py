"""Is there a coordinator at all, and one that listens to us?"""

from __future__ import annotations

import asyncio
from urllib.parse import urlsplit

from conformance.clients import HttpClient
from conformance.target import Target
from schemas.spec import Protocol

__all__ = ["turned_away", "unreachable"]

_PATIENCE = 3.0
"""Seconds that a coordinator which is just starting is given to accept a connection."""


async def unreachable(target: Target) -> str:
    """Why no connection can be made, after some patience; empty where one can."""
    parts = urlsplit(target.url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    loop = asyncio.get_running_loop()
    end = loop.time() + _PATIENCE
    while True:
        try:
            async with asyncio.timeout(_PATIENCE):
                _, writer = await asyncio.open_connection(parts.hostname, port)
            writer.close()
        except (OSError, TimeoutError) as error:
            if loop.time() >= end:
                return f"{target.url} cannot be reached: {error or 'no answer'}"
            await asyncio.sleep(0.2)
        else:
            return ""


async def turned_away(target: Target, protocol: Protocol) -> str:
    """What the coordinator answers with 401, as no token is known that it could be shown; empty
    where one is, or where none is wanted.
    """
    plain = [op for op in protocol.operations.values() if op.method == "GET" and not op.parameters]
    if not protocol.token_header or target.token(protocol) or not plain:
        return ""
    client = HttpClient(protocol, target)
    try:
        said = await client.call(plain[0].id, lawful=False)
    finally:
        await client.close()
    return f"GET {plain[0].path}" if said.status == 401 else ""
