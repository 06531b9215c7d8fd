"""WebSocket frames and the opening handshake by hand (RFC 6455), because faults need the bytes."""

from __future__ import annotations

import base64
import binascii
import hashlib
from dataclasses import dataclass
from typing import Final

__all__ = [
    "BINARY",
    "CLOSE",
    "CONTINUATION",
    "PING",
    "PONG",
    "TEXT",
    "Frame",
    "accept_key",
    "close_code_is_legal",
    "encode_frame",
    "key_is_legal",
    "unmask",
]

CONTINUATION: Final = 0
TEXT: Final = 1
BINARY: Final = 2
CLOSE: Final = 8
PING: Final = 9
PONG: Final = 10

_GUID: Final = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_MAY_BE_SENT: Final = frozenset({1000, 1001, 1002, 1003, *range(1007, 1015)})


@dataclass(frozen=True, kw_only=True, slots=True)
class Frame:
    """One frame, its payload unmasked."""

    fin: bool
    opcode: int
    payload: bytes


def accept_key(key: str) -> str:
    """What the server answers to `Sec-WebSocket-Key`."""
    digest = hashlib.sha1((key + _GUID).encode(), usedforsecurity=False).digest()
    return base64.b64encode(digest).decode()


def key_is_legal(key: str) -> bool:
    """Whether a key is sixteen octets in Base64."""
    try:
        return len(base64.b64decode(key, validate=True)) == 16
    except binascii.Error:
        return False


def encode_frame(
    opcode: int, payload: bytes, *, fin: bool = True, reserved: int = 0, mask: bytes = b""
) -> bytes:
    """The octets of one frame with its length in the fewest octets."""
    head = bytearray([(0x80 if fin else 0) | reserved | opcode])
    bit = 0x80 if mask else 0
    if len(payload) < 126:
        head.append(bit | len(payload))
    elif len(payload) < 65536:
        head.append(bit | 126)
        head += len(payload).to_bytes(2, "big")
    else:
        head.append(bit | 127)
        head += len(payload).to_bytes(8, "big")
    return bytes(head) + mask + (unmask(mask, payload) if mask else payload)


def unmask(mask: bytes, payload: bytes) -> bytes:
    """Apply a mask, which also takes it off."""
    if not payload:
        return b""
    long = (mask * (len(payload) // 4 + 1))[: len(payload)]
    mixed = int.from_bytes(payload, "big") ^ int.from_bytes(long, "big")
    return mixed.to_bytes(len(payload), "big")


def close_code_is_legal(code: int) -> bool:
    """Whether a code may stand in a Close frame."""
    return code in _MAY_BE_SENT or 3000 <= code <= 4999
