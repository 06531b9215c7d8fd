"""Descriptions of procedures that were made anew from parsed definitions, mended.

protobuf.js, behind most peers in Node.js, leaves imports unsaid, names types as seen from where
they are used, and tells well-known types in its own words.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from importlib import import_module

from google.protobuf.descriptor_pb2 import DescriptorProto, FileDescriptorProto

__all__ = ["mended"]

_WELL_KNOWN = "google.protobuf"


def mended(files: Iterable[FileDescriptorProto]) -> list[FileDescriptorProto]:
    """The same files, with full names of types and all imports, and the real well-known types.

    Raises `KeyError` for a type that none of them defines.
    """
    own = [_copy(file) for file in files if file.package != _WELL_KNOWN]
    whole = [*_well_known(), *own]
    homes = {name: file.name for file in whole for name in _defined(file)}
    for file in own:
        imports = {homes[name] for name in _full_names(file, homes)} - {file.name}
        del file.dependency[:]
        file.dependency.extend(sorted(imports))
    return whole


def _copy(file: FileDescriptorProto) -> FileDescriptorProto:
    return FileDescriptorProto.FromString(file.SerializeToString())


def _well_known() -> Iterator[FileDescriptorProto]:
    for name in ("any", "duration", "empty", "field_mask", "struct", "timestamp", "wrappers"):
        module = import_module(f"{_WELL_KNOWN}.{name}_pb2")
        yield FileDescriptorProto.FromString(module.DESCRIPTOR.serialized_pb)


def _defined(file: FileDescriptorProto) -> Iterator[str]:
    """Full names of all types of a file."""
    yield from (_within(file.package, known.name) for known in file.enum_type)
    for name, message in _messages(file):
        yield name
        yield from (_within(name, known.name) for known in message.enum_type)


def _messages(file: FileDescriptorProto) -> Iterator[tuple[str, DescriptorProto]]:
    """All messages, each by its full name."""
    waiting = [(file.package, message) for message in file.message_type]
    while waiting:
        scope, message = waiting.pop()
        name = _within(scope, message.name)
        yield name, message
        waiting += [(name, nested) for nested in message.nested_type]


def _within(scope: str, name: str) -> str:
    return f"{scope}.{name}" if scope else name


def _full_names(file: FileDescriptorProto, homes: Mapping[str, str]) -> set[str]:
    """Makes the names of types full where a field or a procedure has one, and tells them."""
    used: set[str] = set()

    def full(name: str, scope: str) -> str:
        found = _resolved(name, scope, homes)
        used.add(found)
        return f".{found}"

    for message_name, message in _messages(file):
        for field in message.field:
            if field.type_name:
                field.type_name = full(field.type_name, message_name)
    for service in file.service:
        for method in service.method:
            method.input_type = full(method.input_type, file.package)
            method.output_type = full(method.output_type, file.package)
    return used


def _resolved(name: str, scope: str, known: Collection[str]) -> str:
    if name.startswith("."):
        name, scope = name.removeprefix("."), ""
    around = scope.split(".")
    for depth in range(len(around), -1, -1):
        tried = _within(".".join(around[:depth]), name)
        if tried in known:
            return tried
    raise KeyError(name)
