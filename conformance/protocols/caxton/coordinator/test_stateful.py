"""Three transports in orders that nobody wrote down, against a model of what may come of it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from conformance.fuzz.leeway import Allowance
from conformance.marks import from_profile, fuzzes, requirement
from conformance.patience import Patience
from conformance.protocols.caxton.client import Client
from conformance.protocols.caxton.crew import Crew
from conformance.protocols.caxton.quay import QUAY_ROWS
from conformance.protocols.caxton.talks import TALK_ROWS

if TYPE_CHECKING:
    from conformance.clients.grpc import GrpcClient
    from conformance.fuzz.fuzzer import Fuzzer

_ACK = 0.5
"""Seconds that an acknowledgement may take, which nobody promised."""

_READS = 30
"""Looks into the history that a strict peer allows within a minute, with some to spare."""


@fuzzes
@from_profile("standard")
@requirement(*QUAY_ROWS, *TALK_ROWS)
async def test_transports_in_any_order(
    fuzzer: Fuzzer,
    client: Client,
    grpc_client: GrpcClient | None,
    crew: Crew,
    patience: Patience,
) -> None:
    from conformance.protocols.caxton.machine import CaxtonMachine  # Hypothesis is slow to load

    build = partial(
        CaxtonMachine,
        client=client,
        grpc=grpc_client,
        crew=crew,
        patience=patience,
        acks=Patience(_ACK),
        reads=Allowance(None if client.clock.can_jump else _READS),
    )
    await fuzzer.machines(build, steps=16)
