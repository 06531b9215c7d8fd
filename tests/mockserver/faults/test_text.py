"""Faults as a command line has them."""

from __future__ import annotations

import pytest

from mockserver.faults import Fault
from mockserver.faults.text import read_faults


@pytest.mark.parametrize(
    ("text", "faults"),
    [
        ("drop", [Fault(kind="drop")]),
        (
            "delay:operation=getHealth,seconds=0.5",
            [Fault(kind="delay", operation="getHealth", seconds=0.5)],
        ),
        ("drop: times = null , skip=2", [Fault(kind="drop", times=None, skip=2)]),
        (
            "delay:distribution=normal,mean=1,deviation=0.25",
            [Fault(kind="delay", distribution="normal", mean=1, deviation=0.25)],
        ),
        (
            "corrupt_field:pointer=/count,value=many",
            [Fault(kind="corrupt_field", pointer="/count", value="many")],
        ),
        ("corrupt_field:value=null", [Fault(kind="corrupt_field", value=None)]),
        ("corrupt_field:value=[]", [Fault(kind="corrupt_field", value=[])]),
        ("drop:operation=5", [Fault(kind="drop", operation="5")]),
        ("drop:operation=a=b", [Fault(kind="drop", operation="a=b")]),
        (' {"kind": "close", "code": 4001}', [Fault(kind="close", code=4001)]),
        ('[{"kind": "drop"}, {"kind": "extra"}]', [Fault(kind="drop"), Fault(kind="extra")]),
    ],
)
def test_text_is_read(text: str, faults: list[Fault]) -> None:
    assert read_faults(text) == faults


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "kind is one of"),
        ("dely", "there is no kind 'dely': did you mean 'delay'?"),
        ("drop:", "'' is not name=value: a fault is KIND, or KIND:name=value,name=value, or JSON"),
        ("drop:times", "'times' is not name=value"),
        ("drop:=2", "'=2' is not name=value"),
        ("drop:times=2,times=3", "times is told twice"),
        ("drop:times=often", "times is a number, not 'often'"),
        ("drop:tmes=2", "a fault has no tmes: did you mean 'times'?"),
        ("delay:seconds=-1", "seconds is from 0 to 3600, not -1"),
        ("delay:seconds=NaN", "seconds is a number, not 'NaN'"),
        ("{", "it is not JSON: "),
        ("[]", "a list of faults holds objects, and at least one"),
        ("[5]", "a list of faults holds objects"),
        ('{"operation": "x"}', "kind is one of"),
    ],
)
def test_text_that_is_no_fault_is_refused(text: str, says: str) -> None:
    with pytest.raises((ValueError, TypeError)) as refused:
        read_faults(text)
    assert says in str(refused.value)
