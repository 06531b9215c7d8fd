"""Which requirement owns which part of which message."""

from __future__ import annotations

from typing import Any

import pytest

from schemas import Place, Protocol, Requirement, Validators, Violation
from schemas.validation import Finding, PlaceIndex


def _row(name: str, pointer: str, *, answer: str = "200", operation: str = "op") -> Requirement:
    return Requirement(
        id=name,
        level="MUST",
        role="coordinator",
        basis="stated",
        section="A section",
        text="It is as it is.",
        capability="registry",
        place=Place(operation=operation, answer=answer, pointer=pointer),
    )


def _violation(pointer: str) -> Violation:
    return Violation(pointer=pointer, keyword="type", message="is wrong", value=None)


INDEX = PlaceIndex(
    [
        _row("WHOLE", ""),
        _row("ITEMS", "/items"),
        _row("ITEM", "/items/*"),
        _row("NAME", "/items/*/name"),
        _row("ASKED", "", answer=""),
    ]
)


@pytest.mark.parametrize(
    ("pointer", "owner"),
    [
        ("", "WHOLE"),
        ("/other", "WHOLE"),
        ("/items", "ITEMS"),
        ("/items/0", "ITEM"),
        ("/items/12/size", "ITEM"),
        ("/items/0/name", "NAME"),
        ("/items/0/name/deep/down", "NAME"),
    ],
)
def test_owner_is_the_most_particular(pointer: str, owner: str) -> None:
    found = INDEX.owner("op", "200", pointer)
    assert found is not None
    assert found.id == owner


def test_owner_is_of_that_side_and_operation_only() -> None:
    asked = INDEX.owner("op", "", "/items/0/name")
    assert asked is not None
    assert asked.id == "ASKED"
    assert INDEX.owner("op", "404", "") is None
    assert INDEX.owner("other", "200", "") is None


def test_owner_of_a_place_that_nobody_speaks_of_is_none() -> None:
    assert PlaceIndex([_row("NAME", "/name")]).owner("op", "200", "/size") is None


def test_rows_without_a_place_own_nothing() -> None:
    row = Requirement(
        id="X",
        level="MUST",
        role="agent",
        basis="stated",
        section="s",
        text="It is.",
        capability="registry",
    )
    assert PlaceIndex([row]).owner("op", "200", "") is None


def _judged(message: Any, *pointers: str) -> dict[str, bool]:
    findings = INDEX.judge("op", "200", message, map(_violation, pointers))
    return {finding.requirement.id: not finding.violations for finding in findings}


def test_judge_keeps_what_is_there_and_unbroken() -> None:
    assert _judged({"items": [{"name": "a"}]}) == {
        "WHOLE": True,
        "ITEMS": True,
        "ITEM": True,
        "NAME": True,
    }


def test_judge_leaves_untouched_what_is_not_there() -> None:
    assert _judged({"items": []}) == {"WHOLE": True, "ITEMS": True}
    assert _judged({"items": [{}]}) == {"WHOLE": True, "ITEMS": True, "ITEM": True}
    assert _judged([]) == {"WHOLE": True}


def test_judge_breaks_the_owner_alone() -> None:
    assert _judged({"items": [{"name": 3}]}, "/items/0/name") == {
        "WHOLE": True,
        "ITEMS": True,
        "ITEM": True,
        "NAME": False,
    }


def test_judge_touches_what_is_missing() -> None:
    assert _judged({"items": [{}]}, "/items/0/name")["NAME"] is False
    assert _judged({}, "/items") == {"WHOLE": True, "ITEMS": False}


def test_judge_breaks_the_whole_body() -> None:
    assert _judged("text", "") == {"WHOLE": False}


def test_judge_gathers_the_violations_of_one_owner() -> None:
    message = {"items": [{"name": 1}, {"name": 2}]}
    findings = INDEX.judge(
        "op", "200", message, [_violation("/items/0/name"), _violation("/items/1/name")]
    )
    (name,) = [finding for finding in findings if finding.requirement.id == "NAME"]
    assert [violation.pointer for violation in name.violations] == [
        "/items/0/name",
        "/items/1/name",
    ]
    assert isinstance(name, Finding)


def test_judge_says_nothing_of_an_unknown_operation() -> None:
    assert INDEX.judge("other", "200", {}, [_violation("")]) == []


def test_shipped_rows_judge_a_registration(aitbc: Protocol, rows: dict[str, Requirement]) -> None:
    index, shape = PlaceIndex(rows.values()), Validators(aitbc).request("registerAgent")
    assert shape is not None
    message = {"agent_id": 4, "capabilities": ["a", None], "metadata": {}}
    findings = index.judge("registerAgent", "", message, shape.explain(message))
    broken = {finding.requirement.id for finding in findings if finding.violations}
    kept = {finding.requirement.id for finding in findings if not finding.violations}
    assert broken == {"AITBC-AGENT-REG-002", "AITBC-AGENT-REG-003", "AITBC-AGENT-REG-005"}
    assert kept == {"AITBC-AGENT-REG-001", "AITBC-AGENT-REG-004", "AITBC-AGENT-REG-010"}
