"""The shell: a coordinator behind a socket on the loopback interface."""

from __future__ import annotations

import asyncio
import logging
import socket
import weakref
from typing import TYPE_CHECKING, Final, Self
from uuid import uuid4

from aiohttp import web

from .control import PREFIX, Control, Time, hooks
from .faults import FAULTS
from .lawful import LAWFUL
from .model import Answer, Call, Wire

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import TracebackType

    from .coordinator import Coordinator
    from .model import Obj
    from .reading import Reading

__all__ = ["Served", "build", "start"]

_MAX_BODY: Final = 64 * 1024 * 1024
_FLOOD_PIECE: Final = b" " * 65536


def build(reading: Reading | str = "natural", fault: str | None = None) -> Coordinator:
    """A coordinator in memory, on the real clock.

    Raises `KeyError` for a reading or a fault that is not in the tables.
    """
    return _maker(reading, fault, Time())()


def _maker(reading: Reading | str, fault: str | None, time: Time) -> Callable[[], Coordinator]:
    from .coordinator import Coordinator

    chosen = LAWFUL[reading] if isinstance(reading, str) else reading
    make = Coordinator if fault is None else FAULTS[fault].make
    return lambda: make(chosen, time.env(uuid4))


class Served:
    """A peer that listens; close it, or use it as an asynchronous context manager."""

    def __init__(self, control: Control, host: str) -> None:
        """Prepare; nothing listens until `open`."""
        self._control = control
        self.url = ""
        self.hooks: Mapping[str, Obj] = {}
        self._host = host
        self._turns: weakref.WeakKeyDictionary[asyncio.BaseTransport, int] = (
            weakref.WeakKeyDictionary()
        )
        self._closing = asyncio.Event()
        self._dead = False
        quiet = logging.getLogger(f"{__name__}.quiet")
        quiet.disabled = True  # broken connections are the very purpose of some peers
        runner_app = web.Server(self._serve, access_log=None, logger=quiet)
        self._runner = web.ServerRunner(runner_app, shutdown_timeout=0.05)

    @property
    def coordinator(self) -> Coordinator:
        """The one that lives now: a restart makes another."""
        return self._control.coordinator

    async def open(self, port: int) -> None:
        """Listen; port 0 lets the system choose. Raises `OSError` when the port is taken."""
        await self._runner.setup()
        listener = socket.create_server((self._host, port), backlog=256)
        listener.setblocking(False)
        await web.SockSite(self._runner, listener, backlog=256).start()
        bound = listener.getsockname()[1]
        base = f"http://{self._host}:{bound}"
        self.url = base + self.coordinator.reading.prefix
        self.hooks = hooks(base)

    async def close(self) -> None:
        """Stop listening, drop every connection, release hanging requests."""
        self._closing.set()
        await self._runner.cleanup()

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

    async def _serve(self, request: web.BaseRequest) -> web.StreamResponse:
        transport = request.transport
        if transport is None or self._dead:
            return _cut(transport)
        turn = self._turns.get(transport, 0) + 1
        self._turns[transport] = turn
        if request.headers.get("Expect", "").lower() == "100-continue":
            transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        body = await _read(request)
        if request.raw_path.startswith(PREFIX):
            return web.Response(status=self._control.perform(request.raw_path[len(PREFIX) :], body))
        answer = await self.coordinator.handle(
            Call(
                method=request.method,
                path=request.raw_path,
                media=request.headers.get("Content-Type", ""),
                body=body,
                turn=turn,
            )
        )
        if answer.wire is Wire.NORMAL:
            return _response(answer)
        return await self._misdeliver(request, transport, answer)

    async def _misdeliver(
        self, request: web.BaseRequest, transport: asyncio.Transport, answer: Answer
    ) -> web.StreamResponse:
        match answer.wire:
            case Wire.HANG:
                await self._closing.wait()
            case Wire.RESET:
                transport.abort()
            case Wire.DIE:
                self._dead = True
            case Wire.FLOOD:
                await self._flood(request, answer)
            case Wire.OVERLONG:
                transport.write(_raw(answer, len(answer.body) + 64))
                await self._closing.wait()
            case Wire.DROP:
                pass
            case _:
                transport.write(_broken(answer))
        return _cut(transport)

    async def _flood(self, request: web.BaseRequest, answer: Answer) -> None:
        """Never stop talking, until the client goes or the peer is closed."""
        response = web.StreamResponse(status=answer.status, headers=answer.headers)
        response.enable_chunked_encoding()
        await response.prepare(request)
        try:
            while not self._closing.is_set():
                await response.write(_FLOOD_PIECE)
        except (ConnectionError, RuntimeError):
            return


async def start(
    reading: Reading | str = "natural",
    fault: str | None = None,
    host: str = "127.0.0.1",
    port: int = 0,
) -> Served:
    """Start a peer and wait until it listens; `url` carries the path prefix of the reading."""
    time = Time()
    served = Served(Control(_maker(reading, fault, time), time), host)
    await served.open(port)
    return served


async def _read(request: web.BaseRequest) -> bytes:
    """The whole body, without aiohttp's limit of one megabyte."""
    pieces = bytearray()
    async for piece in request.content.iter_any():
        pieces += piece
        if len(pieces) > _MAX_BODY:
            break
    return bytes(pieces)


def _response(answer: Answer) -> web.StreamResponse:
    response = web.Response(status=answer.status, headers=answer.headers, body=answer.body)
    if "Content-Type" not in answer.headers:
        response.headers.popall("Content-Type", None)
    if answer.chunked and answer.body:  # a 204 has nothing to send in pieces
        response.enable_chunked_encoding()
    if answer.close:
        response.force_close()
    return response


def _cut(transport: asyncio.Transport | None) -> web.StreamResponse:
    """Close the connection; the response that aiohttp insists on goes nowhere."""
    if transport is not None:
        transport.close()
    response = web.Response()
    response.force_close()
    return response


def _raw(answer: Answer, length: int) -> bytes:
    lines = [f"HTTP/1.1 {answer.status} Whatever", f"Content-Length: {length}"]
    lines += [f"{name}: {value}" for name, value in answer.headers.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + answer.body


def _broken(answer: Answer) -> bytes:
    """Bytes that are not the answer they should be."""
    half = len(answer.body) // 2
    if answer.wire is Wire.TRUNCATE:
        return _raw(answer, len(answer.body))[: -max(1, half)]
    if answer.wire is Wire.UNDERLONG:
        return _raw(answer, half)
    if answer.wire is Wire.BAD_CHUNK:
        head = _raw(answer, 0).partition(b"\r\n\r\n")[0]
        head = head.replace(b"Content-Length: 0", b"Transfer-Encoding: chunked")
        return head + b"\r\n\r\nzz\r\n" + answer.body + b"\r\n0\r\n\r\n"
    return b"EHLO agent-coordinator ready\r\n" + answer.body
