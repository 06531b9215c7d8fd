"""The plan: struck by operation, counted, and left to chance as the seed has it."""

from __future__ import annotations

from functools import partial
from typing import get_args

import pytest

from mockserver.faults import Fault, FaultPlan
from mockserver.faults.kinds import KINDS, Kind, Place
from mockserver.faults.plan import in_order
from mockserver.world import chance


def _struck(plan: FaultPlan, *operations: str) -> list[list[str]]:
    return [[fault.kind for fault in plan.strike(operation)] for operation in operations]


def test_fault_strikes_once_unless_told_otherwise() -> None:
    plan = FaultPlan([Fault(kind="drop")])
    assert _struck(plan, "a", "a") == [["drop"], []]
    assert not plan


def test_fault_strikes_as_often_as_told() -> None:
    plan = FaultPlan([Fault(kind="drop", times=2), Fault(kind="extra", times=None)])
    assert _struck(plan, *"abcd") == [
        ["drop", "extra"],
        ["drop", "extra"],
        ["extra"],
        ["extra"],
    ]
    assert plan


def test_fault_skips_calls_of_its_own_operation_only() -> None:
    plan = FaultPlan([Fault(kind="drop", operation="a", skip=2)])
    assert _struck(plan, "a", "b", "b", "a", "a", "a") == [[], [], [], [], ["drop"], []]


@pytest.mark.parametrize(
    ("glob", "struck"),
    [
        ("*", "getAgent getQueues submitTask"),
        ("get*", "getAgent getQueues"),
        ("get?????", "getAgent"),
        ("[gs]*[tk]", "getAgent submitTask"),
        ("GET*", ""),
        ("", ""),
    ],
)
def test_fault_strikes_by_glob(glob: str, struck: str) -> None:
    plan = FaultPlan([Fault(kind="drop", operation=glob, times=None)])
    calls = ("getAgent", "getQueues", "submitTask")
    assert " ".join(call for call in calls if plan.strike(call)) == struck


def test_faults_strike_in_the_order_in_which_they_were_planned() -> None:
    plan = FaultPlan()
    for kind in ("delay", "status", "delay", "extra"):
        plan.add(Fault.parse({"kind": kind}))
    assert _struck(plan, "a") == [["delay", "status", "delay", "extra"]]


def test_plan_shows_what_is_still_to_strike() -> None:
    plan = FaultPlan([Fault(kind="drop", times=3, skip=1)])
    plan.strike("a")
    plan.strike("a")
    assert list(plan) == [Fault(kind="drop", times=2)]
    plan.clear()
    assert list(plan) == []
    assert _struck(plan, "a") == [[]]


def test_fault_takes_each_nth_behind_those_that_it_skips() -> None:
    plan = FaultPlan([Fault(kind="drop", skip=1, every=3, times=2)])
    struck = [bool(plan.strike("a")) for _ in range(9)]
    assert struck == [False, False, False, True, False, False, True, False, False]
    assert not plan


def test_fault_strikes_by_chance_as_the_seed_has_it() -> None:
    def struck(seed: int) -> list[bool]:
        fault = Fault(kind="drop", chance=0.3, times=None)
        plan = FaultPlan([fault], partial(chance, seed))
        return [bool(plan.strike("a")) for _ in range(1000)]

    assert struck(1) == struck(1)
    assert struck(1) != struck(2)
    assert 200 < sum(struck(1)) < 400


def test_chance_that_spares_does_not_count_as_a_strike() -> None:
    plan = FaultPlan([Fault(kind="drop", chance=0.2, times=5)])
    assert sum(bool(plan.strike("a")) for _ in range(1000)) == 5


@pytest.mark.parametrize(("odds", "strikes"), [(0.0, 0), (1.0, 50)])
def test_chance_at_its_bounds_is_none(odds: float, strikes: int) -> None:
    plan = FaultPlan([Fault(kind="drop", chance=odds, times=None)])
    assert sum(bool(plan.strike("a")) for _ in range(50)) == strikes


def test_chances_of_one_fault_move_no_other() -> None:
    def struck(*faults: Fault) -> list[bool]:
        plan = FaultPlan(faults)
        return [any(s.kind == "drop" for s in plan.strike("a")) for _ in range(100)]

    drop = Fault(kind="drop", chance=0.5, times=None)
    assert struck(drop) == struck(drop, Fault(kind="extra", chance=0.5, times=None))


@pytest.mark.parametrize("place", ["http", "grpc", "handshake", "websocket"])
def test_fault_is_not_touched_where_its_kind_cannot_strike(place: Place) -> None:
    for kind, facts in KINDS.items():
        plan = FaultPlan([Fault(kind=kind)])
        assert bool(plan.strike("a", place)) is (place in facts.places)
        assert bool(plan) is (place not in facts.places)


def test_kinds_are_told_once_and_in_the_order_of_their_work() -> None:
    assert set(KINDS) == set(get_args(Kind))
    plan = FaultPlan(Fault(kind=kind) for kind in ("delay", "empty", "status", "extra"))
    strokes = in_order(plan.strike("a"))
    assert [stroke.kind for stroke in strokes] == ["status", "extra", "empty", "delay"]
