"""What is wrong with the calls over gRPC, read by the protobuf library."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from tests.mutants.caxton_agents.judge_fields import body_complaints
from tests.mutants.caxton_agents.model import CALLS, What
from tests.mutants.caxton_agents.reading import Complaint, plain, suspected
from tests.mutants.caxton_agents.record import Call
from tests.mutants.caxton_agents.rehearsal import Story
from tests.mutants.caxton_agents.stage import TOKEN

__all__ = ["call_complaints"]

_WHAT: Final = {method: what for what, method in CALLS.items()}
_REQUESTS: Final = {What.CALL_DEPLOY: "DeployAgentRequest", What.CALL_LIST: "ListAgentsRequest"}


def call_complaints(story: Story) -> Iterator[Complaint]:
    """What is wrong with all its calls."""
    for call in story.stage.calls:
        what = _WHAT.get(call.method)
        if what is None:
            yield plain(f"nobody documents {call.method}")
            continue
        metadata = dict(call.metadata)
        told = metadata.get("authorization", "")
        if told.lower() == f"bearer {TOKEN}".lower() and told != f"Bearer {TOKEN}":
            yield suspected(f"{what.value}: authorization {told[:12]!r}")
        elif told != f"Bearer {TOKEN}":
            yield plain(f"{what.value}: authorization {told[:12]!r}")
        if any(TOKEN in value for name, value in call.metadata if name != "authorization"):
            yield suspected(f"{what.value}: the token in more metadata")
        if TOKEN.encode() in call.data:
            yield suspected(f"{what.value}: the token in the message")
        if call.remaining is None:
            yield suspected(f"{what.value}: no deadline")
        yield from _message(what, call)


def _message(what: What, call: Call) -> Iterator[Complaint]:
    from google.protobuf.message import DecodeError

    from tests.mutants.caxton_agents.stage_proto import message_class

    try:
        read = message_class(_REQUESTS.get(what, "SendMessageRequest")).FromString(call.data)
    except DecodeError:
        yield plain(f"{what.value}: not that message: {call.data[:16]!r}")
        return
    again = type(read)()
    again.CopyFrom(read)
    again.DiscardUnknownFields()
    # Maps have no order of their own, and a copy may have another one.
    if _in_order(again) != _in_order(read):
        yield plain(f"{what.value}: fields that are not in the message")
    yield from body_complaints(
        What.CALL_SEND if what is What.CALL_WAIT else what, _dict(what, read)
    )


def _in_order(message: Any) -> bytes:
    told: bytes = message.SerializeToString(deterministic=True)
    return told


def _dict(what: What, read: Any) -> dict[str, Any]:
    if what is What.CALL_LIST:
        return {"limit": read.limit, "offset": read.offset}
    if what is What.CALL_DEPLOY:
        config = {"name": read.config.name} if read.HasField("config") else {"name": ""}
        return {"config": config, "wasm_module": read.wasm_module.decode("latin-1")}
    from google.protobuf.json_format import MessageToDict

    shown: dict[str, Any] = MessageToDict(read.message, preserving_proto_field_name=True)
    return shown
