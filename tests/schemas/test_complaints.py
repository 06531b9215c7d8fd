"""What a schema has against a value, in words that help."""

from __future__ import annotations

from typing import Any

import jsonschema_rs
import pytest

from schemas.complaints import complaints

SCHEMA: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "properties": {
        "size": {"oneOf": [{"type": "integer", "minimum": 1}, {"$ref": "#/$defs/range"}]},
        "kind": {"type": "string"},
        "colour": {"enum": ["black", "white"]},
        "boat": {
            "properties": {"name": {"type": "string"}, "sail": {}, "motor": {}},
            "oneOf": [{"required": ["sail"]}, {"required": ["motor"]}],
        },
    },
    "if": {"properties": {"kind": {"const": "motor"}}},
    "then": {"properties": {"horses": {"type": "integer"}}},
    "unevaluatedProperties": False,
    "$defs": {
        "range": {
            "type": "object",
            "allOf": [{"properties": {"least": {"type": "integer"}}}],
            "properties": {"most": {"type": "integer"}},
            "unevaluatedProperties": False,
        }
    },
}
VALIDATOR = jsonschema_rs.Draft202012Validator(SCHEMA)


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ({"size": 0}, [("/size", "less than the minimum", "")]),
        ({"size": {"least": "x"}}, [("/size/least", 'not of type "integer"', "")]),
        ({"size": {"last": 1}}, [("/size/last", "'last' is no field", "did you mean 'least'?")]),
        (
            {"size": {"last": 1, "most": "x"}},
            [("/size/last", "'last' is no field", "least"), ("/size/most", "not of type", "")],
        ),
        ({"size": "x"}, [("/size", "not of type", "")]),
        ({"kind": "sail", "horses": 9}, [("/horses", "'horses' does not go with", "")]),
        ({"kind": "motor", "horses": "x"}, [("/horses", 'not of type "integer"', "")]),
        ({"colour": "blak"}, [("/colour", "not one of", "did you mean 'black'?")]),
        ({"colour": "red"}, [("/colour", "not one of", "there is black, white")]),
        ({"color": "x"}, [("/color", "'color' is no field", "did you mean 'colour'?")]),
        ({"boat": {}}, [("/boat", "has none of sail, motor", "add what is missing")]),
        ({"boat": {"sail": 1, "motor": 1}}, [("/boat", "sail and motor exclude", "leave one")]),
        ([], [("", 'is not of type "object"', "")]),
    ],
)
def test_only_what_was_meant_is_told(value: Any, told: list[tuple[str, str, str]]) -> None:
    found = sorted(
        (f"/{'/'.join(each.steps)}".rstrip("/"), each.message, each.hint)
        for each in complaints(VALIDATOR.iter_errors(value), lambda _: SCHEMA)
    )
    assert len(found) == len(told), found
    for (steps, message, hint), (at, says, hinted) in zip(found, told, strict=True):
        assert steps == at
        assert says in message
        assert hinted in hint


def test_long_value_is_not_repeated_in_full() -> None:
    value = {"size": ["long"] * 200}
    (told,) = complaints(VALIDATOR.iter_errors(value), lambda _: SCHEMA)
    assert len(told.message) < 200
