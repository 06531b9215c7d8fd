"""Every draw is what it says it is, for every request and message of all protocols."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import hypothesis
import jsonschema
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st

from conformance.fuzz.breaking import Breaker, Broken
from conformance.fuzz.drawing import Drawer
from conformance.fuzz.facets import Facets, SchemaError
from conformance.fuzz.seeds import messages
from conformance.fuzz.strategies import Sayings
from schemas import load, protocol_ids
from schemas.spec import Protocol
from schemas.validation import Shape, Validators

DRAWS = 4


def references(protocol: Protocol) -> Iterator[str]:
    """What agents say, and all messages; answers have nothing that these lack."""
    for operation in protocol.operations.values():
        if operation.request is not None:
            yield operation.request
    yield from (message.payload for message in protocol.messages.values())


def drawn(strategy: st.SearchStrategy[Any], count: int = DRAWS) -> list[Any]:
    values: list[Any] = []

    @hypothesis.seed(7)
    @settings(
        max_examples=count,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @hypothesis.given(strategy)
    def draw(value: Any) -> None:
        values.append(value)

    draw()
    return values


@pytest.mark.parametrize("name", protocol_ids())
def test_every_draw_is_what_it_says(name: str) -> None:
    protocol = load(name)
    validators = Validators(protocol)
    sayings = Sayings(protocol, validators)
    for reference in sorted(set(references(protocol))):
        shape = validators.at(reference)
        assert shape is not None
        good = drawn(sayings.valid(reference))
        assert good, reference
        assert all(map(shape.accepts, good)), reference
        breaking = sayings.broken(reference)
        broken = [] if breaking.is_empty else drawn(breaking)
        assert all(is_broken_there(shape, each) for each in broken), (reference, broken)


def is_broken_there(shape: Shape, broken: Broken) -> bool:
    """Does the validator object to that place, or to an alternative that it stands in?"""
    places = [violation.pointer for violation in shape.explain(broken.value)]
    return any(broken.pointer.startswith(place) for place in places)


SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["name", "kind"],
    "additionalProperties": False,
    "properties": {
        "name": {"type": "string", "minLength": 1, "maxLength": 5, "pattern": "^[a-z]*$"},
        "kind": {"enum": ["one", "two"]},
        "fixed": {"const": 7},
        "at": {"type": "string", "format": "date-time"},
        "share": {"type": "number", "exclusiveMinimum": 0, "maximum": 1},
        "count": {"type": "integer", "minimum": 3, "exclusiveMaximum": 5},
        "items": {
            "type": "array",
            "minItems": 1,
            "maxItems": 2,
            "uniqueItems": True,
            "items": {"not": {"enum": ["x"]}, "type": "string"},
        },
        "open": {"type": "object", "additionalProperties": {"type": "null"}, "minProperties": 1},
    },
}


def strategies(schema: Any) -> tuple[st.SearchStrategy[Any], st.SearchStrategy[Broken]]:
    drawer = Drawer(Facets({}))
    return drawer.of(schema), Breaker(drawer).of(schema)


def test_each_keyword_is_broken_by_itself() -> None:
    good, breaking = strategies(SCHEMA)
    oracle = jsonschema.Draft202012Validator(
        SCHEMA, format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER
    )
    legal = good.filter(oracle.is_valid)
    assert len(drawn(legal, 40)) == 40
    found: dict[str, set[str]] = {}
    for broken in drawn(breaking.filter(lambda each: not oracle.is_valid(each.value)), 600):
        objected = {error.validator for error in oracle.iter_errors(broken.value)}
        found.setdefault(broken.keyword, set()).update(objected)
    bounds = {"minLength", "maxLength", "minimum", "maximum", "minItems", "maxItems"}
    exclusive = {"exclusiveMinimum", "exclusiveMaximum", "additionalProperties", "minProperties"}
    named = {"type", "required", "enum", "const", "pattern", "format", "not", "uniqueItems"}
    assert found.keys() == bounds | exclusive | named
    assert all(keyword in objected for keyword, objected in found.items())


def test_an_alternative_that_nothing_meets_is_left_out() -> None:
    schema = {"const": 1, "anyOf": [{"const": 2}, {"minimum": 0}, {"type": "string"}]}
    good, _ = strategies(schema)
    assert set(drawn(good)) == {1}


def test_a_schema_that_goes_round_in_a_circle_is_drawn_from() -> None:
    document = {"tree": {"type": "object", "properties": {"left": {"$ref": "#/tree"}}}}
    drawer = Drawer(Facets(document))
    good = drawn(drawer.of(document["tree"]), 100)
    assert any("left" in tree.get("left", {}) for tree in good)
    broken = drawn(Breaker(drawer).of(document["tree"]), 50)
    assert any(each.pointer == "/left/left" for each in broken)


def test_a_keyword_that_is_not_known_is_told() -> None:
    with pytest.raises(SchemaError, match="'propertyNames'"):
        strategies({"type": "object", "propertyNames": {"minLength": 2}})


@pytest.mark.parametrize("name", ["architect", "caxton", "echocenter", "stella"])
def test_what_scenarios_say_on_connections_is_where_messages_start(name: str) -> None:
    protocol = load(name)
    validators = Validators(protocol)
    sayings = Sayings(protocol, validators)
    known = 0
    for message, said in messages(protocol).items():
        shape = validators.message(message)
        assert shape is not None
        legal = [each for each in said if shape.accepts(each)]
        if legal:
            known += 1
            assert any(each in legal for each in drawn(sayings.message(message), 40)), message
            broken = drawn(sayings.broken_message(message), 60)
            assert any(_kin(each.value, legal) for each in broken), message
    assert known, "some scenario says something"


def _kin(value: Any, legal: list[Any]) -> bool:
    """Does it differ from one of them by a single member?"""
    return isinstance(value, dict) and any(
        sum(value.get(name, hypothesis) != said.get(name, hypothesis) for name in value | said) == 1
        for said in legal
    )
