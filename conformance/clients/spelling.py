"""What a peer says in messages that the document names and never defines, in our words for it.

Such a type is the peer's own: it may call an agent's `agent_id` plain `id`, or its `status` a
`state`. What is meant shows by the type where that is said once, and else by the name's end.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.descriptor_pb2 import FileDescriptorProto

__all__ = ["can_be_read", "in_our_words", "unreadable", "without_fields"]


def in_our_words(
    own: Descriptor, ours: Descriptor, said: Mapping[str, Any], undefined: frozenset[str]
) -> dict[str, Any]:
    """The same message in JSON form, and beside each member that the peer calls otherwise the same
    value under our name. `undefined` are full names of messages whose fields are the peer's own.
    """
    told = dict(said)
    for name, field in ours.fields_by_name.items():
        if name not in _names(own) and ours.full_name in undefined:
            same = _counterpart(own, field)
            if same is not None and same.name in said:
                told[name] = said[same.name]
            elif same is None and _is_flat(own, field):
                told[name] = dict(said)
        there = own.fields_by_name.get(name)
        if there is not None and there.message_type and field.message_type:
            told |= _within(there, field, said, undefined)
    return told


def can_be_read(own: Descriptor, ours: Descriptor, name: str) -> bool:
    """Has the peer's message a place for what we call `name`?"""
    field = ours.fields_by_name[name]
    if name in own.fields_by_name:
        return True
    return _counterpart(own, field) is not None or _is_flat(own, field)


def unreadable(
    own: Descriptor | None, ours: Descriptor, undefined: frozenset[str], at: str = ""
) -> frozenset[str]:
    """Pointers to what the peer's messages have no place for, and need not have; with no
    description of its `own` all that the document leaves undefined.
    """
    found: set[str] = set()
    for field in ours.fields:
        place = f"{at}/{field.name}" + ("/*" if _is_list(field) else "")
        there = None if own is None else own.fields_by_name.get(field.name)
        if ours.full_name in undefined and (own is None or not can_be_read(own, ours, field.name)):
            found.add(place)
        elif field.message_type and field.message_type.file.package == ours.file.package:
            inner = there.message_type if there is not None else None
            if own is None or inner is not None:
                found |= unreadable(inner, field.message_type, undefined, place)
    return frozenset(found)


def without_fields(
    files: Iterable[FileDescriptorProto], package: str, names: Collection[str]
) -> list[FileDescriptorProto]:
    """The same files, with nothing in some of the messages: whatever comes there is read past."""
    bare = []
    for file in files:
        copy = FileDescriptorProto()
        copy.CopyFrom(file)
        for message in copy.message_type if copy.package == package else ():
            if message.name in names:
                del message.field[:]
        bare.append(copy)
    return bare


def _is_list(field: FieldDescriptor) -> bool:
    return bool(field.is_repeated)


def _within(
    there: FieldDescriptor,
    field: FieldDescriptor,
    said: Mapping[str, Any],
    undefined: frozenset[str],
) -> dict[str, Any]:
    value = said.get(field.name)
    own, ours = there.message_type, field.message_type
    if own is None or ours is None or own.full_name != ours.full_name:
        return {}
    if isinstance(value, dict):
        return {field.name: in_our_words(own, ours, value, undefined)}
    if isinstance(value, list):
        rows = [in_our_words(own, ours, each, undefined) for each in value]
        return {field.name: rows}
    return {}


def _counterpart(own: Descriptor, field: FieldDescriptor) -> FieldDescriptor | None:
    """The one field that says what `field` does: of the same message or enumeration, or a text
    whose name ends alike. `None` where there is no such field, or more than one.
    """
    ours = field.containing_type
    assert ours is not None, "it is a field of a message"
    free = [each for each in own.fields if each.name not in _names(ours)]
    if field.message_type or field.enum_type:
        alike = [each for each in free if _kind(each) == _kind(field)]
    else:
        texts = [each for each in free if each.type == field.type]
        alike = [each for each in texts if _ends_alike(each.name, field.name)]
    return alike[0] if len(alike) == 1 else None


def _kind(field: FieldDescriptor) -> str:
    kind = field.message_type or field.enum_type
    return kind.full_name if kind else ""


def _ends_alike(one: str, other: str) -> bool:
    """`id` and `agent_id`, `display_name` and `name`."""
    return f"_{one}".endswith(f"_{other}") or f"_{other}".endswith(f"_{one}")


def _is_flat(own: Descriptor, field: FieldDescriptor) -> bool:
    """Do the members of a message that we expect in `field` stand in the message itself?"""
    inner = field.message_type
    if inner is None or not inner.fields:
        return False
    return all(
        name in names
        for name in ("performative", "content")
        for names in (_names(own), _names(inner))
    )


def _names(message: Descriptor) -> set[str]:
    return {field.name for field in message.fields}
