"""The document's Protocol Buffers by hand: fields and their numbers, bytes there and back.

What the document leaves undefined is never sent, and kept as bytes when it comes.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from typing import Any, Final

__all__ = ["MESSAGES", "decode", "encode", "to_struct"]

MESSAGES: Final[Mapping[str, Mapping[str, tuple[int, str]]]] = {
    "DeployAgentRequest": {"wasm_module": (1, "bytes"), "config": (2, "AgentConfig")},
    "AgentConfig": {
        "name": (1, "string"),
        "environment": (3, "map"),
        "capabilities": (4, "string"),
    },
    "DeployAgentResponse": {"agent_id": (1, "string"), "status": (2, "enum")},
    "ListAgentsRequest": {"status_filter": (1, "enum"), "limit": (2, "int"), "offset": (3, "int")},
    "ListAgentsResponse": {"agents": (1, "bytes"), "total": (2, "int")},
    "SendMessageRequest": {"message": (1, "FipaMessage")},
    "FipaMessage": {
        "performative": (1, "string"),
        "sender": (2, "string"),
        "receiver": (3, "string"),
        "content": (4, "struct"),
        "conversation_id": (5, "string"),
        "reply_with": (6, "string"),
        "in_reply_to": (7, "string"),
        "ontology": (8, "string"),
        "language": (9, "string"),
    },
}

_VARINT, _FIXED64, _BYTES = 0, 1, 2


def encode(name: str, value: Any, numbers: Mapping[str, int]) -> bytes:
    """``value`` as the message ``name``; its wire types follow the values, not the fields.

    ``numbers`` overrule those of the document.
    """
    if not isinstance(value, Mapping):
        return str(value).encode()
    out = bytearray()
    for field, item in value.items():
        number, kind = MESSAGES[name].get(field, (15, "string"))
        for each in item if isinstance(item, list) else [item]:
            out += _field(numbers.get(field, number), kind, each, numbers)
    return bytes(out)


def to_struct(value: Mapping[str, Any]) -> bytes:
    """A ``google.protobuf.Struct``."""
    out = bytearray()
    for name, item in value.items():
        out += _bytes(1, _bytes(1, str(name).encode()) + _bytes(2, _value(item)))
    return bytes(out)


def decode(name: str, data: bytes) -> dict[str, list[Any]]:
    """The known fields of a message, each with all its values. Raises ValueError.

    Texts become str, messages of a known kind and all else that has a length stay bytes.
    """
    known = {number: (field, kind) for field, (number, kind) in MESSAGES[name].items()}
    found: dict[str, list[Any]] = {}
    for number, value in _fields(data):
        if number in known:
            field, kind = known[number]
            if kind == "string" and isinstance(value, bytes):
                found.setdefault(field, []).append(value.decode())
            else:
                found.setdefault(field, []).append(value)
    return found


def _field(number: int, kind: str, value: Any, numbers: Mapping[str, int]) -> bytes:
    if value is None:
        return b""
    if isinstance(value, bool | int):
        return _varint(number << 3 | _VARINT) + _varint(int(value))
    if isinstance(value, float):
        return _varint(number << 3 | _FIXED64) + struct.pack("<d", value)
    if isinstance(value, bytes):
        return _bytes(number, value)
    if isinstance(value, str):
        return _bytes(number, value.encode())
    if kind in MESSAGES:
        return _bytes(number, encode(kind, value, numbers))
    if kind == "map":
        pairs = (_bytes(1, k.encode()) + _bytes(2, str(v).encode()) for k, v in value.items())
        return b"".join(_bytes(number, pair) for pair in pairs)
    return _bytes(number, to_struct(value))


def _value(item: Any) -> bytes:
    if item is None:
        return _varint(1 << 3 | _VARINT) + b"\0"
    if isinstance(item, bool):
        return _varint(4 << 3 | _VARINT) + _varint(int(item))
    if isinstance(item, int | float):
        return _varint(2 << 3 | _FIXED64) + struct.pack("<d", item)
    if isinstance(item, Mapping):
        return _bytes(5, to_struct(item))
    if isinstance(item, list | tuple):
        return _bytes(6, b"".join(_bytes(1, _value(each)) for each in item))
    return _bytes(3, str(item).encode())


def _bytes(number: int, data: bytes) -> bytes:
    return _varint(number << 3 | _BYTES) + _varint(len(data)) + data


def _varint(value: int) -> bytes:
    value &= (1 << 64) - 1
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes([*out, value])


def _fields(data: bytes) -> Iterator[tuple[int, int | bytes]]:
    at = 0
    while at < len(data):
        tag, at = _read_varint(data, at)
        number, wire = tag >> 3, tag & 7
        value: int | bytes
        if wire == _VARINT:
            value, at = _read_varint(data, at)
        elif wire in {_FIXED64, 5}:
            size = 8 if wire == _FIXED64 else 4
            value, at = data[at : at + size], at + size
        elif wire == _BYTES:
            size, at = _read_varint(data, at)
            value, at = data[at : at + size], at + size
        else:
            raise ValueError(f"wire type {wire} at byte {at}")
        if at > len(data) or not number:
            raise ValueError(f"field {number} goes beyond the end")
        yield number, value


def _read_varint(data: bytes, at: int) -> tuple[int, int]:
    value, shift = 0, 0
    while True:
        if at >= len(data) or shift > 63:
            raise ValueError(f"no varint at byte {at}")
        value |= (data[at] & 127) << shift
        shift += 7
        at += 1
        if data[at - 1] < 128:
            return value, at
