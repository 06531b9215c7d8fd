"""What the library reads over generously: lengths of frames that are not written as briefly as can
be.
"""

from __future__ import annotations

from collections.abc import Generator

from websockets.exceptions import ProtocolError
from websockets.server import ServerProtocol
from websockets.streams import StreamReader

__all__ = ["make_strict"]

_SHORT, _LONG = 126, 127
"""What stands in a frame's second byte where 16 or 64 bits tell its length."""


class _StrictReader(StreamReader):
    """Reads frames as the library asks for their parts: two bytes, a longer length, the rest."""

    def __init__(self) -> None:
        super().__init__()
        self._parts = 0
        self._form = 0

    def at_eof(self) -> Generator[None, None, bool]:
        self._parts = 0  # asked before each frame
        return super().at_eof()

    def read_exact(self, n: int) -> Generator[None, None, bytearray]:
        part = yield from super().read_exact(n)
        self._parts += 1
        if self._parts == 1:
            self._form = part[1] & 127
        elif self._parts == 2 and self._form >= _SHORT:
            length = int.from_bytes(part, "big")
            if length < (1 << 16 if self._form == _LONG else _SHORT):
                # "the minimal number of bytes MUST be used to encode the length"
                raise ProtocolError(f"a length of {length} in {8 * n} bits")
        return part


def make_strict(protocol: ServerProtocol) -> None:
    """Have a protocol that has read nothing yet read strictly."""
    protocol.reader = _StrictReader()
    protocol.parser = protocol.parse()
    next(protocol.parser)
