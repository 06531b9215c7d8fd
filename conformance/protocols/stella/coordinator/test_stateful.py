"""Lives of agents in orders that nobody wrote down, against a model of what may come of them."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from conformance.fuzz.leeway import Leeway
from conformance.marks import from_profile, fuzzes, requirement
from conformance.patience import Patience
from conformance.plugin import Suite
from conformance.protocols.stella.crew import CREW_ROWS
from conformance.protocols.stella.docket import DOCKET_ROWS
from conformance.protocols.stella.fleet import Fleet
from conformance.protocols.stella.sights import SIGHT_ROWS
from conformance.protocols.stella.streams import PROMPT

if TYPE_CHECKING:
    from conformance.fuzz.fuzzer import Fuzzer

_SECONDS = 20_000.0
"""Seconds of the peer's time that may pass: some hours, as in other checks."""


@fuzzes
@from_profile("standard")
@requirement(*CREW_ROWS, *DOCKET_ROWS, *SIGHT_ROWS)
async def test_lives_in_any_order(fuzzer: Fuzzer, fleet: Fleet, suite: Suite) -> None:
    from conformance.protocols.stella.machine import StellaMachine  # Hypothesis is slow to load

    build = partial(
        StellaMachine,
        fleet=fleet,
        # Where time can jump, no check runs beside another.
        leeway=Leeway(fleet.hooks, alone=True, jump=fleet.hours.jump, seconds=_SECONDS),
        patience=Patience(PROMPT),
        claimed=suite.context.target.claimed(suite.protocol),
    )
    await fuzzer.machines(build, steps=16)
