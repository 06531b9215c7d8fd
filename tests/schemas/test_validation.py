"""Legal or not, where, and why: with jsonschema as an oracle that shares no code with us."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from random import Random
from typing import Any

import jsonschema
import pytest
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from schemas import Place, Protocol, Shape, Validators, Violation
from schemas.examples import load_examples
from schemas.pointer import dig, join, locations, parse

MUTATIONS = 4000

STRANGE: tuple[Any, ...] = (
    None,
    True,
    False,
    0,
    -1,
    1,
    1.0,
    0.5,
    -0.25,
    2**53,
    1e300,
    "",
    " ",
    "x",
    "success",
    "active",
    "urgent",
    "Grüße, 世界 🜁",
    "2026-11-21T08:15:30Z",
    "2026-02-30T25:00:00",
    "http://127.0.0.1:1",
    "http://a b",
    [],
    [None],
    ["x"],
    {},
    {"x": 1},
    {"detail": "x"},
)


@pytest.fixture(scope="module")
def validators(aitbc: Protocol) -> Validators:
    return Validators(aitbc)


@pytest.fixture(scope="module")
def oracle(aitbc: Protocol) -> Callable[[Place], jsonschema.Draft202012Validator]:
    resource = DRAFT202012.create_resource(aitbc.openapi)
    registry: Registry[Any] = Registry().with_resource("urn:oracle", resource)
    made: dict[str, jsonschema.Draft202012Validator] = {}

    def at(place: Place) -> jsonschema.Draft202012Validator:
        operation = aitbc.operations[place.operation]
        where = operation.responses[place.answer] if place.answer else operation.request
        assert where is not None
        reference = where.replace("{", "%7B").replace("}", "%7D")
        if where not in made:
            made[where] = jsonschema.Draft202012Validator(
                {"$ref": f"urn:oracle{reference}"},
                registry=registry,
                format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER,
            )
        return made[where]

    return at


def _said_by_oracle(validator: jsonschema.Draft202012Validator, message: Any) -> set[str]:
    return set(_pointers(validator, message))


def _pointers(validator: jsonschema.Draft202012Validator, message: Any) -> Iterator[str]:
    for error in validator.iter_errors(message):
        if error.validator == "required":
            for name in error.validator_value:
                if name not in error.instance:
                    yield join([*error.absolute_path, name])
        else:
            yield join(error.absolute_path)


def _mutated(message: Any, chance: Random) -> Any:
    """A copy of a message with one or two things changed."""
    box = {"": copy.deepcopy(message)}
    for _ in range(chance.randint(1, 2)):
        places = list(_places(box, ()))
        *way, last = chance.choice(places)
        holder = dig(box, way)
        key: Any = int(last) if isinstance(holder, list) else last
        kind = chance.randrange(4)
        if kind == 0 and way:
            del holder[key]
        elif kind == 1 and isinstance(holder[key], dict):
            holder[key][f"x_{chance.randrange(9)}"] = chance.choice(STRANGE)
        elif kind == 2 and isinstance(holder[key], list):
            holder[key].append(copy.deepcopy(chance.choice(STRANGE)))
        else:
            holder[key] = copy.deepcopy(chance.choice(STRANGE))
    return box[""]


def _places(node: Any, above: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    for (step,) in locations(node, ["*"]):
        yield (*above, step)
        yield from _places(dig(node, [step]), (*above, step))


def test_verdicts_agree_with_the_oracle_on_golden_examples(
    aitbc: Protocol, validators: Validators, oracle: Any
) -> None:
    for example in load_examples(aitbc):
        shape = validators.place(example.place)
        assert shape is not None
        legal = oracle(example.place).is_valid(example.message)
        assert shape.accepts(example.message) is legal, example.name
        assert legal is not bool(example.violates), example.name


def test_verdicts_agree_with_the_oracle_on_mutations(
    aitbc: Protocol, validators: Validators, oracle: Any
) -> None:
    chance = Random(20261121)
    examples = load_examples(aitbc)
    legal = [example for example in examples if not example.violates]
    verdicts = {True: 0, False: 0}
    for _ in range(MUTATIONS):
        example = chance.choice(chance.choice((examples, legal)))
        message = _mutated(example.message, chance)
        shape = validators.place(example.place)
        assert shape is not None
        found = {violation.pointer for violation in shape.explain(message)}
        assert found == _said_by_oracle(oracle(example.place), message), (example.name, message)
        assert shape.accepts(message) is not bool(found), (example.name, message)
        verdicts[not found] += 1
    assert min(verdicts.values()) > MUTATIONS / 20, "the mutations are one-sided"


def _shape(validators: Validators, operation: str) -> Shape:
    shape = validators.request(operation)
    assert shape is not None
    return shape


REGISTRATION = {
    "agent_id": "a",
    "agent_type": "worker",
    "capabilities": ["ocr"],
    "endpoints": {"http": "http://127.0.0.1:1"},
}


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"agent_id": 3}, {("/agent_id", "type", 3)}),
        ({"agent_id": ""}, {("/agent_id", "minLength", "")}),
        ({"agent_type": "miner"}, {("/agent_type", "enum", "miner")}),
        ({"capabilities": ["a", 4, "b", None]}, {
            ("/capabilities/1", "type", 4),
            ("/capabilities/3", "type", None),
        }),
        ({"endpoints": {"a/b": "no url"}}, {("/endpoints/a~1b", "pattern", "no url")}),
        ({"agent_id": None, "services": 1}, {
            ("/agent_id", "type", None),
            ("/services", "type", 1),
        }),
    ],
)  # fmt: skip
def test_explanation_points_at_each_offending_value(
    validators: Validators, change: dict[str, Any], expected: set[tuple[str, str, Any]]
) -> None:
    found = _shape(validators, "registerAgent").explain({**REGISTRATION, **change})
    assert {(v.pointer, v.keyword, v.value) for v in found} == expected
    assert all(violation.message for violation in found)


def test_explanation_of_what_is_missing_points_at_the_missing_place(
    validators: Validators,
) -> None:
    found = _shape(validators, "registerAgent").explain({})
    assert {str(violation) for violation in found} == {
        "/agent_id: is missing",
        "/agent_type: is missing",
    }
    assert {violation.keyword for violation in found} == {"required"}


def test_explanation_of_the_whole_body_says_so(validators: Validators) -> None:
    (violation,) = _shape(validators, "registerAgent").explain([])
    assert violation.pointer == ""
    assert str(violation).startswith("(whole body): ")


def test_explanation_of_a_legal_message_is_empty(validators: Validators) -> None:
    shape = _shape(validators, "registerAgent")
    assert shape.accepts(REGISTRATION)
    assert shape.explain(REGISTRATION) == []


def test_half_a_surrogate_pair_is_explained_like_any_text() -> None:
    """JSON can escape one, so a peer can say it."""
    shape = Shape.of({"type": "object", "properties": {"a": {"type": "integer"}}})
    (violation,) = shape.explain({"a": "\ud800", "b\udfff": 1})
    assert (violation.pointer, violation.keyword) == ("/a", "type")


def test_unknown_fields_are_legal(validators: Validators) -> None:
    assert _shape(validators, "submitTask").accepts(
        {"task_data": {"x": 1}, "priority": "low", "x_later": {}}
    )


def test_answers_are_found_by_status_and_range(validators: Validators) -> None:
    missing = validators.answer("getAgent", 404)
    assert missing is not None
    assert missing.accepts({"detail": "Agent not found"})
    assert not missing.accepts({})
    assert validators.answer("getAgent", 418) is None
    free = validators.answer("getQueues", 202)
    assert free is not None
    assert free.accepts([1, "anything"])


def test_shape_that_is_not_there_is_none(validators: Validators) -> None:
    assert validators.request("getHealth") is None
    assert validators.answer("getDocumentationPage", 200) is None
    assert validators.parameter("clearQueue", "nonsense") is None


def test_path_parameters_have_shapes(validators: Validators) -> None:
    shape = validators.parameter("clearQueue", "priority")
    assert shape is not None
    assert shape.accepts("urgent")
    (violation,) = shape.explain("soonest")
    assert (violation.keyword, violation.value) == ("enum", "soonest")


def test_shapes_are_compiled_once(validators: Validators) -> None:
    assert validators.request("submitTask") is validators.request("submitTask")


def test_failure_wording_is_judged_by_pattern_and_constant(validators: Validators) -> None:
    broken, gone = validators.answer("submitTask", 500), validators.answer("submitTask", 503)
    assert broken is not None
    assert gone is not None
    assert broken.accepts({"detail": "Error submitting task: the queue is away"})
    assert not broken.accepts({"detail": "Error"})
    assert gone.accepts({"detail": "Task distributor not available"})
    assert not gone.accepts({"detail": "Task distributor not available."})


TIMESTAMPS = {
    "2026-11-21T08:15:30Z": True,
    "2026-11-21T08:15:30.1Z": True,
    "2026-11-21T08:15:30.123456789Z": True,
    "2026-11-21T08:15:30,5Z": True,
    "2026-11-21T08:15:30": True,
    "2026-11-21T08:15": True,
    "2026-11-21T08:15Z": True,
    "2026-11-21T08:15:30+01:00": True,
    "2026-11-21T08:15:30-0330": True,
    "2026-11-21T08:15:30+01": True,
    "2026-11-21T23:59:60Z": True,
    "20261121T081530Z": True,
    "20261121T081530.5+0100": True,
    "20261121T0815": True,
    "0001-01-01T00:00:00Z": True,
    "2026-11-21": False,
    "2026-11-21 08:15:30": False,
    "2026-11-21t08:15:30z": False,
    "2026-13-01T08:15:30Z": False,
    "2026-00-10T08:15:30Z": False,
    "2026-11-32T08:15:30Z": False,
    "2026-11-21T24:00:00Z": False,
    "2026-11-21T08:60:00Z": False,
    "2026-11-21T08:15:61Z": False,
    "2026-11-21T08:15:30.Z": False,
    "2026-11-21T08:15:30+1:00": False,
    "2026-11-21T081530Z": False,
    "20261121T08:15:30Z": False,
    "2026-11-21T08:15:30Z\n": False,
    " 2026-11-21T08:15:30Z": False,
    "2026-11-21T08:15:30 Z": False,
    "26-11-21T08:15:30Z": False,
    "٢٠٢٦-11-21T08:15:30Z": False,
    "1795248930": False,
    "": False,
}


@pytest.mark.parametrize(("text", "legal"), TIMESTAMPS.items())
def test_timestamps_are_iso_8601_in_any_common_form(
    validators: Validators, text: str, legal: bool
) -> None:
    shape = validators.answer("getHealth", 200)
    assert shape is not None
    said = {"status": "healthy", "version": "1", "timestamp": text}
    assert shape.accepts(said) is legal
    assert [v.pointer for v in shape.explain(said)] == ([] if legal else ["/timestamp"])


@pytest.mark.parametrize("value", [None, 1795248930, 1795248930.5, ["2026"], {"at": "2026"}])
def test_timestamps_are_text(validators: Validators, value: Any) -> None:
    shape = validators.answer("getHealth", 200)
    assert shape is not None
    assert not shape.accepts({"status": "healthy", "version": "1", "timestamp": value})


def test_violation_reads_as_place_and_reason() -> None:
    violation = Violation(pointer="/a", keyword="type", message="is wrong", value=1)
    assert str(violation) == "/a: is wrong"


def test_pointer_of_a_violation_can_be_followed(aitbc: Protocol, validators: Validators) -> None:
    for example in load_examples(aitbc):
        shape = validators.place(example.place)
        for violation in shape.explain(example.message) if shape else []:
            if violation.keyword != "required":
                assert dig(example.message, parse(violation.pointer)) == violation.value
