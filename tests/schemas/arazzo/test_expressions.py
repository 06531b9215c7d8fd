"""Runtime expressions: what they are, what they are worth, and how they are refused."""

from __future__ import annotations

from typing import Any

import pytest

from schemas.arazzo.expressions import (
    NOTHING,
    ExpressionError,
    Said,
    Scope,
    evaluate,
    fill,
    parse,
    references,
)

SCOPE = Scope(
    url="http://127.0.0.1:9/agents/7",
    method="GET",
    status=201,
    request=Said(headers={"accept": "text/plain"}, query={"a b": "1"}, path={"id": "7"}),
    response=Said(headers={"x-rate": "9"}, body={"items": [{"id": None}], "a/b": 1, "m~n": 2}),
    message=Said(headers={"trace": "t"}, body={"kind": "ping"}),
    inputs={"user.name": "ann", "deep": {"list": [1, 2]}},
    outputs={"done": True},
    steps={"find-it": {"pet": {"id": 3}}},
    workflows={"other": {"inputs": {"n": 1}, "outputs": {"m": [5]}}},
    sources={"api": {"url": "openapi.yaml", "type": "openapi"}},
    components={"parameters": {"token": {"name": "t"}}},
    self_uri="urn:here",
)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("$url", "http://127.0.0.1:9/agents/7"),
        ("$method", "GET"),
        ("$statusCode", 201),
        ("$self", "urn:here"),
        ("$request.header.Accept", "text/plain"),
        ("$request.query.a b", "1"),
        ("$request.path.id", "7"),
        ("$response.header.X-Rate", "9"),
        ("$response.body#/items/0/id", None),
        ("$response.body#/a~1b", 1),
        ("$response.body#/m~0n", 2),
        ("$message.payload#/kind", "ping"),
        ("$message.payload", {"kind": "ping"}),
        ("$message.header.Trace", "t"),
        ("$inputs.user.name", "ann"),
        ("$inputs.deep#/list/1", 2),
        ("$outputs.done", True),
        ("$steps.find-it.outputs.pet#/id", 3),
        ("$workflows.other.inputs.n", 1),
        ("$workflows.other.outputs.m#/0", 5),
        ("$sourceDescriptions.api.url", "openapi.yaml"),
        ("$components.parameters.token", {"name": "t"}),
    ],
)
def test_expression_is_worth_what_it_leads_to(text: str, value: Any) -> None:
    found = evaluate(parse(text), SCOPE)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    "text",
    [
        "$request.body",
        "$response.header.no-such",
        "$response.body#/items/1",
        "$response.body#/items/x",
        "$inputs.unknown",
        "$steps.find-it.outputs.other",
        "$steps.later.outputs.pet",
        "$workflows.none.outputs.m",
        "$sourceDescriptions.other.url",
    ],
)
def test_what_is_not_there_is_nothing_and_not_null(text: str) -> None:
    assert evaluate(parse(text), SCOPE) is NOTHING


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("$", "begins with none of"),
        ("$status", "begins with none of"),
        ("$steps.find", "by its outputs"),
        ("$steps.a.b.outputs.c", "begins with none of"),
        ("$workflows.other.m", r"\$workflows\.ID\.inputs"),
        ("$response.cookie.a", "goes on with header"),
        ("$response.header.", "goes on with header"),
        ("$url#/a", "has no parts"),
        ("$response.header.a#/b", "has no parts"),
        ("$response.body#items", "begins with /, and here with 'i'"),
        ("$components.steps.a", "begins with none of"),
    ],
)
def test_what_is_no_expression_is_refused_with_the_reason(text: str, why: str) -> None:
    with pytest.raises(ExpressionError, match=why):
        parse(text)


def test_hash_is_a_letter_like_others_in_a_query() -> None:
    assert parse("$request.query.a#b").names == ("query", "a#b")


@pytest.mark.parametrize(
    "text", ["$url", "$steps.a.outputs.b#/c/0", "$response.body#/a~1b", "$request.header.x-y"]
)
def test_expression_is_written_as_it_was_read(text: str) -> None:
    assert str(parse(text)) == text


def test_values_keep_their_type_and_parts_of_texts_become_text() -> None:
    said = {"id": "$steps.find-it.outputs.pet#/id", "list": ["$statusCode", "{$statusCode}-{$url}"]}
    assert fill(said, SCOPE) == {"id": 3, "list": [201, "201-http://127.0.0.1:9/agents/7"]}


def test_structures_are_written_into_a_text_as_json() -> None:
    text = "pet={$steps.find-it.outputs.pet} null={$response.body#/items/0/id} {left} {alone}"
    assert fill(text, SCOPE) == 'pet={"id": 3} null=null {left} {alone}'


def test_text_that_leads_nowhere_is_refused() -> None:
    with pytest.raises(ExpressionError, match=r"\$inputs\.unknown leads to nothing"):
        fill({"a": ["x{$inputs.unknown}"]}, SCOPE)


def test_references_are_found_at_any_depth() -> None:
    said = {"a": "$inputs.x", "b": ["{$url}/{$method}", {"c": "plain", "d": 1}]}
    assert list(references(said)) == ["$inputs.x", "$url", "$method"]
