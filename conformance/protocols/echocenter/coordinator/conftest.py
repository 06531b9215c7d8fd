"""What every EchoCenter check of a coordinator starts from."""

from __future__ import annotations

import pytest

from conformance.clients import HttpClient
from conformance.clients.opener import Opener
from conformance.ids import IdSource
from conformance.judge import Judge
from conformance.patience import Patience
from conformance.plugin import Suite
from conformance.protocols.echocenter.dialogue import Dialogue
from conformance.protocols.echocenter.principals import Cast, cast_of
from conformance.protocols.echocenter.room import Room


@pytest.fixture(scope="session")
def cast(http_client: HttpClient, ids: IdSource) -> Cast:
    return cast_of(http_client, ids)


@pytest.fixture(scope="session")
def patience(suite: Suite) -> Patience:
    """The patience with messages, over all checks."""
    return Patience(suite.context.target.timeout)


@pytest.fixture
def echo(peer: HttpClient, cast: Cast) -> Dialogue:
    assert peer is cast.dialogue.peer  # which now tells this check's judge
    return cast.dialogue


@pytest.fixture
def room(echo: Dialogue, opener: Opener, judge: Judge, cast: Cast, patience: Patience) -> Room:
    assert echo is cast.dialogue
    return Room(opener, judge, cast, patience)
