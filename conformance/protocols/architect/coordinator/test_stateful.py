"""Scripts connect, call and go in orders that nobody wrote down."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from conformance.ids import IdSource
from conformance.marks import from_profile, fuzzes, requirement
from conformance.protocols.architect.dialogue import Dialogue, Lore

if TYPE_CHECKING:
    from conformance.fuzz.fuzzer import Fuzzer


@fuzzes
@from_profile("standard")
@requirement("ARCH-CORR-008", "ARCH-CORR-009", "ARCH-CORR-014")
@requirement(*(f"ARCH-ROB-{number:03}" for number in (1, 3, 4, 5, 10, 20)))
async def test_flow_calls_in_any_order(
    fuzzer: Fuzzer, script: Dialogue, ids: IdSource, lore: Lore
) -> None:
    from conformance.protocols.architect.machine import Scripts  # Hypothesis is slow to load

    assert script.lore is lore
    await fuzzer.machines(partial(Scripts, ids=ids, lore=lore))
