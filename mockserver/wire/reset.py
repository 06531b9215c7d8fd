"""Ending a TCP connection without any courtesy."""

from __future__ import annotations

import asyncio
import socket
import struct

__all__ = ["reset"]

_AT_ONCE = struct.pack("ii", 1, 0)
"""SO_LINGER of no seconds: what is unsent is thrown away, and the end is a reset (RST)."""


def reset(transport: asyncio.Transport) -> None:
    """End a connection so that its client is told that there is none."""
    carrier = transport.get_extra_info("socket")
    if carrier is not None:
        carrier.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
    transport.abort()
