"""The document's messages for the protobuf library, which reads them independently of us."""

from __future__ import annotations

from functools import cache
from typing import Any, Final

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory, struct_pb2

__all__ = ["message_class"]

_PACKAGE: Final = "caxton.v1"
_KIND: Final = descriptor_pb2.FieldDescriptorProto
_FIELDS: Final[dict[str, str]] = {
    "DeployAgentRequest": "wasm_module:bytes=1 config:AgentConfig=2",
    "AgentConfig": "name:string=1 environment:Environment*=3 capabilities:string*=4",
    "Environment": "key:string=1 value:string=2",
    "DeployAgentResponse": "agent_id:string=1 status:int=2",
    "ListAgentsRequest": "status_filter:int=1 limit:int=2 offset:int=3",
    "ListAgentsResponse": "agents:bytes*=1 total:int=2",
    "SendMessageRequest": "message:FipaMessage=1 options:bytes=2",
    "FipaMessage": (
        "performative:string=1 sender:string=2 receiver:string=3 content:Struct=4 "
        "conversation_id:string=5 reply_with:string=6 in_reply_to:string=7 "
        "ontology:string=8 language:string=9"
    ),
    "Anything": "",
}
_SCALARS: Final = {"bytes": _KIND.TYPE_BYTES, "string": _KIND.TYPE_STRING, "int": _KIND.TYPE_INT32}


@cache
def message_class(name: str) -> Any:
    """The class of one message."""
    return message_factory.GetMessageClass(_pool().FindMessageTypeByName(f"{_PACKAGE}.{name}"))


@cache
def _pool() -> descriptor_pool.DescriptorPool:
    pool = descriptor_pool.DescriptorPool()
    pool.AddSerializedFile(struct_pb2.DESCRIPTOR.serialized_pb)
    file = descriptor_pb2.FileDescriptorProto(
        name="caxton.proto",
        package=_PACKAGE,
        syntax="proto3",
        dependency=["google/protobuf/struct.proto"],
    )
    for name, fields in _FIELDS.items():
        message = file.message_type.add(name=name)
        for field in fields.split():
            label, number = field.split("=")
            own, kind = label.rstrip("*").split(":")
            added = message.field.add(name=own, number=int(number), label=_KIND.LABEL_OPTIONAL)
            if label.endswith("*"):
                added.label = _KIND.LABEL_REPEATED
            if kind in _SCALARS:
                added.type = _SCALARS[kind]
            else:
                added.type = _KIND.TYPE_MESSAGE
                within = "google.protobuf" if kind == "Struct" else _PACKAGE
                added.type_name = f".{within}.{kind}"
    pool.AddSerializedFile(file.SerializeToString())
    return pool
