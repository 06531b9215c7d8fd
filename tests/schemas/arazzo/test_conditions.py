"""Simple conditions, criteria of the other kinds, and selectors."""

from __future__ import annotations

from typing import Any

import pytest

from schemas.arazzo.conditions import condition, equal
from schemas.arazzo.criteria import read_criterion, read_value, worth
from schemas.arazzo.expressions import ExpressionError, Said, Scope

BODY = {
    "status": "Running",
    "count": 7,
    "ratio": "0.5",
    "none": None,
    "flag": True,
    "pets": [{"name": "Rex", "age": 3}, {"name": "it's", "age": 9}],
}
SCOPE = Scope(
    status=200,
    response=Said(headers={"x-left": "12"}, body=BODY),
    inputs={"wanted": "running", "least": 5, "word": "r.n"},
    steps={"one": {"list": [4, 5]}},
)


@pytest.mark.parametrize(
    "text",
    [
        "$statusCode == 200",
        "$statusCode != 404",
        "$statusCode >= 200 && $statusCode < 300",
        "$response.body.status == 'RUNNING'",
        "$response.body#/status == $inputs.wanted",
        "$response.body.count > $inputs.least",
        "$response.body.ratio < 1",
        "$response.header.X-Left > 11.5",
        "$response.body.none == null",
        "$response.body.no.such == null",
        "$response.body.status != null",
        "$response.body.flag",
        "$response.body.flag == true",
        "!($response.body.flag == false)",
        "$response.body.pets[1].name == 'it''s'",
        "$response.body.pets[0].age == 3",
        "$steps.one.outputs.list#/1 == 5",
        "false || true && true",
        "(false || true) && !false",
        "'abc' < 'abd'",
        "-1 < 0",
        "1e2 == 100",
    ],
)
def test_holds(text: str) -> None:
    assert condition(text).holds(SCOPE)


@pytest.mark.parametrize(
    "text",
    [
        "$statusCode == 404",
        "$statusCode",
        "$response.body.status",
        "$response.body.none",
        "$response.body.none > 0",
        "null < 1",
        "$response.body.flag == 1",
        "$response.body.status > 3",
        "$response.body.pets == 'Rex'",
        "$response.body.pets[5].name == 'Rex'",
        "true && false || false",
        "!true",
        "null != null",
    ],
)
def test_does_not_hold(text: str) -> None:
    assert not condition(text).holds(SCOPE)


@pytest.mark.parametrize(
    ("text", "at", "why"),
    [
        ("", 0, "ends where a value is wanted"),
        ("$statusCode ==", 14, "ends where a value is wanted"),
        ("$statusCode = 200", 12, "'=' means nothing here"),
        ('$statusCode == "200"', 15, "single quotes"),
        ("($statusCode == 200", 19, "a closing bracket is wanted"),
        ("$statusCode == 200 201", 19, "an operator is wanted"),
        ("$statusCode == maybe", 15, "a value: true, false"),
        ("1 == $steps.one", 15, "by its outputs"),
        ("&& true", 0, "a value: true, false"),
        ("$response.body.a[x] == 1", 16, "leads nowhere"),
    ],
)
def test_refuses_what_is_no_condition_and_tells_where(text: str, at: int, why: str) -> None:
    with pytest.raises(ExpressionError, match=why) as refused:
        condition(text)
    assert refused.value.at == at


def test_knows_what_it_speaks_of() -> None:
    spoken = condition("$steps.one.outputs.list#/0 == 4 || $inputs.least < 3").references
    assert [str(each) for each in spoken] == ["$steps.one.outputs.list#/0", "$inputs.least"]


def _judged(**said: Any) -> tuple[bool, str]:
    return tuple(read_criterion(said).judge(SCOPE))  # type: ignore[return-value]


def test_simple_criterion_tells_what_it_saw() -> None:
    held, message = _judged(condition="$response.body.count == 8")
    assert not held
    assert message == "$response.body.count == 8 does not hold: $response.body#/count is 7"


def test_criterion_carries_the_requirements_that_it_judges() -> None:
    said = {"condition": "$statusCode == 200", "x-requirements": ["A-B-001"]}
    assert read_criterion(said).requirements == ("A-B-001",)


@pytest.mark.parametrize(
    ("pattern", "held"),
    [
        ("^Run", True),
        ("^run", False),
        ("^(?i:{$inputs.wanted})$", True),
        ("^(?i:{$inputs.word})", False),  # a value stands for itself: its dot is a dot
    ],
)
def test_regex_is_searched_in_its_context(pattern: str, held: bool) -> None:
    said = {"context": "$response.body#/status", "condition": pattern, "type": "regex"}
    assert _judged(**said)[0] is held


def test_regex_sees_a_number_as_text_and_nothing_as_no_match() -> None:
    assert _judged(context="$statusCode", condition=r"^2\d\d$", type="regex")[0]
    assert not _judged(context="$response.body#/none", condition=".*", type="regex")[0]
    assert not _judged(context="$inputs.unknown", condition=".*", type="regex")[0]


@pytest.mark.parametrize(
    ("query", "held"),
    [
        ("$.pets[?@.age > {$inputs.least}]", True),
        ("$.pets[?@.age > 10]", False),
        ("$[?count(@.*) > 1]", True),
        ('$.pets[?@.name == "Rex"]', True),
        ("$.nothing", False),
    ],
)
def test_jsonpath_holds_where_it_finds_something(query: str, held: bool) -> None:
    said = {"context": "$response.body", "condition": query, "type": "jsonpath"}
    assert _judged(**said)[0] is held


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"condition": "(", "context": "$url", "type": "regex"}, "no regular expression"),
        ({"condition": "$.a[", "context": "$response.body", "type": "jsonpath"}, "no JSONPath"),
        ({"condition": "/a", "context": "$response.body", "type": "xpath"}, "xpath is for XML"),
        (
            {
                "condition": "$.a",
                "context": "$response.body",
                "type": {"type": "jsonpath", "version": "draft-goessner-dispatch-jsonpath-00"},
            },
            "rfc9535",
        ),
        ({"condition": "a", "context": "$nowhere", "type": "regex"}, "begins with none of"),
    ],
)
def test_criterion_that_cannot_be_understood_is_refused(said: dict[str, Any], why: str) -> None:
    with pytest.raises(ExpressionError, match=why):
        read_criterion(said)


def test_selectors_pick_a_part() -> None:
    said = {
        "first": {"context": "$response.body", "selector": "$.pets[0].name", "type": "jsonpath"},
        "all": [{"context": "$response.body", "selector": "$.pets[*].age", "type": "jsonpath"}],
        "pointed": {"context": "$response.body", "selector": "/pets/1/age", "type": "jsonpointer"},
        "plain": "{$statusCode}!",
    }
    wanted = {"first": "Rex", "all": [[3, 9]], "pointed": 9, "plain": "200!"}
    assert worth(read_value(said), SCOPE) == wanted


@pytest.mark.parametrize(("kind", "selector"), [("jsonpath", "$.x"), ("jsonpointer", "/x")])
def test_selector_that_finds_nothing_is_refused(kind: str, selector: str) -> None:
    said = {"context": "$response.body", "selector": selector, "type": kind}
    with pytest.raises(ExpressionError, match="finds nothing"):
        worth(read_value(said), SCOPE)


def test_value_with_a_broken_expression_is_refused_when_it_is_read() -> None:
    with pytest.raises(ExpressionError, match="by its outputs"):
        read_value({"a": ["x{$steps.one}"]})


@pytest.mark.parametrize(
    ("one", "other", "held"),
    [
        ([1], [1], True),
        ([1], [True], False),
        ({"a": [0]}, {"a": [False]}, False),
        ({"a": 1.0}, {"a": 1}, True),
        ({"a": 1}, {"a": 1, "b": 2}, False),
        ([1, 2], [1], False),
        ({"a": {"b": ["x"]}}, {"a": {"b": ["x"]}}, True),
    ],
)
def test_equal_at_any_depth(one: Any, other: Any, held: bool) -> None:
    assert equal(one, other) is held
