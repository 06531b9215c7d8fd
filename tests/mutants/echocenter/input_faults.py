"""RFC 6455 broken: the frames that come in."""

from __future__ import annotations

from typing import Final

from .fault import wired
from .frames import BINARY, CLOSE, CONT, PING, PONG, TEXT, Frame
from .wire import Wire

__all__ = ["INPUT_FAULTS"]


class _In(Wire):
    """Wrong about what comes in."""

    sizes: tuple[int, int] = (0, 0)

    async def took_data(self, frame: Frame) -> None:
        low, high = self.sizes
        if low <= len(frame.payload) <= high:
            return
        await super().took_data(frame)


class _InExact(_In):
    """Messages of exactly 125, 126, 127, 65535 and 65536 bytes are lost."""

    async def took_data(self, frame: Frame) -> None:
        if len(frame.payload) not in {125, 126, 127, 0xFFFF, 0x10000}:
            await super().took_data(frame)


class _InMedium(_In):
    sizes = (126, 0xFFFF)


class _InLarge(_In):
    sizes = (0x10000, 1 << 40)


class _InCloses(Wire):
    """A message of 64 KiB ends the connection without a word."""

    async def took_data(self, frame: Frame) -> None:
        if len(frame.payload) > 0xFFFF:
            self.abort()
        else:
            await super().took_data(frame)


class _NoReassembly(Wire):
    """Each fragment is taken for a message."""

    async def took_data(self, frame: Frame) -> None:
        await self.heard(frame.payload.decode(errors="replace"))

    def broken(self, frame: Frame) -> int | None:
        whole = frame.masked and not frame.rsv and frame.opcode == CONT
        return None if whole else super().broken(frame)


class _FirstFragment(Wire):
    """Only the first fragment is kept."""

    async def took_data(self, frame: Frame) -> None:
        if frame.opcode != CONT:
            await super().took_data(frame)
        elif frame.fin:
            pieces = self.pieces
            self.pieces, self.opcode = [], None
            await self.heard(b"".join(pieces).decode(errors="replace"))


class _LastFragment(Wire):
    async def took_data(self, frame: Frame) -> None:
        if frame.opcode == CONT and frame.fin:
            self.pieces = []
        await super().took_data(frame)


class _MiddleLost(Wire):
    """Of more than two fragments those between are lost."""

    async def took_data(self, frame: Frame) -> None:
        if frame.fin or frame.opcode != CONT:
            await super().took_data(frame)


class _FragmentsClose(Wire):
    async def took_data(self, frame: Frame) -> None:
        if frame.fin and frame.opcode != CONT:
            await super().took_data(frame)
        else:
            self.fail(1003)


class _PieceUtf8(Wire):
    """Each fragment must be UTF-8 by itself."""

    async def took_data(self, frame: Frame) -> None:
        try:
            frame.payload.decode()
        except UnicodeDecodeError:
            self.fail(1007)
            return
        await super().took_data(frame)


class _PingBreaks(Wire):
    """A ping between fragments ends the message."""

    def took_control(self, frame: Frame) -> None:
        if self.opcode is not None and frame.opcode == PING:
            self.pieces = []
        super().took_control(frame)


class _PingInText(Wire):
    """A ping between fragments becomes a part of the message."""

    def took_control(self, frame: Frame) -> None:
        if self.opcode is not None and frame.opcode == PING:
            self.pieces.append(frame.payload)
        super().took_control(frame)


class _SharedPieces(Wire):
    """Fragments of all connections are put together in one place."""

    async def took_data(self, frame: Frame) -> None:
        if frame.opcode != CONT and not frame.fin:
            self.hub.memo["pieces"] = self.pieces
        if frame.opcode == CONT:
            self.pieces = self.hub.memo.get("pieces", self.pieces)
        await super().took_data(frame)


class _ReservedTaken(Wire):
    def broken(self, frame: Frame) -> int | None:
        code = super().broken(frame)
        return None if frame.rsv and frame.masked and frame.opcode <= BINARY else code


class _Crashing(Wire):
    """Some broken frame ends the server."""

    def crashes(self, frame: Frame) -> bool:
        return False

    async def took(self, frame: Frame) -> None:
        if self.crashes(frame):
            self.hub.crash()
        else:
            await super().took(frame)


class _CrashUnmasked(_Crashing):
    def crashes(self, frame: Frame) -> bool:
        return not frame.masked


class _CrashUtf8(_Crashing):
    def crashes(self, frame: Frame) -> bool:
        return frame.opcode == TEXT and frame.fin and not _is_utf8(frame.payload)


class _CrashRsv(_Crashing):
    def crashes(self, frame: Frame) -> bool:
        return bool(frame.rsv)


class _CrashOpcode(_Crashing):
    def crashes(self, frame: Frame) -> bool:
        return frame.opcode not in {CONT, TEXT, BINARY, CLOSE, PING, PONG}


class _CrashCont(_Crashing):
    def crashes(self, frame: Frame) -> bool:
        return frame.opcode == CONT and self.opcode is None


class _CrashPong(_Crashing):
    def crashes(self, frame: Frame) -> bool:
        return frame.opcode == PONG


class _CrashPing(_Crashing):
    def crashes(self, frame: Frame) -> bool:
        return frame.opcode == PING and not frame.payload


class _CrashClose(_Crashing):
    def crashes(self, frame: Frame) -> bool:
        return frame.opcode == CLOSE and len(frame.payload) == 1


class _ReplacesUtf8(Wire):
    """Invalid UTF-8 is mended and delivered."""

    async def took_data(self, frame: Frame) -> None:
        if frame.opcode == TEXT and frame.fin and not _is_utf8(frame.payload):
            await self.heard(frame.payload.decode(errors="replace"))
        else:
            await super().took_data(frame)


class _OneReadOneFrame(Wire):
    """Of several frames that come together only the first is seen."""

    async def feed(self, data: bytes) -> None:
        for frame in list(self.parser.feed(data))[:1]:
            await self.took(frame)


class _SplitFrame(Wire):
    """A frame that comes in pieces ends the connection."""

    async def feed(self, data: bytes) -> None:
        frames = list(self.parser.feed(data))
        if not frames:
            self.abort()
        for frame in frames:
            await self.took(frame)


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


_IN: Final[tuple[tuple[str, str, type[Wire]], ...]] = (
    ("in.sizes", "frames of exactly 125 to 127, 65535 and 65536 bytes are lost", _InExact),
    ("in.medium", "frames with a length in 2 bytes are lost", _InMedium),
    ("in.large", "frames with a length in 8 bytes are lost", _InLarge),
    ("~in.large_cuts", "a frame of 64 KiB cuts the connection", _InCloses),
    ("in.not_joined", "each fragment is taken for a message", _NoReassembly),
    ("in.first_fragment", "only the first fragment is kept", _FirstFragment),
    ("in.last_fragment", "only the last fragment is kept", _LastFragment),
    ("in.middle_lost", "of more than two fragments those between are lost", _MiddleLost),
    ("in.fragments_close", "fragments end the connection", _FragmentsClose),
    ("in.piece_utf8", "a letter may not be split between fragments", _PieceUtf8),
    ("in.ping_between", "a ping between fragments spoils the message", _PingBreaks),
    ("in.ping_in_text", "a ping between fragments becomes a part of the text", _PingInText),
    ("in.shared_pieces", "fragments of two connections are mixed", _SharedPieces),
    ("~in.utf8_mended", "invalid UTF-8 is mended and delivered", _ReplacesUtf8),
    ("~in.reserved", "frames with reserved bits are taken", _ReservedTaken),
    ("in.together", "of frames that come together only the first is seen", _OneReadOneFrame),
    ("in.split", "a frame that comes in two pieces cuts the connection", _SplitFrame),
    ("crash.unmasked", "an unmasked frame ends the server", _CrashUnmasked),
    ("crash.utf8", "invalid UTF-8 ends the server", _CrashUtf8),
    ("crash.reserved", "a reserved bit ends the server", _CrashRsv),
    ("crash.opcode", "a reserved opcode ends the server", _CrashOpcode),
    ("crash.continuation", "a continuation of nothing ends the server", _CrashCont),
    ("crash.pong", "a pong that nobody asked for ends the server", _CrashPong),
    ("crash.ping", "an empty ping ends the server", _CrashPing),
    ("crash.close", "a close frame of one byte ends the server", _CrashClose),
)

INPUT_FAULTS: Final = tuple(wired(_IN))
