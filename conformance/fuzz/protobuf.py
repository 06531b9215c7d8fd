"""Messages of protocol buffers by their descriptors, in JSON form, and bytes that are none."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from schemas.protobuf import Codec

__all__ = ["calls", "malformed"]

_DEEPEST = 4
"""Levels of messages within messages."""

_TEXT: SearchStrategy[str] = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=30)

_PLAIN: SearchStrategy[Any] = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-(2**31), 2**31),
        st.floats(-1e15, 1e15, allow_subnormal=False),
        _TEXT,
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(_TEXT, inner, max_size=3)),
    max_leaves=5,
)

_STRUCT = st.dictionaries(_TEXT, _PLAIN, max_size=4)

_SINGLE = st.floats(-1e30, 1e30, width=32, allow_subnormal=False)

_KNOWN: Mapping[str, SearchStrategy[Any]] = {
    "google.protobuf.Struct": _STRUCT,
    "google.protobuf.Value": _PLAIN,
    "google.protobuf.ListValue": st.lists(_PLAIN, max_size=3),
    "google.protobuf.Timestamp": st.datetimes().map(lambda at: at.isoformat() + "Z"),
    "google.protobuf.Duration": st.integers(0, 10**6).map(lambda seconds: f"{seconds}s"),
    "google.protobuf.Empty": st.just({}),
}
"""Messages that JSON writes in a way of its own."""


def _whole(bits: int, *, signed: bool) -> SearchStrategy[int]:
    top = 2 ** (bits - 1) if signed else 2**bits
    return st.integers(-top if signed else 0, top - 1)


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


_SCALARS: Mapping[int, SearchStrategy[Any]] = {
    FieldDescriptor.TYPE_BOOL: st.booleans(),
    FieldDescriptor.TYPE_BYTES: st.binary(max_size=40).map(_base64),
    FieldDescriptor.TYPE_DOUBLE: st.floats(allow_nan=False, allow_infinity=False),
    FieldDescriptor.TYPE_FLOAT: _SINGLE,
    FieldDescriptor.TYPE_STRING: _TEXT,
    **dict.fromkeys(
        (
            FieldDescriptor.TYPE_INT32,
            FieldDescriptor.TYPE_SINT32,
            FieldDescriptor.TYPE_SFIXED32,
        ),
        _whole(32, signed=True),
    ),
    **dict.fromkeys(
        (
            FieldDescriptor.TYPE_INT64,
            FieldDescriptor.TYPE_SINT64,
            FieldDescriptor.TYPE_SFIXED64,
        ),
        _whole(64, signed=True),
    ),
    FieldDescriptor.TYPE_UINT32: _whole(32, signed=False),
    FieldDescriptor.TYPE_FIXED32: _whole(32, signed=False),
    FieldDescriptor.TYPE_UINT64: _whole(64, signed=False),
    FieldDescriptor.TYPE_FIXED64: _whole(64, signed=False),
}


def calls(descriptor: Descriptor, depth: int = 0) -> SearchStrategy[Any]:
    """Messages of a type, each field set or not. In JSON form, with 64 bits as numbers."""
    if descriptor.full_name in _KNOWN:
        return _KNOWN[descriptor.full_name]
    fields = {
        field.name: _field(field, depth)
        for field in descriptor.fields
        if field.message_type is None or depth < _DEEPEST
    }
    return st.fixed_dictionaries({}, optional=fields)


def _field(field: FieldDescriptor, depth: int) -> SearchStrategy[Any]:
    message = field.message_type
    if message is not None and message.GetOptions().map_entry:
        key, value = message.fields_by_name["key"], message.fields_by_name["value"]
        keys = _one(key, depth).map(lambda key: str(key).lower() if key in (True, False) else key)
        return st.dictionaries(keys.map(str), _one(value, depth + 1), max_size=3)
    one = _one(field, depth + 1)
    return st.lists(one, max_size=3) if field.is_repeated else one


def _one(field: FieldDescriptor, depth: int) -> SearchStrategy[Any]:
    if field.message_type is not None:
        return calls(field.message_type, depth)
    if field.enum_type is not None:
        return st.sampled_from([value.name for value in field.enum_type.values])
    return _SCALARS[field.type]


@st.composite
def malformed(draw: DrawFn, codec: Codec, message: str) -> bytes:
    """Bytes that are no message of any type: tags of no wire type, and what ends too early."""
    descriptor = codec.descriptor(message)
    assert descriptor is not None
    whole = codec.encode(message, draw(calls(descriptor)))
    field = draw(st.integers(1, 15))
    rest: bytes = draw(
        st.one_of(
            st.sampled_from([6, 7]).map(lambda wire: bytes([field << 3 | wire])),
            st.just(bytes([field << 3 | 2, 0x7F])),
            st.binary(max_size=3).map(lambda some: bytes([field << 3 | 2, 0x10]) + some),
            st.just(bytes([field << 3]) + b"\xff" * 11),
            st.just(b"\xff\xff"),
            st.binary(max_size=6).map(lambda some: bytes([field << 3 | 1]) + some),
        )
    )
    return whole + rest
