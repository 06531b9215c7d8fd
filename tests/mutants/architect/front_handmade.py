"""The handmade server's listener."""

from __future__ import annotations

import asyncio
import socket
import ssl

from .agent import Agent
from .handmade import Wire

__all__ = ["HandmadeFront"]


class HandmadeFront:
    """Listens, and runs a `Wire` for each connection."""

    def __init__(self, agent: Agent, wire: type[Wire] = Wire) -> None:
        self._agent = agent
        self._wire = wire
        self._tasks: set[asyncio.Task[None]] = set()
        self._writers: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server | None = None

    async def open(self, listener: socket.socket, context: ssl.SSLContext | None) -> None:
        """Begin to accept."""
        self._server = await asyncio.start_server(
            self._connected, sock=listener, ssl=context, limit=1 << 20
        )

    async def close(self) -> None:
        """Stop, and drop every connection."""
        if self._server is not None:
            self._server.close()
        for writer in list(self._writers):
            writer.transport.abort()
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.get_running_loop().create_task(self._run(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _run(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        try:
            await self._wire(self._agent, reader, writer).run()
        finally:
            self._writers.discard(writer)
