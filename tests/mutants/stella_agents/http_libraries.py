"""HTTP as libraries speak it: ``http.client`` in threads, and aiohttp."""

from __future__ import annotations

import asyncio
import http.client
import ssl
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from tests.mutants.stella_agents.http_raw import LostError, Reply, Request

if TYPE_CHECKING:
    import aiohttp

__all__ = ["AiohttpHttp", "ThreadHttp"]


class ThreadHttp:
    """``http.client``: each request has a thread and a connection, unless one is kept."""

    def __init__(self, *, keep_alive: bool) -> None:
        self._keep_alive = keep_alive
        self._kept: tuple[ssl.SSLContext | None, http.client.HTTPConnection] | None = None
        self._over = False

    async def send(self, request: Request) -> Reply:
        """Send ``request``. Raises LostError."""
        try:
            async with asyncio.timeout(request.timeout + 0.5):
                return await asyncio.to_thread(self._send, request)
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise LostError(f"no answer: {type(error).__name__} {error}") from error

    async def forget(self) -> None:
        """Let the kept connection go."""
        self._over = True
        kept, self._kept = self._kept, None
        if kept is not None:
            kept[1].close()

    def _send(self, request: Request) -> Reply:
        kept, self._kept = self._kept, None
        if kept is not None and kept[0] is not request.context:
            kept[1].close()
            kept = None
        line = kept[1] if kept else _line(request)
        try:
            line.request(request.method, request.path, request.body, dict(request.headers))
            answer = line.getresponse()
            reply = Reply(status=answer.status, body=answer.read())
        except BaseException:
            line.close()
            raise
        # Another thread may have put one there meanwhile: one is enough.
        keeps = self._keep_alive and not self._over and not answer.will_close
        if keeps and self._kept is None:
            self._kept = (request.context, line)
        else:
            line.close()
        return reply


def _line(request: Request) -> http.client.HTTPConnection:
    parts = urlsplit(request.base)
    host = parts.hostname or ""
    if request.context is None:
        return http.client.HTTPConnection(host, parts.port, timeout=request.timeout)
    return http.client.HTTPSConnection(
        host, parts.port, timeout=request.timeout, context=request.context
    )


class AiohttpHttp:
    """aiohttp: a session for each TLS context."""

    def __init__(self, *, keep_alive: bool) -> None:
        self._keep_alive = keep_alive
        self._sessions: dict[ssl.SSLContext | None, aiohttp.ClientSession] = {}

    async def send(self, request: Request) -> Reply:
        """Send ``request``. Raises LostError."""
        import aiohttp  # half of an agent's start-up, so only those who use it import it
        import yarl

        address = yarl.URL(request.base + request.path, encoded=True)
        timeout = aiohttp.ClientTimeout(total=request.timeout)
        session = self._session(request.context)
        try:
            async with session.request(
                request.method,
                address,
                data=request.body,
                headers=list(request.headers),
                timeout=timeout,
            ) as answer:
                return Reply(status=answer.status, body=await answer.read())
        except (OSError, aiohttp.ClientError, ValueError) as error:
            raise LostError(f"no answer: {type(error).__name__} {error}") from error

    async def forget(self) -> None:
        """End all sessions."""
        sessions = list(self._sessions.values())
        self._sessions.clear()
        for session in sessions:
            await session.close()

    def _session(self, context: ssl.SSLContext | None) -> aiohttp.ClientSession:
        import aiohttp

        known = self._sessions.get(context)
        if known is None:
            secure = True if context is None else context
            connector = aiohttp.TCPConnector(ssl=secure, force_close=not self._keep_alive)
            known = aiohttp.ClientSession(connector=connector, trust_env=False)
            self._sessions[context] = known
        return known
