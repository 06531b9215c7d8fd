"""The tables are consistent, and every fault can be seen."""

from __future__ import annotations

import re
from functools import cache

import pytest

from tests.mutants.echocenter.virtual import run
from tests.mutants.sample import sampled

from . import FAULTS, LAWFUL
from .fault import Enrol, Seed
from .race_faults import PAUSE
from .rehearsal import Stage
from .scripts import SCRIPTS, Script, races
from .wire import SOUND

_BATCHES = 4


async def _played(script: Script, reading: str, seed: Seed) -> list[str]:
    stage = Stage(LAWFUL[reading], seed)
    await script(stage)
    return stage.notes


@cache
def _lawful(script: Script, reading: str) -> list[str]:
    return run(_played(script, reading, Seed()))


def _shows(name: str) -> bool:
    fault = FAULTS[name]
    return any(
        run(_played(script, fault.reading, fault.seed)) != _lawful(script, fault.reading)
        for script in SCRIPTS
    )


@pytest.mark.parametrize("batch", range(_BATCHES))
def test_every_fault_shows(batch: int) -> None:
    in_memory = [name for name, fault in FAULTS.items() if fault.seed.wire is SOUND]
    names = sampled(in_memory[batch::_BATCHES], 12)
    assert [name for name in names if not _shows(name)] == []


def test_races_show_in_races_only() -> None:
    """Nothing that is done in turn may tell them from the lawful."""
    for name in FAULTS:
        if name.startswith("race."):
            seed = FAULTS[name].seed
            assert run(_played(SCRIPTS[0], "natural", seed)) == _lawful(SCRIPTS[0], "natural")


def test_slow_registrations_alone_change_nothing_but_their_order() -> None:
    def late(one: Enrol) -> None:
        one.pause = PAUSE
        if one.refusal is None and one.token is not None:
            one.token.spent = True

    notes = run(_played(races, "natural", Seed(enrol=late)))
    assert len(notes) == len(_lawful(races, "natural"))


def test_tables_are_consistent() -> None:
    for name, fault in FAULTS.items():
        assert name == fault.name
        assert re.fullmatch(r"[a-z0-9_.]+", name)
        assert fault.reading in LAWFUL
        assert fault.summary
        assert "." in name
    told = [(one.reading, one.summary, name.rsplit(".", 1)[0]) for name, one in FAULTS.items()]
    assert len(set(told)) == len(told)


def test_there_are_enough_of_both_kinds() -> None:
    implied = [fault for fault in FAULTS.values() if fault.implied]
    assert len(FAULTS) > 1000
    assert 0.1 < len(implied) / len(FAULTS) < 0.4
