"""WebSockets as ``websockets`` and aiohttp speak them, imported by those who use them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.mutants.caxton_agents.socket_raw import (
    CLOSE_TIMEOUT,
    LARGEST,
    Dialling,
    GoneError,
    RefusedError,
    Socket,
)

if TYPE_CHECKING:
    import aiohttp
    from websockets.asyncio.client import ClientConnection

__all__ = ["dial_aiohttp", "dial_usual"]


class _Usual:
    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection

    async def send(self, message: str | bytes) -> None:
        from websockets.exceptions import ConnectionClosed

        try:
            await self._connection.send(message)
        except ConnectionClosed as error:
            raise GoneError(f"WebSocket lost: {error}") from error

    async def receive(self) -> str | bytes:
        from websockets.exceptions import ConnectionClosed

        try:
            return await self._connection.recv()
        except ConnectionClosed as error:
            raise GoneError(f"WebSocket lost: {error}") from error

    async def close(self) -> None:
        await self._connection.close()

    async def abort(self) -> None:
        self._connection.transport.abort()


async def dial_usual(dialling: Dialling) -> Socket:
    """Connect with ``websockets``. Raises RefusedError, OSError."""
    from websockets.asyncio.client import connect
    from websockets.exceptions import InvalidHandshake, InvalidStatus

    try:
        connection = await connect(
            dialling.url,
            additional_headers=list(dialling.headers),
            proxy=None,
            max_size=LARGEST,
            ping_interval=None,
            open_timeout=dialling.timeout,
            close_timeout=CLOSE_TIMEOUT,
        )
    except InvalidStatus as error:
        raise RefusedError(error.response.status_code) from error
    except InvalidHandshake as error:
        raise ConnectionResetError(f"no HTTP answer: {error}") from error
    return _Usual(connection)


class _Aiohttp:
    def __init__(
        self, session: aiohttp.ClientSession, socket: aiohttp.ClientWebSocketResponse[bool]
    ) -> None:
        self._session = session
        self._socket = socket

    async def send(self, message: str | bytes) -> None:
        import aiohttp

        try:
            if isinstance(message, str):
                await self._socket.send_str(message)
            else:
                await self._socket.send_bytes(message)
        except (OSError, aiohttp.ClientError) as error:
            raise GoneError(f"WebSocket lost: {error}") from error

    async def receive(self) -> str | bytes:
        import aiohttp

        message = await self._socket.receive()
        if message.type in {aiohttp.WSMsgType.TEXT, aiohttp.WSMsgType.BINARY}:
            data: str | bytes = message.data
            return data
        if message.type is not aiohttp.WSMsgType.CLOSING:
            # Where it is closing, somebody is about to send the close frame.
            await self._session.close()
        raise GoneError(f"WebSocket lost with code {self._socket.close_code}")

    async def close(self) -> None:
        await self._socket.close()
        await self._session.close()

    async def abort(self) -> None:
        await self._session.close()


async def dial_aiohttp(dialling: Dialling) -> Socket:
    """Connect with aiohttp. Raises RefusedError, OSError."""
    import aiohttp
    import yarl

    session = aiohttp.ClientSession(trust_env=False)
    try:
        socket = await session.ws_connect(
            yarl.URL(dialling.url, encoded=True),
            headers=dict(dialling.headers),
            max_msg_size=LARGEST,
            timeout=aiohttp.ClientWSTimeout(ws_close=CLOSE_TIMEOUT),
        )
    except aiohttp.WSServerHandshakeError as error:
        await session.close()
        raise RefusedError(error.status) from error
    except aiohttp.ClientError as error:
        await session.close()
        raise ConnectionResetError(str(error)) from error
    except BaseException:
        await session.close()
        raise
    return _Aiohttp(session, socket)
