"""The independent coordinators of each protocol, started alike and made a target of."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

from conformance.own_mock import own_mock
from conformance.target import Credentials, Hook, Operator, Principal, Target, Tls
from tests.mutants import aitbc, architect, caxton, echocenter, stella

__all__ = ["FAULTS", "LAWFUL", "as_target", "served", "served_mock"]

LAWFUL: Mapping[str, Mapping[str, Any]] = {
    "aitbc": aitbc.LAWFUL,
    "architect": architect.LAWFUL,
    "caxton": caxton.LAWFUL,
    "echocenter": echocenter.LAWFUL,
    "stella": stella.LAWFUL,
}
FAULTS: Mapping[str, Mapping[str, Any]] = {
    "aitbc": aitbc.FAULTS,
    "architect": architect.FAULTS,
    "caxton": caxton.FAULTS,
    "echocenter": echocenter.FAULTS,
    "stella": stella.FAULTS,
}

_START: Mapping[str, Any] = {
    "aitbc": aitbc.start,
    "architect": architect.start,
    "caxton": caxton.start,
    "echocenter": echocenter.start,
    "stella": stella.start,
}


@asynccontextmanager
async def served(
    protocol: str, reading: str | None = None, fault: str | None = None, patience: float = 10.0
) -> AsyncIterator[Target]:
    """One peer that listens, as a target. A fault brings its own reading."""
    if reading is None:
        reading = FAULTS[protocol][fault].reading if fault else "natural"
    async with await _START[protocol](reading, fault) as peer:
        yield replace(as_target(protocol, peer), timeout=patience)


def as_target(protocol: str, peer: Any) -> Target:
    """A peer that listens, with all that it hands over beside its address."""
    known: Target = _KNOWN.get(protocol, _entered)(peer)
    return known.with_url(peer.url)


def _entered(peer: Any) -> Target:
    """Where people and scripts log in, and agents connect with a token."""
    return Target(
        headers=getattr(peer, "headers", {}),
        credentials=Credentials(**getattr(peer, "credentials", {})),
        principals=tuple(Principal(**each) for each in getattr(peer, "principals", ())),
        hooks={name: Hook(**hook) for name, hook in getattr(peer, "hooks", {}).items()},
    )


def _operated(peer: Any) -> Target:
    """Where operators look after agents, and hooks do what no endpoint does."""
    return Target(
        tls=Tls(ca=peer.ca),
        operator=Operator(headers=peer.headers, cert=peer.cert, key=peer.key),
        hooks={name: Hook(**hook) for name, hook in peer.hooks.items()},
    )


def _called(peer: Any) -> Target:
    """Where procedures are called too, with a token."""
    return Target(
        grpc=peer.grpc,
        headers=peer.headers,
        capabilities={} if peer.grpc else {"grpc": False},
        hooks={name: Hook(**hook) for name, hook in peer.hooks.items()},
    )


_KNOWN: Mapping[str, Any] = {"stella": _operated, "caxton": _called}


served_mock = own_mock
"""Our own mock as a target."""
