"""Is there a coordinator at all?"""

from __future__ import annotations

import asyncio
from urllib.parse import urlsplit

from conformance.target import Target

__all__ = ["unreachable"]

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
