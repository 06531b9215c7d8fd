"""Descriptions that were made anew from parsed definitions can be read."""

from __future__ import annotations

import pytest
from google.protobuf.descriptor_pb2 import (
    DescriptorProto,
    FieldDescriptorProto,
    FileDescriptorProto,
)

from conformance.clients.descriptions import mended
from schemas.protobuf import Codec

_TEXT = FieldDescriptorProto.TYPE_STRING
_MESSAGE = FieldDescriptorProto.TYPE_MESSAGE
_ENUM = FieldDescriptorProto.TYPE_ENUM
_ONE = FieldDescriptorProto.LABEL_OPTIONAL
_MANY = FieldDescriptorProto.LABEL_REPEATED


def _field(
    name: str, number: int, kind: FieldDescriptorProto.Type.ValueType, of: str = ""
) -> FieldDescriptorProto:
    return FieldDescriptorProto(
        name=name, number=number, label=_ONE, type=kind, type_name=of or None
    )


def _harbour(package: str = "harbour.v1") -> list[FileDescriptorProto]:
    """As protobuf.js tells it: no imports, names from where they are used, its own times."""
    ship = DescriptorProto(
        name="Ship",
        field=[
            _field("name", 1, _TEXT),
            _field("since", 2, _MESSAGE, "google.protobuf.Timestamp"),
            _field("state", 3, _ENUM, "State"),
            _field("berth", 4, _MESSAGE, "Berth"),
            FieldDescriptorProto(
                name="flags", number=5, label=_MANY, type=_MESSAGE, type_name="Flags"
            ),
        ],
        nested_type=[DescriptorProto(name="Flags", field=_entry())],
    )
    ship.nested_type[0].options.map_entry = True
    ship.enum_type.add(name="State").value.add(name="MOORED", number=0)
    berth = DescriptorProto(name="Berth", field=[_field("pier", 1, _TEXT)])
    own = FileDescriptorProto(
        name="harbour.proto", package=package, syntax="proto3", message_type=[ship, berth]
    )
    service = own.service.add(name="Harbour")
    service.method.add(name="Moor", input_type="Ship", output_type=_full(package, "Berth"))
    times = DescriptorProto(name="Timestamp", field=[_field("odd", 9, _TEXT)])
    return [
        own,
        FileDescriptorProto(name="times.proto", package="google.protobuf", message_type=[times]),
    ]


def _full(package: str, name: str) -> str:
    return f".{package}.{name}" if package else f".{name}"


def _entry() -> list[FieldDescriptorProto]:
    return [_field("key", 1, _TEXT), _field("value", 2, _TEXT)]


@pytest.mark.parametrize("package", ["harbour.v1", "harbour", ""])
def test_names_and_imports_are_found(package: str) -> None:
    known = Codec(mended(_harbour(package)))
    ship = _full(package, "Ship").removeprefix(".")
    said = {
        "name": "Petrel",
        "since": "2024-01-15T10:30:00Z",
        "state": "MOORED",
        "berth": {"pier": "north"},
        "flags": {"ensign": "red"},
    }
    assert known.decode(ship, known.encode(ship, said)) == said
    assert known.services == [_full(package, "Harbour").removeprefix(".")]


def test_what_was_given_stays_as_it_was() -> None:
    given = _harbour()
    mended(given)
    assert given == _harbour()


def test_type_that_nobody_defines_is_told() -> None:
    own, times = _harbour()
    own.message_type[1].field.append(_field("buoy", 2, _MESSAGE, "Buoy"))
    with pytest.raises(KeyError, match="Buoy"):
        mended([own, times])
