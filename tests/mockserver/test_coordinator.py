"""The sans-I/O contract: calls in, answers out, and nothing that nobody handles goes unnamed."""

from __future__ import annotations

import pytest

from mockserver.coordinator import Answer, Call, Coordinator, Refusal, Wrong, handles
from mockserver.protocols import coordinator_class, make_coordinator
from mockserver.world import VirtualClock, World
from schemas import PackError, Protocol, load, protocol_ids


class Small(Coordinator):
    @handles("a")
    def first(self, call: Call) -> Answer:
        return Answer(body={"said": call.body})

    def failure(self, status: int, reason: str, operation: str = "") -> Answer:
        return Answer(status=status, body={"reason": reason, "operation": operation})


class Larger(Small):
    @handles("b")
    def second(self, _: Call) -> Answer:
        return Answer(status=201)


def _made(kind: type[Coordinator], protocol: Protocol) -> Coordinator:
    return kind(protocol, World.seeded(0, VirtualClock(0.0)))


def test_handlers_are_found_by_operation(aitbc: Protocol) -> None:
    small = _made(Small, aitbc)
    said = small.answer(Call(operation="a", body=3))
    assert isinstance(said, Answer)
    assert said.body == {"said": 3}


def test_handlers_are_inherited_and_not_shared(aitbc: Protocol) -> None:
    assert Small.operations() == {"a"}
    assert Larger.operations() == {"a", "b"}
    said = _made(Larger, aitbc).answer(Call(operation="b"))
    assert isinstance(said, Answer)
    assert said.status == 201


def test_operation_without_handler_is_a_501_that_names_itself(aitbc: Protocol) -> None:
    said = _made(Small, aitbc).answer(Call(operation="b"))
    assert isinstance(said, Answer)
    assert said.status == 501
    assert said.body["reason"] == "b is not implemented"


def test_contract_leaves_wording_and_state_to_the_protocol(aitbc: Protocol) -> None:
    bare = _made(Coordinator, aitbc)
    assert bare.due() is None
    bare.tick()
    with pytest.raises(NotImplementedError):
        bare.refuse(Refusal(wrong=Wrong.INVALID))
    with pytest.raises(NotImplementedError):
        bare.failure(500, "")
    with pytest.raises(NotImplementedError):
        bare.state()


@pytest.mark.parametrize("protocol", protocol_ids())
def test_every_operation_of_the_document_has_a_handler(protocol: str) -> None:
    assert coordinator_class(protocol).operations() == frozenset(load(protocol).operations)


@pytest.mark.parametrize("protocol", protocol_ids())
def test_coordinator_is_made_by_the_name_of_its_protocol(protocol: str) -> None:
    spec = load(protocol)
    made = make_coordinator(spec, World.seeded(0, VirtualClock(0.0)))
    assert isinstance(made, coordinator_class(protocol))
    assert made.protocol is spec


def test_protocol_without_a_coordinator_is_refused() -> None:
    with pytest.raises(PackError, match="there is no mock coordinator for it") as refused:
        coordinator_class("nosuchthing")
    assert refused.value.problems[0].value == "nosuchthing"
