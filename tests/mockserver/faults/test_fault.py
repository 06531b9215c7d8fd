"""One fault: told in JSON, and refused where its kind cannot be told that."""

from __future__ import annotations

from typing import Any

import pytest

from mockserver.faults import Fault
from mockserver.faults.fault import SEEDED
from mockserver.faults.kinds import KINDS, Kind


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
        ({"kind": "drop", "every": 2, "chance": 0.5}, Fault(kind="drop", every=2, chance=0.5)),
        ({"kind": "close", "code": 4000.0, "times": 2.0}, Fault(kind="close", code=4000, times=2)),
        (
            {"kind": "corrupt_field", "pointer": "/a/0", "value": None},
            Fault(kind="corrupt_field", pointer="/a/0", value=None),
        ),
        (
            {"kind": "delay", "distribution": "pareto", "minimum": 0.1, "shape": 1.5},
            Fault(kind="delay", distribution="pareto", minimum=0.1, shape=1.5),
        ),
    ],
)
def test_fault_is_parsed(said: dict[str, Any], fault: Fault) -> None:
    assert Fault.parse(said) == fault


@pytest.mark.parametrize(
    ("said", "message"),
    [
        (
            {},
            "kind is one of status, rate_limit, stale, .*, reorder, not None",
        ),
        ({"kind": "explode"}, "not 'explode'"),
        ({"kind": ["drop"]}, "kind is one of"),
        ({"kind": "dely"}, "there is no kind 'dely': did you mean 'delay'?"),
        ({"kind": "drop", "color": 1, "after": 2}, "a fault has no after, color"),
        ({"kind": "drop", "oparation": "x"}, "no oparation: did you mean 'operation'?"),
        ({"kind": "drop", "seconds": 2}, "drop takes no seconds: it takes nothing of its own"),
        ({"kind": "drop", "seconds": 1.0}, "drop takes no seconds"),
        (
            {"kind": "dribble", "code": 1000, "last": 3},
            "takes no code, last: it takes size, pause",
        ),
        ({"kind": "drop", "every": 0}, "every is from 1 to"),
        ({"kind": "drop", "chance": 1.5}, "chance is from 0 to 1, not 1.5"),
        ({"kind": "drop", "chance": True}, "chance is a number, not True"),
        ({"kind": "rate_limit", "retry_after": -1}, "retry_after is from 0 to 86400"),
        ({"kind": "rate_limit", "retry_after": None}, "retry_after is a number, not None"),
        ({"kind": "corrupt_field", "pointer": "agent"}, "pointer is a JSON Pointer such as /agent"),
        ({"kind": "corrupt_field", "pointer": "/a~2"}, "pointer is a JSON Pointer"),
        ({"kind": "corrupt_field", "pointer": None}, "pointer is a text, not None"),
        ({"kind": "close", "code": 999}, "code is from 1000 to 4999"),
        ({"kind": "dribble", "size": 0}, "size is from 1 to"),
        ({"kind": "dribble", "pause": 61}, "pause is from 0 to 60"),
        ({"kind": "fragment", "fragments": 1}, "fragments is from 2 to"),
        ({"kind": "reorder", "window": 0}, "window is from 1 to"),
        ({"kind": "delay", "distribution": "gamma"}, "distribution is fixed or uniform or .*gamma"),
        ({"kind": "delay", "distribution": 1}, "distribution is a text"),
        ({"kind": "delay", "distribution": "uniform"}, "distribution uniform needs maximum"),
        (
            {"kind": "delay", "distribution": "normal", "minimum": 1},
            "distribution normal needs mean and deviation",
        ),
        (
            {"kind": "delay", "distribution": "uniform", "maximum": 2, "seconds": 1},
            "distribution uniform takes no seconds: it takes distribution, maximum, minimum",
        ),
        ({"kind": "delay", "mean": 1}, "a delay with the distribution fixed takes no mean"),
        (
            {"kind": "delay", "distribution": "pareto", "minimum": 0, "shape": 2},
            "minimum is above 0 with the distribution pareto",
        ),
        (
            {"kind": "delay", "distribution": "uniform", "minimum": 3, "maximum": 2},
            "minimum is no more than maximum: 3 is more than 2",
        ),
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


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"kind": "plague"}, "kind is one of"),
        ({"kind": "drop", "code": 1000}, "drop takes no code"),
        ({"kind": "drop", "times": 0}, "times is from 1 to"),
        ({"kind": "delay", "distribution": "exponential"}, "exponential needs mean"),
    ],
)
def test_fault_is_checked_however_it_is_made(options: dict[str, Any], message: str) -> None:
    with pytest.raises((TypeError, ValueError), match=message):
        Fault(**options)


@pytest.mark.parametrize("kind", KINDS)
def test_fault_shows_what_it_can_be_told_and_is_read_again(kind: Kind) -> None:
    fault = Fault(kind=kind, operation="get*", times=None, skip=2)
    said = fault.view()
    assert said["kind"] == kind
    assert said["times"] is None
    assert Fault.parse(said) == fault
    if kind != "delay":
        assert set(said) <= {
            *("kind", "operation", "times", "skip", "every", "chance"),
            *KINDS[kind].parameters,
        }


def test_value_that_is_null_is_not_the_one_that_nobody_gave() -> None:
    null = Fault.parse({"kind": "corrupt_field", "value": None})
    assert null.value is None
    assert null.view()["value"] is None
    seeded = Fault(kind="corrupt_field")
    assert seeded.value is SEEDED
    assert "value" not in seeded.view()
