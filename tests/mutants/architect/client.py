"""A client over bare streams, with which this package's own tests look at its peers."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import os
import ssl
from collections.abc import Callable, Sequence
from functools import cache
from typing import Final, Self
from urllib.parse import urlsplit

from .frames import CLOSE, PING, PONG, TEXT, accept_key, encode_frame
from .model import VERSION, Json
from .serve import Served

__all__ = ["Client", "right", "trusting"]

_MASK: Final = b"\x37\xfa\x21\x3d"
_END: Final = (-1, b"")


@cache
def trusting() -> ssl.SSLContext:
    """A context that accepts any certificate, as the document asks of clients."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def right(peer: Served) -> str:
    """The header's value that lets a client in."""
    return ", ".join((VERSION, peer.credentials["username"], peer.credentials["password"]))


class Client:
    """One connection.

    `seen` holds every frame as (opcode with marks for odd bits, payload), and (-1, b"") at the end.
    """

    def __init__(self, peer: Served) -> None:
        self.peer = peer
        self.status = 0
        self.head = ""
        self.key_ok = False
        self.seen: list[tuple[int, bytes]] = []
        self._changed = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._writer: asyncio.StreamWriter | None = None

    async def open(
        self, headers: Sequence[str] | None = None, *, path: str = "/ws", request: str = ""
    ) -> Self:
        """Ask for an upgrade; without `headers` with the right ones. Never raises for a refusal."""
        parts = urlsplit(self.peer.url)
        context = trusting() if parts.scheme == "wss" else None
        key = base64.b64encode(os.urandom(16)).decode()
        if headers is None:
            headers = [f"Sec-WebSocket-Protocol: {right(self.peer)}"]
        text = request or "\r\n".join(
            [
                f"GET {path} HTTP/1.1",
                f"Host: {parts.netloc}",
                "Upgrade: websocket",
                "Connection: Upgrade",
                f"Sec-WebSocket-Key: {key}",
                "Sec-WebSocket-Version: 13",
                *headers,
            ]
        )
        try:
            async with asyncio.timeout(1.0):
                reader, self._writer = await asyncio.open_connection(
                    parts.hostname, parts.port, ssl=context
                )
                self._writer.write(f"{text}\r\n\r\n".encode())
                self.head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        except (OSError, EOFError, TimeoutError):
            self.drop()
            return self
        status = self.head.split(" ")[1:2]
        self.status = int(status[0]) if status and status[0].isdigit() else -1
        self.key_ok = f"Sec-WebSocket-Accept: {accept_key(key)}\r\n" in self.head
        self._task = asyncio.get_running_loop().create_task(self._read(reader))
        return self

    async def _read(self, reader: asyncio.StreamReader) -> None:
        try:
            while True:
                first, second = await reader.readexactly(2)
                form = size = second & 0x7F
                if size > 125:
                    size = int.from_bytes(await reader.readexactly(2 if size == 126 else 8), "big")
                long_form = size < {126: 126, 127: 65536}.get(form, 0)
                mask = await reader.readexactly(4) if second & 0x80 else b""
                payload = mask + await reader.readexactly(size)
                odd = (first & 0xF0) ^ 0x80
                marks = odd << 4 | bool(mask) << 12 | long_form << 13
                self.seen.append((first & 0x0F | marks, payload))
                self._changed.set()
                if first & 0x0F == PING:
                    self.frame(PONG, payload)
        except (OSError, EOFError):
            self.seen.append(_END)
            self._changed.set()
            if self._writer is not None:
                self._writer.transport.abort()

    @property
    def ended(self) -> bool:
        """Whether the line is gone."""
        return _END in self.seen

    def raw(self, octets: bytes) -> None:
        """Send octets as they are."""
        if self._writer is not None and not self._writer.is_closing():
            self._writer.write(octets)

    def frame(self, opcode: int, payload: bytes, *, fin: bool = True, reserved: int = 0) -> None:
        """Send one masked frame."""
        self.raw(encode_frame(opcode, payload, fin=fin, reserved=reserved, mask=_MASK))

    def say(self, message: str | bytes) -> None:
        """Send one message."""
        if isinstance(message, str):
            self.frame(TEXT, message.encode("utf-8", "surrogatepass"))
        else:
            self.frame(2, message)

    def ask(self, action: Json, parameters: Json, token: Json) -> None:
        """Send one command."""
        self.say(json.dumps({"action": action, "parameters": parameters, "idempotence": token}))

    async def until(self, check: Callable[[Client], bool], patience: float = 1.0) -> bool:
        """Wait until the check holds or the line is gone."""
        try:
            async with asyncio.timeout(patience):
                while not check(self) and not self.ended and self._task is not None:
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            pass
        return check(self)

    async def call(self, action: Json, parameters: Json = None, token: Json = "t") -> Json:
        """Send one command and wait for the first message with its token; None when none comes."""
        self.ask(action, {} if parameters is None else parameters, token)
        return await self.reply(token)

    async def reply(self, token: Json, patience: float = 0.6) -> Json:
        """The first message with a token; None when none comes."""

        def found(client: Client) -> list[Json]:
            return [m for m in client.messages() if isinstance(m, dict) and _has(m, token)]

        await self.until(lambda client: bool(found(client)), patience)
        return next(iter(found(self)), None)

    def messages(self) -> list[Json]:
        """Every message so far as JSON; frames that are none are left out."""
        read = []
        text = ""
        for opcode, payload in self.seen:
            if opcode & 0x0F > 2 or opcode < 0:
                continue
            text += payload.decode("utf-8", "replace")
            if opcode >> 4 & 0x80:
                continue  # FIN is not set
            with contextlib.suppress(ValueError):
                read.append(json.loads(text))
            text = ""
        return read

    def told(self) -> list[tuple[int, str]]:
        """Every frame, with no events of streams, in an order that no chance decides."""
        lines = [
            (opcode, payload.decode("utf-8", "backslashreplace")) for opcode, payload in self.seen
        ]
        return sorted(line for line in lines if '"tick"' not in line[1])

    def close(self, code: int = 1000) -> None:
        """Begin the closing handshake."""
        self.frame(CLOSE, code.to_bytes(2, "big"))

    def drop(self) -> None:
        """Drop the line."""
        if self._task is not None:
            self._task.cancel()
        if self._writer is not None:
            self._writer.transport.abort()


def _has(message: dict[str, Json], token: Json) -> bool:
    found = message.get("idempotence")
    return type(found) is type(token) and bool(found == token)
