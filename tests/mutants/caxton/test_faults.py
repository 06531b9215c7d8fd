"""The tables are consistent, and every fault can be seen."""

from __future__ import annotations

import re
from functools import cache

import pytest

from tests.mutants.echocenter.virtual import run
from tests.mutants.sample import sampled

from . import FAULTS, LAWFUL
from .fault import Seed
from .rehearsal import Stage
from .scripts import Script, lives
from .wire_scripts import SCRIPTS

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
    names = sampled([*FAULTS][batch::_BATCHES], 10)
    assert [name for name in names if not _shows(name)] == []


def test_races_show_in_races_only() -> None:
    """Nothing that is done in turn may tell them from the lawful."""
    for name in FAULTS:
        if name.startswith("race."):
            seed = FAULTS[name].seed
            assert run(_played(lives, "natural", seed)) == _lawful(lives, "natural")


def test_tables_are_consistent() -> None:
    for name, fault in FAULTS.items():
        assert name == fault.name
        assert re.fullmatch(r"[a-z0-9_.]+", name)
        assert fault.reading in LAWFUL
        assert fault.summary
        assert fault.seed.bends
        assert "." in name
    told = [(one.reading, one.summary, name.rsplit(".", 1)[0]) for name, one in FAULTS.items()]
    assert len(set(told)) == len(told)


def test_there_are_enough_of_both_kinds() -> None:
    implied = [fault for fault in FAULTS.values() if fault.implied]
    assert len(FAULTS) > 500
    assert 0.1 < len(implied) / len(FAULTS) < 0.4


def test_every_point_of_a_fault_is_passed_by_somebody() -> None:
    """A fault that sits where nothing passes would never show."""
    passed: set[str] = set()

    class Watched(dict[str, object]):
        def get(self, name: str, default: object = None) -> object:
            passed.add(name)
            return default

    for script in SCRIPTS:
        for reading in ("natural", "header_sockets"):
            run(_played(script, reading, Seed(bends=Watched())))  # type: ignore[arg-type]
    assert {point for fault in FAULTS.values() for point in fault.seed.bends} <= passed
