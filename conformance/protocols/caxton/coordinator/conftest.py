"""What every Caxton check of a coordinator starts from."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from conformance.clients import HttpClient
from conformance.clients.opener import Opener
from conformance.context import RunContext
from conformance.hooks import Hooks
from conformance.ids import IdSource
from conformance.plugin import Suite
from conformance.protocols.caxton.client import Client
from conformance.protocols.caxton.crew import Crew


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What exhausts a limit comes last: until then it is everybody's. And where one check can make
    the peer's time jump, no other may run beside it.
    """
    items.sort(key=lambda item: item.get_closest_marker("exhausts") is not None)
    if not config.pluginmanager.hasplugin("xdist"):
        return
    if "advance" in RunContext.from_environment().target.hooks:
        for item in items:
            item.add_marker(pytest.mark.xdist_group("the peer's clock"))


@pytest.fixture(scope="session")
async def hooks(suite: Suite) -> AsyncIterator[Hooks]:
    hooks = Hooks(suite.context.target)
    yield hooks
    await hooks.close()


@pytest.fixture(scope="session")
async def crew(http_client: HttpClient) -> AsyncIterator[Crew]:
    crew = Crew()
    yield crew
    await crew.dismiss(http_client)


@pytest.fixture
async def client(
    peer: HttpClient, opener: Opener, hooks: Hooks, ids: IdSource, crew: Crew
) -> Client:
    return Client(peer, opener, hooks, ids, crew.deployed)
