"""The server's side of one WebSocket on asyncio streams, by hand; each step can be overridden."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hashlib
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Final

from .frames import BINARY, CLOSE, CONT, PING, PONG, TEXT, Frame, Parser, build
from .model import Line, Principal, Refusal, Request

if TYPE_CHECKING:
    from .hub import Hub

__all__ = ["Socket", "SocketLine", "Wire", "accept_key"]

_GUID: Final = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_CHUNK: Final = 64 * 1024
_FAREWELL: Final = 1.0
"""Seconds that the peer has to answer a close frame."""


def accept_key(key: str) -> str:
    """The proof that the key was read (RFC 6455, 4.2.2)."""
    return base64.b64encode(hashlib.sha1(key.encode() + _GUID).digest()).decode()


class SocketLine(Line):
    """A line on a `Socket`."""

    def __init__(self, principal: Principal, socket: Socket) -> None:
        """A line that writes to `socket`."""
        super().__init__(principal)
        self.socket = socket

    def put(self, data: str | bytes) -> None:
        """Write at once: the transport buffers."""
        self.socket.put(data)

    def close(self, code: int | None, reason: str = "") -> None:
        """Close, with a frame or without."""
        self.open = False
        self.socket.shut(code, reason)

    def abort(self) -> None:
        """Cut."""
        self.open = False
        self.socket.abort()


class Socket(ABC):
    """One upgraded connection."""

    def __init__(
        self,
        hub: Hub,
        request: Request,
        head: bytes,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        """Nothing is answered yet; `head` is the raw request."""
        self.hub = hub
        self.request = request
        self.head = head
        self.reader = reader
        self.writer = writer
        self.line: SocketLine | None = None

    async def run(self, verdict: Principal | Refusal) -> None:
        """From the handshake to the end of the connection."""
        self.greet()
        if isinstance(verdict, Refusal):
            self.shut(verdict.code, verdict.reason)
            await self.listen()
            return
        self.line = SocketLine(verdict, self)
        pinger = asyncio.get_running_loop().create_task(self._ping())
        try:
            await self.hub.joined(self.line)
            await self.listen()
        finally:
            pinger.cancel()
            await self.hub.gone(self.line)

    async def listen(self) -> None:
        """Read until nothing more comes."""
        with contextlib.suppress(ConnectionError):
            while data := await self.reader.read(_CHUNK):
                await self.feed(data)
        self.ended()

    async def heard(self, data: str | bytes) -> None:
        """A whole message came."""
        if self.line is not None and self.line.open:
            await self.hub.received(self.line, data)

    async def _ping(self) -> None:
        every = self.hub.reading.ping_every
        while every is not None:
            await asyncio.sleep(every)
            self.ping()

    def write(self, data: bytes) -> None:
        """Bytes on the wire, as long as there is one."""
        if not self.writer.transport.is_closing():
            self.writer.write(data)

    def abort(self) -> None:
        """Cut the connection at once."""
        self.writer.transport.abort()

    def ended(self) -> None:
        """The other side is gone: leave too."""
        self.writer.close()

    @abstractmethod
    def greet(self) -> None:
        """Answer the handshake."""

    @abstractmethod
    async def feed(self, data: bytes) -> None:
        """Take bytes."""

    @abstractmethod
    def put(self, data: str | bytes) -> None:
        """Send one message."""

    @abstractmethod
    def ping(self) -> None:
        """Send a ping."""

    @abstractmethod
    def shut(self, code: int | None, reason: str = "") -> None:
        """Close with `code`; None ends the connection without a close frame."""


class Wire(Socket):
    """RFC 6455 by hand."""

    def __init__(
        self,
        hub: Hub,
        request: Request,
        head: bytes,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        """No frames yet."""
        super().__init__(hub, request, head, reader, writer)
        self.parser = Parser()
        self.closing = False
        self.pieces: list[bytes] = []
        self.opcode: int | None = None
        """The opcode of the message whose fragments are coming."""

    # Handshake

    def greet(self) -> None:
        """101."""
        lines = [f"{name}: {value}" for name, value in self.greeting().items()]
        status = "HTTP/1.1 101 Switching Protocols"
        self.write("\r\n".join([status, *lines, "", ""]).encode())

    def greeting(self) -> dict[str, str]:
        """The headers of the 101."""
        key = self.request.headers.get("sec-websocket-key", "")
        return {
            "Upgrade": "websocket",
            "Connection": "Upgrade",
            "Sec-WebSocket-Accept": self.proof(key),
        }

    def proof(self, key: str) -> str:
        """The value of Sec-WebSocket-Accept."""
        return accept_key(key)

    # Out

    def put(self, data: str | bytes) -> None:
        """One message in as many frames as the reading wants."""
        if self.closing:
            return
        opcode = BINARY if isinstance(data, bytes) else TEXT
        raw = data if isinstance(data, bytes) else data.encode()
        for frame in self.framed(opcode, raw):
            self.write(frame)

    def framed(self, opcode: int, raw: bytes) -> list[bytes]:
        """The frames of one data message."""
        size = self.hub.reading.fragment
        if size is None or len(raw) <= size:
            return [build(opcode, raw)]
        parts = [raw[at : at + size] for at in range(0, len(raw), size)]
        last = len(parts) - 1
        return [
            build(CONT if at else opcode, part, fin=at == last) for at, part in enumerate(parts)
        ]

    def control(self, opcode: int, payload: bytes) -> None:
        """Send a control frame."""
        self.write(build(opcode, payload))

    def ping(self) -> None:
        """Are you there?"""
        if not self.closing:
            self.control(PING, b"echo")

    def shut(self, code: int | None, reason: str = "") -> None:
        """Begin the closing handshake, or just leave."""
        if code is None:
            self.closing = True
            self.writer.close()
        elif not self.closing:
            self.closing = True
            self.control(CLOSE, code.to_bytes(2, "big") + reason.encode()[:100])
            asyncio.get_running_loop().call_later(_FAREWELL, self.writer.close)

    def fail(self, code: int) -> None:
        """The peer broke the RFC."""
        if self.line is not None:
            self.line.open = False
        self.shut(code)

    # In

    async def feed(self, data: bytes) -> None:
        """Whole frames, one after the other."""
        for frame in self.parser.feed(data):
            await self.took(frame)

    async def took(self, frame: Frame) -> None:
        """One frame came."""
        if self.closing and frame.opcode != CLOSE:
            return
        code = self.broken(frame)
        if code is not None:
            self.fail(code)
        elif frame.opcode in {CLOSE, PING, PONG}:
            self.took_control(frame)
        else:
            await self.took_data(frame)

    def broken(self, frame: Frame) -> int | None:
        """The close code that this frame earns, if any."""
        known = {CONT, TEXT, BINARY, CLOSE, PING, PONG}
        if not frame.masked or frame.rsv or frame.opcode not in known:
            return 1002
        if frame.opcode >= CLOSE:
            return 1002 if not frame.fin or len(frame.payload) > 125 else None
        if (frame.opcode == CONT) != (self.opcode is not None):
            return 1002
        size = sum(map(len, self.pieces)) + len(frame.payload)
        return 1009 if size > self.hub.reading.max_size else None

    def took_control(self, frame: Frame) -> None:
        """Answer a ping and a close."""
        if frame.opcode == PING:
            self.pong(frame.payload)
        elif frame.opcode == CLOSE:
            self.took_close(frame.payload)

    def pong(self, payload: bytes) -> None:
        """Answer a ping with its own payload."""
        self.control(PONG, payload)

    def took_close(self, payload: bytes) -> None:
        """Answer with the same code, then end the connection, as the server's part is."""
        if not self.closing:
            self.closing = True
            if self.hub.reading.bye:
                self.control(CLOSE, _reply_to_close(payload))
        self.writer.close()

    async def took_data(self, frame: Frame) -> None:
        """Put fragments together."""
        if frame.opcode != CONT:
            self.opcode = frame.opcode
        self.pieces.append(frame.payload)
        if not frame.fin:
            return
        raw, opcode = b"".join(self.pieces), self.opcode
        self.pieces, self.opcode = [], None
        if opcode == BINARY:
            await self.heard(raw)
            return
        try:
            text = raw.decode()
        except UnicodeDecodeError:
            self.fail(1007)
            return
        await self.heard(text)


def _reply_to_close(payload: bytes) -> bytes:
    if not payload:
        return b""
    if len(payload) == 1:
        return (1002).to_bytes(2, "big")
    code = int.from_bytes(payload[:2], "big")
    legal = code in {1000, 1001, 1002, 1003, *range(1007, 1015)} or 3000 <= code < 5000
    try:
        payload[2:].decode()
    except UnicodeDecodeError:
        return (1007).to_bytes(2, "big")
    return payload[:2] if legal else (1002).to_bytes(2, "big")
