"""Clock, chance and ids."""

from __future__ import annotations

import time
import uuid

import pytest

from mockserver.world import END, AdjustableClock, RealClock, VirtualClock, World, iso


def test_virtual_clock_stands_still_until_it_is_advanced() -> None:
    clock = VirtualClock(100.0)
    assert (clock.now(), clock.now()) == (100.0, 100.0)
    clock.advance(0.5)
    assert clock.now() == 100.5


@pytest.mark.parametrize("seconds", [-1, -1e-9, 1e12, 1e300, float("inf"), float("nan")])
def test_virtual_clock_refuses_impossible_steps(seconds: float) -> None:
    clock = VirtualClock(100.0)
    with pytest.raises(ValueError, match="time"):
        clock.advance(seconds)
    assert clock.now() == 100.0


def test_virtual_clock_can_reach_the_end_of_time() -> None:
    clock = VirtualClock(0.0)
    clock.advance(END)
    assert iso(clock.now()) == "9999-12-31T00:00:00.000Z"


def test_virtual_clock_starts_at_the_present() -> None:
    assert abs(VirtualClock().now() - time.time()) < 5


def test_real_clock_runs_and_never_goes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = RealClock()
    assert abs(clock.now() - time.time()) < 5
    before = clock.now()
    monkeypatch.setattr(time, "time", lambda: 0.0)  # as if the machine's clock were set back
    assert clock.now() >= before


def test_adjustable_clock_runs_and_can_be_put_forward() -> None:
    clock = AdjustableClock()
    before = clock.now()
    clock.advance(3600)
    assert before + 3600 <= clock.now() <= before + 3660
    with pytest.raises(ValueError, match="time does not go back"):
        clock.advance(-1)


def test_world_gives_the_same_ids_for_the_same_seed() -> None:
    def ids(seed: int) -> list[str]:
        world = World.seeded(seed, VirtualClock(0.0))
        return [world.uuid() for _ in range(5)]

    assert ids(7) == ids(7)
    assert not set(ids(7)) & set(ids(8))


def test_world_ids_are_random_uuids() -> None:
    world = World.seeded(0, VirtualClock(0.0))
    ids = [uuid.UUID(world.uuid()) for _ in range(200)]
    assert len(set(ids)) == 200
    assert {(found.version, found.variant) for found in ids} == {(4, uuid.RFC_4122)}


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "1970-01-01T00:00:00.000Z"),
        (1_795_248_930, "2026-11-21T08:15:30.000Z"),
        (1_795_248_930.125, "2026-11-21T08:15:30.125Z"),
        (1_795_248_930.9999, "2026-11-21T08:15:30.999Z"),
    ],
)
def test_iso_is_utc_to_the_millisecond(seconds: float, text: str) -> None:
    assert iso(seconds) == text
