"""The messages and services of gRPC, described at run time.

What the document defines is described as there. What it only names has one of three shapes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from types import MappingProxyType
from typing import Any, Final

from google.protobuf import (
    descriptor_pb2,
    descriptor_pool,
    message_factory,
    struct_pb2,
    timestamp_pb2,
)

from .reading import Reading

__all__ = ["PACKAGE", "Protos", "protos"]

PACKAGE: Final = "caxton.v1"

_Field = descriptor_pb2.FieldDescriptorProto
_KINDS: Final = {
    "string": _Field.TYPE_STRING,
    "bytes": _Field.TYPE_BYTES,
    "int32": _Field.TYPE_INT32,
    "int64": _Field.TYPE_INT64,
    "double": _Field.TYPE_DOUBLE,
    "bool": _Field.TYPE_BOOL,
}
_STAMP, _STRUCT = ".google.protobuf.Timestamp", ".google.protobuf.Struct"

_DEFINED: Final[Mapping[str, str]] = MappingProxyType(
    {
        "DeployAgentRequest": "wasm_module=1:bytes config=2:AgentConfig",
        "AgentConfig": "name=1:string resources=2:ResourceLimits environment=3:map"
        " capabilities=4:*string",
        "DeployAgentResponse": f"agent_id=1:string status=2:AgentStatus deployed_at=3:{_STAMP}",
        "ListAgentsRequest": "status_filter=1:AgentStatus limit=2:int32 offset=3:int32",
        "ListAgentsResponse": "agents=1:*Agent total=2:int32",
        "SendMessageRequest": "message=1:FipaMessage options=2:DeliveryOptions",
        "FipaMessage": f"performative=1:string sender=2:string receiver=3:string"
        f" content=4:{_STRUCT} conversation_id=5:string reply_with=6:string"
        " in_reply_to=7:string ontology=8:string language=9:string",
    }
)

_NAMED: Final[Mapping[str, Mapping[str, str]]] = MappingProxyType(
    {
        "first": {
            "ResourceLimits": "memory=1:string cpu=2:string",
            "Agent": f"agent_id=1:string name=2:string status=3:AgentStatus created_at=4:{_STAMP}",
            "DeliveryOptions": "timeout_ms=1:int64 persistent=2:bool",
            "SendMessageResponse": f"message_id=1:string status=2:string delivered_at=3:{_STAMP}",
            "MessageReply": f"message=1:FipaMessage received_at=2:{_STAMP}",
        },
        "second": {
            "ResourceLimits": "cpu_fuel=3:int64 memory=4:string",
            "Agent": "status=1:AgentStatus agent_id=2:string name=3:string capabilities=4:*string",
            "DeliveryOptions": "timeout_seconds=3:double",
            "SendMessageResponse": "delivered=1:bool message_id=2:string",
            "MessageReply": "message_id=1:string in_reply_to=2:string message=3:FipaMessage",
        },
        "own": {
            "ResourceLimits": "memory=1:string cpu_fuel=2:int64",
            "Agent": "id=1:string display_name=2:string state=3:AgentStatus version=4:string",
            "DeliveryOptions": f"deadline=1:{_STAMP}",
            "SendMessageResponse": "id=1:string status=2:string",
            "MessageReply": f"reply=1:FipaMessage received_at=2:{_STAMP}",
        },
    }
)

_SERVICES: Final = {
    "AgentService": ("DeployAgent", "ListAgents"),
    "MessageService": ("SendMessage", "SendMessageAndWait"),
}
_ANSWERS: Final = {"SendMessageAndWait": "MessageReply"}
_REQUESTS: Final = {"SendMessageAndWait": "SendMessageRequest"}

_STATES: Final = ("UNLOADED", "LOADED", "RUNNING", "DRAINING", "STOPPED", "FAILED")


class Protos:
    """The classes of one reading's messages, and its services."""

    def __init__(self, enums: str, messages: str, *, list_agents: bool) -> None:
        """Describe everything."""
        self._enums = enums
        file = descriptor_pb2.FileDescriptorProto(
            name="caxton/v1/caxton.proto", package=PACKAGE, syntax="proto3"
        )
        file.dependency.extend(["google/protobuf/struct.proto", "google/protobuf/timestamp.proto"])
        self._describe_enum(file)
        for name, text in {**_DEFINED, **_NAMED[messages]}.items():
            _describe(file.message_type.add(name=name), text.split())
        for service, methods in _SERVICES.items():
            described = file.service.add(name=service)
            for method in methods:
                if method != "ListAgents" or list_agents:
                    _describe_method(described, method)
        self.pool = descriptor_pool.DescriptorPool()
        for known in (struct_pb2, timestamp_pb2):
            self.pool.AddSerializedFile(known.DESCRIPTOR.serialized_pb)
        self.pool.AddSerializedFile(file.SerializeToString())
        self.methods = {
            f"/{PACKAGE}.{service.name}/{method.name}": method.name
            for service in file.service
            for method in service.method
        }
        """From the path of a call to the name of its method."""

    def _describe_enum(self, file: descriptor_pb2.FileDescriptorProto) -> None:
        described = file.enum_type.add(name="AgentStatus")
        for number, name in enumerate(self._values()):
            described.value.add(name=name, number=number)

    def _values(self) -> tuple[str, ...]:
        match self._enums:
            case "prefixed":
                names = ("UNSPECIFIED", *_STATES)
                return tuple(f"AGENT_STATUS_{name}" for name in names)
            case "bare":
                return ("UNKNOWN", *_STATES)
            case _:
                return _STATES

    def status(self, state: str) -> str:
        """The enum's name of a lifecycle state."""
        prefix = "AGENT_STATUS_" if self._enums == "prefixed" else ""
        return prefix + state.upper()

    def state(self, number: int) -> str | None:
        """The lifecycle state of an enum's number; None for 0, which filters nothing."""
        values = self._values()
        if number == 0:
            return None
        name = values[number] if 0 < number < len(values) else str(number)
        return name.removeprefix("AGENT_STATUS_").lower()

    def new(self, name: str) -> Any:
        """An empty message."""
        described = self.pool.FindMessageTypeByName(f"{PACKAGE}.{name}")
        return message_factory.GetMessageClass(described)()

    def request(self, method: str) -> Any:
        """An empty request of a method."""
        return self.new(_REQUESTS.get(method, f"{method}Request"))

    def answer(self, method: str) -> Any:
        """An empty answer of a method."""
        return self.new(_ANSWERS.get(method, f"{method}Response"))


def _describe(message: descriptor_pb2.DescriptorProto, fields: Iterable[str]) -> None:
    for text in fields:
        name, _, rest = text.partition("=")
        number, _, kind = rest.partition(":")
        many = kind.startswith("*")
        label = _Field.LABEL_REPEATED if many or kind == "map" else _Field.LABEL_OPTIONAL
        field = message.field.add(name=name, number=int(number), label=label)
        kind = kind.removeprefix("*")
        if kind in _KINDS:
            field.type = _KINDS[kind]
        elif kind == "map":
            field.type = _Field.TYPE_MESSAGE
            field.type_name = f".{PACKAGE}.{message.name}.{_map_entry(message, name)}"
        else:
            enum = kind == "AgentStatus"
            field.type = _Field.TYPE_ENUM if enum else _Field.TYPE_MESSAGE
            field.type_name = kind if kind.startswith(".") else f".{PACKAGE}.{kind}"


def _map_entry(message: descriptor_pb2.DescriptorProto, field: str) -> str:
    name = f"{field.title()}Entry"
    entry = message.nested_type.add(name=name)
    entry.options.map_entry = True
    _describe(entry, ("key=1:string", "value=2:string"))
    return name


def _describe_method(service: descriptor_pb2.ServiceDescriptorProto, name: str) -> None:
    request = _REQUESTS.get(name, f"{name}Request")
    answer = _ANSWERS.get(name, f"{name}Response")
    service.method.add(
        name=name, input_type=f".{PACKAGE}.{request}", output_type=f".{PACKAGE}.{answer}"
    )


@cache
def _made(enums: str, messages: str, list_agents: bool) -> Protos:
    return Protos(enums, messages, list_agents=list_agents)


def protos(reading: Reading) -> Protos:
    """Those of a reading."""
    return _made(reading.enums, reading.messages, reading.list_agents)
