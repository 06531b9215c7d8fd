"""Is that what a step awaits? What is known must be equal, what is open is bound."""

from __future__ import annotations

from typing import Any

import pytest

from mockserver.scenario.acts import Sight
from mockserver.scenario.matching import match_client, match_message, open_input
from schemas.arazzo.expressions import NOTHING, Said, Scope
from schemas.arazzo.model import Body, Parameter, Step
from schemas.arazzo.replacements import read_replacement
from tests.mockserver.scenario.building import known, step

SCOPE = Scope(
    inputs={"id": "a-1", "n": 5, "none": None, "flag": True, "list": [1, 2]},
    steps={"one": {"task": {"id": "t", "tags": ["x", "y"]}}},
)


def _fits(seen: Any, **fields: Any) -> str:
    sight = Sight(request=Said(body=seen))
    return match_client(step("a", **fields), SCOPE, sight).why


@pytest.mark.parametrize(
    ("payload", "seen"),
    [
        ({"id": "$inputs.id"}, {"id": "a-1", "more": 1}),
        ({"id": "$inputs.id", "kind": "worker"}, {"id": "a-1", "kind": "another"}),
        ({"n": "$inputs.n"}, {"n": 5.0}),
        ({"text": "no {$inputs.n}"}, {"text": "no 5"}),
        ({"none": "$inputs.none"}, {}),
        ({"flag": "$inputs.flag"}, {"flag": True}),
        ({"deep": [{"id": "$inputs.id"}]}, {"deep": [{"id": "a-1"}, {"id": "b"}]}),
        ("$steps.one.outputs.task", {"id": "t", "tags": ["x", "y"]}),
        ('{"id": "{$inputs.id}", "n": {$inputs.n}}', {"id": "a-1", "n": 5}),
        ('{"said": "\\"{$inputs.id}\\""}', {"said": '"a-1"'}),
        ("{no json $inputs.id", "anything"),
        ({"other": "$inputs.unknown.part"}, {"other": 1}),
        (
            {
                "first": {
                    "context": "$steps.one.outputs.task",
                    "selector": "$.tags[0]",
                    "type": "jsonpath",
                }
            },
            {"first": "x"},
        ),
    ],
)
def test_payload_that_has_the_known_values_fits(payload: Any, seen: Any) -> None:
    assert _fits(seen, payload=payload) == ""


@pytest.mark.parametrize(
    ("payload", "seen", "why"),
    [
        ({"id": "$inputs.id"}, {"id": "a-2"}, '/id is "a-2", not "a-1"'),
        ({"id": "$inputs.id"}, {}, '/id is missing, not "a-1"'),
        ({"id": "$inputs.id"}, {"id": "A-1"}, '/id is "A-1", not "a-1"'),
        ({"id": "$inputs.id"}, "text", '/id is missing, not "a-1"'),
        ({"id": "$inputs.id"}, NOTHING, '/id is missing, not "a-1"'),
        ({"n": "$inputs.n"}, {"n": True}, "/n is true, not 5"),
        ({"deep": [{"id": "$inputs.id"}]}, {"deep": []}, '/deep/0/id is missing, not "a-1"'),
        ({"a/b": "$inputs.n"}, {"a/b": 6}, "/a~1b is 6, not 5"),
        ('{"n": {$inputs.n}}', {"n": 6}, "/n is 6, not 5"),
        ({"text": "no {$inputs.n}"}, {"text": "no 6"}, '/text is "no 6", not "no 5"'),
        ({"id": "$inputs.id"}, {"id": "x" * 90}, f'/id is "{"x" * 58}…, not "a-1"'),
    ],
)
def test_payload_with_another_value_says_where(payload: Any, seen: Any, why: str) -> None:
    assert _fits(seen, payload=payload) == why


def test_inputs_that_are_open_take_what_the_client_chose() -> None:
    payload = {"who": "$inputs.who", "again": "$inputs.who", "deep": {"x": "$inputs.x"}}
    sight = Sight(request=Said(body={"who": "me", "again": "me", "deep": {"x": [1]}}))
    match = match_client(step("a", payload=payload), SCOPE, sight)
    assert (match.why, match.bound) == ("", {"who": "me", "x": [1]})


def test_input_that_is_open_has_one_value() -> None:
    payload = {"who": "$inputs.who", "again": "$inputs.who"}
    sight = Sight(request=Said(body={"who": "me", "again": "you"}))
    assert match_client(step("a", payload=payload), SCOPE, sight).why == (
        '/again is "you", not "me"'
    )


def test_input_that_the_client_left_out_stays_open() -> None:
    sight = Sight(request=Said(body={}))
    match = match_client(step("a", payload={"who": "$inputs.who"}), SCOPE, sight)
    assert (match.why, match.bound) == ("", {})


@pytest.mark.parametrize(
    ("place", "value", "path", "query", "why"),
    [
        ("path", "$inputs.id", {"p": "a-1"}, {}, ""),
        ("path", "$inputs.n", {"p": "5"}, {}, ""),
        ("path", "fixed", {"p": "fixed"}, {}, ""),
        ("path", "fixed", {"p": "other"}, {}, 'path p is "other", not "fixed"'),
        ("path", "$inputs.id", {}, {}, 'path p is missing, not "a-1"'),
        ("query", True, {}, {"p": "true"}, ""),
        ("query", True, {}, {"p": "false"}, 'query p is "false", not true'),
        ("query", ["a", "b"], {}, {"p": "a"}, ""),
        ("query", ["a", "b"], {}, {"p": "b"}, 'query p is "b", not "a"'),
        ("header", "x", {}, {}, ""),
        ("cookie", "x", {}, {}, ""),
        ("querystring", "x=1", {}, {}, ""),
    ],
)
def test_parameters_of_path_and_query_count(
    place: Any, value: Any, path: dict[str, str], query: dict[str, str], why: str
) -> None:
    asked = step("a", parameters=[Parameter(name="p", value=value, place=place)])
    sight = Sight(request=Said(path=path, query=query))
    assert match_client(asked, SCOPE, sight).why == why


def test_parameters_bind_what_is_open() -> None:
    asked = step("a", parameters=[Parameter(name="p", value="$inputs.who", place="path")])
    match = match_client(asked, SCOPE, Sight(request=Said(path={"p": "me"})))
    assert match.bound == {"who": "me"}


def _set(payload: Any, *replacements: dict[str, Any]) -> Step:
    read = [read_replacement(each) for each in replacements]
    return step("a", body=Body(payload=payload, replacements=read))


@pytest.mark.parametrize(
    ("replacement", "seen", "why", "bound"),
    [
        ({"target": "/id", "value": "$inputs.id"}, {"id": "a-1"}, "", {}),
        ({"target": "/id", "value": "$inputs.id"}, {"id": "b"}, '/id is "b", not "a-1"', {}),
        ({"target": "/id", "value": "$inputs.who"}, {"id": "b"}, "", {"who": "b"}),
        ({"target": "/id", "value": "constant"}, {"id": "b"}, "", {}),
        (
            {"target": "$.id", "targetSelectorType": "jsonpath", "value": "$inputs.n"},
            {"id": 4},
            "/id is 4, not 5",
            {},
        ),
        ({"target": "/not/there", "value": "$inputs.n"}, {"id": 4}, "", {}),
    ],
)
def test_replacements_are_places_of_the_payload(
    replacement: dict[str, Any], seen: Any, why: str, bound: dict[str, Any]
) -> None:
    asked = _set({"id": 0}, replacement)
    match = match_client(asked, SCOPE, Sight(request=Said(body=seen)))
    assert (match.why, match.bound) == (why, bound)


def test_replacement_stands_in_for_what_the_payload_says() -> None:
    asked = _set({"id": "$inputs.id"}, {"target": "/id", "value": "$inputs.n"})
    assert match_client(asked, SCOPE, Sight(request=Said(body={"id": 5}))).why == ""


def test_message_of_a_client_is_compared_as_its_payload() -> None:
    channel = known("stella").channels["taskStream"]
    said = step("a", action="send", channel=channel, payload={"id": "$inputs.id"})
    sight = Sight(message=Said(body={"id": "b"}))
    assert match_client(said, SCOPE, sight).why == '/id is "b", not "a-1"'


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("$inputs.who", "who"),
        ("$inputs.who#/part", ""),
        ("{$inputs.who}", ""),
        ("$steps.a.outputs.who", ""),
        (5, ""),
    ],
)
def test_open_input_is_an_input_and_nothing_else(text: Any, name: str) -> None:
    assert open_input(text) == name


# What a client is told


def test_message_must_be_of_its_kind_and_answer_what_was_asked() -> None:
    message, place = "reply", "/idempotence"
    told = Step(
        id="a",
        channel=known("architect").channels["socket"],
        action="receive",
        message=message,
        correlation="$inputs.id",
    )
    key = place[1:]
    assert match_message(told, SCOPE, {key: "a-1"}, message) == ""
    assert match_message(told, SCOPE, {key: "b"}, message) == f'{place} is "b", not "a-1"'
    assert match_message(told, SCOPE, {}, message) == f"{place} is missing"
    assert match_message(told, SCOPE, {key: "a-1"}, "else") == f"else is no {message}"
    assert match_message(told, SCOPE, {}, "") == f"what came is no {message}"
    assert "leads to nothing" in match_message(told, Scope(), {key: "x"}, message)


def test_message_without_a_place_for_it_answers_nothing() -> None:
    channel = known("stella").channels["taskStream"]
    told = step("a", action="receive", channel=channel, correlation="x")
    assert match_message(told, SCOPE, {}, "") == "what came has no correlation id"
