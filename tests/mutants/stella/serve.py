"""The shell: an orchestrator behind TLS, and its control endpoint beside it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import socket
import time
import weakref
from types import TracebackType
from typing import Any, Self
from uuid import uuid4

from aiohttp import WSMsgType, web
from cryptography.hazmat.primitives import hashes

from . import control, shapes, stream
from .authority import peer_of
from .desk import Desk, Env
from .fault import Seed, Turn
from .faults import FAULTS
from .gate import BEARER, HEADER
from .lawful import LAWFUL
from .model import Answer, Call, Line, Peer
from .reading import Reading
from .tls import Papers, peer_der, server_context
from .wire import Upgrade

__all__ = ["Served", "start"]


class Served:
    """A peer that listens on `url` until it is closed."""

    def __init__(self, reading: Reading, seed: Seed, host: str, port: int) -> None:
        """Bind at once, so that the addresses are known. Raises `OSError` for a taken port."""
        self.reading = reading
        self.desk = Desk(reading, seed, Env(clock=time.time, new_uuid=lambda: str(uuid4())))
        authority = self.desk.authority
        self.desk.operator_print = authority.operator.cert.fingerprint(hashes.SHA256()).hex()
        self._papers = Papers(authority, operator=reading.operators == "certificate")
        self._listener = _listener(host, port)
        self._side_door = _listener(host, 0)
        self.url = f"https://{host}:{self._listener.getsockname()[1]}"
        self.hooks = control.hooks(f"http://{host}:{self._side_door.getsockname()[1]}")
        self._peers: weakref.WeakKeyDictionary[Any, Peer | None] = weakref.WeakKeyDictionary()
        self._closing = asyncio.Event()
        self._dead = False
        quiet = logging.getLogger(f"{__name__}.quiet")
        quiet.disabled = True  # broken connections are the very purpose of some peers
        self._runner = web.ServerRunner(
            web.Server(self._serve, access_log=None, logger=quiet), shutdown_timeout=0.05
        )
        self._control = web.ServerRunner(
            web.Server(self._serve_control, access_log=None), shutdown_timeout=0.05
        )

    @property
    def ca(self) -> str:
        """The path of the authority that signed the server's certificate."""
        return str(self._papers.ca)

    @property
    def cert(self) -> str:
        """The path of an operator's certificate; empty where none is needed."""
        return self._papers.cert

    @property
    def key(self) -> str:
        """The path of the key that goes with `cert`."""
        return self._papers.key

    @property
    def headers(self) -> dict[str, str]:
        """What an operator's requests carry in this reading."""
        known = {"header": dict([HEADER]), "bearer": dict([BEARER])}
        return known.get(self.reading.operators, {})

    async def open(self) -> None:
        """Start to accept."""
        lax = self.desk.seed.lax or self.reading.foreign != "tls"
        context = server_context(self.desk.authority, self._papers, lax=lax)
        await self._runner.setup()
        await web.SockSite(self._runner, self._listener, ssl_context=context, backlog=256).start()
        await self._control.setup()
        await web.SockSite(self._control, self._side_door).start()

    async def close(self) -> None:
        """Stop listening, drop every connection, release hanging requests."""
        self._closing.set()
        for line in [*self.desk.lines]:
            with contextlib.suppress(Exception):
                await asyncio.wait_for(line.close(1001), 0.2)
        await self._runner.cleanup()
        await self._control.cleanup()
        self._papers.remove()

    async def __aenter__(self) -> Self:
        """Nothing is left to do: `start` opened it."""
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close."""
        await self.close()

    async def _serve_control(self, request: web.BaseRequest) -> web.StreamResponse:
        if request.method != "POST":
            return web.json_response({"error": "POST is needed"}, status=405)
        try:
            data = json.loads(await request.read() or b"{}")
        except ValueError:
            return web.json_response({"error": "no JSON"}, status=400)
        status, body = await control.perform(self.desk, request.path, data)
        return web.json_response(body, status=status)

    async def _serve(self, request: web.BaseRequest) -> web.StreamResponse:
        if self._dead or request.transport is None:
            return _cut(request)
        if self.desk.seed.wire.once and request.transport in self._peers:
            return _cut(request)
        call = Call(
            method=request.method,
            path=request.path,
            query=dict(request.query),
            headers={name.lower(): value for name, value in request.headers.items()},
            body=await request.read(),
            peer=self._peer(request.transport),
        )
        if request.headers.get("Upgrade", "").lower() == "websocket":
            turn = self.desk.admit(call)
            if turn.op == "stream":
                return await self._upgraded(request, turn)
        answer = await self.desk.handle(call)
        return await self._delivered(request, answer)

    def _peer(self, transport: asyncio.Transport) -> Peer | None:
        if transport not in self._peers:
            der = peer_der(transport)
            known = peer_of(self.desk.authority, der) if der is not None else None
            self._peers[transport] = known
        return self._peers[transport]

    async def _upgraded(self, request: web.BaseRequest, turn: Turn) -> web.StreamResponse:
        if self.desk.seed.answer is not None:
            self.desk.seed.answer(turn)
        late = turn.refusal is not None and self.reading.late_close and turn.answer.status != 409
        if turn.refusal is not None and not late:
            return await self._delivered(request, turn.answer)
        pings = self.reading.pings or None
        socket_of = Upgrade(
            self.desk.seed.wire,
            heartbeat=pings,
            max_msg_size=self.reading.largest_message,
            timeout=0.2,
            compress=False,
        )
        await socket_of.prepare(request)
        if turn.agent is None or turn.refusal is not None:
            await socket_of.close(code=4003)
            return socket_of
        if request.transport is None:
            return socket_of  # gone already
        line = _line(turn, socket_of, request.transport)
        await stream.join(self.desk, line)
        try:
            async for frame in socket_of:
                if frame.type in (WSMsgType.TEXT, WSMsgType.BINARY):
                    await stream.hear(self.desk, line, frame.data)
        finally:
            await stream.leave(self.desk, line)
        return socket_of

    async def _delivered(self, request: web.BaseRequest, answer: Answer) -> web.StreamResponse:
        assert request.transport is not None
        text = answer.text
        if text is None:
            text = shapes.encode(answer.body, self.reading)
        response = web.Response(status=answer.status, headers=answer.headers, body=text.encode())
        charset = "; charset=utf-8" if self.reading.charset and answer.media else ""
        response.headers.popall("Content-Type", None)
        if answer.media:
            response.headers["Content-Type"] = answer.media + charset
        if not self.reading.keep_alive:
            response.force_close()
        match answer.wire:
            case "hang":
                await self._closing.wait()
            case "reset":
                request.transport.abort()
            case "truncate":
                half = text.encode()[: max(1, len(text) // 2)]
                head = f"HTTP/1.1 {answer.status} OK\r\nContent-Type: application/json\r\n"
                request.transport.write(
                    f"{head}Content-Length: {len(text.encode())}\r\n\r\n".encode() + half
                )
                return _cut(request)
            case "die":
                self._dead = True
                return _cut(request)
            case _:
                return response
        return _cut(request)


def _line(turn: Turn, socket_of: web.WebSocketResponse, transport: asyncio.Transport) -> Line:
    assert turn.agent is not None
    wire = turn.desk.seed.wire

    async def send(frame: str | bytes) -> None:
        if wire.frame is not None:
            opcode, data = (1, frame.encode()) if isinstance(frame, str) else (2, frame)
            transport.write(wire.frame(opcode, data))
        elif isinstance(frame, str):
            await socket_of.send_str(frame)
        else:
            await socket_of.send_bytes(frame)

    async def close(code: int) -> None:
        if wire.cuts:
            transport.abort()
        else:
            await socket_of.close(code=code)

    return Line(agent=turn.agent, send=send, close=close)


def _cut(request: web.BaseRequest) -> web.StreamResponse:
    """Close the connection; the response that aiohttp insists on goes nowhere."""
    if request.transport is not None:
        request.transport.close()
    response = web.Response()
    response.force_close()
    return response


def _listener(host: str, port: int) -> socket.socket:
    listener = socket.create_server((host, port), backlog=256)
    listener.setblocking(False)
    return listener


async def start(
    reading: Reading | str | None = None,
    fault: str | None = None,
    host: str = "127.0.0.1",
    port: int = 0,
) -> Served:
    """Start a peer and wait until it listens.

    Without a `reading` a fault is built on its own, and a lawful peer is `natural`.
    Raises `KeyError` for unknown names.
    """
    if reading is None:
        reading = "natural" if fault is None else FAULTS[fault].reading
    chosen = LAWFUL[reading] if isinstance(reading, str) else reading
    seed = Seed() if fault is None else FAULTS[fault].seed
    peer = Served(chosen, seed, host, port)
    await peer.open()
    return peer
