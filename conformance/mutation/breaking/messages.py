"""A mutant at work on one direction of a WebSocket: whole frames in, whole frames out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from conformance.clients.rfc6455 import frame_bytes
from conformance.mutation.breaking.breaker import Breaker
from conformance.mutation.breaking.exchanges import DELAY
from conformance.proxy.changing import Cut, Pause, Piece
from conformance.proxy.frame_stream import Deflate, FrameStream, Spoken
from mockserver.json_text import read_json

__all__ = ["Frames"]

_CONT, _TEXT, _BINARY, _CLOSE = 0, 1, 2, 8
_NO_CODE = 1005

Elsewhere = Callable[[bytes], bool]
"""Says something on another open connection; returns whether there is one."""


class Frames:
    """What the judged side says on one connection. Frames that the mutant is not about go on as
    they came; where messages are compressed, all go on in the clear, since each hangs on the last.
    """

    def __init__(
        self, breaker: Breaker, channel: str, deflate: Deflate | None, elsewhere: Elsewhere
    ) -> None:
        self._breaker = breaker
        self._channel = channel
        self._masked = breaker.role == "agent"
        self._packed = deflate is not None
        self._elsewhere = elsewhere
        self._stream = FrameStream(masked=self._masked, deflate=deflate)
        self._buffer = bytearray()
        self._parts: list[bytes] = []
        self._waiting: list[bytes] = []

    def feed(self, data: bytes) -> list[Piece]:
        self._buffer += data
        pieces: list[Piece] = []
        while size := _first_frame(self._buffer):
            frame = bytes(self._buffer[:size])
            del self._buffer[:size]
            pieces += self._frame(frame)
        return pieces

    def rest(self) -> bytes:
        """What is held back when nothing more comes."""
        held = b"".join([*self._parts, *self._waiting, bytes(self._buffer)])
        self._parts, self._waiting, self._buffer = [], [], bytearray()
        return held

    def _frame(self, frame: bytes) -> Sequence[Piece]:
        spoken = list(self._stream.feed(frame))
        if frame[0] & 0x0F >= _CLOSE:
            return self._control(frame, spoken)
        self._parts.append(frame)
        if not frame[0] & 0x80:
            return ()
        raw, self._parts = b"".join(self._parts), []
        said = next((each for each in spoken if each.kind in ("text", "binary")), None)
        if said is None:
            return (raw,)
        if self._packed:
            raw = self._written(said.data, said.kind)
        pieces = self._message(said, raw)
        waiting, self._waiting = self._waiting, []
        if pieces is None:
            self._waiting = [*waiting, raw]
            return ()
        return [*pieces, *waiting]

    def _message(self, said: Spoken, raw: bytes) -> Sequence[Piece] | None:
        """`None` where it is to be said behind the next one."""
        breaker = self._breaker
        mutant = breaker.mutant
        if mutant.place == self._channel and mutant.operator == "masking":
            return self._done(self._written(said.data, said.kind, masked=not self._masked))
        if mutant.part or not self._concerns(said):
            return (raw,)
        if mutant.operator == "reordered":
            if self._waiting:
                return (raw,)
            breaker.did()
            return None
        return self._changed(said, raw)

    def _concerns(self, said: Spoken) -> bool:
        if said.kind != "text" or self._breaker.mutant.place not in self._breaker.protocol.messages:
            return False
        try:
            found = self._breaker.message_of(self._channel, read_json(said.data))
        except ValueError:  # no JSON, or a text in it that is no Unicode
            return False
        return found == self._breaker.mutant.place

    def _changed(self, said: Spoken, raw: bytes) -> Sequence[Piece]:
        operator = self._breaker.mutant.operator
        whole: Mapping[str, Sequence[Piece]] = {
            "missing": (),
            "duplicated": (raw, raw),
            "delayed": (Pause(DELAY), raw),
        }
        if operator in whole:
            return self._done(*whole[operator])
        if operator == "misdirected":
            return self._done() if self._elsewhere(raw) else (raw,)
        other = self._other_frames(operator, said.data)
        return (raw,) if other is None else self._done(other)

    def _other_frames(self, operator: str, text: bytes) -> bytes | None:
        """The message in another form; `None` where it has none."""
        if operator == "garbled":
            return self._written(text[:-1], "text")
        if operator == "binary":
            return self._written(text, "binary")
        if operator == "fragmented":
            half = len(text) // 2
            return self._one(_TEXT, text[:half], fin=False) + self._one(_CONT, text[half:])
        changed = self._breaker.json(text)
        return None if changed is None else self._written(changed, "text")

    def _control(self, frame: bytes, spoken: Sequence[Spoken]) -> Sequence[Piece]:
        closing = next((each for each in spoken if each.kind == "close"), None)
        if closing is None:
            return (frame,)
        held, self._waiting = self._waiting, []
        mutant = self._breaker.mutant
        if mutant.place == self._channel and mutant.operator == "lost":
            return [*held, *self._done(Cut())]
        if mutant.place == self._channel and mutant.operator == "close-code":
            code = int(mutant.value)
            payload = b"" if code == _NO_CODE else code.to_bytes(2, "big") + closing.data
            return [*held, *self._done(self._one(_CLOSE, payload))]
        return [*held, frame]

    def _done(self, *pieces: Piece) -> Sequence[Piece]:
        self._breaker.did()
        return pieces

    def _written(self, data: bytes, kind: str, *, masked: bool | None = None) -> bytes:
        return self._one(_TEXT if kind == "text" else _BINARY, data, masked=masked)

    def _one(
        self, opcode: int, data: bytes, *, fin: bool = True, masked: bool | None = None
    ) -> bytes:
        hidden = self._masked if masked is None else masked
        return frame_bytes(opcode, data, fin=fin, masked=hidden, mask=self._breaker.noise(4))


def _first_frame(buffer: bytearray) -> int:
    """How many bytes the first frame has, or 0 where it has not all come."""
    if len(buffer) < 2:
        return 0
    size, start = buffer[1] & 0x7F, 2
    if size >= 126:
        start = 4 if size == 126 else 10
        size = int.from_bytes(buffer[2:start], "big")
    start += 4 if buffer[1] & 0x80 else 0
    return start + size if len(buffer) >= start + size else 0
