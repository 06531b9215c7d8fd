"""The other side for our own tests: a server that records every byte and plays a cue.

It shares no code with the agents' own client, so that a wrong frame is seen as what it is.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NoReturn, Self

__all__ = ["Line", "Seen", "Stage"]


@dataclass(frozen=True, slots=True)
class Seen:
    """One frame from the agent."""

    fin: bool
    rsv: int
    opcode: int
    masked: bool
    payload: bytes
    minimal: bool


@dataclass(slots=True)
class Line:
    """One connection: what the agent sent, and a way to talk back."""

    head: list[str]
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    frames: list[Seen] = field(default_factory=list)
    asked: list[tuple[Any, Any]] = field(default_factory=list)
    """Sender and text of each lawful instruction."""
    pings: list[bytes] = field(default_factory=list)
    closed: bool = False
    """We have begun to close."""
    gone: bool = False

    def say(self, message: Any) -> None:
        self.put(0x81, json.dumps(message).encode())

    def chat(self, sender: Any, text: Any, **more: Any) -> None:
        self.asked.append((sender, text))
        name = f"user{sender}"
        message = {"type": "CHAT", "sender_id": sender, "sender_name": name, "payload": text}
        self.say(message | more)

    def put(self, first: int, payload: bytes, *, masked: bool = False) -> None:
        if first == 0x89:
            self.pings.append(payload)
        self.closed = self.closed or first == 0x88
        size, bit = len(payload), 0x80 if masked else 0
        head = bytes([first, bit | min(size, 125)])
        if size >= 1 << 16:
            head = bytes([first, bit | 127]) + size.to_bytes(8, "big")
        elif size > 125:
            head = bytes([first, bit | 126]) + size.to_bytes(2, "big")
        if not self.writer.is_closing():
            self.writer.write(head + (bytes(4) if masked else b"") + payload)

    def messages(self) -> list[Any]:
        """Whole messages in order: parsed where they are JSON, else the bytes."""
        found: list[Any] = []
        parts = b""
        for frame in self.frames:
            if frame.opcode > 2:
                continue
            parts = frame.payload if frame.opcode else parts + frame.payload
            if frame.fin:
                found.append(_parsed(parts))
        return found

    def typed(self, *types: str) -> list[Any]:
        return [
            each for each in self.messages() if isinstance(each, dict) and each.get("type") in types
        ]

    def chats(self) -> list[Any]:
        return self.typed("CHAT")

    async def until(self, ready: Callable[[Line], bool], patience: float = 1.5) -> bool:
        """Wait until ``ready``; False when it never is."""
        for _ in range(int(patience / 0.01)):
            if ready(self):
                return True
            await asyncio.sleep(0.01)
        return ready(self)

    async def replies(self, count: int, patience: float = 1.5) -> bool:
        return await self.until(lambda line: len(line.chats()) >= count, patience)

    async def record(self) -> None:
        try:
            while True:
                frame = await self._frame()
                self.frames.append(frame)
                if frame.opcode == 8 and not self.closed:
                    self.put(0x88, frame.payload[:2])
                    self.closed = False
                    self.writer.close()
        except (asyncio.IncompleteReadError, OSError):
            self.gone = True

    async def _frame(self) -> Seen:
        first, second = await self.reader.readexactly(2)
        size, minimal = second & 0x7F, True
        if size == 126:
            size = int.from_bytes(await self.reader.readexactly(2), "big")
            minimal = size > 125
        elif size == 127:
            size = int.from_bytes(await self.reader.readexactly(8), "big")
            minimal = size >= 1 << 16
        masked = bool(second & 0x80)
        key = await self.reader.readexactly(4) if masked else bytes(4)
        data = await self.reader.readexactly(size)
        if any(key):
            stream = int.from_bytes((key * (size // 4 + 1))[:size], "big")
            data = (int.from_bytes(data, "big") ^ stream).to_bytes(size, "big")
        return Seen(bool(first & 0x80), first >> 4 & 7, first & 0xF, masked, data, minimal)


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)


def _parsed(data: bytes) -> Any:
    try:
        return json.loads(data.decode(), parse_constant=_no_constant)
    except ValueError:
        return data


class Stage:
    """A listening server; ``heads`` are all requests for an upgrade, ``lines`` those that came to
    one; ``posts`` are the bodies of registrations.
    """

    def __init__(self) -> None:
        self.heads: list[list[str]] = []
        self.lines: list[Line] = []
        self.posts: list[bytes] = []
        self.refuse_with = 0
        self.wrong_accept = False
        self.port = 0
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.port}"

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.shut()
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def open(self) -> None:
        self._server = await asyncio.start_server(self._arrive, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def shut(self) -> None:
        """Stop listening and cut all lines."""
        if self._server is not None:
            self._server.close()
        for line in self.lines:
            line.writer.transport.abort()
        await asyncio.sleep(0)

    async def line(self, n: int = 0, patience: float = 3.0) -> Line | None:
        """The n-th upgraded connection, or None when it never comes."""
        for _ in range(int(patience / 0.01)):
            if len(self.lines) > n:
                return self.lines[n]
            await asyncio.sleep(0.01)
        return None

    async def _arrive(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        try:
            await self._serve(reader, writer)
        except (asyncio.CancelledError, asyncio.IncompleteReadError, OSError):
            pass
        finally:
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")[:-2]
        headers = {
            line.partition(":")[0].lower(): line.partition(":")[2].strip() for line in head[1:]
        }
        if head[0].startswith("POST /api/users/agents "):
            self.posts.append(await reader.readexactly(int(headers["content-length"])))
            writer.write(b"HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n")
            await writer.drain()
            return
        self.heads.append(head)
        key = headers.get("sec-websocket-key", "")
        upgrades = headers.get("upgrade", "").lower() == "websocket" and key
        if self.refuse_with or not upgrades:
            status = self.refuse_with or 400
            writer.write(f"HTTP/1.1 {status} No\r\nContent-Length: 0\r\n\r\n".encode())
            await writer.drain()
            await asyncio.sleep(0.05)
            return
        magic = b"wrong" if self.wrong_accept else b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
        accept = base64.b64encode(hashlib.sha1(key.encode() + magic).digest()).decode()
        writer.write(
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Accept: {accept}\r\n\r\n".encode()
        )
        line = Line(head, reader, writer)
        self.lines.append(line)
        await line.record()
