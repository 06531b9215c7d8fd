"""Subscribers come, subscribe and go in orders that nobody wrote down: each is told its own."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from conformance.marks import from_profile, fuzzes, requirement
from conformance.patience import Patience
from conformance.protocols.caxton.client import Client
from conformance.protocols.caxton.crew import Crew

if TYPE_CHECKING:
    from conformance.fuzz.fuzzer import Fuzzer


@fuzzes
@from_profile("standard")
@requirement(*(f"CAXTON-SUB-{number:03}" for number in (1, 3, 6, 7, 8, 9, 13, 18, 25)))
async def test_flow_subscriptions_in_any_order(
    fuzzer: Fuzzer, client: Client, crew: Crew, patience: Patience
) -> None:
    from conformance.protocols.caxton.listeners import Listeners  # Hypothesis is slow to load

    await fuzzer.machines(partial(Listeners, client=client, crew=crew, patience=patience))
