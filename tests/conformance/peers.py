"""Peers that misbehave below HTTP, and certificates for those that speak TLS."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

__all__ = ["PEM", "Line", "answer", "closed_port", "listening", "server_tls"]

PEM = Path(__file__).parent / "pem"
"""Made once with openssl, good for a century: an authority, and what it signed."""


class Line:
    """One connection, from the server's side."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def heard(self) -> bytes:
        """The next request, head and body; empty where the client went."""
        try:
            head = await self.reader.readuntil(b"\r\n\r\n")
        except (asyncio.IncompleteReadError, ConnectionError):
            return b""
        length = 0
        for line in head.lower().split(b"\r\n"):
            if line.startswith(b"content-length:"):
                length = int(line.partition(b":")[2])
        return head + (await self.reader.readexactly(length) if length else b"")

    async def say(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    def abort(self) -> None:
        """End it with a reset."""
        own: socket.socket = self.writer.get_extra_info("socket")
        at_once = struct.pack("ii", 1, 0)  # without it the system may end it in order
        own.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, at_once)
        self.writer.transport.abort()


def answer(body: bytes = b"{}", status: str = "200 OK", *headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}"]
    lines += headers or ["Content-Type: application/json"]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


@asynccontextmanager
async def listening(
    serve: Callable[[Line], Awaitable[None]], tls: ssl.SSLContext | None = None
) -> AsyncIterator[str]:
    """A server on the loopback that does with each connection what `serve` does; yields its URL."""
    tasks: set[asyncio.Task[None]] = set()

    async def met(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        with contextlib.suppress(ConnectionError, ssl.SSLError, asyncio.CancelledError):
            await serve(Line(reader, writer))
        writer.close()
        tasks.discard(task)

    server = await asyncio.start_server(met, "127.0.0.1", 0, ssl=tls)
    port = server.sockets[0].getsockname()[1]
    try:
        yield f"{'https' if tls else 'http'}://127.0.0.1:{port}"
    finally:
        server.close()
        for task in list(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await server.wait_closed()


async def closed_port() -> int:
    """A port that nobody listens on (any more)."""
    server = await asyncio.start_server(lambda _r, _w: None, "127.0.0.1", 0)
    port: int = server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()
    return port


def server_tls(*, wants_client: bool = False) -> ssl.SSLContext:
    """For a server that shows a certificate for 127.0.0.1, and may ask for the client's."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(PEM / "server.pem", PEM / "server.key")
    if wants_client:
        context.load_verify_locations(PEM / "ca.pem")
        context.verify_mode = ssl.CERT_REQUIRED
    return context
