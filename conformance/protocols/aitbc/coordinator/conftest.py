"""What every AITBC check of a coordinator starts from."""

from __future__ import annotations

import pytest

from conformance.clients import HttpClient
from conformance.ids import IdSource
from conformance.protocols.aitbc.dialogue import Dialogue


@pytest.fixture
def aitbc(peer: HttpClient, ids: IdSource) -> Dialogue:
    return Dialogue(peer, ids)
