"""Messages in bytes and in JSON form, and what is shipped compiled."""

from __future__ import annotations

from pathlib import Path

import pytest
from google.protobuf.descriptor_pb2 import FileDescriptorSet
from grpc_tools import protoc

from schemas import load, protocol_ids
from schemas.grpc import CODES, STATUSES, code_of
from schemas.protobuf import Codec, codec

_SPEAKERS = [each for each in protocol_ids() if load(each).grpc]


@pytest.fixture(scope="module")
def caxton() -> Codec:
    return codec(load("caxton"))


@pytest.mark.parametrize("protocol", _SPEAKERS)
def test_compiled_form_is_that_of_the_proto_file(protocol: str, tmp_path: Path) -> None:
    pack = load(protocol)
    folder, source = Path(pack.folder), pack.grpc["proto"]
    out = tmp_path / "fresh.binpb"
    words = ["protoc", f"-I{folder}", "--include_imports", f"--descriptor_set_out={out}"]
    include = Path(protoc.__file__).parent / "_proto"
    assert protoc.main([*words, f"-I{include}", str(folder / source)]) == 0
    fresh = FileDescriptorSet.FromString(out.read_bytes())
    shipped = (folder / source).with_suffix(".binpb").read_bytes()
    assert {f.name: f for f in FileDescriptorSet.FromString(shipped).file} == {
        f.name: f for f in fresh.file
    }, "compile it anew: see CONTRIBUTING.md"


@pytest.mark.parametrize("protocol", _SPEAKERS)
def test_each_procedure_of_the_pack_is_one_of_the_proto_file(protocol: str) -> None:
    pack = load(protocol)
    known = codec(pack)
    procedures = [each for each in pack if each.is_rpc]
    assert len(procedures) > 1
    assert all(known.procedure(each.path) for each in procedures)


def test_message_comes_back_as_it_went(caxton: Codec) -> None:
    said = {"wasm_module": "AGFzbQEAAAA=", "config": {"name": "pilot", "capabilities": ["a", "b"]}}
    data = caxton.encode("caxton.v1.DeployAgentRequest", said)
    back = caxton.decode("caxton.v1.DeployAgentRequest", data)
    assert back["wasm_module"] == said["wasm_module"]
    assert back["config"] == {**said["config"], "environment": {}}  # type: ignore[dict-item]


def test_what_is_not_set_shows_its_default_and_unset_messages_stay_away(caxton: Codec) -> None:
    back = caxton.decode("caxton.v1.DeployAgentResponse", b"")
    assert back == {"agent_id": "", "status": "AGENT_STATUS_UNSPECIFIED"}


def test_unknown_enum_number_stays_a_number(caxton: Codec) -> None:
    assert caxton.decode("caxton.v1.DeployAgentResponse", b"\x10\x63")["status"] == 99


def test_bytes_that_are_no_message_are_refused(caxton: Codec) -> None:
    with pytest.raises(ValueError, match=r"is no caxton\.v1\.SendMessageRequest"):
        caxton.decode("caxton.v1.SendMessageRequest", b"\x0a\xff")


def test_time_beyond_what_json_can_tell_leaves_the_other_fields(caxton: Codec) -> None:
    name = "caxton.v1.DeployAgentResponse"
    data = b"\x0a\x01a\x1a\x07\x08\x80\xa0\xdd\x8b\xd5\x33"
    with pytest.raises(ValueError, match=r"is no caxton\.v1\.DeployAgentResponse"):
        caxton.decode(name, data)
    told = caxton.decode_as_far_as_can_be(name, data)
    assert told["agent_id"] == "a"
    assert "seconds" in told["deployed_at"]
    whole = caxton.encode(name, {"agent_id": "a", "deployed_at": "2024-01-15T10:30:00Z"})
    assert caxton.decode_as_far_as_can_be(name, whole) == caxton.decode(name, whole)
    with pytest.raises(ValueError, match=r"is no caxton\.v1\.DeployAgentResponse"):
        caxton.decode_as_far_as_can_be(name, b"\x0a\xff")


def test_value_of_another_type_is_refused(caxton: Codec) -> None:
    with pytest.raises(ValueError, match=r"makes no caxton\.v1\.ListAgentsRequest"):
        caxton.encode("caxton.v1.ListAgentsRequest", {"limit": "many"})


def test_field_that_the_message_lacks_is_left_out(caxton: Codec) -> None:
    assert caxton.encode("caxton.v1.ListAgentsRequest", {"colour": "red"}) == b""


def test_unknown_procedure_is_none(caxton: Codec) -> None:
    assert caxton.procedure("/caxton.v1.AgentService/Sing") is None
    assert caxton.procedure("nonsense") is None


def test_codes_and_statuses_agree() -> None:
    assert all(STATUSES[code] == status for status, code in CODES.items())
    assert set(STATUSES.values()) == set(CODES)
    assert [code_of(status) for status in (200, 201, 404, 418, 500, 502)] == [
        "OK",
        "OK",
        "NOT_FOUND",
        "INVALID_ARGUMENT",
        "INTERNAL",
        "INTERNAL",
    ]
