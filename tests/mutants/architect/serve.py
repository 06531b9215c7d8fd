"""The shell: an agent behind a socket on the loopback interface."""

from __future__ import annotations

import asyncio
import socket
import ssl
from types import TracebackType
from typing import Protocol, Self

from .agent import Agent
from .fault import Fault
from .faults import FAULTS
from .front_aiohttp import AiohttpFront
from .front_handmade import HandmadeFront
from .front_websockets import WebsocketsFront
from .lawful import LAWFUL
from .reading import Reading
from .tls import server_context

__all__ = ["Served", "start"]


class _Front(Protocol):
    """What carries the agent."""

    async def open(self, listener: socket.socket, context: ssl.SSLContext | None) -> None: ...

    async def close(self) -> None: ...


class Served:
    """A peer that listens; close it, or use it as an asynchronous context manager."""

    def __init__(self, agent: Agent, front: _Front, host: str, *, tls: bool) -> None:
        """Prepare; nothing listens until `open`."""
        self.agent = agent
        self.url = ""
        self.credentials = {"username": agent.username, "password": agent.password}
        self._front = front
        self._host = host
        self._tls = tls
        self._death: asyncio.Task[None] | None = None
        agent.die = self._die

    async def open(self, port: int) -> None:
        """Listen; port 0 lets the system choose. Raises OSError when the port is taken."""
        family = socket.AF_INET6 if ":" in self._host else socket.AF_INET
        listener = socket.create_server((self._host, port), family=family, backlog=256)
        listener.setblocking(False)
        await self._front.open(listener, server_context() if self._tls else None)
        name = f"[{self._host}]" if ":" in self._host else self._host
        self.url = f"{'wss' if self._tls else 'ws'}://{name}:{listener.getsockname()[1]}"

    async def close(self) -> None:
        """Stop listening and drop every connection."""
        if self._death is None:
            await self._front.close()
        else:
            await asyncio.gather(self._death, return_exceptions=True)

    def _die(self) -> None:
        # A peer whose fault is to crash; its process stays, so that the caller may still close it.
        if self._death is None:
            self._death = asyncio.get_running_loop().create_task(self._front.close())

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


async def start(
    reading: Reading | str = "natural",
    fault: str | None = None,
    host: str = "127.0.0.1",
    port: int = 0,
    plain: bool = False,
) -> Served:
    """Serve a peer. A fault shows best in the reading that it names; it works in others too.

    Raises KeyError for a reading or a fault that is not in the tables, ValueError for a fault of
    the frames in a reading that leaves the frames to a library.
    """
    chosen = LAWFUL[reading] if isinstance(reading, str) else reading
    seeded = None if fault is None else FAULTS[fault]
    agent = Agent(chosen) if seeded is None else seeded.make(chosen)
    served = Served(agent, _front(chosen, agent, seeded), host, tls=chosen.tls and not plain)
    await served.open(port)
    return served


def _front(reading: Reading, agent: Agent, fault: Fault | None) -> _Front:
    if reading.front == "handmade":
        return HandmadeFront(agent) if fault is None else HandmadeFront(agent, fault.wire)
    if fault is not None and fault.by_hand:
        message = f"{fault.name} needs a handmade reading, such as {fault.reading!r}"
        raise ValueError(message)
    return WebsocketsFront(agent) if reading.front == "websockets" else AiohttpFront(agent)
