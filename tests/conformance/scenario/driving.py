"""Scenarios built by hand and played forward, at a coordinator behind a real socket."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import mockserver
from conformance.clients import HttpClient
from conformance.clients.grpc import GrpcClient
from conformance.clients.opener import Opener
from conformance.hooks import Hooks
from conformance.peer_clock import PeerClock
from conformance.scenario.forward import Forward
from conformance.scenario.peer import Peer
from conformance.target import Hook, Target
from mockserver.scenario.acts import Finished, Word
from mockserver.scenario.flow import Flow
from schemas.arazzo.model import Step, Workflow
from tests.mockserver.scenario.building import ROLES, known, scenario, workflow

__all__ = ["ADVANCE", "Played", "play", "played_at"]

ADVANCE = Hook(url="/_assay/clock/advance", json={"seconds": "{seconds}"})


class Played:
    """What came of a workflow."""

    def __init__(self, finished: Finished, words: list[Word], peer: Peer) -> None:
        self.finished = finished
        self.words = words
        self.peer = peer

    @property
    def kept(self) -> bool | None:
        return self.finished.kept

    @property
    def reason(self) -> str:
        return self.finished.reason

    def verdicts(self) -> dict[str, bool | None]:
        return {row: word.holds for word in self.words for row in word.requirements}


async def play(
    protocol: str,
    target: Target,
    *steps: Step,
    inputs: Mapping[str, Any] | None = None,
    others: tuple[Workflow, ...] = (),
) -> Played:
    """Play one workflow of these steps at a target."""
    spec = known(protocol)
    target = target.for_protocol(spec)
    http, grpc, hooks = HttpClient(spec, target), None, Hooks(target)
    opener = Opener(spec, target, lambda *_: None)
    if target.grpc:
        grpc = GrpcClient(spec, target)

    def procedures() -> GrpcClient:
        assert grpc is not None
        return grpc

    flow = Flow(
        scenario(workflow(*steps), *others, protocol=spec),
        "main",
        direction="forward",
        inputs=inputs or {},
        roles=ROLES,
    )
    words: list[Word] = []
    peer = Peer(http, opener, procedures)
    try:
        finished = await Forward(flow, peer, PeerClock(hooks), words.append).run()
    finally:
        await opener.close()
        await http.close()
        await hooks.close()
        if grpc is not None:
            await grpc.close()
    return Played(finished, words, peer)


@asynccontextmanager
async def played_at(
    protocol: str, *, hooks: Mapping[str, Hook] | None = None, **options: Any
) -> AsyncIterator[tuple[Target, mockserver.RunningMock]]:
    """A mock on virtual time, and the target that it is."""
    async with mockserver.start(protocol, clock="virtual", **options) as mock:
        target = Target(timeout=5.0, grpc=mock.grpc, hooks=dict(hooks or {}))
        if mock.mock.protocol.token_header:
            target = target.with_token(mock.mock.settings.token, mock.mock.protocol)
        yield target.with_url(mock.url), mock
