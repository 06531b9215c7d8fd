"""Somebody who takes and does not give back: who never reads, who connects again and again."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Final, cast

from .fault import Fault, Gate, Seed, prefixed, table, wired
from .model import Refusal
from .wire import SocketLine, Wire

if TYPE_CHECKING:
    from .hub import Hub
    from .model import Line

__all__ = ["SIEGE_FAULTS"]

_MOST: Final = 400_000
"""Bytes that may wait for somebody who does not read."""

_ROOM: Final = 10
"""Connections that there is room for."""

_TRIES: Final = 30
"""Connections in a server's life, good or bad, that it survives."""

_CROWDED: Final = 1013


class _InTurn(Wire):
    """One message at a time in the whole house, and each waits until everybody has read."""

    async def heard(self, data: str | bytes) -> None:
        turn = cast("asyncio.Lock", self.hub.memo.setdefault("turn", asyncio.Lock()))
        async with turn:
            await super().heard(data)
            for line in list(self.hub.lines):
                if isinstance(line, SocketLine):
                    with contextlib.suppress(ConnectionError):
                        await line.socket.writer.drain()


class _Overflowing(Wire):
    """Too much waits for one who does not read: something happens to all."""

    def put(self, data: str | bytes) -> None:
        super().put(data)
        if self.writer.transport.get_write_buffer_size() > _MOST:
            self.overflow()

    def overflow(self) -> None:
        self.hub.crash()


class _OverflowEndsOthers(_Overflowing):
    def overflow(self) -> None:
        for line in list(self.hub.lines):
            if line is not self.line:
                line.close(1011, "out of memory")


_SLOW: Final[tuple[tuple[str, str, type[Wire]], ...]] = (
    ("slow.in_turn", "nobody is heard until everybody has read", _InTurn),
    ("slow.overflow.crashes", "too much that waits for one ends the server", _Overflowing),
    (
        "slow.overflow.ends_others",
        "too much that waits for one ends the connections of the others",
        _OverflowEndsOthers,
    ),
)


def _joined(act: Callable[[Hub, Line], object]) -> Seed:
    return Seed(joined=act)


def _floods() -> Iterator[tuple[str, str, Seed]]:
    def oldest(hub: Hub, line: Line) -> None:
        if len(hub.lines) > _ROOM:
            hub.lines[0].close(_CROWDED, "no room")

    def everybody(hub: Hub, line: Line) -> None:
        if len(hub.lines) > _ROOM:
            hub.crash()

    def deafened(hub: Hub, line: Line) -> None:
        hub.memo["deaf"] = hub.memo.get("deaf") or len(hub.lines) > _ROOM

    async def hear(hub: Hub, line: Line, data: str | bytes) -> bool:
        return bool(hub.memo.get("deaf"))

    def used_up(gate: Gate) -> None:
        gate.hub.memo["tries"] = tries = int(gate.hub.memo.get("tries", 0)) + 1
        if tries > _TRIES:
            gate.refusal = Refusal(status=503, reason="no room")

    yield "oldest", "where there is no room the oldest connection ends", _joined(oldest)
    yield "crashes", "more than ten connections end the server", _joined(everybody)
    yield (
        "deafens",
        "after more than ten connections at once nobody is heard",
        Seed(joined=deafened, hear=hear),
    )
    yield "used_up", "the room of a connection is never given back", Seed(gate=used_up)


SIEGE_FAULTS: Final[tuple[Fault, ...]] = (
    *wired(_SLOW),
    *table("2. Connection", prefixed("flood.", _floods())),
)
