"""What a client sends at a step: parameters in every place, payloads, what is set in them."""

from __future__ import annotations

from typing import Any

import pytest

from mockserver.scenario.asking import Ask, ask, files, payload
from schemas.arazzo.criteria import read_value
from schemas.arazzo.expressions import NOTHING, ExpressionError, Scope
from schemas.arazzo.model import Body, Parameter, Place
from schemas.arazzo.replacements import read_replacement
from tests.mockserver.scenario.building import known, step

SCOPE = Scope(inputs={"id": "a/b?c", "n": 5, "list": ["x", 1], "none": None, "o": {"a": [1, "ü"]}})


def _ask(place: Place, value: Any, name: str = "p") -> Ask:
    parameter = Parameter(name=name, value=read_value(value), place=place)
    return ask(step("a", parameters=[parameter]), SCOPE)


@pytest.mark.parametrize(
    ("value", "target"),
    [
        ("$inputs.id", "/x/a%2Fb%3Fc"),
        ("$inputs.n", "/x/5"),
        (True, "/x/true"),
        ("me@home:1", "/x/me@home:1"),
        ("{p}", "/x/%7Bp%7D"),
        ("no-{$inputs.n}", "/x/no-5"),
    ],
)
@pytest.mark.parametrize("place", ["path", "channel"])
def test_path(place: Place, value: Any, target: str) -> None:
    assert _ask(place, value).target("/x/{p}") == target


@pytest.mark.parametrize(
    ("place", "value", "target"),
    [
        ("query", "$inputs.id", "/x?p=a%2Fb%3Fc"),
        ("query", "$inputs.list", "/x?p=x&p=1"),
        ("query", "$inputs.none", "/x?p=null"),
        ("query", "$inputs.o", "/x?p=%7B%22a%22%3A+%5B1%2C+%22%C3%BC%22%5D%7D"),
        ("querystring", "a=1&b=&a={$inputs.n}", "/x?a=1&b=&a=5"),
    ],
)
def test_query(place: Place, value: Any, target: str) -> None:
    assert _ask(place, value).target("/x") == target


def test_headers_are_told_in_lower_case_and_null_leaves_ours_out() -> None:
    asked = _ask("header", "$inputs.n", "X-Count")
    assert (asked.headers, asked.anonymous) == ({"x-count": "5"}, False)
    asked = _ask("header", "$inputs.none", "Authorization")
    assert (asked.headers, asked.anonymous) == ({}, True)


def test_cookies_go_together() -> None:
    cookies = [
        Parameter(name="a", value="$inputs.n", place="cookie"),
        Parameter(name="b", value="x", place="cookie"),
    ]
    assert ask(step("a", parameters=cookies), SCOPE).headers == {"cookie": "a=5; b=x"}


def test_what_leads_nowhere_is_told() -> None:
    with pytest.raises(ExpressionError, match=r"\$inputs.who leads to nothing"):
        _ask("path", "$inputs.who")


def test_step_without_a_body_has_none() -> None:
    assert ask(step("a"), SCOPE).body is NOTHING


@pytest.mark.parametrize(
    ("said", "label", "sent"),
    [
        ({"id": "$inputs.id", "o": "$inputs.o"}, "", {"id": "a/b?c", "o": {"a": [1, "ü"]}}),
        ("$inputs.o", "application/json", {"a": [1, "ü"]}),
        ('{"n": {$inputs.n}, "id": "{$inputs.id}"}', "application/json", {"n": 5, "id": "a/b?c"}),
        ('{"o": {$inputs.o}}', "", {"o": {"a": [1, "ü"]}}),
        ("{no json", "application/json", "{no json"),
        ('{"n": 1}', "text/plain", '{"n": 1}'),
        ({"a": "$inputs.id", "b": 1}, "application/x-www-form-urlencoded", "a=a%2Fb%3Fc&b=1"),
        ("a=1", "application/x-www-form-urlencoded", "a=1"),
        (None, "", None),
    ],
)
def test_payload(said: Any, label: str, sent: Any) -> None:
    assert payload(Body(payload=read_value(said), content_type=label), SCOPE) == sent


def test_text_for_a_form_with_files_is_no_template() -> None:
    assert payload(Body(payload='{"n": 1}'), SCOPE, plain=False) == '{"n": 1}'


@pytest.mark.parametrize(
    ("target", "kind", "value", "sent"),
    [
        ("/a", "jsonpointer", "$inputs.n", {"a": 5, "list": [{"k": 1}, {"k": 2}]}),
        ("/new", "jsonpointer", 7, {"a": 1, "list": [{"k": 1}, {"k": 2}], "new": 7}),
        ("/list/1/k", "jsonpointer", None, {"a": 1, "list": [{"k": 1}, {"k": None}]}),
        ("$.list[*].k", "jsonpath", 0, {"a": 1, "list": [{"k": 0}, {"k": 0}]}),
        ("$.list[?@.k > 1].k", "jsonpath", 9, {"a": 1, "list": [{"k": 1}, {"k": 9}]}),
        ("", "jsonpointer", "$inputs.o", {"a": [1, "ü"]}),
    ],
)
def test_replacement(target: str, kind: str, value: Any, sent: Any) -> None:
    said = {"a": 1, "list": [{"k": 1}, {"k": 2}]}
    read = read_replacement({"target": target, "targetSelectorType": kind, "value": value})
    assert payload(Body(payload=said, replacements=[read]), SCOPE) == sent
    assert said == {"a": 1, "list": [{"k": 1}, {"k": 2}]}


@pytest.mark.parametrize(
    ("target", "kind"),
    [("/list/2/k", "jsonpointer"), ("/no/such", "jsonpointer"), ("$.no", "jsonpath")],
)
def test_replacement_without_its_place_is_told(target: str, kind: str) -> None:
    read = read_replacement({"target": target, "targetSelectorType": kind, "value": 1})
    with pytest.raises(ExpressionError):
        payload(Body(payload={"list": []}, replacements=[read]), SCOPE)


def test_label_of_a_body_is_a_header() -> None:
    labelled = step("a", does="registerAgent", body=Body(payload="x", content_type="text/plain"))
    assert ask(labelled, SCOPE).headers == {"content-type": "text/plain"}


def test_files_of_a_form_are_told_from_its_texts() -> None:
    caxton = known("caxton")
    assert files(caxton, caxton.operations["deployAgent"]) == {"wasm"}
    assert files(caxton, caxton.operations["getAgent"]) == frozenset()
