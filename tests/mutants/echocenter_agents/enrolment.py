"""Registering an agent, before one connects oneself."""

from __future__ import annotations

import json

import aiohttp

__all__ = ["enrol", "form"]

_PATIENCE = aiohttp.ClientTimeout(total=5.0)


def form(name: str) -> bytes:
    """What the document shows."""
    return json.dumps({"username": name}).encode()


async def enrol(base: str, body: bytes) -> str:
    """Register; returns why it was of no avail, or nothing. ``base`` is the WebSocket's."""
    url = "http" + base.removeprefix("ws").rstrip("/") + "/api/users/agents"
    headers = {"Content-Type": "application/json"}
    try:
        async with (
            aiohttp.ClientSession(timeout=_PATIENCE) as client,
            client.post(url, data=body, headers=headers) as answer,
        ):
            return "" if answer.ok else f"not registered: {answer.status}"
    except (aiohttp.ClientError, TimeoutError) as error:
        return f"not registered: {error}"
