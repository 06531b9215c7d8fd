"""The shell: REST and WebSocket on one port, gRPC on another."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import socket
import time
from collections.abc import Mapping
from functools import partial
from types import TracebackType
from typing import Any, Self
from uuid import uuid4
from weakref import WeakSet

from aiohttp import WSMsgType, web

from . import channel, control, gate, shapes
from .desk import Desk, Env
from .fault import Seed
from .faults import FAULTS
from .lawful import LAWFUL
from .masks import Watched
from .model import Answer, Call, Line, Obj, Raw, Refusal
from .reading import Reading
from .rpc_server import RpcServer

__all__ = ["Served", "start"]

_MAX_FRAME = 16 * 1024 * 1024
_TICK = 0.02
"""Seconds between two looks at the timers; a real clock needs no finer one here."""


class Served:
    """A peer that listens on `url` and `grpc` until it is closed."""

    def __init__(self, reading: Reading, seed: Seed, host: str, port: int) -> None:
        """Bind at once, so that the address is known. Raises `OSError` for a taken port."""
        self.reading = reading
        self.desk = Desk(reading, seed, Env(source=time.time, new_uuid=lambda: str(uuid4())))
        self._host = host
        self._listener = socket.create_server((host, port), backlog=256)
        self._listener.setblocking(False)
        self.url = f"http://{host}:{self._listener.getsockname()[1]}"
        self.token, self.other_token = gate.TOKENS
        self.headers = {"X-Caxton-Token": self.token}
        self.hooks: Mapping[str, Obj] = control.hooks()
        self._rpc = RpcServer(self.desk) if reading.grpc else None
        self._closing = asyncio.Event()
        self._sockets: set[web.WebSocketResponse] = set()
        self._spent: WeakSet[asyncio.BaseTransport] = WeakSet()
        self._pump: asyncio.Task[None] | None = None
        quiet = logging.getLogger(f"{__name__}.quiet")
        quiet.disabled = True  # broken connections are the very purpose of some peers
        self._runner = web.ServerRunner(
            web.Server(self._serve, access_log=None, logger=quiet), shutdown_timeout=0.05
        )

    @property
    def grpc(self) -> str:
        """The address of the gRPC server; empty where there is none."""
        return self._rpc.address if self._rpc else ""

    async def open(self) -> None:
        """Start to accept."""
        await self._runner.setup()
        await web.SockSite(self._runner, self._listener, backlog=256).start()
        if self._rpc is not None:
            await self._rpc.open(self._host)
        self._pump = asyncio.create_task(self._pumped())

    async def close(self) -> None:
        """Stop listening, drop every connection, release hanging requests."""
        self._closing.set()
        if self._pump is not None:
            self._pump.cancel()
        for one in [*self._sockets]:
            with contextlib.suppress(Exception):
                await asyncio.wait_for(one.close(code=1001), 0.2)
        await self._runner.cleanup()
        if self._rpc is not None:
            await self._rpc.close()

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

    async def _pumped(self) -> None:
        """Timers fire also while nobody asks anything."""
        while True:
            await asyncio.sleep(_TICK)
            self.desk.clock.settle()

    async def _serve(self, request: web.BaseRequest) -> web.StreamResponse:
        assert request.transport is not None
        if request.transport in self._spent:
            request.transport.abort()
        call = await _read(request)
        if call is None:
            refusal = Refusal(status=413, code="PAYLOAD_TOO_LARGE", words="that is too much")
            return await self._delivered(request, shapes.refused(self.desk, refusal))
        if call.path.startswith(control.PREFIX + "/"):
            return self._controlled(call)
        if call.path == "/ws" and call.headers.get("upgrade", "").lower() == "websocket":
            return await self._upgraded(request, call)
        return await self._delivered(request, await self.desk.handle(call))

    def _controlled(self, call: Call) -> web.StreamResponse:
        try:
            data = json.loads(call.body or b"{}")
        except ValueError:
            return web.json_response({"error": "no JSON"}, status=400)
        status, body = control.perform(self.desk, call.path.rpartition("/")[2], data)
        return web.json_response(body, status=status)

    async def _upgraded(self, request: web.BaseRequest, call: Call) -> web.StreamResponse:
        refusal = gate.joining(self.desk, call)
        if refusal is not None:
            return await self._delivered(request, shapes.refused(self.desk, refusal))
        socket_of = web.WebSocketResponse(max_msg_size=_MAX_FRAME, timeout=0.2, compress=False)
        await socket_of.prepare(request)
        assert request.transport is not None
        self._sockets.add(socket_of)
        outbox: asyncio.Queue[str | bytes | int] = asyncio.Queue()
        self.desk.counted["line"] += 1
        line = Line(
            number=self.desk.counted["line"], send=outbox.put_nowait, close=outbox.put_nowait
        )
        writer = asyncio.create_task(_written(socket_of, outbox, request.transport))
        watched = Watched(request.protocol, partial(channel.bare, self.desk, line))
        request.transport.set_protocol(watched)
        channel.join(self.desk, line)
        try:
            async for frame in socket_of:
                if frame.type in (WSMsgType.TEXT, WSMsgType.BINARY):
                    channel.hear(self.desk, line, frame.data)
        finally:
            channel.leave(self.desk, line)
            writer.cancel()
            self._sockets.discard(socket_of)
        return socket_of

    async def _delivered(self, request: web.BaseRequest, answer: Answer) -> web.StreamResponse:
        assert request.transport is not None
        raw = (
            shapes.encode(answer.body, self.reading)
            if answer.text is None
            else answer.text.encode()
        )
        response = web.Response(status=answer.status, headers=answer.headers, body=raw)
        response.headers.popall("Content-Type", None)
        if answer.media:
            plain = self.reading.charset and "charset" not in answer.media
            response.headers["Content-Type"] = answer.media + ("; charset=utf-8" if plain else "")
        match answer.wire:
            case "final":
                self._spent.add(request.transport)
                return response
            case "hang":
                await self._closing.wait()
            case "reset":
                request.transport.abort()
            case "truncate":
                head = f"HTTP/1.1 {answer.status} OK\r\nContent-Type: application/json\r\n"
                cut = raw[: max(1, len(raw) // 2)]
                request.transport.write(f"{head}Content-Length: {len(raw)}\r\n\r\n".encode() + cut)
                request.transport.close()
            case _:
                return response
        response.force_close()
        return response


async def _read(request: web.BaseRequest) -> Call | None:
    """The request as the desk knows it; None where it is too large."""
    try:
        body = await request.read()
    except web.HTTPRequestEntityTooLarge:
        return None
    return Call(
        method=request.method,
        path=request.raw_path.partition("?")[0],
        query=dict(request.query),
        headers={name.lower(): value for name, value in request.headers.items()},
        body=body,
    )


async def _written(
    socket_of: web.WebSocketResponse, outbox: asyncio.Queue[Any], transport: Any
) -> None:
    """A code closes the connection, and 0 cuts it."""
    with contextlib.suppress(ConnectionError):
        while True:
            one = await outbox.get()
            if one == 0:
                transport.abort()
            elif isinstance(one, Raw):
                transport.write(one)
            elif isinstance(one, int):
                await socket_of.close(code=one)
            elif isinstance(one, str):
                await socket_of.send_str(one)
            else:
                await socket_of.send_bytes(one)


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
