"""The independent coordinators of each protocol, started alike and made a target of."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import mockserver
from conformance.target import Credentials, Hook, Operator, Principal, Target, Tls
from mockserver import Settings
from tests.mutants import aitbc, architect, caxton, echocenter, stella

__all__ = ["FAULTS", "HOOKS", "LAWFUL", "as_target", "served", "served_mock"]

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


@asynccontextmanager
async def served_mock(protocol: str, dialect: str = "documented") -> AsyncIterator[Target]:
    """Our own mock as a target."""
    settings = Settings(dialect=dialect, username="warden", password="open-sesame")
    clock = "virtual" if protocol in HOOKS else "real"
    async with mockserver.start(protocol, settings=settings, clock=clock) as mock:
        known = Credentials(username=settings.username, password=settings.password)
        target = Target(credentials=known, hooks=HOOKS.get(protocol, {}), grpc=mock.grpc)
        if mock.mock.protocol.token_header:
            target = target.with_token(settings.token, mock.mock.protocol)
        yield target.with_url(mock.url)


_FORCE = Hook(
    url="/_assay/faults",
    json={"kind": "status", "operation": "{operation}", "status": "{status}"},
)
_ADVANCE = Hook(url="/_assay/clock/advance", json={"seconds": "{seconds}"})
_RESTART = Hook(url="/_assay/restart", json={})

_RESTART = Hook(url="/_assay/restart", json={})

HOOKS: Mapping[str, Mapping[str, Hook]] = {
    "aitbc": {"advance": _ADVANCE, "force": _FORCE, "restart": _RESTART},
    "stella": {
        "mint_token": Hook(url="/_assay/mint", json={}, result="/token"),
        "create_task": Hook(
            url="/_assay/enqueue", json={"agent": "{agent}", "task": "{task}"}, result="/taskId"
        ),
        "cancel_task": Hook(url="/_assay/cancel", json={"agent": "{agent}", "task": "{task}"}),
        "assign_target": Hook(
            url="/_assay/assign", json={"agent": "{agent}", "target": "{target}"}
        ),
        "advance": _ADVANCE,
        "force": _FORCE,
    },
    "caxton": {
        "advance": _ADVANCE,
        "restart": _RESTART,
        "force": _FORCE,
        "fail_agent": Hook(url="/_assay/fail_agent", json={"agent": "{agent}"}),
        "alert": Hook(url="/_assay/alert", json={}),
        "reply": Hook(url="/_assay/reply", json={"agent": "{agent}", "content": "{content}"}),
        "progress": Hook(url="/_assay/progress", json={"task": "{task}", "progress": "{progress}"}),
    },
}
"""Those of our own mocks that run on virtual time."""
