"""Conversations in orders that nobody wrote down, against a model of what may come of them."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from conformance.fuzz.leeway import Leeway
from conformance.hooks import Hooks
from conformance.marks import exclusive, from_profile, fuzzes, requirement
from conformance.plugin import Suite
from conformance.protocols.aitbc.desk import DESK_ROWS
from conformance.protocols.aitbc.dialogue import Dialogue
from conformance.protocols.aitbc.registry import ANSWER_ROWS
from conformance.protocols.aitbc.sights import SIGHT_ROWS

if TYPE_CHECKING:
    from conformance.fuzz.fuzzer import Fuzzer


@fuzzes
@from_profile("standard")
@exclusive("queues")
@requirement(*ANSWER_ROWS, *SIGHT_ROWS, *DESK_ROWS)
async def test_conversations_in_any_order(
    fuzzer: Fuzzer, aitbc: Dialogue, hooks: Hooks, suite: Suite, worker_id: str
) -> None:
    from conformance.protocols.aitbc.machine import AitbcMachine  # Hypothesis is slow to load

    build = partial(
        AitbcMachine,
        aitbc=aitbc,
        leeway=Leeway(hooks, alone=worker_id == "main"),
        claimed=suite.context.target.claimed(suite.protocol),
    )
    await fuzzer.machines(build, steps=16)
