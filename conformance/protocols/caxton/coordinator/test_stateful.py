"""Three transports in orders that nobody wrote down, against a model of what may come of it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import pytest

from conformance.clients import HttpClient
from conformance.fuzz.leeway import Allowance
from conformance.ids import IdSource
from conformance.marks import from_profile, fuzzes, requirement
from conformance.patience import Patience
from conformance.protocols.caxton.client import Client
from conformance.protocols.caxton.clock import Clock
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
@pytest.mark.usefixtures("client")  # which finds out what time it is there
async def test_transports_in_any_order(
    fuzzer: Fuzzer,
    peer: HttpClient,
    grpc_client: GrpcClient | None,
    ids: IdSource,
    clock: Clock,
    crew: Crew,
    patience: Patience,
) -> None:
    from conformance.protocols.caxton.machine import CaxtonMachine  # Hypothesis is slow to load

    build = partial(
        CaxtonMachine,
        peer=peer,
        grpc=grpc_client,
        ids=ids,
        clock=clock,
        crew=crew,
        patience=patience,
        acks=Patience(_ACK),
        reads=Allowance(None if clock.can_jump else _READS),
    )
    await fuzzer.machines(build)
