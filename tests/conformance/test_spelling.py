"""A peer's own names for what the document leaves undefined."""

from __future__ import annotations

from google.protobuf.descriptor import Descriptor

from conformance.clients.spelling import can_be_read, in_our_words, unreadable, without_fields
from schemas import load
from schemas.protobuf import Codec, codec
from tests.mutants.caxton.lawful import LAWFUL
from tests.mutants.caxton.protos import protos

_UNDEFINED = frozenset(f"caxton.v1.{name}" for name in load("caxton").grpc["undefined"])


def _pair(message: str) -> tuple[Descriptor, Descriptor]:
    ours = codec(load("caxton")).descriptor(f"caxton.v1.{message}")
    own = protos(LAWFUL["header_sockets"]).pool.FindMessageTypeByName(f"caxton.v1.{message}")
    assert ours is not None
    return own, ours


def test_members_are_found_by_their_type_or_the_end_of_their_name() -> None:
    own, ours = _pair("ListAgentsResponse")
    said = {"agents": [{"id": "a-1", "display_name": "Ann", "state": "RUNNING"}], "total": 1}
    (agent,) = in_our_words(own, ours, said, _UNDEFINED)["agents"]
    assert (agent["agent_id"], agent["name"], agent["status"]) == ("a-1", "Ann", "RUNNING")
    own, ours = _pair("MessageReply")
    told = in_our_words(own, ours, {"reply": {"sender": "a-1"}}, _UNDEFINED)
    assert told["message"] == {"sender": "a-1"}


def test_what_has_no_place_is_not_to_be_read() -> None:
    own, ours = _pair("ListAgentsResponse")
    assert unreadable(own, ours, _UNDEFINED) == {"/agents/*/created_at"}
    everything = unreadable(None, ours, _UNDEFINED)
    assert {"/agents/*/agent_id", "/agents/*/name", "/agents/*/status"} <= everything
    assert "/total" not in everything
    assert can_be_read(*_pair("Agent"), "status")


def test_what_is_defined_is_read_whatever_the_rest_is_like() -> None:
    known = codec(load("caxton"))
    names = {name.rpartition(".")[2] for name in _UNDEFINED}
    bare = Codec(without_fields(known.files, "caxton.v1", names))
    # Two agents, whose first member is a number here, and their total.
    said = bare.decode("caxton.v1.ListAgentsResponse", b"\x0a\x02\x08\x07\x0a\x02\x08\x09\x10\x02")
    assert said == {"agents": [{}, {}], "total": 2}
