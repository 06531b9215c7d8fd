"""One running peer."""

from __future__ import annotations

import socket
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from .desk import CREDENTIALS
from .fault import Seed
from .faults import FAULTS
from .front import Front
from .front_aiohttp import AiohttpFront
from .hub import Hub
from .lawful import LAWFUL
from .library_wire import LibraryWire
from .wire import Wire

if TYPE_CHECKING:
    from .reading import Reading

__all__ = ["Served", "start"]


class Served:
    """A peer that listens on `url` until it is closed."""

    def __init__(self, reading: Reading, seed: Seed, host: str, port: int) -> None:
        """Bind at once, so that `url` is known. Raises `OSError` when the port is taken."""
        self.reading = reading
        self.hub = Hub(reading, seed)
        self._front = _front(self.hub, seed)
        self.hub.crash = self._front.crash
        self._listener = socket.create_server((host, port), backlog=256)
        self._listener.setblocking(False)
        self.url = f"http://{host}:{self._listener.getsockname()[1]}"

    @property
    def headers(self) -> dict[str, str]:
        """What an administrator's REST call carries in this reading."""
        return self.hub.desk.headers

    @property
    def credentials(self) -> dict[str, str]:
        """A human for `POST /api/auth/login`; empty where there is no log-in."""
        return dict(CREDENTIALS) if self.reading.admin == "bearer" else {}

    @property
    def principals(self) -> list[dict[str, Any]]:
        """Who exists beforehand and may connect by token."""
        registry = self.hub.registry
        known = [registry.existing]
        if self.reading.admin != "bearer":
            known = [registry.admin, registry.operator, *known]
        told = self.reading.numbers != "of_connections"
        return [
            {"name": one.name, "kind": one.kind, "token": one.token}
            | ({"id": one.id} if told else {})
            for one in known
        ]

    async def open(self) -> None:
        """Start to accept."""
        await self._front.open(self._listener)

    async def close(self) -> None:
        """Stop listening and drop every connection."""
        await self._front.close()
        await self.hub.close()
        self._listener.close()

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


def _front(hub: Hub, seed: Seed) -> Front | AiohttpFront:
    if seed.wire is not None:
        return Front(hub, seed.wire)
    match hub.reading.transport:
        case "aiohttp":
            return AiohttpFront(hub)
        case "bytes":
            return Front(hub, Wire)
        case "websockets":
            return Front(hub, LibraryWire)


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
