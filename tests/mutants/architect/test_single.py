"""Who lets in one connection of a user at a time, the newest or the oldest, breaks no word of the
document: what needs two is not judged then.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.mutants.coordinators import served
from tests.mutants.sample import EVERYTHING, sampled
from tests.suite import run_suite, verdicts

_SINGLE = ("connect.kicks_older", "auth.right.one_connection")


@pytest.mark.parametrize("fault", sampled(_SINGLE, 2))
async def test_a_single_connection_fails_nothing(fault: str, tmp_path: Path) -> None:
    only = "*" if EVERYTHING else "ARCH-CO*"
    async with served("architect", fault=fault, patience=5) as target:
        run = await run_suite(tmp_path, protocol="architect", target=target, only=only)
    assert verdicts(run, "fail") == []
    assert set(verdicts(run, "warn")) <= {"ARCH-CONN-003"}
