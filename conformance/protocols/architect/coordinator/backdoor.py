"""Speaks on a connection whose handshake was refused: at once as if it was open, or after a second
handshake, without credentials.
"""

from __future__ import annotations

import asyncio
import json
import secrets
import ssl
from base64 import b64encode
from contextlib import suppress
from urllib.parse import urlsplit

from websockets.frames import Opcode

from conformance.clients.http import tls_context
from conformance.clients.rfc6455 import Listener, frame_bytes
from conformance.protocols.architect.dialogue import Dialogue

__all__ = ["behind_refusal"]

_WITHIN = 0.5


async def behind_refusal(script: Dialogue, offered: list[str], *, again: bool = False) -> bytes:
    """The message that was sent to a stranger after an HTTP refusal, or nothing. Who comes `again`
    first sends another handshake on the same connection, and offers nothing.

    Nothing as well where the handshake was not refused by HTTP, or no connection came about.
    """
    target = script.opener.target
    parts = urlsplit(target.ws_url + script.lore.path)
    context: ssl.SSLContext | None = tls_context(target) if parts.scheme == "wss" else None
    port = parts.port or (443 if context else 80)
    try:
        async with asyncio.timeout(target.timeout):
            reader, writer = await asyncio.open_connection(parts.hostname, port, ssl=context)
    except (OSError, TimeoutError):
        return b""
    try:
        async with asyncio.timeout(target.timeout):
            writer.write(_handshake(parts.netloc, parts.path, offered))
            if await _opened(reader):
                return b""
            if again:
                writer.write(_handshake(parts.netloc, parts.path, []))
                with suppress(TimeoutError):
                    async with asyncio.timeout(_WITHIN):
                        await _opened(reader)
            return await _tried(reader, writer)
    except (OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
        return b""
    finally:
        writer.transport.abort()


def _handshake(host: str, path: str, offered: list[str]) -> bytes:
    lines = [
        f"GET {path or '/'} HTTP/1.1",
        f"Host: {host}",
        "Upgrade: websocket",
        "Connection: Upgrade",
        f"Sec-WebSocket-Key: {b64encode(secrets.token_bytes(16)).decode()}",
        "Sec-WebSocket-Version: 13",
    ]
    lines += [f"Sec-WebSocket-Protocol: {', '.join(offered)}"] if offered else []
    return "\r\n".join([*lines, "", ""]).encode()


async def _opened(reader: asyncio.StreamReader) -> bool:
    head = await reader.readuntil(b"\r\n\r\n")
    return b" 101" in head.partition(b"\r\n")[0]


async def _tried(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
    said = {"action": "list_actions", "parameters": {}, "idempotence": "behind"}
    await asyncio.sleep(0.05)
    with suppress(OSError):
        writer.write(frame_bytes(Opcode.TEXT, json.dumps(said).encode()))
        await writer.drain()
    return await _message_in(reader)


async def _message_in(reader: asyncio.StreamReader) -> bytes:
    """A WebSocket message with our token, after a refusal's body of whatever length."""
    data = b""
    with suppress(TimeoutError):
        async with asyncio.timeout(_WITHIN):
            while more := await reader.read(65536):
                data += more
    for start in (at for at, byte in enumerate(data) if byte in (0x81, 0x01)):
        for heard in Listener().feed(data[start:]):
            if heard.kind == "text" and b'"behind"' in heard.data:
                return heard.data
    return b""
