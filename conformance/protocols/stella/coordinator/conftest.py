"""What every Stella check of a coordinator starts from."""

from __future__ import annotations

from contextlib import suppress

import pytest

from conformance.clients import HttpClient
from conformance.clients.opener import Opener
from conformance.hooks import Hooks
from conformance.ids import IdSource
from conformance.judge import Judge
from conformance.marks import UnjudgeableError
from conformance.patience import Patience
from conformance.protocols.stella.fleet import Fleet
from conformance.protocols.stella.hours import Hours
from conformance.protocols.stella.reckoning import what_time_it_is
from conformance.protocols.stella.streams import PROMPT, Streams


@pytest.fixture(scope="session")
def hours(hooks: Hooks) -> Hours:
    return Hours(hooks)


@pytest.fixture
async def fleet(
    peer: HttpClient, opener: Opener, hooks: Hooks, ids: IdSource, hours: Hours
) -> Fleet:
    fleet = Fleet(peer, opener, hooks, ids, hours)
    if hours.can_jump and not hours.asked:
        hours.asked = True
        with suppress(UnjudgeableError):  # whoever needs an agent will say so
            hours.agree(*await what_time_it_is(fleet))
    return fleet


@pytest.fixture(scope="module")
def patience() -> Patience:
    """With what is pushed on streams, for the checks of one module."""
    return Patience(PROMPT)


@pytest.fixture
def streams(fleet: Fleet, judge: Judge, patience: Patience) -> Streams:
    return Streams(fleet, judge, patience)
