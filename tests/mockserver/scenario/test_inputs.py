"""What a workflow begins with."""

from __future__ import annotations

from typing import Any

import pytest

from mockserver.scenario.inputs import InputError, given, shapes_of, supplied
from mockserver.scenario.scales import Direction
from schemas.arazzo.model import Workflow
from tests.mockserver.scenario.building import step, workflow

INPUTS = {
    "type": "object",
    "properties": {
        "id": {"type": "string", "x-fresh": "agent"},
        "kind": {"type": "string", "default": "worker"},
        "token": {"type": "string"},
        "n": {"type": "integer", "default": 1},
        "any": True,
    },
    "required": ["token"],
}


def _given(direction: Direction, said: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return given(
        fields.get("workflow") or _workflow(),
        direction,
        said,
        fields.get("known", {}),
        lambda prefix: f"{prefix}-7",
    )


def _workflow(inputs: Any = None) -> Workflow:
    return workflow(step("a"), inputs=INPUTS if inputs is None else inputs)


def test_forward_what_nobody_gives_is_made_up() -> None:
    found = _given("forward", {}, known={"token": "t", "url": "not asked for"})
    assert found == {"id": "agent-7", "kind": "worker", "token": "t", "n": 1}


def test_forward_what_is_said_goes_before_what_is_known() -> None:
    found = _given("forward", {"token": "mine", "id": "me", "n": 3}, known={"token": "t"})
    assert found == {"id": "me", "kind": "worker", "token": "mine", "n": 3}


def test_backward_what_nobody_gives_is_the_clients() -> None:
    assert _given("backward", {}, known={"token": "t"}) == {"token": "t"}
    assert _given("backward", {"id": "me"}) == {"id": "me"}


def test_unknown_input_is_told_with_those_that_there_are() -> None:
    with pytest.raises(InputError, match="main has no input 'toke'; it has id, kind, token, n"):
        _given("forward", {"toke": 1})
    with pytest.raises(InputError, match="it has none"):
        _given("backward", {"x": 1}, workflow=workflow(step("a")))


def test_missing_input_is_told_with_how_to_give_it() -> None:
    with pytest.raises(InputError, match="wants the input 'token': give --input token=VALUE"):
        _given("forward", {})


@pytest.mark.parametrize("direction", ["forward", "backward"])
def test_input_of_another_type_is_told(direction: Direction) -> None:
    with pytest.raises(InputError, match="main: the input n "):
        _given(direction, {"n": "many", "token": "t"})


@pytest.mark.parametrize("inputs", [True, {}, {"properties": {"a": True}}])
def test_inputs_need_no_schema(inputs: Any) -> None:
    assert _given("forward", {}, workflow=_workflow(inputs)) == {}
    assert set(shapes_of(_workflow(inputs))) <= {"a"}


def test_several_clients_are_told_apart_without_being_asked() -> None:
    many = workflow(step("a"), clients=3)
    assert _given("forward", {}, workflow=many, known={"client": 2}) == {"client": 2}


def test_workflow_that_is_called_has_what_it_is_handed() -> None:
    inputs_of = supplied("forward", {"token": "t"}, lambda prefix: prefix + "!")
    assert inputs_of(_workflow(), {"kind": "boss"}) == {
        "id": "agent!",
        "kind": "boss",
        "token": "t",
        "n": 1,
    }
    with pytest.raises(InputError, match="has no input 'odd'"):
        inputs_of(_workflow(), {"odd": 1})
