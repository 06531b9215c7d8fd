"""Our own WebSocket client on bare streams: lawful by default, and able to misbehave."""

from __future__ import annotations

import asyncio
import base64
from contextlib import suppress
from dataclasses import dataclass, replace
from random import Random
from typing import Final, Protocol
from urllib.parse import urlsplit

from tests.mutants.caxton_agents.frames import (
    BINARY,
    CLOSE,
    CONTINUATION,
    PING,
    PONG,
    TEXT,
    Frame,
    Parser,
    accept_for,
    encode,
)
from tests.mutants.caxton_agents.http_raw import read_head
from tests.mutants.caxton_agents.model import Habits

__all__ = ["CLOSE_TIMEOUT", "LARGEST", "Dialling", "GoneError", "RefusedError", "Socket", "dial"]

CLOSE_TIMEOUT: Final = 0.8
LARGEST: Final = 1 << 22


class GoneError(OSError):
    """A connection ended."""


class RefusedError(OSError):
    """An HTTP answer in place of the upgrade."""

    def __init__(self, status: int) -> None:
        super().__init__(f"refused with status {status}")
        self.status = status


@dataclass(frozen=True, kw_only=True, slots=True)
class Dialling:
    """What it takes to open a WebSocket."""

    url: str
    """With ws or wss."""
    headers: tuple[tuple[str, str], ...]
    habits: Habits
    rng: Random
    timeout: float = 5.0


class Socket(Protocol):
    """An open WebSocket."""

    async def send(self, message: str | bytes) -> None:
        """Send a text or binary message. Raises GoneError."""

    async def receive(self) -> str | bytes:
        """The next message. Raises GoneError."""

    async def close(self) -> None:
        """Close in order; never raises."""

    async def abort(self) -> None:
        """Cut the line without a close frame."""


async def dial(dialling: Dialling) -> Socket:
    """Connect. Raises RefusedError, OSError."""
    parts = urlsplit(dialling.url)
    secure = parts.scheme == "wss"
    async with asyncio.timeout(dialling.timeout):
        reader, writer = await asyncio.open_connection(
            parts.hostname, parts.port or (443 if secure else 80), ssl=secure or None, limit=LARGEST
        )
        try:
            await _shake_hands(reader, writer, dialling)
        except (EOFError, ValueError, asyncio.LimitOverrunError) as error:
            writer.transport.abort()
            raise ConnectionResetError("no HTTP answer to the handshake") from error
        except BaseException:
            writer.transport.abort()
            raise
    return _Raw(reader, writer, dialling)


async def _shake_hands(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, dialling: Dialling
) -> None:
    parts = urlsplit(dialling.url)
    nonce = b"sixteen bytes..." if dialling.habits.same_key else dialling.rng.randbytes(16)
    key = base64.b64encode(nonce).decode()
    headers = (
        ("Host", parts.netloc),
        ("Upgrade", "websocket"),
        ("Connection", "Upgrade"),
        *((("Sec-WebSocket-Key", key),) if dialling.habits.key else ()),
        ("Sec-WebSocket-Version", dialling.habits.version),
        *dialling.headers,
    )
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    lines = [f"GET {target} HTTP/1.1", *(f"{name}: {value}" for name, value in headers), "", ""]
    writer.write("\r\n".join(lines).encode())
    status, answered = await read_head(reader)
    if status != 101 or answered.get("sec-websocket-accept") != accept_for(key):
        raise RefusedError(status)


class _Raw:
    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, dialling: Dialling
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._habits = dialling.habits
        self._rng = dialling.rng
        self._parser = Parser()
        self._parts: list[Frame] = []
        self._closed = False
        self._deaf = False
        self._reading = False
        self._ended = asyncio.Event()

    async def send(self, message: str | bytes) -> None:
        if self._closed:
            raise GoneError("WebSocket closed")
        habits = self._habits
        opcode = TEXT if isinstance(message, str) else BINARY
        if habits.opcode is not None and opcode == TEXT:
            opcode = habits.opcode
        data = message.encode() if isinstance(message, str) else message
        size = habits.fragment or max(1, len(data))
        for at in range(0, max(1, len(data)), size):
            last = at + size >= len(data) and not habits.no_end
            begins = not at or habits.interrupted
            own = opcode if begins else CONTINUATION
            self._put(Frame(opcode=own, payload=data[at : at + size], fin=last))
        if habits.control:
            self._put(Frame(opcode=PING, payload=habits.control))
        try:
            await self._writer.drain()
        except OSError as error:
            raise GoneError("WebSocket lost") from error

    async def receive(self) -> str | bytes:
        self._reading = True
        try:
            return await self._receive()
        except GoneError:
            self._ended.set()
            raise
        finally:
            self._reading = False

    async def _receive(self) -> str | bytes:
        while True:
            frame = await self._next()
            if _forbidden(frame, in_parts=bool(self._parts)):
                if not self._habits.strict:
                    continue
                await self._fail(1002)
            if frame.opcode == PING:
                self._deaf = self._deaf or "ping" in self._habits.loses
                if self._habits.pongs:
                    self._put(Frame(opcode=PONG, payload=frame.payload))
            elif frame.opcode == CLOSE:
                await self._answer_close(frame.payload)
            elif frame.opcode != PONG:
                message = await self._assemble(frame)
                if message is not None and not self._deaf:
                    return message

    async def close(self) -> None:
        if not self._closed and not self._writer.transport.is_closing():
            self._closed = True
            self._put(Frame(opcode=CLOSE, payload=self._habits.close))
            if self._habits.talks_after_close:
                self._put(Frame(opcode=TEXT, payload=b'{"type": "unsubscribe"}'))
            # Where somebody else reads already, he sees the end.
            await (self._await_end() if self._reading else self._hang_up())
        self._writer.transport.abort()

    async def _await_end(self) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._ended.wait(), CLOSE_TIMEOUT)

    async def abort(self) -> None:
        self._writer.transport.abort()

    async def _hang_up(self) -> None:
        """Wait for the other side to end the connection, but not long."""
        with suppress(OSError):
            async with asyncio.timeout(CLOSE_TIMEOUT):
                while await self._reader.read(65536):
                    pass

    async def _next(self) -> Frame:
        while (frame := self._parser.next_frame()) is None:
            try:
                data = await self._reader.read(65536)
            except OSError as error:
                raise GoneError("WebSocket lost") from error
            if not data:
                self._writer.transport.abort()
                raise GoneError("WebSocket lost without a close frame")
            self._parser.feed(data)
        return frame

    async def _assemble(self, frame: Frame) -> str | bytes | None:
        self._parts.append(frame)
        if not frame.fin:
            return None
        parts, self._parts = self._parts, []
        data = b"".join(part.payload for part in parts)
        loses = self._habits.loses
        if (len(parts) > 1 and "fragments" in loses) or (len(data) > 65535 and "large" in loses):
            self._deaf = True
        if parts[0].opcode != TEXT:
            return data
        try:
            return data.decode()
        except UnicodeDecodeError:
            await self._fail(1007)
            raise

    async def _fail(self, code: int) -> None:
        """RFC 6455, 7.1.7: what must not be ends the connection."""
        if not self._closed:
            self._closed = True
            self._put(Frame(opcode=CLOSE, payload=code.to_bytes(2, "big")))
        self._writer.close()
        raise GoneError(f"the other side broke RFC 6455 ({code})")

    async def _answer_close(self, payload: bytes) -> None:
        if self._habits.answers_close and not self._closed:
            self._closed = True
            self._put(Frame(opcode=CLOSE, payload=payload[:2]))
        await self._hang_up()
        self._writer.transport.abort()
        raise GoneError(f"closed with {int.from_bytes(payload[:2], 'big') or 'no code'}")

    def _put(self, frame: Frame) -> None:
        if self._writer.transport.is_closing():
            raise GoneError("WebSocket lost")
        if frame.opcode < CLOSE:
            frame = replace(frame, rsv=self._habits.rsv)
        mask = self._rng.randbytes(4) if self._habits.masked else b""
        self._writer.write(encode(frame, mask, long=self._habits.long_lengths))


def _forbidden(frame: Frame, *, in_parts: bool) -> bool:
    """What RFC 6455 forbids a server to send: masks, reserved bits and opcodes, control frames that
    are long or in parts, parts of nothing, and a message within another.
    """
    if frame.rsv or frame.masked or not frame.minimal:
        return True
    if frame.opcode >= CLOSE:
        return frame.opcode > PONG or not frame.fin or len(frame.payload) > 125
    return frame.opcode > BINARY or in_parts is (frame.opcode != CONTINUATION)
