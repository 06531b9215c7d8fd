"""What every AITBC check of a coordinator starts from."""

from __future__ import annotations

import pytest

from conformance.clients import HttpClient
from conformance.ids import IdSource
from conformance.plugin import Suite
from conformance.protocols.aitbc.dialogue import Dialogue
from conformance.protocols.aitbc.elder import Elder
from conformance.protocols.aitbc.family import Family, settle_family


@pytest.fixture
def aitbc(peer: HttpClient, ids: IdSource) -> Dialogue:
    return Dialogue(peer, ids)


@pytest.fixture
async def family(aitbc: Dialogue) -> Family:
    """One agent of each type and status, with capabilities and services that overlap."""
    return await settle_family(aitbc)


@pytest.fixture(scope="session")
def elder(suite: Suite) -> Elder:
    return Elder(suite.context.target.time_scale)
