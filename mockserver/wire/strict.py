"""What the library reads over generously: lengths of frames that are not written as briefly as can
be.
"""

from __future__ import annotations

from collections.abc import Generator

from websockets.exceptions import ProtocolError
from websockets.protocol import State
from websockets.server import ServerProtocol
from websockets.streams import StreamReader

__all__ = ["between_messages", "make_strict"]

_SHORT, _LONG = 126, 127
"""What stands in a frame's second byte where 16 or 64 bits tell its length."""


class _StrictReader(StreamReader):
    """Reads frames as the library asks for their parts: two bytes, a longer length, the rest."""

    def __init__(self) -> None:
        super().__init__()
        self._parts = 0
        self._form = 0

    @property
    def idle(self) -> bool:
        """Is no part of a frame there?"""
        return not self._parts and not self.buffer

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


def between_messages(protocol: ServerProtocol) -> bool:
    """Is the next byte the first of a message, or of a control frame?"""
    reader = protocol.reader
    idle = isinstance(reader, _StrictReader) and reader.idle
    return idle and protocol.current_size is None and protocol.state is State.OPEN


def make_strict(protocol: ServerProtocol) -> None:
    """Have a protocol that has read nothing yet read strictly."""
    protocol.reader = _StrictReader()
    protocol.parser = protocol.parse()
    next(protocol.parser)
