"""Violations that there are whatever stands where nothing is known yet."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import pytest

from schemas import Shape, Validators, load, protocol_ids
from schemas.examples import load_examples
from schemas.pointer import dig, join

SHAPE = Shape.of(
    {
        "type": "object",
        "required": ["kind", "size"],
        "properties": {
            "kind": {"enum": ["boat", "crew"]},
            "size": {"type": "integer"},
            "tags": {"type": "array", "uniqueItems": True, "contains": {"const": "here"}},
            "of": {"oneOf": [{"required": ["a"]}, {"properties": {"b": {"const": 1}}}]},
        },
        "if": {"properties": {"kind": {"const": "boat"}}},
        "then": {"required": ["sail"]},
        "else": {"required": ["names"]},
        "additionalProperties": {"type": "string"},
    }
)


@pytest.mark.parametrize(
    ("message", "unknown", "certain"),
    [
        ({"kind": "$k", "size": 1}, ["/kind"], []),  # nobody knows which else it needs
        ({"kind": "boat", "size": 1}, [], ["/sail"]),
        ({"kind": "boat", "size": "$s", "sail": "x"}, ["/size"], []),
        ({"kind": "boat", "sail": "x"}, [], ["/size"]),
        ({"kind": "boat", "size": "s", "sail": "$x"}, ["/sail"], ["/size"]),
        ({"kind": "bot", "size": 1, "sail": "$x"}, ["/sail"], ["/kind"]),
        ({"kind": "crew", "size": 1, "names": "x", "tags": ["$t"]}, ["/tags/0"], []),
        ({"kind": "crew", "size": 1, "names": "x", "tags": ["$t", "$t"]}, ["/tags/0"], []),
        ({"kind": "crew", "size": 1, "names": "x", "tags": 3}, ["/names"], ["/tags"]),
        ({"kind": "crew", "size": 1, "names": "x", "of": {"b": "$b"}}, ["/of/b"], []),
        ("$all", [""], []),
    ],
)
def test_what_hangs_on_the_unknown_is_left_out(
    message: Any, unknown: list[str], certain: list[str]
) -> None:
    assert [each.pointer for each in SHAPE.certain(message, unknown)] == certain


def _places(value: Any, at: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    yield at
    children: Any = {}
    if isinstance(value, dict):
        children = value
    elif isinstance(value, list):
        children = {str(index): item for index, item in enumerate(value)}
    for step, child in children.items():
        yield from _places(child, (*at, step))


def _hidden(message: Any, at: tuple[str, ...]) -> Any:
    if not at:
        return "$unknown"
    changed = copy.deepcopy(message)
    parent = dig(changed, at[:-1])
    parent[int(at[-1]) if isinstance(parent, list) else at[-1]] = "$unknown"
    return changed


@pytest.mark.parametrize("protocol", protocol_ids())
def test_lawful_message_has_no_violation_whatever_is_hidden(protocol: str) -> None:
    spec = load(protocol)
    validators = Validators(spec)
    examples = [each for each in load_examples(spec) if not each.violates]
    assert examples
    for example in examples:
        shape = validators.place(example.place)
        for at in _places(example.message) if shape else ():
            assert shape is not None
            found = shape.certain(_hidden(example.message, at), [join(at)])
            assert not found, f"{example.name} without {join(at)}: {found[0]}"


@pytest.mark.parametrize("protocol", protocol_ids())
def test_violation_elsewhere_is_still_seen(protocol: str) -> None:
    """Where a plain part of an illegal message is hidden, what is wrong with another is told."""
    spec = load(protocol)
    validators = Validators(spec)
    seen = hidden = 0
    for example in load_examples(spec):
        shape = validators.place(example.place)
        if not example.violates or shape is None or not isinstance(example.message, dict):
            continue
        wrong = {each.steps[:1] for each in shape.explain(example.message)}
        for key in [key for key in example.message if (key,) not in wrong]:
            hidden += 1
            seen += bool(shape.certain(_hidden(example.message, (key,)), [f"/{key}"]))
    assert seen > 0.7 * hidden
