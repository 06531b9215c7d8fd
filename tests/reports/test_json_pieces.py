"""JSON that is written piece by piece is the JSON that would be written at once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from reports.json_pieces import encoded, json_pieces


@pytest.mark.parametrize(
    "document",
    [
        {}, [], {"a": []}, {"a": {}, "b": [{}, [], {"c": [1, {"d": None}]}]},
        [1, "a\nb", "ü\u2028"], "text", 5, None, {"": {"": ""}}, {'"\\': ["\x00"]},
    ],
)  # fmt: skip
def test_plain_data_is_indented_as_ever(document: Any) -> None:
    assert b"".join(json_pieces(document)) == encoded(document) + b"\n"


def test_iterators_stand_for_arrays_wherever_they_are() -> None:
    items = [{"a": [1, 2], "b": "x\ny"}, "text", None]
    plain = {"list": items, "deep": [{"empty": [], "list": items}]}
    streamed = {"list": iter(items), "deep": [{"empty": iter(()), "list": iter(items)}]}
    assert b"".join(json_pieces(streamed)) == encoded(plain) + b"\n"


def test_an_item_is_asked_for_when_its_turn_has_come() -> None:
    asked = []

    def items() -> Iterator[int]:
        for number in range(3):
            asked.append(number)
            yield number

    pieces = json_pieces({"before": 1, "items": items()})
    text = b""
    while not asked:
        text += next(pieces)
    assert asked == [0]
    assert json.loads(text + b"".join(pieces)) == {"before": 1, "items": [0, 1, 2]}


def test_deep_bodies_are_written() -> None:
    deep: Any = 1
    for _ in range(400):
        deep = [deep]
    assert json.loads(b"".join(json_pieces({"items": iter([deep])}))) == {"items": [deep]}
