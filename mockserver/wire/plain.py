"""The frames that nearly all messages are: texts, whole and short. They are read and written here;
whatever else comes is left to the library, which is some times slower.
"""

from __future__ import annotations

import struct

try:
    from websockets.speedups import apply_mask
except ImportError:  # it is built for most platforms, and not for all
    from websockets.utils import apply_mask

__all__ = ["text_frame", "texts_in"]

_WHOLE_TEXT = 0x81
"""A frame's first byte: final, no reserved bit, text."""

_MASKED = 0x80
_IN_16_BITS, _IN_64_BITS = 126, 127


def texts_in(data: bytes, longest: int | None) -> tuple[list[bytes], bytes]:
    """The whole texts of no more than `longest` bytes at the beginning of what a client sent, each
    as lawful as a frame can be, and the rest from the first other frame on.
    """
    texts = []
    at, end = 0, len(data)
    while at + 8 <= end and data[at] == _WHOLE_TEXT and data[at + 1] >= _MASKED:
        size, start = data[at + 1] - _MASKED, at + 6
        if size == _IN_16_BITS:
            size, start = data[at + 2] << 8 | data[at + 3], at + 8
            if size < _IN_16_BITS:
                break
        elif size == _IN_64_BITS:
            break
        if start + size > end or (longest is not None and size > longest):
            break
        texts.append(apply_mask(data[start : start + size], data[start - 4 : start]))
        at = start + size
    return texts, data[at:] if at else data


def text_frame(data: bytes) -> bytes:
    """A whole text as a server sends it."""
    size = len(data)
    if size < _IN_16_BITS:
        return bytes((_WHOLE_TEXT, size)) + data
    if size < 1 << 16:
        return struct.pack("!BBH", _WHOLE_TEXT, _IN_16_BITS, size) + data
    return struct.pack("!BBQ", _WHOLE_TEXT, _IN_64_BITS, size) + data
