"""A mock that is served: for the command, for the examiner, and for anybody's own program."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from mockserver.app import Listener, Mock
from mockserver.session import Session
from mockserver.wire.http import HttpShell
from mockserver.world import RealClock, VirtualClock
from schemas import load
from schemas.spec import Protocol

__all__ = ["RunningMock", "start"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningMock:
    """Where a mock is to be reached, and the mock itself."""

    mock: Mock
    host: str
    port: int

    @property
    def url(self) -> str:
        """The base URL, without a slash at its end."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}"

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
    seed: int = 0,
    clock: str = "real",
    listener: Listener | None = None,
) -> AsyncIterator[RunningMock]:
    """Serve the mock coordinator of `protocol` until the block ends.

    `port` 0 takes a free one. `clock` is `real` or `virtual`. `listener` is called with every
    exchange. Raises `schemas.PackError` for an unknown protocol, `ValueError` for an unknown
    clock, and `OSError` where the address cannot be had.
    """
    clocks = {"real": RealClock, "virtual": VirtualClock}
    if clock not in clocks:
        raise ValueError(f"clock is real or virtual, not {clock!r}")
    spec = load(protocol) if isinstance(protocol, str) else protocol
    mock = Mock(spec, seed=seed, clock=clocks[clock])
    mock.listener = listener
    shell = HttpShell(mock)
    try:
        bound = await shell.start(host, port)
        yield RunningMock(mock=mock, host=host, port=bound)
    finally:
        await shell.close()
