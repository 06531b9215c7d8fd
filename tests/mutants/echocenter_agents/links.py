"""One interface over three WebSocket clients: two faces of ``websockets``, and aiohttp."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial
from typing import Final, Protocol, TypeVar

import aiohttp
import websockets.asyncio.client as ws_async
import websockets.sync.client as ws_sync
import yarl
from websockets.exceptions import (
    ConnectionClosed,
    InvalidHandshake,
    InvalidMessage,
    InvalidStatus,
)

__all__ = [
    "GoneError",
    "Headers",
    "Link",
    "RefusedError",
    "dial_aiohttp",
    "dial_async",
    "dial_sync",
]

T = TypeVar("T")
Headers = Sequence[tuple[str, str]]
LARGEST: Final = 1 << 24
OPEN_TIMEOUT: Final = 5.0
CLOSE_TIMEOUT: Final = 1.0


class GoneError(Exception):
    """The connection has ended; ``str()`` says how."""


class RefusedError(Exception):
    """The server did not upgrade; ``status`` is the HTTP status, 0 when it made no sense."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status


class Link(Protocol):
    """An open connection."""

    async def send(self, message: str | bytes) -> None:
        """Send one message in one frame."""

    async def send_parts(self, parts: Sequence[str]) -> None:
        """Send one text message in several frames."""

    async def ping(self) -> None:
        """Send a ping; its pong is not waited for."""

    async def receive(self) -> str | bytes:
        """The next message. Raises GoneError."""

    async def close(self, code: int = 1000, reason: str = "") -> None:
        """Close in order; never raises."""

    async def abort(self) -> None:
        """Cut the line without a close frame."""


def _why(error: ConnectionClosed) -> GoneError:
    return GoneError(f"connection lost: {error}")


class _Async:
    def __init__(self, connection: ws_async.ClientConnection) -> None:
        self._connection = connection

    async def send(self, message: str | bytes) -> None:
        try:
            await self._connection.send(message)
        except ConnectionClosed as error:
            raise _why(error) from error

    async def send_parts(self, parts: Sequence[str]) -> None:
        try:
            await self._connection.send(parts)
        except ConnectionClosed as error:
            raise _why(error) from error

    async def ping(self) -> None:
        try:
            await self._connection.ping()
        except ConnectionClosed as error:
            raise _why(error) from error

    async def receive(self) -> str | bytes:
        try:
            return await self._connection.recv()
        except ConnectionClosed as error:
            raise _why(error) from error

    async def close(self, code: int = 1000, reason: str = "") -> None:
        await self._connection.close(code, reason)

    async def abort(self) -> None:
        self._connection.transport.abort()


async def dial_async(url: str, headers: Headers) -> Link:
    """Connect with ``websockets`` on asyncio. Raises RefusedError, OSError."""
    try:
        connection = await ws_async.connect(
            url,
            additional_headers=list(headers),
            proxy=None,
            max_size=LARGEST,
            ping_interval=None,
            open_timeout=OPEN_TIMEOUT,
            close_timeout=CLOSE_TIMEOUT,
        )
    except InvalidHandshake as error:
        raise _refused(error) from error
    return _Async(connection)


def _refused(error: InvalidHandshake) -> RefusedError | OSError:
    if isinstance(error, InvalidMessage):
        return ConnectionResetError(f"no HTTP answer: {error}")
    status = error.response.status_code if isinstance(error, InvalidStatus) else 0
    return RefusedError(status, str(error))


class _Sync:
    """Each call blocks, so each call has a thread; reading and writing may go on together."""

    def __init__(self, connection: ws_sync.ClientConnection, threads: ThreadPoolExecutor) -> None:
        self._connection = connection
        self._threads = threads

    async def _run(self, call: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, call)

    async def send(self, message: str | bytes) -> None:
        await self._send(message)

    async def send_parts(self, parts: Sequence[str]) -> None:
        await self._send(list(parts))

    async def _send(self, message: str | bytes | list[str]) -> None:
        try:
            await self._run(partial(self._connection.send, message))
        except ConnectionClosed as error:
            raise _why(error) from error

    async def ping(self) -> None:
        try:
            await self._run(self._connection.ping)
        except ConnectionClosed as error:
            raise _why(error) from error

    async def receive(self) -> str | bytes:
        try:
            return await self._run(self._connection.recv)
        except ConnectionClosed as error:
            raise _why(error) from error

    async def close(self, code: int = 1000, reason: str = "") -> None:
        await self._run(partial(self._connection.close, code, reason))
        self._threads.shutdown(wait=False)

    async def abort(self) -> None:
        await self._run(self._connection.close_socket)


async def dial_sync(url: str, headers: Headers) -> Link:
    """Connect with the threaded client of ``websockets``. Raises RefusedError, OSError."""

    def connect() -> ws_sync.ClientConnection:
        opening = ws_sync.connect(
            url,
            additional_headers=list(headers),
            proxy=None,
            max_size=LARGEST,
            ping_interval=None,
            open_timeout=OPEN_TIMEOUT,
            close_timeout=CLOSE_TIMEOUT,
        )
        # Newer releases warn unless the connection is entered; close() is ours all the same.
        return ExitStack().enter_context(opening)

    # Threads of its own: one waits for messages all the time, one sends, one closes.
    threads = ThreadPoolExecutor(max_workers=3)
    try:
        connection = await asyncio.get_running_loop().run_in_executor(threads, connect)
        return _Sync(connection, threads)
    except InvalidHandshake as error:
        raise _refused(error) from error


class _Aiohttp:
    def __init__(
        self, session: aiohttp.ClientSession, socket: aiohttp.ClientWebSocketResponse[bool]
    ) -> None:
        self._session = session
        self._socket = socket

    async def send(self, message: str | bytes) -> None:
        try:
            if isinstance(message, str):
                await self._socket.send_str(message)
            else:
                await self._socket.send_bytes(message)
        except (ConnectionError, aiohttp.ClientError) as error:
            raise GoneError(f"connection lost: {error}") from error

    async def send_parts(self, parts: Sequence[str]) -> None:
        await self.send("".join(parts))

    async def ping(self) -> None:
        await self._socket.ping()

    async def receive(self) -> str | bytes:
        message = await self._socket.receive()
        if message.type in {aiohttp.WSMsgType.TEXT, aiohttp.WSMsgType.BINARY}:
            data: str | bytes = message.data
            return data
        await self._session.close()
        raise GoneError(f"connection lost: code {self._socket.close_code} {message.extra or ''}")

    async def close(self, code: int = 1000, reason: str = "") -> None:
        await self._socket.close(code=code, message=reason.encode())
        await self._session.close()

    async def abort(self) -> None:
        await self._session.close()


async def dial_aiohttp(url: str, headers: Headers) -> Link:
    """Connect with aiohttp. Raises RefusedError, OSError."""
    session = aiohttp.ClientSession(trust_env=False)
    timeout = aiohttp.ClientWSTimeout(ws_close=CLOSE_TIMEOUT)
    address = yarl.URL(url, encoded=True)
    try:
        socket = await session.ws_connect(
            address, headers=dict(headers), max_msg_size=LARGEST, timeout=timeout
        )
    except aiohttp.WSServerHandshakeError as error:
        await session.close()
        raise RefusedError(error.status, error.message) from error
    except aiohttp.ClientConnectionError as error:
        await session.close()
        raise ConnectionRefusedError(str(error)) from error
    except BaseException:
        await session.close()
        raise
    return _Aiohttp(session, socket)
