"""A mock that is served: for the command, for the examiner, and for anybody's own program."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from mockserver.app import Listener, Mock
from mockserver.coordinator import Settings
from mockserver.session import Session
from mockserver.wire.address import Address
from mockserver.wire.http import HttpShell
from mockserver.world import AdjustableClock, RealClock, VirtualClock
from schemas import load
from schemas.spec import Protocol

if TYPE_CHECKING:
    from mockserver.authority import Authority
    from mockserver.wire.plays import Plays
    from mockserver.wire.tls import Identity

__all__ = ["RunningMock", "start"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningMock(Address):
    """Where a mock is to be reached, and the mock itself."""

    mock: Mock
    host: str
    port: int
    ca: str = ""
    """PEM file of the authority that vouches for it, where it speaks TLS."""
    grpc_port: int = 0
    """Where its procedures are called; 0 where the protocol has none."""
    plays: Callable[[], Plays] = field(repr=False)
    """The scenarios that are played to whoever comes."""
    identity: Identity | None = field(default=None, repr=False)
    """Its certificate, where it speaks TLS."""

    @property
    def session(self) -> Session:
        """The session of everybody who names none."""
        return self.mock.sessions.get()

    def session_url(self, key: str) -> str:
        """A base URL under which the state is that of session `key` alone."""
        return f"{self.url}/_assay/sessions/{key}"


@asynccontextmanager
async def start(
    protocol: str | Protocol,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    grpc_port: int = 0,
    seed: int = 0,
    clock: str = "real",
    listener: Listener | None = None,
    settings: Settings | None = None,
    tls: bool | None = None,
) -> AsyncIterator[RunningMock]:
    """Serve the mock coordinator of `protocol` until the block ends.

    `port` 0 takes a free one, and `grpc_port` 0 one more where the protocol has procedures.
    `clock` is `real`, `virtual` (it stands still until it is advanced) or `adjustable` (it runs,
    and can be put forward). `listener` is called with every exchange and every frame. `tls`
    serves https and wss (and gRPC) with a certificate made for this; without it, the protocol's
    default holds. Raises `schemas.PackError` for an unknown protocol, `ValueError` for an unknown
    clock or dialect, and `OSError` where an address cannot be had.
    """
    clocks = {"real": RealClock, "virtual": VirtualClock, "adjustable": AdjustableClock}
    if clock not in clocks:
        raise ValueError(f"clock is {', '.join(clocks)}, not {clock!r}")
    spec = load(protocol) if isinstance(protocol, str) else protocol
    dialect = settings.dialect if settings else "documented"
    if dialect not in spec.dialects:
        raise ValueError(f"dialect is {' or '.join(spec.dialects)}, not {dialect!r}")
    secure = spec.tls if tls is None else tls
    mutual = spec.authentication == "mtls"
    authority = _authority() if secure or mutual else None
    settings = replace(settings or Settings(), tls=secure)
    mock = Mock(spec, seed=seed, clock=clocks[clock], settings=settings, authority=authority)
    mock.listener = listener
    identity = _identity(host, authority, mutual=mutual) if secure and authority else None
    shell = HttpShell(mock)
    try:
        bound = await shell.start(host, port, identity.context if identity else None)
        async with _procedures(mock, host, grpc_port, identity) as called:
            ca = identity.ca if identity else ""
            yield RunningMock(
                mock=mock,
                host=host,
                port=bound,
                ca=ca,
                grpc_port=called,
                plays=shell.plays,
                identity=identity,
            )
    finally:
        await shell.close()
        if identity is not None:
            identity.remove()


@asynccontextmanager
async def _procedures(
    mock: Mock, host: str, port: int, identity: Identity | None
) -> AsyncIterator[int]:
    """The port on which procedures are served, or 0 where the protocol has none."""
    if not mock.protocol.grpc:
        yield 0
        return
    from mockserver.wire.grpc import GrpcShell  # slow to load, and most protocols need none

    shell = GrpcShell(mock)
    try:
        yield await shell.start(host, port, identity.files if identity else None)
    finally:
        await shell.close()


def _authority() -> Authority:
    from mockserver.authority import Authority  # slow to load, and most mocks need none

    return Authority()


def _identity(host: str, authority: Authority, *, mutual: bool) -> Identity:
    from mockserver.wire.tls import make_identity  # as above

    return make_identity(host, authority, mutual=mutual)
