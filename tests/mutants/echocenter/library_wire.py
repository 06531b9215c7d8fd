"""The server's side of one WebSocket as the `websockets` library speaks it.

Its asyncio server refuses POST, so its sans-I/O machine sits behind our own HTTP front.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Final

from websockets.exceptions import InvalidState
from websockets.extensions.permessage_deflate import ServerPerMessageDeflateFactory
from websockets.frames import Frame, Opcode
from websockets.http11 import Request as Upgrade
from websockets.protocol import State
from websockets.server import ServerProtocol

from .model import Request
from .wire import Socket

if TYPE_CHECKING:
    from .hub import Hub

__all__ = ["LibraryWire"]

_FAREWELL: Final = 1.0


class LibraryWire(Socket):
    """A `ServerProtocol` on asyncio streams."""

    def __init__(
        self,
        hub: Hub,
        request: Request,
        head: bytes,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        """The machine waits for its request."""
        super().__init__(hub, request, head, reader, writer)
        deflate = [ServerPerMessageDeflateFactory()] if hub.reading.compress else []
        self._machine = ServerProtocol(extensions=deflate, max_size=hub.reading.max_size)
        self._pieces: list[bytes] = []
        self._opcode: Opcode | None = None

    def greet(self) -> None:
        """Let the library answer."""
        self._machine.receive_data(self.head)
        for event in self._machine.events_received():
            if isinstance(event, Upgrade):
                self._machine.send_response(self._machine.accept(event))
        self._flush()

    def put(self, data: str | bytes) -> None:
        """One frame for each message."""
        with contextlib.suppress(InvalidState):
            if isinstance(data, str):
                self._machine.send_text(data.encode())
            else:
                self._machine.send_binary(data)
        self._flush()

    def ping(self) -> None:
        """Are you there?"""
        with contextlib.suppress(InvalidState):
            self._machine.send_ping(b"echo")
        self._flush()

    def shut(self, code: int | None, reason: str = "") -> None:
        """Begin the closing handshake, or just leave."""
        if code is None or self._machine.state is State.CLOSED:
            self.writer.close()
            return
        with contextlib.suppress(InvalidState):
            self._machine.send_close(code, reason)
        self._flush()
        asyncio.get_running_loop().call_later(_FAREWELL, self.writer.close)

    async def feed(self, data: bytes) -> None:
        """Through the machine, frame by frame."""
        self._machine.receive_data(data)
        self._flush()
        for event in self._machine.events_received():
            if isinstance(event, Frame):
                await self._took(event)

    def ended(self) -> None:
        """Tell the machine, and leave."""
        with contextlib.suppress(InvalidState, EOFError):
            self._machine.receive_eof()
        self._flush()
        self.writer.close()

    async def _took(self, frame: Frame) -> None:
        if frame.opcode in {Opcode.CLOSE, Opcode.PING, Opcode.PONG}:
            return
        if frame.opcode is not Opcode.CONT:
            self._opcode = frame.opcode
        self._pieces.append(bytes(frame.data))
        if not frame.fin:
            return
        raw = b"".join(self._pieces)
        self._pieces.clear()
        if self._opcode is Opcode.BINARY:
            await self.heard(raw)
            return
        try:
            text = raw.decode()
        except UnicodeDecodeError:
            self._machine.fail(1007, "invalid UTF-8")
            self._flush()
            return
        await self.heard(text)

    def _flush(self) -> None:
        for data in self._machine.data_to_send():
            if data:
                self.write(data)
            elif not self.writer.transport.is_closing():
                self.writer.close()
