"""Our own WebSocket client on bare sockets: strict by default, and able to misbehave."""

from __future__ import annotations

import asyncio
import base64
import socket
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from random import Random
from typing import Final
from urllib.parse import urlsplit

from tests.mutants.echocenter_agents.links import GoneError, Headers, Link, RefusedError
from tests.mutants.echocenter_agents.wire import (
    BINARY,
    CLOSE,
    CONTINUATION,
    PING,
    PONG,
    TEXT,
    Frame,
    Habits,
    Parser,
    WireError,
    accept_for,
    encode,
    request_lines,
)

__all__ = ["dial_raw"]

OPEN_TIMEOUT: Final = 5.0
CLOSE_TIMEOUT: Final = 1.0
_CODES: Final = frozenset({1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014})


async def dial_raw(url: str, headers: Headers, *, habits: Habits, rng: Random) -> Link:
    """Connect. Raises RefusedError, OSError; ConnectionError where the answer is no HTTP."""
    parts = urlsplit(url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port or 80)
    writer.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    key = base64.b64encode(rng.randbytes(16)).decode()
    resource = parts.path + (f"?{parts.query}" if parts.query else "")
    lines = request_lines(parts.netloc, resource, key)
    lines = habits.request([*lines, *(f"{name}: {value}" for name, value in headers)])
    try:
        writer.write("\r\n".join([*lines, "", ""]).encode())
        async with asyncio.timeout(OPEN_TIMEOUT):
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        _check_head(head, key, habits)
    except (asyncio.IncompleteReadError, asyncio.LimitOverrunError) as error:
        writer.transport.abort()
        raise ConnectionResetError("the server hung up during the handshake") from error
    except BaseException:
        writer.transport.abort()
        raise
    return _Raw(reader, writer, habits, rng)


def _check_head(head: str, key: str, habits: Habits) -> None:
    first, *rest = head.split("\r\n")
    words = first.split(" ", 2)
    status = int(words[1]) if len(words) > 1 and words[1].isdigit() else 0
    if status != 101:
        raise RefusedError(status, f"no upgrade: {first!r}")
    pairs = (line.partition(":") for line in rest if ":" in line)
    headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
    if "accept" in habits.unchecked:
        return
    right = headers.get("sec-websocket-accept") == accept_for(key)
    upgraded = headers.get("upgrade", "").lower() == "websocket"
    unasked = {"sec-websocket-protocol", "sec-websocket-extensions"} & set(headers)
    if not right or not upgraded or unasked:
        raise RefusedError(0, "the server's handshake is wrong")


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
        self._parser = Parser(habits.unchecked)
        self._sent: Counter[int] = Counter()
        # Parts of one message must not be torn apart by another message.
        self._lock = asyncio.Lock()
        self._parts: list[bytes] = []
        self._opcode: int | None = None
        self._pinged = self._ever_pinged = self._ever_fragmented = False
        self._line = asyncio.Lock()

    async def send(self, message: str | bytes) -> None:
        opcode = TEXT if isinstance(message, str) else BINARY
        data = message.encode() if isinstance(message, str) else message
        async with self._lock:
            await self._put(Frame(opcode=opcode, payload=data))

    async def send_parts(self, parts: Sequence[str]) -> None:
        last = len(parts) - 1
        async with self._lock:
            for n, part in enumerate(parts):
                opcode = CONTINUATION if n else TEXT
                await self._put(Frame(opcode=opcode, payload=part.encode(), fin=n == last))

    async def ping(self) -> None:
        await self._put(Frame(opcode=PING, payload=b"still there?"))

    async def receive(self) -> str | bytes:
        try:
            while True:
                frame = await self._next()
                message = await self._take(frame)
                if message is not None:
                    return message
        except WireError as error:
            await self.close(error.code, error.reason)
            raise GoneError(f"connection given up: {error}") from error
        except (OSError, EOFError) as error:
            self._writer.transport.abort()
            raise GoneError("connection lost without a close frame") from error

    async def close(self, code: int = 1000, reason: str = "") -> None:
        if self._sent[CLOSE]:
            return
        payload = b"" if self._habits.bare_close else code.to_bytes(2, "big") + reason.encode()
        try:
            async with asyncio.timeout(CLOSE_TIMEOUT):
                await self._put(Frame(opcode=CLOSE, payload=payload))
                while await self._reader.read(65536):
                    pass
        except (GoneError, OSError):
            pass
        self._writer.transport.abort()

    async def abort(self) -> None:
        self._writer.transport.abort()

    async def _next(self) -> Frame:
        while (frame := self._parser.next_frame()) is None:
            data = await self._reader.read(65536)
            if not data:
                raise EOFError
            self._parser.feed(data)
        return frame

    async def _take(self, frame: Frame) -> str | bytes | None:
        """What to do with one frame; a whole message is returned."""
        if frame.opcode == PING:
            self._pinged = self._ever_pinged = True
            await self._put(Frame(opcode=PONG, payload=frame.payload))
        elif frame.opcode == CLOSE:
            await self._closed(frame.payload)
        elif frame.opcode in {TEXT, BINARY, CONTINUATION}:
            return self._assemble(frame)
        return None

    def _assemble(self, frame: Frame) -> str | bytes | None:
        starts = frame.opcode != CONTINUATION
        if starts == (self._opcode is not None) and "order" not in self._habits.unchecked:
            raise WireError(1002, "fragments out of order")
        if starts:
            self._parts, self._opcode, self._pinged = [], frame.opcode, False
        self._parts.append(frame.payload)
        if not frame.fin:
            return None
        data, opcode = b"".join(self._parts), self._opcode
        self._opcode = None
        if self._is_lost(frame):
            return None
        return self._text(data) if opcode == TEXT else data

    def _is_lost(self, last: Frame) -> bool:
        several = len(self._parts) > 1
        after_fragments = self._ever_fragmented
        self._ever_fragmented = after_fragments or several
        lost = {
            "after_ping": self._ever_pinged,
            "after_fragments": after_fragments,
            "fragments": several,
            "pinged": several and self._pinged,
            "length16": last.length_bytes == 2,
            "length64": last.length_bytes == 8,
        }
        return any(lost[way] for way in self._habits.loses)

    def _text(self, data: bytes) -> str:
        try:
            return data.decode()
        except UnicodeDecodeError as error:
            if "utf8" in self._habits.unchecked:
                return data.decode(errors="replace")
            raise WireError(1007, "text that is no UTF-8") from error

    async def _closed(self, payload: bytes) -> None:
        code = int.from_bytes(payload[:2], "big")
        lawful = not payload or code in _CODES or 3000 <= code < 5000
        if not lawful and "close" not in self._habits.unchecked:
            raise WireError(1002, f"close with code {code}")
        said = f"{code or 'no code'} {payload[2:].decode(errors='replace')}".strip()
        if not self._habits.answers_close:
            while self._habits.waits_for_end and await self._reader.read(65536):
                pass
            self._writer.transport.abort()
            raise GoneError(f"connection closed: {said}")
        await self._put(Frame(opcode=CLOSE, payload=payload[:2]))
        # The server hangs up first; one that forgets to is not waited for long.
        try:
            async with asyncio.timeout(CLOSE_TIMEOUT):
                while await self._reader.read(65536):
                    pass
        except OSError:
            pass
        self._writer.transport.abort()
        raise GoneError(f"connection closed: {said}")

    async def _put(self, frame: Frame) -> None:
        if self._habits.bare_close and frame.opcode == CLOSE:
            frame = replace(frame, payload=b"")
        frames = tuple(self._habits.frames(frame, self._sent))
        self._sent[frame.opcode] += 1
        try:
            async with self._line:
                for each in frames:
                    key = bytes(4) if self._habits.zero_mask else self._rng.randbytes(4)
                    await self._write(encode(each, key))
        except OSError as error:
            raise GoneError(f"connection lost: {error}") from error

    async def _write(self, data: bytes) -> None:
        if self._writer.transport.is_closing():
            raise GoneError("connection lost")
        size = self._habits.write_size or len(data)
        for start in range(0, len(data), size):
            self._writer.write(data[start : start + size])
            await self._writer.drain()
            if self._habits.write_size:
                await asyncio.sleep(0)
