"""The tables are consistent, and every fault can be seen."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from functools import cache

import pytest

from . import FAULTS, LAWFUL, Fault
from .fault import Enrol, Seed, Talk
from .rehearsal import Stage
from .scripts import SCRIPTS
from .seeds import pause
from .virtual import run

_IN_MEMORY = [fault for fault in FAULTS.values() if fault.seed.wire is None]
_BATCHES = 8

Script = Callable[[Stage], Awaitable[None]]


async def _played(script: Script, reading: str, fault: Fault | None) -> list[str]:
    stage = Stage(LAWFUL[reading], fault)
    await script(stage)
    return await stage.finish()


@cache
def _lawful(script: Script, reading: str) -> list[str]:
    return run(_played(script, reading, None))


async def _slow_talk(one: Talk) -> None:
    await pause()


def _late(one: Enrol) -> None:
    one.pause = 0.03


_SLOW = Fault(
    name="slow.but_lawful",
    section="3. Message Protocol",
    summary="pauses like the races, and mixes nothing up",
    seed=Seed(talk=_slow_talk, enrol=_late),
)


async def _seen(fault: Fault) -> bool:
    """A race must differ from a slow server too."""
    for script in SCRIPTS:
        notes = await _played(script, fault.reading, fault)
        slow = fault.name.startswith("race.")
        usual = _slow_of[script] if slow else _lawful_of[script, fault.reading]
        if notes != usual:
            return True
    return False


_lawful_of = {
    (script, reading): _lawful(script, reading)
    for script in SCRIPTS
    for reading in {fault.reading for fault in _IN_MEMORY}
}

_slow_of = {script: run(_played(script, "natural", _SLOW)) for script in SCRIPTS}


@pytest.mark.parametrize("batch", range(_BATCHES))
def test_every_fault_shows(batch: int) -> None:
    async def all_seen() -> list[str]:
        return [one.name for one in _IN_MEMORY[batch::_BATCHES] if not await _seen(one)]

    assert run(all_seen()) == []


def test_tables_are_consistent() -> None:
    for name, fault in FAULTS.items():
        assert name == fault.name
        assert re.fullmatch(r"[a-z0-9_.]+", name)
        assert fault.reading in LAWFUL
        assert fault.summary
        assert "." in name
    told = [(one.reading, one.summary, name.rsplit(".", 1)[0]) for name, one in FAULTS.items()]
    assert len(set(told)) == len(told)


def test_scripts_are_repeatable() -> None:
    """Else every fault would seem to show."""

    async def differing() -> list[str]:
        return [
            script.__name__
            for (script, reading), notes in _lawful_of.items()
            if await _played(script, reading, None) != notes
        ]

    assert run(differing()) == []
