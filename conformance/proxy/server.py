"""A proxy that is served: where it listens, whom it stands before, and what it saw."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from conformance.proxy.changing import Changes
from conformance.proxy.connection import Connection
from conformance.proxy.identities import Identities
from conformance.proxy.mirror import Mirror
from conformance.proxy.reading import Reader
from conformance.proxy.relay import PIECE, Dial, Relay
from conformance.proxy.rewriting import Rewriting
from conformance.proxy.watch import Passed, Watch
from conformance.target import Target
from mockserver.authority import Authority
from mockserver.wire.address import Address
from mockserver.wire.tls import Identity, make_identity
from mockserver.world import RealClock
from schemas.spec import Protocol, Requirement

if TYPE_CHECKING:
    from conformance.proxy.procedures import Procedures

__all__ = ["RunningProxy", "proxying"]

_CONNECT = 10.0
"""Seconds that a connection to the coordinator may take to be made, TLS and all."""


@dataclass(slots=True, kw_only=True)
class RunningProxy(Address):
    """Where a proxy is to be reached, and what came of it so far.

    `ca` is the PEM file of the authority that vouches for it, where it speaks TLS. `connected` and
    `refused` count the connections to the coordinator, and those that could not be made.
    """

    host: str
    port: int = 0
    ca: str = ""
    grpc_port: int = 0
    connected: int = 0
    refused: int = 0


@asynccontextmanager
async def proxying(
    protocol: Protocol,
    requirements: Mapping[str, Requirement],
    target: Target,
    tell: Callable[[Passed], None],
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    grpc_port: int = 0,
    tls: bool | None = None,
    strict: bool = False,
    changes: Changes | None = None,
    mirrors: bool = False,
) -> AsyncIterator[RunningProxy]:
    """Stand before the coordinator at `target.url` (and `target.grpc`) until the block ends.

    `tell` is told of everything that passed. `tls` is whether clients are spoken to over TLS;
    without it, as the coordinator is. `changes` may change what passes; then `tell` is told of what
    the coordinator heard and said. Where it `mirrors`, a client is known behind it by the
    certificate that it shows, instead of by what was issued for the path. Raises `OSError` where an
    address cannot be had, or a file of the target is no PEM.
    """
    watch = Watch(Reader(protocol), requirements, tell, strict=strict)
    secure = target.url.startswith("https") if tls is None else tls
    identity = make_identity(host, Authority()) if secure else None
    running = RunningProxy(host=host, ca=identity.ca if identity else "")
    mirror = Mirror(target, identity.context) if mirrors and identity else None
    server = _Server(watch, target, running, changes, mirror)
    procedures = _procedures(watch, target, running, changes)
    try:
        running.port = await server.start(host, port, identity)
        if procedures is not None:
            files = identity.files if identity else None
            running.grpc_port = await procedures.start(host, grpc_port, files)
        yield running
    finally:
        await server.close()
        if procedures is not None:
            await procedures.close()
        if identity is not None:
            identity.remove()


def _procedures(
    watch: Watch, target: Target, running: RunningProxy, changes: Changes | None
) -> Procedures | None:
    if not target.grpc:
        return None
    from conformance.proxy.procedures import Procedures  # slow to load, and most need none

    return Procedures(watch, target, running, changes)


class _Server:
    """Takes the connections of clients, each with one of its own to the coordinator."""

    def __init__(
        self,
        watch: Watch,
        target: Target,
        running: RunningProxy,
        changes: Changes | None,
        mirror: Mirror | None,
    ) -> None:
        self._watch = watch
        self._running = running
        self._mirror = mirror
        self._changes = changes
        parts = urlsplit(target.url)
        self._parts = parts
        self._secure = parts.scheme == "https"
        self._identities = Identities(target) if self._secure else None
        self._clock = RealClock()
        self._relays: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None
        self._rewriting = Rewriting(host="", origin="")

    async def start(self, host: str, port: int, identity: Identity | None) -> int:
        context: ssl.SSLContext | None = identity.context if identity else None
        self._server = await asyncio.start_server(
            self._take, host, port, ssl=context, backlog=1024, limit=PIECE
        )
        bound = int(self._server.sockets[0].getsockname()[1])
        own = f"{'https' if identity else 'http'}://"
        names = (f"[{host}]" if ":" in host else host, "localhost", "127.0.0.1")
        authority = self._parts.netloc.rpartition("@")[2]
        self._rewriting = Rewriting(
            host=authority,
            origin=f"{self._parts.scheme}://{authority}",
            prefix=self._parts.path.rstrip("/"),
            own=frozenset(f"{own}{name}:{bound}" for name in names),
        )
        return bound

    async def close(self) -> None:
        """Stop listening, and end what is still open."""
        if self._server is None:
            return
        self._server.close()
        for relay in self._relays:
            relay.cancel()
        await asyncio.gather(*self._relays, return_exceptions=True)

    async def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._relays.add(task)
        shown = _shown(writer)
        peer = writer.get_extra_info("peername") or ("",)
        connection = Connection(
            self._watch,
            self._rewriting,
            self._clock.now,
            peer=str(peer[0]),
            learn=partial(self._learn, shown),
        )
        dial: Dial = partial(self._dial, shown)
        with contextlib.suppress(asyncio.CancelledError):
            change = self._changes.connection() if self._changes else None
            await Relay(connection, reader, writer, dial, change).run()
        self._relays.discard(task)

    def _learn(self, shown: bytes, path: str, answer: bytes) -> None:
        if self._mirror is not None:
            self._mirror.learn(shown, answer)
        elif self._identities is not None:
            self._identities.learn(path, answer)

    def _context(self, shown: bytes, path: str) -> ssl.SSLContext | None:
        if not self._secure:
            return None
        if self._mirror is not None:
            return self._mirror.context(shown)
        return self._identities.context(path) if self._identities else None

    async def _dial(
        self, shown: bytes, path: str
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        parts = self._parts
        host, port = parts.hostname or "", parts.port or (443 if self._secure else 80)
        context = self._context(shown, path)
        try:
            async with asyncio.timeout(_CONNECT):
                opened = await asyncio.open_connection(host, port, ssl=context, limit=PIECE)
        except (OSError, TimeoutError) as error:
            self._running.refused += 1
            raise OSError(f"{host}:{port} cannot be reached: {_why(error)}") from error
        self._running.connected += 1
        return opened


def _shown(writer: asyncio.StreamWriter) -> bytes:
    """The certificate (DER) that a client shows, or nothing."""
    link = writer.get_extra_info("ssl_object")
    return (link.getpeercert(binary_form=True) or b"") if link else b""


def _why(error: Exception) -> str:
    if isinstance(error, TimeoutError) and not error.args:
        return f"no answer within {_CONNECT:g} s"
    return getattr(error, "strerror", None) or str(error) or type(error).__name__
