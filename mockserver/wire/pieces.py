"""Messages that come in several frames, and frames that come in several pieces."""

from __future__ import annotations

from websockets.frames import Frame, Opcode

from mockserver.sockets import Delivery
from mockserver.wire.plain import text_frame

__all__ = ["framed", "pieces_of"]


def pieces_of(data: bytes, count: int) -> list[bytes]:
    """Data in `count` pieces, or fewer where it is short."""
    size = max(1, -(-len(data) // count))
    return [data[at : at + size] for at in range(0, len(data), size)] or [b""]


def framed(delivery: Delivery) -> bytes:
    """A text as it goes out, cut off where its last frame promises more than there is."""
    missing = max(0, delivery.promised - len(delivery.data))
    whole = delivery.data + bytes(missing)
    if delivery.fragments == 1:
        frames = text_frame(whole)
    else:
        pieces = pieces_of(whole, delivery.fragments)
        frames = b"".join(
            Frame(Opcode.CONT if at else Opcode.TEXT, piece, at == len(pieces) - 1).serialize(
                mask=False
            )
            for at, piece in enumerate(pieces)
        )
    return frames[: len(frames) - missing]
