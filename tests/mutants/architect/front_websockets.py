"""The agent on `websockets.asyncio.server`."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import ssl
from collections.abc import Sequence
from weakref import WeakKeyDictionary

from websockets import Request, Response, ServerProtocol, Subprotocol
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from .agent import Agent
from .model import Admit, RefuseClose, RefuseHttp, Upgrade

__all__ = ["WebsocketsFront"]


class _LibraryLink:
    """One connection."""

    def __init__(self, connection: ServerConnection) -> None:
        self._connection = connection

    async def send(self, data: str | bytes) -> None:
        """Send one message."""
        with contextlib.suppress(ConnectionClosed):
            await self._connection.send(data)

    async def close(self, code: int, reason: str = "") -> None:
        """Do the closing handshake."""
        await self._connection.close(code, reason)

    def abort(self) -> None:
        """Drop the line."""
        self._connection.transport.abort()


class WebsocketsFront:
    """Listens; the library does the handshake and the frames."""

    def __init__(self, agent: Agent) -> None:
        self._agent = agent
        self._verdicts: WeakKeyDictionary[ServerConnection, tuple[Upgrade, Admit | RefuseClose]] = (
            WeakKeyDictionary()
        )
        self._server: Server | None = None
        self._lines: set[asyncio.Transport] = set()

    async def open(self, listener: socket.socket, context: ssl.SSLContext | None) -> None:
        """Begin to accept."""
        quiet = logging.getLogger(f"{__name__}.quiet")
        quiet.disabled = True
        self._server = await serve(
            self._handle,
            sock=listener,
            ssl=context,
            process_request=self._judge,
            select_subprotocol=self._select,
            max_size=None,
            ping_interval=None,
            close_timeout=1,
            logger=quiet,
        )

    async def close(self) -> None:
        """Stop, and drop every connection."""
        for line in list(self._lines):
            line.abort()
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()

    def _judge(self, connection: ServerConnection, request: Request) -> Response | None:
        self._lines.add(connection.transport)
        fields = tuple(request.headers.raw_items())
        upgrade = Upgrade(path=request.path, fields=fields)
        verdict = self._agent.admit(upgrade)
        if isinstance(verdict, RefuseHttp):
            return connection.respond(verdict.status, verdict.body)
        self._verdicts[connection] = (upgrade, verdict)
        return None

    def _select(
        self, protocol: ServerProtocol | ServerConnection, offered: Sequence[Subprotocol]
    ) -> Subprotocol | None:
        assert isinstance(protocol, ServerConnection)
        chosen = self._verdicts[protocol][1].subprotocol
        return None if chosen is None else Subprotocol(chosen)

    async def _handle(self, connection: ServerConnection) -> None:
        link = _LibraryLink(connection)
        session = self._agent.begin(link, *self._verdicts[connection])
        try:
            await self._agent.opened(session)
            async for data in connection:
                await self._agent.received(session, data)
        except ConnectionClosed:
            pass
        finally:
            self._agent.ended(session)
            self._lines.discard(connection.transport)
