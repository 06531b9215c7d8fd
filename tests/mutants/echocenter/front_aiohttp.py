"""The same server on aiohttp: its HTTP, and its WebSocket with whatever that tolerates."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from typing import TYPE_CHECKING, Final

from aiohttp import WSMsgType, web

from .front import encoded, query_of, refused
from .model import Answer, Line, Principal, Refusal, Request

if TYPE_CHECKING:
    from .hub import Hub

__all__ = ["AiohttpFront"]

_FAREWELL: Final = 1.0
_GONE: Final = (ConnectionError, RuntimeError)
"""What aiohttp raises when one writes to a connection that has ended."""


class _Close:
    def __init__(self, code: int | None, reason: str) -> None:
        self.code = code
        self.reason = reason


class AiohttpLine(Line):
    """A line with an outbox, so that a slow reader delays nobody else."""

    def __init__(
        self, principal: Principal, socket: web.WebSocketResponse, transport: asyncio.Transport
    ) -> None:
        """The pump is started by `pump`."""
        super().__init__(principal)
        self._socket = socket
        self._transport = transport
        self._outbox: asyncio.Queue[str | bytes | _Close] = asyncio.Queue()

    def put(self, data: str | bytes) -> None:
        """Into the outbox."""
        self._outbox.put_nowait(data)

    def close(self, code: int | None, reason: str = "") -> None:
        """After what is in the outbox."""
        self.open = False
        self._outbox.put_nowait(_Close(code, reason))

    def abort(self) -> None:
        """Cut."""
        self.open = False
        self._transport.abort()

    async def pump(self) -> None:
        """Empty the outbox for ever."""
        with contextlib.suppress(*_GONE):
            while True:
                item = await self._outbox.get()
                if isinstance(item, str):
                    await self._socket.send_str(item)
                elif isinstance(item, bytes):
                    await self._socket.send_bytes(item)
                elif item.code is None:
                    self._transport.close()
                else:
                    await self._socket.close(code=item.code, message=item.reason.encode())

    async def ping(self, every: float) -> None:
        """Ping for ever."""
        with contextlib.suppress(*_GONE):
            while True:
                await asyncio.sleep(every)
                await self._socket.ping(b"echo")


class AiohttpFront:
    """Listens with aiohttp."""

    def __init__(self, hub: Hub) -> None:
        """Nothing is open yet."""
        self._hub = hub
        self._runner = web.ServerRunner(web.Server(self._serve), shutdown_timeout=0.05)
        self._transports: set[asyncio.Transport] = set()
        self._listener: socket.socket | None = None
        self._site: web.SockSite | None = None
        self._dead = False
        self._closing = asyncio.Event()

    async def open(self, listener: socket.socket) -> None:
        """Start to accept."""
        await self._runner.setup()
        self._site = web.SockSite(self._runner, listener, backlog=256)
        await self._site.start()

    def crash(self) -> None:
        """Die: no listener, no connection."""
        self._dead = True
        for transport in list(self._transports):
            transport.abort()
        if self._site is not None:
            self._hub.spawn(self._site.stop())

    async def close(self) -> None:
        """End everything that still runs."""
        self._closing.set()
        for transport in list(self._transports):
            transport.abort()
        await self._runner.cleanup()

    async def _serve(self, request: web.BaseRequest) -> web.StreamResponse:
        transport = request.transport
        if transport is None or self._dead:
            return _cut(transport)
        self._transports.add(transport)
        try:
            return await self._answer(request, transport)
        finally:
            if transport.is_closing():
                self._transports.discard(transport)

    async def _answer(
        self, request: web.BaseRequest, transport: asyncio.Transport
    ) -> web.StreamResponse:
        plain = Request(
            method=request.method,
            path=request.path,
            query=query_of(request.rel_url.raw_query_string),
            headers={name.lower(): value for name, value in request.headers.items()},
            body=await request.read() if request.can_read_body else b"",
        )
        upgrade = "websocket" in plain.headers.get("upgrade", "").lower()
        if plain.path != "/api/ws" or not upgrade:
            answer = await self._hub.desk.handle(plain)
            if answer.hang:
                await self._closing.wait()
            return _response(answer, self._hub.reading.indent)
        verdict = self._hub.admit(plain)
        if verdict is None:
            await self._closing.wait()
            return _cut(transport)
        if isinstance(verdict, Refusal) and verdict.status is not None:
            return _response(refused(verdict), None)
        return await self._upgrade(request, transport, verdict)

    async def _upgrade(
        self, request: web.BaseRequest, transport: asyncio.Transport, verdict: Principal | Refusal
    ) -> web.StreamResponse:
        reading = self._hub.reading
        socket = web.WebSocketResponse(
            max_msg_size=reading.max_size, compress=reading.compress, timeout=_FAREWELL
        )
        await socket.prepare(request)
        if isinstance(verdict, Refusal):
            if verdict.code is None:
                transport.close()
            else:
                await socket.close(code=verdict.code, message=verdict.reason.encode())
            return socket
        line = AiohttpLine(verdict, socket, transport)
        helpers = [line.pump()]
        if reading.ping_every is not None:
            helpers.append(line.ping(reading.ping_every))
        tasks = [asyncio.get_running_loop().create_task(one) for one in helpers]
        try:
            await self._hub.joined(line)
            await self._listen(socket, line)
        finally:
            for task in tasks:
                task.cancel()
            await self._hub.gone(line)
        return socket

    async def _listen(self, socket: web.WebSocketResponse, line: AiohttpLine) -> None:
        async for message in socket:
            if message.type not in {WSMsgType.TEXT, WSMsgType.BINARY}:
                break
            if line.open:
                await self._hub.received(line, message.data)


def _response(answer: Answer, indent: int | None) -> web.Response:
    body = encoded(answer, indent).partition(b"\r\n\r\n")[2]
    kind = {} if answer.body is None else {"Content-Type": "application/json"}
    return web.Response(status=answer.status, headers={**kind, **answer.headers}, body=body)


def _cut(transport: asyncio.Transport | None) -> web.StreamResponse:
    """Close the connection; the response that aiohttp insists on goes nowhere."""
    if transport is not None:
        transport.abort()
    response = web.Response()
    response.force_close()
    return response
