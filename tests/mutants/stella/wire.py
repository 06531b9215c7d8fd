"""What a fault makes of the octets: handshakes, frames, the ends of streams and connections."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from aiohttp import web

if TYPE_CHECKING:
    from multidict import CIMultiDict

__all__ = ["SOUND", "Upgrade", "Wire", "octets"]

_MAGIC: Final = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


@dataclass(frozen=True, kw_only=True, slots=True)
class Wire:
    """How the octets go; the defaults are lawful."""

    frame: Callable[[int, bytes], bytes] | None = None
    """The octets of a message in place of the right ones, from its opcode and payload."""
    accept: Callable[[str], str | None] | None = None
    """The Sec-WebSocket-Accept in place of the right one, from that; None leaves it out."""
    lax: bool = False
    """Whatever wants to be a handshake opens a stream."""
    cuts: bool = False
    """Streams end without a close frame."""
    once: bool = False
    """A kept connection ends when a second request comes on it."""


SOUND: Final = Wire()


def octets(opcode: int, payload: bytes, *, first: int = 0x80, mask: bytes = b"") -> bytes:
    """A frame; `first` holds FIN and the reserved bits."""
    size, bit = len(payload), 0x80 if mask else 0
    if size < 126:
        length = bytes([bit | size])
    elif size < 1 << 16:
        length = bytes([bit | 126]) + size.to_bytes(2, "big")
    else:
        length = bytes([bit | 127]) + size.to_bytes(8, "big")
    if mask:
        payload = bytes(octet ^ mask[at % 4] for at, octet in enumerate(payload))
    return bytes([first | opcode]) + length + mask + payload


class Upgrade(web.WebSocketResponse):
    """Opens a stream as the fault has it."""

    def __init__(self, wire: Wire, **more: Any) -> None:
        super().__init__(**more)
        self._wire = wire

    def _handshake(
        self, request: web.BaseRequest
    ) -> tuple[CIMultiDict[str], str | None, int, bool]:
        try:
            told = super()._handshake(request)
        except web.HTTPBadRequest:
            if not self._wire.lax:
                raise
            told = self._anyway(request)
        headers = told[0]
        if self._wire.accept is not None:
            accept = self._wire.accept(headers.pop("Sec-WebSocket-Accept"))
            headers.update({} if accept is None else {"Sec-WebSocket-Accept": accept})
        return told

    def _anyway(self, request: web.BaseRequest) -> tuple[CIMultiDict[str], str | None, int, bool]:
        from multidict import CIMultiDict

        key = request.headers.get("Sec-WebSocket-Key", "").encode()
        accept = base64.b64encode(hashlib.sha1(key + _MAGIC).digest()).decode()
        headers = CIMultiDict(
            {"Upgrade": "websocket", "Connection": "upgrade", "Sec-WebSocket-Accept": accept}
        )
        return headers, None, 0, False
