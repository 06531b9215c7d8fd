"""The agent on `aiohttp.web`."""

from __future__ import annotations

import contextlib
import logging
import socket
import ssl
from typing import Any, Final

from aiohttp import WSMsgType, web
from aiohttp.http_websocket import WebSocketError

from .agent import Agent
from .frames import CLOSE, close_code_is_legal, unmask
from .model import Admit, RefuseClose, RefuseHttp, Upgrade

__all__ = ["AiohttpFront"]

_ERROR: Final = (True, b"")
# aiohttp warns, password and all, when it selects none of the sub-protocols; some readings do that.
logging.getLogger("aiohttp.websocket").addFilter(
    lambda record: not str(record.msg).startswith("%s: Client protocols")
)


class _Guard:
    """Stands before aiohttp's frame reader, which lets unmasked frames and odd codes pass."""

    def __init__(self, parser: Any, queue: Any) -> None:
        self._parser = parser
        self._queue = queue
        self._held = bytearray()

    def feed_data(self, data: bytes) -> tuple[bool, bytes]:
        """Look at the frames, then hand them on."""
        self._held += data
        while (size := self._frame_size()) and len(self._held) >= size:
            if self._offends(size):
                self._queue.set_exception(WebSocketError(1002, "illegal frame"))
                return _ERROR
            del self._held[:size]
        result: tuple[bool, bytes] = self._parser.feed_data(data)
        return result

    def feed_eof(self) -> None:
        """Hand the end on."""
        self._parser.feed_eof()

    def _frame_size(self) -> int:
        """Octets of the first frame held, or 0 while its length is not known."""
        if len(self._held) < 2:
            return 0
        length = self._held[1] & 0x7F
        wide = {126: 2, 127: 8}.get(length, 0)
        if len(self._held) < 2 + wide:
            return 0
        if wide:
            length = int.from_bytes(self._held[2 : 2 + wide], "big")
        return 2 + wide + (4 if self._held[1] & 0x80 else 0) + length

    def _offends(self, size: int) -> bool:
        masked = self._held[1] & 0x80
        if not masked:
            return True
        closes = self._held[0] & 0x0F == CLOSE and size >= 8
        code = unmask(bytes(self._held[2:6]), bytes(self._held[6:8])) if closes else b""
        return closes and not close_code_is_legal(int.from_bytes(code, "big"))


class _StrictResponse(web.WebSocketResponse):
    """A WebSocket that refuses what RFC 6455 refuses."""

    def _post_start(self, request: web.BaseRequest, protocol: str | None, writer: Any) -> None:
        super()._post_start(request, protocol, writer)
        request.protocol._payload_parser = _Guard(self._parser, self._reader)


class _AiohttpLink:
    """One connection."""

    def __init__(self, response: web.WebSocketResponse, request: web.Request) -> None:
        self._response = response
        self._request = request

    async def send(self, data: str | bytes) -> None:
        """Send one message."""
        with contextlib.suppress(ConnectionError, RuntimeError):
            if isinstance(data, str):
                await self._response.send_str(data)
            else:
                await self._response.send_bytes(data)

    async def close(self, code: int, reason: str = "") -> None:
        """Do the closing handshake."""
        await self._response.close(code=code, message=reason.encode())

    def abort(self) -> None:
        """Drop the line."""
        if self._request.transport is not None:
            self._request.transport.abort()


class AiohttpFront:
    """Listens; the library does the handshake and the frames."""

    def __init__(self, agent: Agent) -> None:
        self._agent = agent
        quiet = logging.getLogger(f"{__name__}.quiet")
        quiet.disabled = True
        app = web.Application(logger=quiet)
        app.router.add_route("*", "/{path:.*}", self._handle)
        self._runner = web.AppRunner(app, access_log=None, logger=quiet, shutdown_timeout=0.05)
        self._links: set[_AiohttpLink] = set()

    async def open(self, listener: socket.socket, context: ssl.SSLContext | None) -> None:
        """Begin to accept."""
        await self._runner.setup()
        await web.SockSite(self._runner, listener, ssl_context=context).start()

    async def close(self) -> None:
        """Stop, and drop every connection."""
        for link in list(self._links):
            link.abort()
        await self._runner.cleanup()

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        fields = tuple(
            (name.decode("latin-1"), value.decode("latin-1")) for name, value in request.raw_headers
        )
        upgrade = Upgrade(path=request.path_qs, fields=fields)
        verdict = self._agent.admit(upgrade)
        if isinstance(verdict, RefuseHttp):
            return web.Response(status=verdict.status, text=verdict.body)
        chosen = (verdict.subprotocol,) if verdict.subprotocol else ()
        response = _StrictResponse(protocols=chosen, max_msg_size=0, timeout=1.0)
        await response.prepare(request)
        await self._serve(response, request, upgrade, verdict)
        return response

    async def _serve(
        self,
        response: web.WebSocketResponse,
        request: web.Request,
        upgrade: Upgrade,
        verdict: Admit | RefuseClose,
    ) -> None:
        link = _AiohttpLink(response, request)
        self._links.add(link)
        session = self._agent.begin(link, upgrade, verdict)
        try:
            await self._agent.opened(session)
            async for message in response:
                if message.type in {WSMsgType.TEXT, WSMsgType.BINARY}:
                    await self._agent.received(session, message.data)
        finally:
            self._links.discard(link)
            self._agent.ended(session)
