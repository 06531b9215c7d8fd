"""HTTP as libraries speak it: ``http.client`` in threads, and aiohttp."""

from __future__ import annotations

import asyncio
import http.client
import socket
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from tests.mutants.caxton_agents.http_raw import LostError, Reply, Request

if TYPE_CHECKING:
    import aiohttp

__all__ = ["AiohttpHttp", "ThreadHttp"]


class ThreadHttp:
    """``http.client``: each request has a thread and a connection, unless one is kept."""

    def __init__(self, *, keep_alive: bool) -> None:
        self._keep_alive = keep_alive
        self._kept: http.client.HTTPConnection | None = None
        self._busy: set[http.client.HTTPConnection] = set()
        self._over = False

    async def send(self, request: Request) -> Reply:
        """Send ``request``. Raises LostError."""
        try:
            async with asyncio.timeout(request.timeout + 0.5):
                return await asyncio.to_thread(self._send, request)
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise LostError(f"no answer: {type(error).__name__} {error}") from error

    async def forget(self) -> None:
        """Let all connections go; nobody waits any more for what may still come on them."""
        self._over = True
        for line in tuple(self._busy):
            with suppress(OSError):
                line.sock.shutdown(socket.SHUT_RDWR)
        kept, self._kept = self._kept, None
        if kept is not None:
            kept.close()

    def _send(self, request: Request) -> Reply:
        line, self._kept = self._kept, None
        if line is None:
            line = _line(request)
        self._busy.add(line)
        try:
            line.request(
                request.method,
                request.target,
                request.body,
                dict(request.headers),
                encode_chunked=request.chunked,
            )
            answer = line.getresponse()
            headers = {name.lower(): value for name, value in answer.getheaders()}
            reply = Reply(status=answer.status, headers=headers, body=answer.read())
        except BaseException:
            line.close()
            raise
        finally:
            self._busy.discard(line)
        # Another thread may have put one there meanwhile: one is enough.
        if self._keep_alive and not self._over and not answer.will_close and self._kept is None:
            self._kept = line
        else:
            line.close()
        return reply


def _line(request: Request) -> http.client.HTTPConnection:
    parts = urlsplit(request.base)
    secure = parts.scheme == "https"
    kind = http.client.HTTPSConnection if secure else http.client.HTTPConnection
    return kind(parts.hostname or "", parts.port, timeout=request.timeout)


class AiohttpHttp:
    """aiohttp with one session."""

    def __init__(self, *, keep_alive: bool) -> None:
        self._keep_alive = keep_alive
        self._session: aiohttp.ClientSession | None = None

    async def send(self, request: Request) -> Reply:
        """Send ``request``. Raises LostError."""
        import aiohttp  # half of a client's start-up, so only those who use it import it
        import yarl

        if self._session is None:
            connector = aiohttp.TCPConnector(force_close=not self._keep_alive)
            self._session = aiohttp.ClientSession(connector=connector, trust_env=False)
        body = request.body
        try:
            async with self._session.request(
                request.method,
                yarl.URL(request.base + request.target, encoded=True),
                data=_pieces(body) if body and request.chunked else body,
                headers=list(request.headers),
                timeout=aiohttp.ClientTimeout(total=request.timeout),
            ) as answer:
                headers = {name.lower(): value for name, value in answer.headers.items()}
                return Reply(status=answer.status, headers=headers, body=await answer.read())
        except (OSError, aiohttp.ClientError, ValueError) as error:
            raise LostError(f"no answer: {type(error).__name__} {error}") from error

    async def forget(self) -> None:
        """End the session."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()


async def _pieces(body: bytes) -> AsyncIterator[bytes]:
    for at in range(0, len(body), 500):
        yield body[at : at + 500]
