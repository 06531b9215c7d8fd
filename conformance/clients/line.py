"""The asyncio client of `websockets`, made to tell of everything that comes."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.client import ClientProtocol
from websockets.frames import Frame, Opcode
from websockets.http11 import Response
from websockets.protocol import Event

from conformance.clients.handshake import lost, mended

__all__ = ["Dial", "Line"]


class Line(ClientConnection):
    """The library's connection. It tells of every frame as it comes, in place of its own queue."""

    def __init__(self, protocol: ClientProtocol, **settings: Any) -> None:
        super().__init__(protocol, **settings)
        self.opened = time.monotonic()
        self.beginning = b""
        self._early: list[tuple[Frame, float]] = []
        self._lost: str | None = None
        self._told = False
        self._came: Callable[[Frame, float], None] | None = None
        self._broke: Callable[[Exception], None] | None = None
        self._over: Callable[[str], None] | None = None

    def attend(
        self,
        came: Callable[[Frame, float], None],
        broke: Callable[[Exception], None],
        over: Callable[[str], None],
    ) -> None:
        """Tell of every frame, of what breaks RFC 6455 and of the end: past and future ones."""
        self._came, self._broke, self._over = came, broke, over
        for frame, at in self._early:
            came(frame, at)
        self._early.clear()
        self._tell()

    def _tell(self) -> None:
        error = self.protocol.parser_exc
        if self._broke and error is not None and not isinstance(error, EOFError) and not self._told:
            self._told = True
            self._broke(error)
        if self._over and self._lost is not None:
            self._over(self._lost)

    def last_words(self) -> Exception | None:
        """Why there is no connection, when nothing more can come of an answer that is half there.

        A refusal whose body has no end is a refusal all the same.
        """
        self.protocol.receive_eof()
        for event in self.protocol.events_received():
            if isinstance(event, Response) and self.response is None:
                self.response = event
                return self.protocol.handshake_exc
        return None

    def process_event(self, event: Event) -> None:
        if isinstance(event, Frame):
            at = time.monotonic()
            if event.opcode is Opcode.PONG:
                self.acknowledge_pings(bytes(event.data))
            if self._came is None:
                self._early.append((event, at))
            else:
                self._came(event, at)
        else:
            self.opened = time.monotonic()
            super().process_event(event)

    def data_received(self, data: bytes) -> None:
        if self.response is None:
            data = data if self.beginning else mended(data)
            self.beginning += data
        super().data_received(data)
        self._tell()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._lost = lost(exc)
        self._tell()


class Dial(connect):
    """The library's way to a connection, but for redirects: they refuse, as any other status."""

    line: Line | None = None

    async def open_tcp_connection(self) -> ClientConnection:
        line = await super().open_tcp_connection()
        assert isinstance(line, Line)
        self.line = line
        return line

    def process_redirect(self, exc: Exception) -> Exception | str:
        return exc
