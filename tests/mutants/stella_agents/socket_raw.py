"""Our own WebSocket client on bare streams: lawful by default, and able to misbehave."""

from __future__ import annotations

import asyncio
import base64
import ssl
from contextlib import suppress
from dataclasses import dataclass, replace
from random import Random
from typing import Final, Protocol
from urllib.parse import urlsplit

from tests.mutants.stella_agents.frames import (
    BINARY,
    CLOSE,
    CONTINUATION,
    PING,
    PONG,
    TEXT,
    Frame,
    Parser,
    accept_for,
    close_payload,
    encode,
)
from tests.mutants.stella_agents.http_raw import read_head
from tests.mutants.stella_agents.model import Habits

__all__ = ["Dialling", "GoneError", "RefusedError", "Socket", "dial_raw"]

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
    """What it takes to open a stream."""

    base: str
    """With http or https."""
    path: str
    headers: tuple[tuple[str, str], ...]
    context: ssl.SSLContext | None
    habits: Habits
    rng: Random
    timeout: float = 5.0


class Socket(Protocol):
    """An open stream."""

    async def send(self, message: str | bytes) -> None:
        """Send a text or binary message. Raises GoneError."""

    async def receive(self) -> str | bytes:
        """The next message. Raises GoneError."""

    async def close(self) -> None:
        """Close in order; never raises."""

    async def abort(self) -> None:
        """Cut the line without a close frame."""


async def dial_raw(dialling: Dialling) -> Socket:
    """Connect. Raises RefusedError, OSError."""
    parts = urlsplit(dialling.base)
    port = parts.port or (443 if dialling.context else 80)
    async with asyncio.timeout(dialling.timeout):
        reader, writer = await asyncio.open_connection(
            parts.hostname, port, ssl=dialling.context, limit=LARGEST
        )
        try:
            await _shake_hands(reader, writer, dialling)
        except (EOFError, ValueError, asyncio.LimitOverrunError) as error:
            writer.transport.abort()
            raise ConnectionResetError("no HTTP answer to the handshake") from error
        except BaseException:
            writer.transport.abort()
            raise
    return _Raw(reader, writer, dialling.habits, dialling.rng)


async def _shake_hands(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, dialling: Dialling
) -> None:
    nonce = bytes(16) if dialling.habits.same_key else dialling.rng.randbytes(16)
    key = base64.b64encode(nonce).decode()
    own = (("Sec-WebSocket-Key", key),) if dialling.habits.key else ()
    headers = (
        ("Host", urlsplit(dialling.base).netloc),
        ("Upgrade", "websocket"),
        ("Connection", "Upgrade"),
        *own,
        ("Sec-WebSocket-Version", dialling.habits.version),
        *dialling.headers,
    )
    lines = [f"GET {dialling.path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers)]
    writer.write("\r\n".join([*lines, "", ""]).encode())
    status, answered = await read_head(reader)
    if status != 101:
        raise RefusedError(status)
    if answered.get("sec-websocket-accept") != accept_for(key):
        raise RefusedError(0)


class _Raw:
    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        habits: Habits,
        rng: Random,
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._habits = habits
        self._rng = rng
        self._parser = Parser()
        self._parts: list[Frame] = []
        self._closed = False
        self._deaf = False
        self._reading = False
        self._ended = asyncio.Event()

    async def send(self, message: str | bytes) -> None:
        if self._closed:
            raise GoneError("stream closed")
        opcode = TEXT if isinstance(message, str) else BINARY
        data = message.encode() if isinstance(message, str) else message
        size = self._habits.fragment or max(1, len(data))
        cuts = range(0, max(1, len(data)), size)
        for n, start in enumerate(cuts):
            last = n == len(cuts) - 1 and not self._habits.no_end
            odd = self._habits.opcode
            own = opcode if odd is None or opcode != TEXT else odd
            part = data[start : start + size]
            self._put(Frame(opcode=CONTINUATION if n else own, payload=part, fin=last))
        await self._drain()

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
            if not self._habits.credulous and not self._lawful(frame):
                await self._answer_close(close_payload(1002))
            if frame.opcode == PING:
                self._deaf = self._deaf or "ping" in self._habits.loses
                if self._habits.pongs:
                    self._put(Frame(opcode=PONG, payload=frame.payload))
            elif frame.opcode == CLOSE:
                await self._answer_close(frame.payload)
            elif frame.opcode != PONG:
                message = self._assemble(frame)
                if message is not None and not self._deaf:
                    return message

    async def close(self) -> None:
        if self._habits.closes and not self._closed and not self._writer.transport.is_closing():
            self._closed = True
            code = self._habits.close_code
            self._put(Frame(opcode=CLOSE, payload=close_payload(code) if code else b""))
            if self._habits.talks_after_close:
                self._put(Frame(opcode=TEXT, payload=b'{"type": "task_log"}'))
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
        try:
            async with asyncio.timeout(CLOSE_TIMEOUT):
                while await self._reader.read(65536):
                    pass
        except OSError:
            pass

    async def _next(self) -> Frame:
        while (frame := self._parser.next_frame()) is None:
            try:
                data = await self._reader.read(65536)
            except OSError as error:
                raise GoneError("stream lost") from error
            if not data:
                self._writer.transport.abort()
                raise GoneError("stream lost without a close frame")
            self._parser.feed(data)
        return frame

    def _lawful(self, frame: Frame) -> bool:
        """May a server send it here?"""
        known = frame.opcode in (CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG)
        fitting = frame.opcode >= CLOSE or (frame.opcode == CONTINUATION) == bool(self._parts)
        return known and fitting and not frame.rsv and not frame.masked

    def _assemble(self, frame: Frame) -> str | bytes | None:
        self._parts.append(frame)
        if not frame.fin:
            return None
        parts, self._parts = self._parts, []
        data = b"".join(part.payload for part in parts)
        loses = self._habits.loses
        if len(parts) > 1 and "fragments" in loses:
            self._deaf = True
        if len(data) > 65535 and "large" in loses:
            self._deaf = True
        return data.decode(errors="replace") if parts[0].opcode == TEXT else data

    async def _answer_close(self, payload: bytes) -> None:
        if self._habits.answers_close and not self._closed:
            self._closed = True
            self._put(Frame(opcode=CLOSE, payload=payload[:2]))
        await self._hang_up()
        self._writer.transport.abort()
        raise GoneError(f"stream closed with {int.from_bytes(payload[:2], 'big') or 'no code'}")

    def _put(self, frame: Frame) -> None:
        if self._writer.transport.is_closing():
            raise GoneError("stream lost")
        if frame.opcode < CLOSE:
            frame = replace(frame, rsv=self._habits.rsv)
        mask = self._rng.randbytes(4) if self._habits.masked else b""
        self._writer.write(encode(frame, mask, long=self._habits.long_lengths))

    async def _drain(self) -> None:
        try:
            await self._writer.drain()
        except OSError as error:
            raise GoneError("stream lost") from error
