"""What every Caxton check of a coordinator starts from."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import suppress

import pytest

from conformance.clients import HttpClient
from conformance.clients.opener import Opener
from conformance.hooks import Hooks
from conformance.ids import IdSource
from conformance.judge import Judge
from conformance.marks import UnjudgeableError
from conformance.patience import Patience
from conformance.plugin import Suite
from conformance.protocols.caxton.client import Client
from conformance.protocols.caxton.clock import Clock
from conformance.protocols.caxton.crew import Crew
from conformance.protocols.caxton.door import Door
from conformance.protocols.caxton.herald import PROMPT, Herald
from conformance.protocols.caxton.moments import what_time_it_is
from conformance.protocols.caxton.watch import Watch
from conformance.vigil import Vigil


@pytest.fixture(scope="session")
def clock(hooks: Hooks, suite: Suite) -> Clock:
    return Clock(hooks, patient=suite.context.profile == "exhaustive")


@pytest.fixture(scope="session")
async def crew(http_client: HttpClient) -> AsyncIterator[Crew]:
    crew = Crew()
    yield crew
    await crew.dismiss(http_client)


@pytest.fixture
async def client(
    peer: HttpClient, opener: Opener, clock: Clock, ids: IdSource, crew: Crew
) -> Client:
    client = Client(peer, opener, clock, ids, crew.deployed)
    if clock.can_jump and not clock.asked:
        clock.asked = True
        with suppress(UnjudgeableError):  # whoever needs an agent will say so
            clock.agree(*await what_time_it_is(client, crew))
    return client


@pytest.fixture(scope="session")
def patience() -> Patience:
    """With events, for all checks: where they do not come at all it ends."""
    return Patience(PROMPT)


@pytest.fixture(scope="session")
async def vigil(suite: Suite) -> AsyncIterator[Vigil[Watch]]:
    """A subscriber to messages, from the first check of events on."""
    vigil: Vigil[Watch] = Vigil(suite.protocol, suite.context.target)
    yield vigil
    await vigil.end()


@pytest.fixture
async def herald(
    client: Client, judge: Judge, patience: Patience, suite: Suite, vigil: Vigil[Watch]
) -> Herald:
    async def start(apart: Opener) -> Watch:
        watch = await Door(apart, suite.protocol).watch("long subscriber")
        await watch.subscribe("message.sent")
        return watch

    vigil.begin(start)
    return Herald(client, judge, patience)
