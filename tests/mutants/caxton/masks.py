"""Whether a client masks its frames, which aiohttp does not look at."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

__all__ = ["Masks", "Watched"]

_MORE = {126: 2, 127: 8}
"""Bytes of a longer length, by what stands in its place."""


class Masks:
    """The heads of a client's frames, however the bytes come."""

    def __init__(self) -> None:
        self._rest = bytearray()
        self._payload = 0

    def lack(self, data: bytes) -> bool:
        """Has a frame begun without a mask?"""
        self._rest += data
        while len(self._rest) > self._payload:
            del self._rest[: self._payload]
            self._payload = 0
            if len(self._rest) < 2:
                return False
            size = self._rest[1] & 0x7F
            head = 2 + _MORE.get(size, 0)
            if not self._rest[1] & 0x80:
                return True
            if len(self._rest) < head:
                return False
            self._payload = head + 4 + (int.from_bytes(self._rest[2:head]) if head > 2 else size)
        self._payload -= len(self._rest)
        self._rest.clear()
        return False


class Watched(asyncio.Protocol):
    """A protocol whose frames are looked at on their way in; `bare` says whether one without a mask
    is taken.
    """

    def __init__(self, inner: asyncio.Protocol, bare: Callable[[], bool]) -> None:
        self._inner = inner
        self._bare = bare
        self._masks: Masks | None = Masks()

    def data_received(self, data: bytes) -> None:
        """Pass it on, but for what comes with the first frame that is not taken."""
        if self._masks is not None and self._masks.lack(data):
            self._masks = None
            if not self._bare():
                return
        self._inner.data_received(data)

    def eof_received(self) -> bool | None:
        """Pass it on."""
        return self._inner.eof_received()

    def connection_lost(self, exc: Exception | None) -> None:
        """Pass it on."""
        self._inner.connection_lost(exc)

    def pause_writing(self) -> None:
        """Pass it on."""
        self._inner.pause_writing()

    def resume_writing(self) -> None:
        """Pass it on."""
        self._inner.resume_writing()
