"""Every fault can be started, and shows."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from typing import Final, cast

import pytest

from tests.mutants.architect_agents import FAULTS, STYLES, Fault, Needs
from tests.mutants.architect_agents.cli import shaped
from tests.mutants.architect_agents.judge import hear, requests
from tests.mutants.architect_agents.life import Life
from tests.mutants.architect_agents.links import Link, RefusedError
from tests.mutants.architect_agents.model import LIST
from tests.mutants.architect_agents.rehearsal import Outcome, rehearse
from tests.mutants.architect_agents.session import Ledger

PARTS: Final = 2
SECONDS: Final = 0.6
ENOUGH: Final = 24
TOGETHER: Final = 16
"""Of more that live at once, some would stand still for want of a processor: no sign of a fault."""
LOSSES: Final = frozenset(
    {Needs.LOST, Needs.LOST_OFTEN, Needs.CLOSED, Needs.CLOSED_OFTEN, Needs.UNREACHABLE}
)
UNSTEADY: Final = frozenset({Needs.UNREACHABLE, Needs.LOST_OFTEN, Needs.CLOSED_OFTEN})
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
BY_HAND: Final = (
    frozenset({"order.hasty", "goodbye.none", "goodbye.deaf", "loss.returns_once"})
    | {"loss.crowds", "loss.lists_more"}
    | LOOPS
)
TLS: Final = frozenset(name for name in FAULTS if name.startswith("tls."))


def _few(fault: Fault, outcome: Outcome) -> bool:
    if outcome.style.name == "poller" or fault.needs in UNSTEADY:
        return not outcome.requests
    return len(outcome.requests) < (2 if outcome.style.rounds else ENOUGH - 4)


def _signs(fault: Fault, outcome: Outcome) -> list[str]:
    """How this fault showed."""
    signs = outcome.complaints[:3]
    signs += [f"died: {outcome.error}"] if outcome.error else []
    ends = outcome.style.rounds is not None
    left = outcome.status == 0 and not outcome.told and not ends
    signs += ["left without a word"] if left else []
    signs += ["stands still"] if outcome.told and _few(fault, outcome) else []
    orderly = fault.needs not in LOSSES
    more = len(outcome.records) > outcome.style.connections
    signs += ["came back unasked"] if orderly and more else []
    if fault.needs is Needs.PING and not signs:
        pongs = [pong for record in outcome.records for pong in hear(record).pongs]
        signs += [f"pongs {pongs}"] if {b"", b"four", b"x" * 125} - set(pongs) else []
    closes = [hear(record).close for record in outcome.records]
    unanswered = fault.needs is Needs.CLOSED and closes[:1] == [None]
    signs += ["close not answered"] if unanswered else []
    return signs


async def _unseen(names: list[str], seconds: float) -> list[str]:
    room = asyncio.Semaphore(TOGETHER)

    async def one(name: str) -> list[str]:
        fault = FAULTS[name]
        async with room:
            outcome = await rehearse(
                fault.reading, fault=name, needs={fault.needs}, seconds=seconds, enough=ENOUGH
            )
        return _signs(fault, outcome)

    signs = await asyncio.gather(*map(one, names))
    return [name for name, found in zip(names, signs, strict=True) if not found]


@pytest.mark.parametrize("part", range(PARTS))
async def test_fault_shows(part: int) -> None:
    names = [name for name in FAULTS if name not in BY_HAND | TLS][part::PARTS]
    # On a busy machine some need more time.
    assert await _unseen(await _unseen(names, SECONDS), 4 * SECONDS) == []


async def test_lawful_readings_show_nothing() -> None:
    pairs = {(fault.reading, fault.needs): fault for fault in FAULTS.values()}

    async def one(fault: Fault) -> tuple[str, Needs, list[str]]:
        slow = fault.reading == "poller" or fault.needs in UNSTEADY
        enough = 5 if slow else ENOUGH
        outcome = await rehearse(fault.reading, needs={fault.needs}, seconds=4.0, enough=enough)
        return fault.reading, fault.needs, _signs(fault, outcome)

    outcomes = await asyncio.gather(*map(one, pairs.values()))
    assert [(name, needs, signs) for name, needs, signs in outcomes if signs] == []


async def test_ends_and_beginnings() -> None:
    async def one(fault: str, needs: Needs) -> Outcome:
        reading = FAULTS[fault].reading if fault else "sequential"
        return await rehearse(reading, fault=fault, needs={needs}, seconds=0.6, enough=ENOUGH)

    hasty, rude, once, often, more = await asyncio.gather(
        one("order.hasty", Needs.REORDERED),
        one("goodbye.none", Needs.GOODBYE),
        one("loss.returns_once", Needs.LOST_OFTEN),
        one("", Needs.LOST_OFTEN),
        one("loss.lists_more", Needs.LOST),
    )
    assert hasty.records[0].waiting[1] != []
    assert hear(rude.records[0]).close is None
    assert len(once.records) == 2 < len(often.records)
    asked = [[one["action"] for one in requests(record)] for record in more.records[:2]]
    assert [actions.count(LIST) for actions in asked] == [1, 2]


class _Shut:
    """A connection that nobody grants, and how many of them were asked for at once."""

    open_now = most = 0

    async def open(self) -> None:
        _Shut.open_now += 1
        _Shut.most = max(_Shut.most, _Shut.open_now)
        await asyncio.sleep(0.001)
        _Shut.open_now -= 1
        raise RefusedError("503")

    async def drop(self) -> None:
        pass


@pytest.mark.parametrize(("fault", "most"), [("", 1), ("loss.crowds", 3)])
async def test_attempts_side_by_side(fault: str, most: int) -> None:
    _Shut.most = 0
    style = shaped(STYLES["sequential"], FAULTS[fault] if fault else None)
    ledger = Ledger(rng=random.Random(3), pace=0.001)
    life = Life(style=style, dial=cast("Callable[[], Link]", _Shut), ledger=ledger)
    assert await life.run() == 4
    assert _Shut.most == most


async def _loose(names: list[str], seconds: float, pace: float = 0.4) -> list[str]:
    """Those whose loop shows in neither requests nor connections, beside the lawful reading."""

    async def one(name: str, fault: str = "") -> tuple[int, int]:
        needs = {FAULTS[name].needs}
        outcome = await rehearse(
            FAULTS[name].reading, fault=fault, needs=needs, seconds=seconds, enough=10**6, pace=pace
        )
        return len(outcome.requests), len(outcome.records)

    both = await asyncio.gather(*map(one, names), *map(one, names, names))
    pairs = zip(names, both[: len(names)], both[len(names) :], strict=True)
    return [
        name
        for name, lawful, broken in pairs
        if not any(b > 2 * a for a, b in zip(lawful, broken, strict=True))
    ]


async def test_loops_are_tight() -> None:
    names = await _loose(sorted(LOOPS), 0.5)
    # On a busy machine some need to be alone, more time, or lawful readings that rest for longer.
    for seconds, pace in ((2.0, 0.4), (6.0, 2.0), (2.0, 0.4), (2.0, 0.4)):
        names = [name for name in names if await _loose([name], seconds, pace)]
    assert names == []


def test_tables_are_consistent() -> None:
    assert len(FAULTS) >= 110
    assert len({fault.summary for fault in FAULTS.values()}) == len(FAULTS)
    for fault in FAULTS.values():
        assert fault.reading in STYLES
        assert fault.section
        assert "." in fault.name
        changes = (fault.tamper, fault.wire, fault.reshape)
        assert sum(change is not None for change in changes) == 1, fault.name
