"""Each operator changes what it says, and nothing else."""

from __future__ import annotations

from typing import Any

import pytest

from conformance.mutation.catalogue_fields import Field, Node, fields
from conformance.mutation.operators import ABSENT, broken, values_at
from schemas.validation import Shape

SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["id", "kind"],
    "properties": {
        "id": {"type": "string", "pattern": "^[0-9a-f]{4}$"},
        "kind": {"enum": ["one", "two"]},
        "size": {"type": "integer", "minimum": 0, "maximum": 9},
        "name": {"type": ["string", "null"], "minLength": 2, "maxLength": 4},
        "at": {"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"},
        "sure": {"type": "boolean"},
        "rows": {"type": "array", "minItems": 1, "maxItems": 2, "items": {"$ref": "#/$defs/row"}},
    },
    "$defs": {"row": {"type": "object", "properties": {"id": {"type": "string"}}}},
}
MESSAGE: dict[str, Any] = {
    "id": "12af",
    "kind": "one",
    "size": 4,
    "name": "abc",
    "at": "2026-03-05",
    "sure": True,
    "rows": [{"id": "a"}, {"id": "b"}],
}
SHAPE = Shape.of(SCHEMA)


def field(pointer: str) -> Field:
    known = {each.pointer: each for each in fields(Node(SCHEMA, SCHEMA))}
    return known[pointer]


def test_fields_are_found_through_references() -> None:
    known = [each.pointer for each in fields(Node(SCHEMA, SCHEMA))]
    assert known[:3] == ["", "/id", "/kind"]
    assert known[-3:] == ["/rows", "/rows/*", "/rows/*/id"]


def test_a_schema_that_holds_itself_comes_to_an_end() -> None:
    tree: dict[str, Any] = {"properties": {"child": {"$ref": "#"}, "name": {"type": "string"}}}
    assert [each.pointer for each in fields(Node(tree, tree))] == ["", "/child", "/name"]


@pytest.mark.parametrize(
    ("operator", "pointer", "after"),
    [
        ("retype", "/id", 7),
        ("retype", "/sure", "true"),
        ("null", "/size", None),
        ("out-of-enum", "/kind", "unheard-of"),
        ("fraction", "/size", 4.5),
        ("below-minimum", "/size", -1),
        ("above-maximum", "/size", 10),
        ("too-short", "/name", "a"),
        ("too-long", "/name", "abc" * 5),
        ("malformed", "/id", "?12af"),
        ("too-short", "/rows", []),
        ("wrong", "/id", "12aa"),
        ("wrong", "/kind", "two"),
        ("wrong", "/size", 5),
        ("wrong", "/sure", False),
        ("wrong", "/at", "2027-03-05"),
        ("wrong", "/rows", [{"id": "a"}]),
    ],
)
def test_value_is_replaced(operator: str, pointer: str, after: Any) -> None:
    changed = broken(operator, MESSAGE, field(pointer), SHAPE.accepts)
    name = pointer[1:]
    assert changed[name] == after
    assert {**changed, name: MESSAGE[name]} == MESSAGE
    assert SHAPE.accepts(changed) is (operator == "wrong")


def test_member_is_dropped_or_renamed_wherever_it_stands() -> None:
    dropped = broken("drop", MESSAGE, field("/rows/*/id"), SHAPE.accepts)
    assert dropped["rows"] == [{}, {}]
    renamed = broken("rename", MESSAGE, field("/id"), SHAPE.accepts)
    assert renamed["id_"] == "12af"
    assert "id" not in renamed
    assert MESSAGE["id"] == "12af", "the message that came stays as it is"


def test_stale_is_what_stood_there_before() -> None:
    known = field("/id")
    assert broken("stale", MESSAGE, known, SHAPE.accepts) is ABSENT
    earlier = values_at({**MESSAGE, "id": "00ff"}, known)
    assert broken("stale", MESSAGE, known, SHAPE.accepts, earlier)["id"] == "00ff"
    assert broken("stale", MESSAGE, known, SHAPE.accepts, ["12af"]) is ABSENT


def test_what_is_not_there_cannot_be_changed() -> None:
    assert broken("drop", {"kind": "one"}, field("/id"), SHAPE.accepts) is ABSENT
    assert broken("wrong", {"kind": "one"}, field("/id"), SHAPE.accepts) is ABSENT
    assert broken("out-of-enum", MESSAGE, field("/id"), SHAPE.accepts) is ABSENT
