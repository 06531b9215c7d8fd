"""Is there a coordinator at all, and one that listens to us?"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
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


_ASKED: Mapping[str, bytes | None] = {"GET": None, "POST": b"{}"}
"""The methods that can be tried, with the body of each."""


async def turned_away(target: Target, protocol: Protocol) -> str:
    """What the coordinator answers with 401, as no token is known that it could be shown; empty
    where one is, or where none is wanted. It may guard its reads, or what changes something alone:
    that is asked with an empty object, which does nothing.
    """
    if not protocol.token_header or target.token(protocol):
        return ""
    client = HttpClient(protocol, target)
    try:
        for operation in protocol.operations.values():
            if operation.parameters or operation.method not in _ASKED:
                continue
            body = _ASKED[operation.method]
            said = await client.call(operation.id, raw=body, lawful=False, patient=False)
            if said.status == 401:
                return f"{operation.method} {operation.path}"
    finally:
        await client.close()
    return ""
