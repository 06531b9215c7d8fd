"""HTTP/1.1 on bare streams, and what every way of speaking HTTP has to offer."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import urlsplit

__all__ = ["LostError", "RawHttp", "Reply", "Request", "Sender", "read_head"]

_CHUNK = 700


class LostError(OSError):
    """No answer: no connection, a broken one, or none in time."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """What goes on the wire."""

    base: str
    """Scheme, host and port."""
    method: str
    target: str
    headers: tuple[tuple[str, str], ...]
    body: bytes | None
    chunked: bool
    timeout: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Reply:
    """What came back; the names of headers are in lower case."""

    status: int
    headers: Mapping[str, str]
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
        self._idle: list[_Line] = []

    async def send(self, request: Request) -> Reply:
        """Send ``request``. Raises LostError."""
        line: _Line | None = None
        try:
            async with asyncio.timeout(request.timeout):
                line = self._kept() or await _dial(request)
                reply, kept = await self._exchange(line, request)
        except (OSError, EOFError, ValueError, asyncio.LimitOverrunError) as error:
            raise LostError(f"no answer: {type(error).__name__} {error}") from error
        else:
            if kept:
                self._idle.append(line)
                line = None
            return reply
        finally:
            if line is not None:
                line[1].transport.abort()

    async def forget(self) -> None:
        """Let the kept connections go."""
        for _, writer in self._idle:
            writer.transport.abort()
        self._idle.clear()

    def _kept(self) -> _Line | None:
        while self._idle:
            reader, writer = self._idle.pop()
            if not reader.at_eof() and not writer.transport.is_closing():
                return reader, writer
            writer.transport.abort()
        return None

    async def _exchange(self, line: _Line, request: Request) -> tuple[Reply, bool]:
        reader, writer = line
        headers = [
            ("Host", urlsplit(request.base).netloc),
            ("Connection", "keep-alive" if self._keep_alive else "close"),
            *request.headers,
        ]
        body = request.body
        if body is not None:
            length = ("Content-Length", str(len(body)))
            headers.append(("Transfer-Encoding", "chunked") if request.chunked else length)
        first = f"{request.method} {request.target} HTTP/1.1"
        head = "\r\n".join([first, *(f"{name}: {value}" for name, value in headers), "", ""])
        writer.write(head.encode() + (_chunks(body) if body and request.chunked else body or b""))
        await writer.drain()
        status, answered = await read_head(reader)
        while 100 <= status < 200:
            status, answered = await read_head(reader)
        data, whole = await _read_body(reader, status, answered)
        kept = self._keep_alive and whole and answered.get("connection", "").lower() != "close"
        return Reply(status=status, headers=answered, body=data), kept


def _chunks(body: bytes) -> bytes:
    cuts = (body[at : at + _CHUNK] for at in range(0, len(body), _CHUNK))
    return b"".join(b"%x\r\n%b\r\n" % (len(cut), cut) for cut in cuts) + b"0\r\n\r\n"


async def _dial(request: Request) -> _Line:
    parts = urlsplit(request.base)
    secure = parts.scheme == "https"
    return await asyncio.open_connection(
        parts.hostname, parts.port or (443 if secure else 80), ssl=secure or None
    )


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
