"""Bodies as lines to read: marks, gaps and cuts."""

from __future__ import annotations

import json
from typing import Any

import pytest

from reports.body import pretty

BODY: dict[str, Any] = {"a": 1, "b": {"c/d": [True, {"e": None}], "f": {}}, "g": "ü\u001b"}


def hits(body: Any, *pointers: str) -> list[str]:
    return [str(line).strip() for line in pretty(body, pointers).lines if line.hit or line.missing]


@pytest.mark.parametrize("body", [BODY, [], {}, [[[]]], {"": 0}, [1, [2, {"x": [3]}]]])
def test_unmarked_lines_are_the_body_itself(body: Any) -> None:
    assert json.loads(str(pretty(body))) == body


def test_offending_scalar_is_marked() -> None:
    assert hits(BODY, "/b/c~1d/0") == ["true,    <-- /b/c~1d/0"]


def test_offending_container_is_marked_as_a_whole() -> None:
    assert hits(BODY, "/b/c~1d") == [
        '"c/d": [    <-- /b/c~1d',
        "true,",
        "{",
        '"e": null',
        "}",
        "],",
    ]


@pytest.mark.parametrize(
    ("pointer", "line"),
    [
        ("/z", '"z":     <-- /z'),
        ("/b/f/x/y", '"x":     <-- /b/f/x/y'),
        ("/b/c~1d/7", '"7":     <-- /b/c~1d/7'),
        ("/a/x", '"a": 1,    <-- /a/x'),
    ],
)
def test_missing_value_is_shown_where_it_should_stand(pointer: str, line: str) -> None:
    assert hits(BODY, pointer) == [line]


def test_whole_body() -> None:
    assert hits([1], "") == ["[    <-- (whole body)", "1", "]"]
    assert hits(None, "") == ["null    <-- (whole body)"]


def test_no_body_has_no_lines() -> None:
    assert pretty(None).lines == ()
    assert pretty(None, ["/a"]).lines == ()


def test_text_is_shown_as_it_came() -> None:
    assert str(pretty("a\nb")) == "a\nb"
    assert hits("a\nb", "") == ["a    <-- (whole body)", "b"]


def test_pointer_into_text_marks_nothing() -> None:
    """A body that was cut is no JSON any more: no telling what the pointer meant."""
    assert hits('{"a": "cut he', "/a") == []


def test_text_that_holds_json_is_read_as_json() -> None:
    assert hits('{"a": 1}', "/a") == ['"a": 1    <-- /a']


def test_large_body_is_cut_with_a_note() -> None:
    body = pretty({"items": list(range(100_000))})
    assert sum(map(len, body.lines)) <= 20_000
    assert body.cut == "cut here: the first 20 of about 688 kB are shown"
    assert str(body).endswith(f"[{body.cut}]")


def test_large_value_is_cut_within_its_line() -> None:
    body = pretty({"a": "x" * 50_000}, limit=100)
    assert 80 < sum(map(len, body.lines)) <= 100
    assert body.cut


def test_deep_body_is_shown() -> None:
    body: Any = 1
    for _ in range(250):
        body = {"a": [body]}
    shown = pretty(body, ["/a/0/a", "/a/0" * 250])
    assert shown.lines
    assert max(len(line.indent) for line in shown.lines) < 200
