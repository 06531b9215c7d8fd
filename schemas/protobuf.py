"""Protocol buffers to JSON and back, by descriptors alone: nothing is generated."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message_factory
from google.protobuf.descriptor import Descriptor, MethodDescriptor
from google.protobuf.message import DecodeError, Message

from schemas.loader import load_descriptors
from schemas.spec import Protocol

__all__ = ["Codec", "Procedure", "codec"]


class Procedure(NamedTuple):
    """What a procedure takes and gives: full names of messages."""

    request: str
    answer: str


class Codec:
    """The messages and services of some files (`FileDescriptorProto`s, each after what it imports).

    In JSON, fields are called as in the .proto file, and a scalar that is not set shows its
    default. Raises `TypeError` for files that don't belong together.
    """

    def __init__(self, files: Iterable[descriptor_pb2.FileDescriptorProto]) -> None:
        self.pool = descriptor_pool.DescriptorPool()
        self.files = tuple(files)
        for file in self.files:
            self.pool.Add(file)
        self._classes: dict[str, type[Message]] = {}

    @property
    def services(self) -> list[str]:
        """Full names of the services."""
        return [
            f"{file.package}.{service.name}" if file.package else service.name
            for file in self.files
            for service in file.service
        ]

    def procedure(self, path: str) -> Procedure | None:
        """What the procedure at `/package.Service/Method` takes and gives, if there is one."""
        service, _, name = path.removeprefix("/").partition("/")
        try:
            method: MethodDescriptor = self.pool.FindMethodByName(f"{service}.{name}")
        except KeyError:
            return None
        return Procedure(method.input_type.full_name, method.output_type.full_name)

    def descriptor(self, message: str) -> Descriptor | None:
        """The descriptor of a message by its full name, if there is one."""
        try:
            return self.pool.FindMessageTypeByName(message)
        except KeyError:
            return None

    def decode(self, message: str, data: bytes) -> dict[str, Any]:
        """Raises `ValueError` for bytes that are no such message."""
        try:
            return _as_json(self._class(message).FromString(data))
        except (DecodeError, json_format.Error, ValueError) as error:
            raise ValueError(f"is no {message}: {error}") from error

    def decode_as_far_as_can_be(self, message: str, data: bytes) -> dict[str, Any]:
        """As `decode`, but a field whose value has no JSON form (a time beyond the year 9999, a
        number that is none) stands as a text that shows it.
        """
        try:
            parsed = self._class(message).FromString(data)
        except DecodeError as error:
            raise ValueError(f"is no {message}: {error}") from error
        try:
            return _as_json(parsed)
        except (json_format.Error, ValueError):
            return _field_by_field(parsed)

    def encode(self, message: str, said: Mapping[str, Any]) -> bytes:
        """What JSON says, in bytes; fields that the message lacks are left out. Raises
        `ValueError` for values of another type.
        """
        built = self._class(message)()
        try:
            json_format.ParseDict(dict(said), built, ignore_unknown_fields=True)
        except (json_format.Error, ValueError, TypeError) as error:
            raise ValueError(f"makes no {message}: {error}") from error
        return built.SerializeToString(deterministic=True)

    def _class(self, message: str) -> type[Message]:
        known = self._classes.get(message)
        if known is None:
            found = self.pool.FindMessageTypeByName(message)
            known = self._classes[message] = message_factory.GetMessageClass(found)
        return known


def _as_json(message: Message) -> dict[str, Any]:
    found: dict[str, Any] = json_format.MessageToDict(
        message, preserving_proto_field_name=True, always_print_fields_with_no_presence=True
    )
    return found


def _field_by_field(message: Message) -> dict[str, Any]:
    whole = _as_json(type(message)())
    names = [field.name for field, _ in message.ListFields()]
    for name in names:
        alone = type(message)()
        alone.CopyFrom(message)
        for other in names:
            if other != name:
                alone.ClearField(other)
        try:
            whole[name] = _as_json(alone)[name]
        except (json_format.Error, ValueError):
            whole[name] = f"(no JSON: {' '.join(str(alone).split())})"
    return whole


def codec(protocol: Protocol) -> Codec:
    """The messages of a protocol's own .proto, as the document has them.

    Raises `PackError` where the pack lacks its compiled form.
    """
    return Codec(descriptor_pb2.FileDescriptorSet.FromString(load_descriptors(protocol)).file)
