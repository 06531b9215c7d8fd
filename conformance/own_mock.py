"""Our own mock as a target: what the suite wants beside a protocol, its control interface does."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import mockserver
from conformance.target import Apart, Credentials, Hook, Target
from mockserver import Settings

__all__ = ["APART", "HOOKS", "own_mock"]

APART = Apart(path="/_assay/sessions/{worker}", metadata={"x-assay-session": "{worker}"})
"""How each worker finds a state of its own there."""


@asynccontextmanager
async def own_mock(protocol: str, dialect: str = "documented") -> AsyncIterator[Target]:
    """A mock that listens, with hooks and credentials. Where it can be asked to let time pass, its
    time is virtual.
    """
    settings = Settings(dialect=dialect, username="warden", password="open-sesame")  # noqa: S106
    hooks = HOOKS.get(protocol, {})
    clock = "virtual" if "advance" in hooks else "real"
    async with mockserver.start(protocol, settings=settings, clock=clock) as mock:
        known = Credentials(username=settings.username, password=settings.password)
        target = Target(credentials=known, hooks=hooks, grpc=mock.grpc, apart=APART)
        if mock.mock.protocol.token_header:
            target = target.with_token(settings.token, mock.mock.protocol)
        yield target.with_url(mock.url)


_FORCE = Hook(
    url="/_assay/faults",
    json={"kind": "status", "operation": "{operation}", "status": "{status}"},
)
_ADVANCE = Hook(url="/_assay/clock/advance", json={"seconds": "{seconds}"})
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
"""What each protocol's mock can be asked for by its own commands."""
