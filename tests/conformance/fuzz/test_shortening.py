"""Less of what was said: smaller values, fewer steps."""

from __future__ import annotations

import json

from conformance.fuzz.lawfulness import Asked
from conformance.fuzz.shortening import Way, smaller


def asked(agent: str = "", body: object = None) -> Asked:
    raw = None if body is None else json.dumps(body).encode()
    return Asked(operation="any", method="POST", parameters={"agent": agent}, body=raw)


def test_values_become_smaller_one_thing_at_a_time() -> None:
    found = [*smaller({"a": ["xy", 7], "b": None})]
    assert found == [
        {"b": None},
        {"a": ["xy", 7]},
        {"a": [7], "b": None},
        {"a": ["xy"], "b": None},
        {"a": ["x", 7], "b": None},
        {"a": ["y", 7], "b": None},
        {"a": ["xy", 0], "b": None},
    ]


def test_odd_names_become_plain_ones() -> None:
    assert [*smaller({"\0ü": None, "plain_one": None})][-1] == {"x": None, "plain_one": None}
    assert {"x": None, "\0": None} not in [*smaller({"x": None, "\0": None})]


def test_what_is_smallest_stays() -> None:
    smallest: list[object] = [None, True, 0, "", "x", [], {}]
    assert [less for value in smallest for less in smaller(value)] == []


def test_the_step_that_made_something_goes_last() -> None:
    way = Way().on(asked(), "a-1").on(asked("b"), "").on(asked("a-1"), "")
    shorter = [*way.shorter()]
    assert [[each.parameters["agent"] for each in way.asked] for way in shorter] == [["", "a-1"]]


def test_bodies_become_smaller_too() -> None:
    way = Way().on(asked(body={"a": 1}), "")
    assert [each.asked[0].body for each in way.shorter()] == [b"{}", b'{"a": 0}']


def test_of_a_long_way_the_end_is_tried_first() -> None:
    way = Way()
    for _ in range(6):
        way = way.on(asked(), "")
    assert len(next(way.shorter()).asked) == 3
