"""Faults: told in JSON, planned in order, struck by operation."""

from __future__ import annotations

from typing import Any

import pytest

from mockserver.faults import Fault, FaultPlan


def _struck(plan: FaultPlan, *operations: str) -> list[list[str]]:
    return [[fault.kind for fault in plan.strike(operation)] for operation in operations]


@pytest.mark.parametrize(
    ("said", "fault"),
    [
        ({"kind": "drop"}, Fault(kind="drop")),
        (
            {"kind": "status", "operation": "get*", "times": None, "skip": 2, "status": 500},
            Fault(kind="status", operation="get*", times=None, skip=2, status=500),
        ),
        ({"kind": "delay", "seconds": 0.25}, Fault(kind="delay", seconds=0.25)),
        ({"kind": "delay", "seconds": 2}, Fault(kind="delay", seconds=2)),
        ({"kind": "extra", "times": 3}, Fault(kind="extra", times=3)),
    ],
)
def test_fault_is_parsed(said: dict[str, Any], fault: Fault) -> None:
    assert Fault.parse(said) == fault


@pytest.mark.parametrize(
    ("said", "message"),
    [
        (
            {},
            "kind is one of status, delay, drop, extra, duplicate, reorder, corrupt, .*, not None",
        ),
        ({"kind": "explode"}, "not 'explode'"),
        ({"kind": ["drop"]}, "kind is one of"),
        ({"kind": "drop", "chance": 1, "after": 2}, "a fault has no after, chance"),
        ({"kind": "drop", "operation": 5}, "operation is a text, not 5"),
        ({"kind": "drop", "operation": None}, "operation is a text, not None"),
        ({"kind": "drop", "times": "2"}, "times is a number, not '2'"),
        ({"kind": "drop", "times": True}, "times is a number, not True"),
        ({"kind": "drop", "times": 1.5}, "times is a number, not 1.5"),
        ({"kind": "drop", "times": 0}, "times is from 1 to"),
        ({"kind": "drop", "skip": None}, "skip is a number, not None"),
        ({"kind": "drop", "skip": -1}, "skip is from 0 to"),
        ({"kind": "status", "status": None}, "status is a number, not None"),
        ({"kind": "status", "status": 99}, "status is from 200 to 599, not 99"),
        ({"kind": "status", "status": 600}, "status is from 200 to 599, not 600"),
        ({"kind": "status", "status": "503"}, "status is a number"),
        ({"kind": "delay", "seconds": None}, "seconds is a number"),
        ({"kind": "delay", "seconds": -1}, "seconds is from 0 to 3600"),
        ({"kind": "delay", "seconds": 1e300}, "seconds is from 0 to 3600"),
        ({"kind": "delay", "seconds": float("nan")}, "seconds is from 0 to 3600"),
    ],
)
def test_fault_that_is_none_is_refused(said: dict[str, Any], message: str) -> None:
    with pytest.raises((TypeError, ValueError), match=message):
        Fault.parse(said)


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
