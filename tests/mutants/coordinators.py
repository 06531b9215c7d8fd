"""The independent coordinators of each protocol, started alike and made a target of."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import mockserver
from conformance.target import Credentials, Principal, Target
from mockserver import Settings
from tests.mutants import aitbc, architect, echocenter

__all__ = ["FAULTS", "LAWFUL", "served", "served_mock"]

LAWFUL: Mapping[str, Mapping[str, Any]] = {
    "aitbc": aitbc.LAWFUL,
    "architect": architect.LAWFUL,
    "echocenter": echocenter.LAWFUL,
}
FAULTS: Mapping[str, Mapping[str, Any]] = {
    "aitbc": aitbc.FAULTS,
    "architect": architect.FAULTS,
    "echocenter": echocenter.FAULTS,
}

_START: Mapping[str, Any] = {
    "aitbc": aitbc.start,
    "architect": architect.start,
    "echocenter": echocenter.start,
}


@asynccontextmanager
async def served(
    protocol: str, reading: str | None = None, fault: str | None = None, patience: float = 10.0
) -> AsyncIterator[Target]:
    """One peer that listens, as a target. A fault brings its own reading."""
    if reading is None:
        reading = FAULTS[protocol][fault].reading if fault else "natural"
    async with await _START[protocol](reading, fault) as peer:
        yield Target(
            headers=getattr(peer, "headers", {}),
            credentials=Credentials(**getattr(peer, "credentials", {})),
            principals=tuple(Principal(**each) for each in getattr(peer, "principals", ())),
            timeout=patience,
        ).with_url(peer.url)


@asynccontextmanager
async def served_mock(protocol: str, dialect: str = "documented") -> AsyncIterator[Target]:
    """Our own mock as a target."""
    settings = Settings(dialect=dialect, username="warden", password="open-sesame")
    async with mockserver.start(protocol, settings=settings) as mock:
        known = Credentials(username=settings.username, password=settings.password)
        yield Target(credentials=known).with_url(mock.url)
