"""What faults do to bodies: pure, seeded, and nothing where there is nothing to strike."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import orjson
import pytest

from mockserver.faults import Fault
from mockserver.faults.bodies import another_id, garbled, of_another_type, spoiled
from mockserver.faults.kinds import Kind
from mockserver.faults.plan import Stroke
from mockserver.world import chance

AGENT = {"agent": {"id": "a-1", "tags": ["x", "y"], "load": 3}, "ok": True}


def _stroke(kind: Kind, seed: int = 0, **options: Any) -> Stroke:
    return Stroke(Fault(kind=kind, **options), chance(seed, "test"))


def test_extra_adds_a_field_to_an_object_and_to_nothing_else() -> None:
    said = spoiled(AGENT, _stroke("extra"), "")
    assert said == {**AGENT, "x_unheard_of": {"since": "a later version"}}
    others: list[Any] = [[], "text", None, 5]
    for other in others:
        with pytest.raises(LookupError):
            spoiled(other, _stroke("extra"), "")


@pytest.mark.parametrize(
    ("pointer", "value", "left"),
    [
        ("/ok", 5, {"agent": AGENT["agent"], "ok": 5}),
        ("/agent/tags/1", None, {"agent": {**AGENT["agent"], "tags": ["x", None]}, "ok": True}),  # type: ignore[dict-item]
        ("/agent", [], {"agent": [], "ok": True}),
        ("", "all of it", "all of it"),
    ],
)
def test_field_at_a_pointer_gets_a_value(pointer: str, value: Any, left: Any) -> None:
    before = orjson.dumps(AGENT)
    assert spoiled(AGENT, _stroke("corrupt_field", pointer=pointer, value=value), "") == left
    assert orjson.dumps(AGENT) == before, "what the coordinator keeps is not touched"


@pytest.mark.parametrize("pointer", ["/none", "/agent/tags/2", "/agent/tags/x", "/ok/0", "/²"])
@pytest.mark.parametrize("kind", ["corrupt_field", "wrong_correlation"])
def test_pointer_that_leads_nowhere_strikes_nothing(kind: Kind, pointer: str) -> None:
    with pytest.raises(LookupError):
        spoiled(AGENT, _stroke(kind, pointer=pointer), "")
    with pytest.raises(LookupError):
        spoiled([], _stroke(kind, pointer=pointer), "")


@pytest.mark.parametrize("value", [None, True, 0, 1.5, "text", [], {}, [1], {"a": 1}])
def test_value_of_another_type_is_of_another_type(value: Any) -> None:
    for seed in range(30):
        other = of_another_type(value, chance(seed, "x"))
        numbers = isinstance(value, float) and isinstance(other, int)
        assert type(other) is not type(value)
        assert isinstance(other, bool) or not numbers


def test_seeded_field_is_any_and_the_same_for_a_seed() -> None:
    seen = {orjson.dumps(spoiled(AGENT, _stroke("corrupt_field", seed), "")) for seed in range(200)}
    assert len(seen) > 20
    assert orjson.dumps(AGENT) not in seen
    again = [spoiled(AGENT, _stroke("corrupt_field", 7), "") for _ in range(2)]
    assert again[0] == again[1]
    empties: list[Any] = [{}, [], "text", None]
    for empty in empties:
        with pytest.raises(LookupError):
            spoiled(empty, _stroke("corrupt_field"), "")


def test_where_types_are_fixed_a_field_keeps_its_type_or_is_left_out() -> None:
    def fits(said: Any) -> bool:
        return isinstance(said.get("load", 0), int)

    said = {"load": 3}
    kept = spoiled(said, _stroke("corrupt_field", pointer="/load"), "", fits)
    assert isinstance(kept["load"], int)
    assert kept["load"] != 3
    assert spoiled(said, _stroke("corrupt_field", pointer="/load", value="x"), "", fits) == {}
    nested = {"a": [{"load": 3}, 4]}
    told = _stroke("corrupt_field", pointer="/a/0/load", value="x")
    assert spoiled(nested, told, "", lambda _: False) == {"a": [{}, 4]}
    told = _stroke("corrupt_field", pointer="/a/1", value="x")
    assert spoiled(nested, told, "", lambda _: False) == {"a": [{"load": 3}]}
    told = _stroke("corrupt_field", pointer="", value="x")
    assert spoiled(nested, told, "", lambda _: False) == {}


@pytest.mark.parametrize(
    "value",
    ["5c1f0d2e", "a", "7", "", "--", "Agent_12", "3f2504e0-4f89-41d3-9a0c-0305e82c3301", 5, 0],
)
def test_another_id_has_the_same_form(value: Any) -> None:
    for seed in range(50):
        other = another_id(value, chance(seed, "x"))
        assert other != value
        assert type(other) is type(value)
        if isinstance(value, str) and len(value) > 7:
            assert len(other) == len(value)
        if isinstance(value, str) and len(value) == 36:
            UUID(other)


@pytest.mark.parametrize("value", [None, True, [], {}, 1.5])
def test_what_is_no_id_is_left_alone(value: Any) -> None:
    with pytest.raises(LookupError):
        another_id(value, chance(0, "x"))


def test_correlation_is_where_the_document_says_or_the_fault() -> None:
    said = {"idempotence": "5c1f", "parameters": {"id": "77"}}
    by_document = spoiled(said, _stroke("wrong_correlation"), "/idempotence")
    assert by_document["idempotence"] != "5c1f"
    assert by_document["parameters"] == {"id": "77"}
    told = _stroke("wrong_correlation", pointer="/parameters/id")
    by_fault = spoiled(said, told, "/idempotence")
    assert by_fault["idempotence"] == "5c1f"
    assert by_fault["parameters"]["id"] != "77"
    with pytest.raises(LookupError):
        spoiled(said, _stroke("wrong_correlation"), "")


@pytest.mark.parametrize("place", ["http", "grpc", "websocket"])
def test_garbage_is_never_a_message(place: str) -> None:
    for seed in range(100):
        data = garbled(b"{}", _stroke("garbage", seed), place)
        assert len(data) == 64
        with pytest.raises(ValueError, match=r"unexpected|valid"):
            orjson.loads(data)
        if place == "websocket":
            data.decode()
    assert garbled(b"", _stroke("garbage", 3), place) == garbled(b"", _stroke("garbage", 3), place)


def test_bytes_are_cut_or_taken_away() -> None:
    assert garbled(b'{"a": 1}', _stroke("corrupt"), "websocket") == b'{"a"'
    assert garbled(b'{"a": 1}', _stroke("truncate"), "http") == b'{"a"'
    assert garbled(b"x", _stroke("truncate"), "http") == b""
    assert garbled(b"x", _stroke("empty"), "http") == b""
    for kind in ("corrupt", "truncate"):
        with pytest.raises(LookupError):
            garbled(b"", _stroke(kind), "http")


@pytest.mark.parametrize("kind", ["delay", "drop", "duplicate", "status"])
def test_other_kinds_leave_a_body_alone(kind: Kind) -> None:
    assert spoiled(AGENT, _stroke(kind), "") is AGENT
    data = b"{}"
    assert garbled(data, _stroke(kind), "http") is data
