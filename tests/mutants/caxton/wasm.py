"""WebAssembly modules, as far as a coordinator that runs none must know them."""

from __future__ import annotations

__all__ = ["HEADER", "valid"]

HEADER = b"\0asm\x01\0\0\0"
"""The magic number and the version; the smallest module is no more."""

_LAST_SECTION = 13


def valid(raw: bytes, *, deeply: bool) -> bool:
    """Whether it is a module: by its header, or by the frame of its sections too."""
    if not raw.startswith(HEADER):
        return False
    return not deeply or _sections(raw[len(HEADER) :])


def _sections(rest: bytes) -> bool:
    while rest:
        size, used = _leb(rest[1:])
        end = 1 + used + size
        if rest[0] > _LAST_SECTION or not used or end > len(rest):
            return False
        rest = rest[end:]
    return True


def _leb(raw: bytes) -> tuple[int, int]:
    """An unsigned LEB128 number and its length; the length 0 where there is none."""
    value = 0
    for place, byte in enumerate(raw[:5]):
        value |= (byte & 0x7F) << (7 * place)
        if byte < 0x80:
            return value, place + 1
    return 0, 0
