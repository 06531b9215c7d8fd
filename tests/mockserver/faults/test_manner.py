"""How what was struck goes out: delays as drawn, ends instead, pieces and copies."""

from __future__ import annotations

from statistics import mean, median
from typing import Any

import pytest

from mockserver.faults import Fault
from mockserver.faults.kinds import Kind
from mockserver.faults.manner import PLAIN, Dribble, Manner, drawn_delay, manner_of
from mockserver.faults.plan import Stroke
from mockserver.world import chance


def _strokes(*told: tuple[Kind, dict[str, Any]]) -> list[Stroke]:
    return [
        Stroke(Fault(kind=kind, **options), chance(0, f"fault {number}"))
        for number, (kind, options) in enumerate(told)
    ]


def _drawn(seed: int = 0, count: int = 2000, **options: Any) -> list[float]:
    generator = chance(seed, "delays")
    fault = Fault(kind="delay", **options)
    return [drawn_delay(Stroke(fault, generator)) for _ in range(count)]


@pytest.mark.parametrize(
    "options",
    [
        {"distribution": "uniform", "minimum": 0.5, "maximum": 1.5},
        {"distribution": "normal", "mean": 1, "deviation": 0.5},
        {"distribution": "exponential", "mean": 1},
        {"distribution": "pareto", "minimum": 0.5, "shape": 2},
    ],
)
def test_delays_are_drawn_as_they_are_distributed(options: dict[str, Any]) -> None:
    drawn = _drawn(**options)
    assert drawn == _drawn(**options), "the same seed gives the same delays"
    assert drawn != _drawn(seed=1, **options)
    assert 0.9 < mean(drawn) < 1.1
    assert min(drawn) >= options.get("minimum", 0)
    assert max(drawn) <= options.get("maximum", 3600)


def test_distributions_have_their_shapes() -> None:
    exponential = _drawn(distribution="exponential", mean=1)
    assert 0.6 < median(exponential) < 0.8  # the logarithm of 2
    pareto = _drawn(distribution="pareto", minimum=1, shape=1)
    assert 1.8 < median(pareto) < 2.2
    assert max(pareto) > 100
    normal = _drawn(distribution="normal", mean=10, deviation=1)
    assert 9.9 < median(normal) < 10.1


@pytest.mark.parametrize(
    "options",
    [
        {"distribution": "normal", "mean": 1, "deviation": 5},
        {"distribution": "exponential", "mean": 2, "minimum": 0.5},
        {"distribution": "pareto", "minimum": 0.5, "shape": 0.1},
    ],
)
def test_delays_keep_their_bounds(options: dict[str, Any]) -> None:
    drawn = _drawn(**options, maximum=1.5)
    assert min(drawn) >= options.get("minimum", 0)
    assert max(drawn) == 1.5


def test_deviation_of_nothing_and_mean_of_nothing_are_fixed() -> None:
    assert set(_drawn(distribution="normal", mean=2, deviation=0)) == {2}
    assert set(_drawn(distribution="exponential", mean=0)) == {0}
    assert set(_drawn(distribution="uniform", maximum=0)) == {0}
    assert set(_drawn(seconds=2.5)) == {2.5}


def test_delays_add_up_and_come_before_everything() -> None:
    strokes = _strokes(("delay", {"seconds": 0.5}), ("drop", {}), ("delay", {"seconds": 1}))
    manner, landed = manner_of(strokes)
    assert manner == Manner(delay=1.5, end="drop", code=1011)
    assert sorted(stroke.kind for stroke in landed) == ["delay", "delay", "drop"]


def test_of_several_ends_the_first_planned_counts() -> None:
    manner, landed = manner_of(_strokes(("close", {"code": 4001}), ("drop", {}), ("reset", {})))
    assert (manner.end, manner.code) == ("close", 4001)
    assert [stroke.kind for stroke in landed] == ["close"]


def test_what_goes_out_in_pieces_goes_out_in_all_of_them() -> None:
    strokes = _strokes(
        ("dribble", {"size": 7, "pause": 0.5}),
        ("fragment", {"fragments": 4}),
        ("fragment", {"fragments": 2}),
        ("duplicate", {}),
        ("duplicate", {}),
        ("reorder", {"window": 3}),
        ("extra", {}),
    )
    manner, landed = manner_of(strokes)
    assert manner == Manner(dribble=Dribble(7, 0.5), fragments=4, copies=3, window=3)
    assert "extra" not in {stroke.kind for stroke in landed}
    assert manner_of([]) == (PLAIN, [])
