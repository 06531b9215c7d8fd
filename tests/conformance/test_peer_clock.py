"""How late it is at a Caxton coordinator's, where seconds count."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import pytest

from conformance.hooks import Hooks
from conformance.protocols.caxton.clock import TOLERANCE, Clock
from conformance.target import Hook, Target

JUMPS = Target(hooks={"advance": Hook(command=("true",))})


def clock_of(target: Target) -> Clock:
    return Clock(Hooks(target))


def _told(seconds_from_now: float) -> str:
    return datetime.fromtimestamp(time.time() + seconds_from_now, UTC).isoformat()


@pytest.mark.parametrize("elsewhere", [400_000.0, -600.0])
def test_witnesses_tell_where_it_is_also_behind_ours(elsewhere: float) -> None:
    clock = clock_of(JUMPS)
    clock.agree(time.time() + elsewhere, time.time() + elsewhere - 2)
    assert abs(clock.now() - time.time() - elsewhere) < 1
    assert abs(clock.off(_told(elsewhere)) or 0.0) < 1


def test_witnesses_that_differ_say_nothing() -> None:
    clock = clock_of(JUMPS)
    clock.agree(time.time() + 400_000, time.time())
    assert abs(clock.now() - time.time()) < 1
    assert (clock.off(_told(400_000)) or 0.0) > TOLERANCE


def test_time_that_runs_faster_is_reckoned_with() -> None:
    clock = clock_of(Target(time_scale=10_000))
    began, then = clock.now(), time.monotonic()
    while time.monotonic() - then < 0.02:
        pass
    assert clock.now() - began > 100


def test_clock_that_nobody_moves_does_not_lag() -> None:
    assert clock_of(Target()).lag == 0.0
    assert clock_of(JUMPS).lag >= 0.0
