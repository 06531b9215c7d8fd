"""What every check of an Architect Agent starts from."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from conformance.clients.opener import Opener
from conformance.ids import IdSource
from conformance.judge import Judge
from conformance.patience import Patience
from conformance.plugin import Suite
from conformance.protocols.architect.coordinator.vigil import Vigil
from conformance.protocols.architect.dialogue import Dialogue, Lore


@pytest.fixture(scope="session")
def lore(suite: Suite) -> Lore:
    return Lore(patience=Patience(suite.context.target.timeout))


@pytest.fixture
async def script(opener: Opener, judge: Judge, ids: IdSource, lore: Lore, vigil: Vigil) -> Dialogue:
    dialogue = Dialogue(opener, judge, ids, lore)
    vigil.begin(dialogue)
    return dialogue


@pytest.fixture(scope="session")
async def vigil(suite: Suite) -> AsyncIterator[Vigil]:
    """Connections on which nothing is said, from the first check on."""
    vigil = Vigil(suite.protocol, suite.context.target)
    yield vigil
    await vigil.end()
