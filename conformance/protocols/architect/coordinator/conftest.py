"""What every check of an Architect Agent starts from."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from conformance.clients.opener import Opener
from conformance.clients.websocket import Socket
from conformance.conversation import Refused
from conformance.ids import IdSource
from conformance.judge import Judge
from conformance.patience import Patience
from conformance.plugin import Suite
from conformance.protocols.architect.dialogue import CHANNEL, Dialogue, Lore
from conformance.vigil import Vigil


@pytest.fixture(scope="session")
def lore(suite: Suite) -> Lore:
    return Lore(patience=Patience(suite.context.target.timeout))


@pytest.fixture
async def script(
    opener: Opener, judge: Judge, ids: IdSource, lore: Lore, vigil: Vigil[Socket | Refused]
) -> Dialogue:
    dialogue = Dialogue(opener, judge, ids, lore)

    async def start(apart: Opener) -> Socket | Refused:
        lore.give_way = vigil.end
        return await apart.open(CHANNEL, "silent", subprotocols=dialogue.offer, path=lore.path)

    vigil.begin(start)
    return dialogue


@pytest.fixture(scope="session")
async def vigil(suite: Suite) -> AsyncIterator[Vigil[Socket | Refused]]:
    """A connection on which nothing is said, from the first check on."""
    vigil: Vigil[Socket | Refused] = Vigil(suite.protocol, suite.context.target)
    yield vigil
    await vigil.end()
