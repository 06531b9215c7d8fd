"""One interface over the WebSocket libraries, and the errors that all of them share."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import urlsplit

__all__ = [
    "Address",
    "AiohttpLink",
    "ClosedError",
    "Link",
    "RefusedError",
    "SyncLink",
    "WebsocketsLink",
    "parse_address",
]


class ClosedError(Exception):
    """The connection is over; ``orderly``: the server closed it with a close frame."""

    def __init__(self, why: str, *, orderly: bool = False) -> None:
        super().__init__(why)
        self.orderly = orderly


class RefusedError(Exception):
    """No connection: nobody listens, TLS fails, or the upgrade is refused."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Address:
    """Where to connect, and as whom."""

    host: str
    port: int
    netloc: str
    username: str
    password: str
    context: ssl.SSLContext | None
    target: str = "/ws"

    @property
    def url(self) -> str:
        """The address of the API."""
        return f"{'ws' if self.context is None else 'wss'}://{self.netloc}{self.target}"


def parse_address(url: str, *, username: str, password: str, context: ssl.SSLContext) -> Address:
    """Split ``ws://host:port`` or ``wss://host:port``. Raises ValueError for anything else."""
    parts = urlsplit(url)
    if parts.scheme not in {"ws", "wss"} or not parts.hostname:
        raise ValueError(f"not a ws or wss URL: {url!r}")
    secure = parts.scheme == "wss"
    return Address(
        host=parts.hostname,
        port=parts.port or (443 if secure else 80),
        netloc=parts.netloc,
        username=username,
        password=password,
        context=context if secure else None,
        target=parts.path.rstrip("/") + "/ws",
    )


class Link(Protocol):
    """One WebSocket connection."""

    async def open(self) -> None:
        """Connect and authenticate. Raises RefusedError."""

    async def send(self, message: str | bytes) -> None:
        """A text or a binary message. Raises ClosedError."""

    async def receive(self) -> str | bytes:
        """The next message. Raises ClosedError."""

    async def ping(self) -> None:
        """A ping, whose pong nobody waits for."""

    async def close(self) -> None:
        """Close in order, with 1000."""

    async def drop(self) -> None:
        """End the TCP connection without a word."""


class WebsocketsLink:
    """The asyncio client of ``websockets``; a bounded queue would hold up its own close."""

    def __init__(self, address: Address, *, fragment: int | None = None) -> None:
        self._address = address
        self._fragment = fragment
        self._connection: Any = None

    async def open(self) -> None:
        from websockets.asyncio.client import connect
        from websockets.exceptions import InvalidHandshake
        from websockets.typing import Subprotocol

        address = self._address
        names = [Subprotocol(n) for n in ("SMP1.0", address.username, address.password)]
        try:
            self._connection = await connect(
                address.url,
                ssl=address.context,
                subprotocols=names,
                max_size=None,
                max_queue=None,
                proxy=None,
                close_timeout=2,
            )
        except (OSError, InvalidHandshake, EOFError) as error:
            raise RefusedError(f"{type(error).__name__}: {error}") from error

    async def send(self, message: str | bytes) -> None:
        with _translated():
            if self._fragment is None:
                await self._connection.send(message)
            else:
                await self._connection.send(_pieces(message, self._fragment))

    async def receive(self) -> str | bytes:
        with _translated():
            message: str | bytes = await self._connection.recv()
            return message

    async def ping(self) -> None:
        with _translated():
            await self._connection.ping()

    async def close(self) -> None:
        await self._connection.close()

    async def drop(self) -> None:
        if self._connection is not None:
            self._connection.transport.abort()
            await self._connection.wait_closed()


class SyncLink:
    """The threaded client of ``websockets``, each call in a thread of its own."""

    def __init__(self, address: Address) -> None:
        self._address = address
        self._connection: Any = None

    async def open(self) -> None:
        from websockets.exceptions import InvalidHandshake
        from websockets.sync.client import connect
        from websockets.typing import Subprotocol

        address = self._address
        names = [Subprotocol(n) for n in ("SMP1.0", address.username, address.password)]
        try:
            self._connection = await asyncio.to_thread(
                lambda: connect(
                    address.url,
                    ssl=address.context,
                    subprotocols=names,
                    max_size=None,
                    max_queue=None,
                    proxy=None,
                    close_timeout=2,
                ).__enter__()
            )
        except (OSError, InvalidHandshake, EOFError) as error:
            raise RefusedError(f"{type(error).__name__}: {error}") from error

    async def send(self, message: str | bytes) -> None:
        with _translated():
            await asyncio.to_thread(self._connection.send, message)

    async def receive(self) -> str | bytes:
        with _translated():
            while True:
                # A thread cannot be cancelled, so it looks up now and then.
                with contextlib.suppress(TimeoutError):
                    message: str | bytes = await asyncio.to_thread(self._connection.recv, 0.2)
                    return message

    async def ping(self) -> None:
        with _translated():
            await asyncio.to_thread(self._connection.ping)

    async def close(self) -> None:
        await asyncio.to_thread(self._connection.close)

    async def drop(self) -> None:
        if self._connection is not None:
            await asyncio.to_thread(self._connection.close_socket)


class AiohttpLink:
    """The client of ``aiohttp``."""

    def __init__(self, address: Address) -> None:
        self._address = address
        self._session: Any = None
        self._connection: Any = None

    async def open(self) -> None:
        import aiohttp

        address = self._address
        self._session = aiohttp.ClientSession()
        try:
            self._connection = await self._session.ws_connect(
                address.url,
                protocols=("SMP1.0", address.username, address.password),
                ssl=address.context or False,
                max_msg_size=0,
                timeout=aiohttp.ClientWSTimeout(ws_close=2.0),
            )
        except (OSError, aiohttp.ClientError) as error:
            await self._session.close()
            raise RefusedError(f"{type(error).__name__}: {error}") from error

    async def send(self, message: str | bytes) -> None:
        import aiohttp

        try:
            if isinstance(message, str):
                await self._connection.send_str(message)
            else:
                await self._connection.send_bytes(message)
        except (OSError, aiohttp.ClientError) as error:
            raise ClosedError(str(error)) from error

    async def receive(self) -> str | bytes:
        from aiohttp import WSMsgType

        message = await self._connection.receive()
        if message.type in {WSMsgType.TEXT, WSMsgType.BINARY}:
            data: str | bytes = message.data
            return data
        await self._session.close()
        raise ClosedError(f"{message.type!r}", orderly=message.type is WSMsgType.CLOSE)

    async def ping(self) -> None:
        with contextlib.suppress(OSError):
            await self._connection.ping()

    async def close(self) -> None:
        await self._connection.close()
        await self._session.close()

    async def drop(self) -> None:
        if self._session is not None:
            await self._session.close()


@contextlib.contextmanager
def _translated() -> Any:
    from websockets.exceptions import ConnectionClosed

    try:
        yield
    except ConnectionClosed as error:
        raise ClosedError(str(error), orderly=error.rcvd is not None) from error


async def _pieces(message: str | bytes, size: int) -> AsyncIterator[str | bytes]:
    for at in range(0, len(message), size):
        yield message[at : at + size]
