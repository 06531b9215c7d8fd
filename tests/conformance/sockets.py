"""WebSocket peers that are written by hand, to say what no library would."""

from __future__ import annotations

import asyncio
import re
import socket
import struct
from collections.abc import Awaitable, Callable

from websockets.utils import accept_key

from tests.conformance.peers import Line

__all__ = ["accepted", "shaking"]


def accepted(request: bytes, *more: str) -> bytes:
    """The answer that opens a WebSocket."""
    found = re.search(rb"(?i)sec-websocket-key: *(.*)\r\n", request)
    key = accept_key(found[1].decode()) if found else "none"
    lines = ["HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade"]
    return "\r\n".join([*lines, f"Sec-WebSocket-Accept: {key}", *more, "", ""]).encode()


def shaking(
    *said: bytes, hold: float = 0.0, reset: bool = False
) -> Callable[[Line], Awaitable[None]]:
    """A peer that opens the connection, says something, holds on for a while and goes."""

    async def serve(line: Line) -> None:
        await line.say(accepted(await line.heard()))
        for each in said:
            await line.say(each)
        await asyncio.sleep(hold)
        if reset:
            carrier = line.writer.get_extra_info("socket")
            carrier.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            line.abort()

    return serve
