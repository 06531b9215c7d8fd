"""HTTP/1.1 on bare streams: one request a connection, or a few connections kept."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import urlsplit

__all__ = ["LostError", "RawHttp", "Reply", "Request", "Sender", "read_head"]


class LostError(OSError):
    """No answer: no connection, a broken one, or none in time."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """What goes on the wire; ``context`` is None without TLS."""

    base: str
    method: str
    path: str
    headers: tuple[tuple[str, str], ...]
    body: bytes | None
    context: ssl.SSLContext | None
    timeout: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Reply:
    """Status and body that came back."""

    status: int
    body: bytes


class Sender(Protocol):
    """Some way to send a request."""

    async def send(self, request: Request) -> Reply:
        """Send it and wait for the reply. Raises LostError."""

    async def forget(self) -> None:
        """Let the kept connections go."""


_Line = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class RawHttp:
    """Our own client."""

    def __init__(self, *, keep_alive: bool) -> None:
        self._keep_alive = keep_alive
        self._idle: list[tuple[ssl.SSLContext | None, _Line]] = []

    async def send(self, request: Request) -> Reply:
        """Send ``request``. Raises LostError."""
        line: _Line | None = None
        try:
            async with asyncio.timeout(request.timeout):
                line = self._kept(request.context) or await _dial(request)
                reply, kept = await self._exchange(line, request)
        except (OSError, EOFError, ValueError, asyncio.LimitOverrunError) as error:
            raise LostError(f"no answer: {type(error).__name__} {error}") from error
        else:
            if kept:
                self._idle.append((request.context, line))
                line = None
            return reply
        finally:
            if line is not None:
                line[1].transport.abort()

    async def forget(self) -> None:
        """Let the kept connections go."""
        for _, (_, writer) in self._idle:
            writer.transport.abort()
        self._idle.clear()

    def _kept(self, context: ssl.SSLContext | None) -> _Line | None:
        for n, (own, (reader, writer)) in enumerate(self._idle):
            if own is context:
                del self._idle[n]
                if not reader.at_eof() and not writer.transport.is_closing():
                    return reader, writer
                writer.transport.abort()
                return None
        return None

    async def _exchange(self, line: _Line, request: Request) -> tuple[Reply, bool]:
        reader, writer = line
        connection = "keep-alive" if self._keep_alive else "close"
        host = urlsplit(request.base).netloc
        headers = [("Host", host), ("Connection", connection), *request.headers]
        if request.body is not None:
            headers.append(("Content-Length", str(len(request.body))))
        lines = [f"{request.method} {request.path} HTTP/1.1", *(f"{n}: {v}" for n, v in headers)]
        writer.write("\r\n".join([*lines, "", ""]).encode() + (request.body or b""))
        await writer.drain()
        status, answered = await read_head(reader)
        while 100 <= status < 200:
            status, answered = await read_head(reader)
        body, whole = await _read_body(reader, status, answered)
        kept = self._keep_alive and whole and answered.get("connection", "").lower() != "close"
        return Reply(status=status, body=body), kept


async def _dial(request: Request) -> _Line:
    parts = urlsplit(request.base)
    port = parts.port or (443 if request.context else 80)
    return await asyncio.open_connection(parts.hostname, port, ssl=request.context)


async def read_head(reader: asyncio.StreamReader) -> tuple[int, Mapping[str, str]]:
    """Status and headers (names in lower case). Raises EOFError, ValueError."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *rest = head.split("\r\n")
    pairs = (line.partition(":") for line in rest if ":" in line)
    headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
    return int(first.split(" ", 2)[1]), headers


async def _read_body(
    reader: asyncio.StreamReader, status: int, headers: Mapping[str, str]
) -> tuple[bytes, bool]:
    """The body, and whether its end was clear without the connection's end."""
    if status in {204, 304}:
        return b"", True
    if "chunked" in headers.get("transfer-encoding", "").lower():
        body = bytearray()
        while size := int((await reader.readuntil(b"\r\n")).split(b";")[0], 16):
            body += (await reader.readexactly(size + 2))[:-2]
        while (await reader.readuntil(b"\r\n")).strip():
            pass
        return bytes(body), True
    if "content-length" in headers:
        return await reader.readexactly(int(headers["content-length"])), True
    return await reader.read(), False
