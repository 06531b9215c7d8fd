"""Every fault can be started, and shows."""

from __future__ import annotations

import asyncio
from typing import Final

import pytest

from tests.mutants.architect_agents import FAULTS, STYLES, Fault, Needs
from tests.mutants.architect_agents.judge import hear
from tests.mutants.architect_agents.rehearsal import Outcome, rehearse

PARTS: Final = 4
SECONDS: Final = 0.5
ENOUGH: Final = 24
LOSSES: Final = frozenset(
    {Needs.LOST, Needs.LOST_OFTEN, Needs.CLOSED, Needs.CLOSED_OFTEN, Needs.UNREACHABLE}
)
LOOPS: Final = frozenset(
    {
        "order.list_loop",
        "order.flood",
        "error.hammer",
        "slow.hammer",
        "lost.hammer",
        "closed.hammer",
        "unreachable.hammer",
        "connection.per_call",
        "connection.crowd",
    }
)
BY_HAND: Final = frozenset({"order.hasty", "goodbye.none", "auth.probe"}) | LOOPS
TLS: Final = frozenset(name for name in FAULTS if name.startswith("tls."))


def _few(outcome: Outcome) -> bool:
    return len(outcome.requests) < (2 if outcome.style.rounds else ENOUGH - 4)


def _signs(fault: Fault, outcome: Outcome) -> list[str]:
    """How this fault showed."""
    signs = outcome.complaints[:3]
    signs += [f"died: {outcome.error}"] if outcome.error else []
    ends = outcome.style.rounds is not None
    signs += (
        ["left without a word"] if outcome.status == 0 and not outcome.told and not ends else []
    )
    signs += ["stands still"] if outcome.told and _few(outcome) else []
    orderly = fault.needs not in LOSSES
    signs += ["came back unasked"] if orderly and len(outcome.records) > 1 else []
    if fault.needs is Needs.PING and not signs:
        pongs = [pong for record in outcome.records for pong in hear(record).pongs]
        signs += [f"pongs {pongs}"] if {b"", b"four", b"x" * 125} - set(pongs) else []
    closes = [hear(record).close for record in outcome.records]
    signs += ["close not answered"] if fault.needs is Needs.CLOSED and closes[0] is None else []
    return signs


@pytest.mark.parametrize("part", range(PARTS))
async def test_fault_shows(part: int) -> None:
    names = [name for name in FAULTS if name not in BY_HAND | TLS][part::PARTS]

    async def one(name: str) -> tuple[str, Outcome]:
        fault = FAULTS[name]
        outcome = await rehearse(
            fault.reading, fault=name, needs={fault.needs}, seconds=SECONDS, enough=ENOUGH
        )
        return name, outcome

    outcomes = dict(await asyncio.gather(*map(one, names)))
    unseen = [name for name, outcome in outcomes.items() if not _signs(FAULTS[name], outcome)]
    assert unseen == []


async def test_loops_are_tight() -> None:
    async def one(name: str, fault: str = "") -> tuple[int, int]:
        needs = {FAULTS[name].needs}
        outcome = await rehearse(
            FAULTS[name].reading, fault=fault, needs=needs, seconds=0.7, enough=10**6, pace=0.4
        )
        return len(outcome.requests), len(outcome.records)

    names = sorted(LOOPS)
    calm = await asyncio.gather(*map(one, names))
    mad = await asyncio.gather(*map(one, names, names))
    for name, lawful, broken in zip(names, calm, mad, strict=True):
        assert any(b > 2 * a for a, b in zip(lawful, broken, strict=True)), (name, lawful, broken)


def test_tables_are_consistent() -> None:
    assert len(FAULTS) >= 110
    assert len({fault.summary for fault in FAULTS.values()}) == len(FAULTS)
    for fault in FAULTS.values():
        assert fault.reading in STYLES
        assert fault.section
        assert "." in fault.name
        changes = (fault.tamper, fault.wire, fault.reshape)
        assert sum(change is not None for change in changes) == 1, fault.name
