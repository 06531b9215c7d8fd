"""A link on bare streams, for styles that no library writes and faults that none allows."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import os
from collections import deque
from dataclasses import dataclass
from typing import Final

from tests.mutants.architect_agents.links import Address, ClosedError, RefusedError
from tests.mutants.architect_agents.wire import (
    PROTOCOL,
    Defect,
    Frame,
    FrameReader,
    HeaderForm,
    Opcode,
    Sending,
    Upgrade,
    Wire,
    close_payload,
    frame,
    message,
    render,
    standard_upgrade,
)

__all__ = ["RawLink", "Tally"]

_CLOSE_PATIENCE: Final = 1.0
_OPEN_PATIENCE: Final = 5.0


@dataclass(slots=True)
class Tally:
    """Counts that outlive a connection."""

    connections: int = 0
    messages: int = 0
    pings: int = 0


class RawLink:
    """One connection, written out frame by frame."""

    def __init__(
        self,
        address: Address,
        *,
        tally: Tally,
        wire: Wire | None = None,
        form: HeaderForm = HeaderForm.SPACED,
        fragment: int | None = None,
    ) -> None:
        self._address = address
        self._tally = tally
        self._wire = wire or Wire()
        self._form = form
        self._fragment = fragment
        self._frames = FrameReader(self._wire.defect)
        self._ready: deque[Frame] = deque()
        self._parts: list[bytes] = []
        self._opcode = 0
        self._sent = 0
        self._closing = False
        self._reader: asyncio.StreamReader
        self._writer: asyncio.StreamWriter | None = None

    async def open(self) -> None:
        """Connect and send the upgrade. Raises RefusedError."""
        if self._wire.probes:
            await self._upgrade(self._request().without(PROTOCOL), probing=True)
        await self._upgrade(self._request())
        if self._wire.logs_in_by_frame:
            address = self._address
            login = {"username": address.username, "password": address.password}
            await self.send(json.dumps({"action": "login", "parameters": login}))

    def _request(self) -> Upgrade:
        address = self._address
        standard = standard_upgrade(
            host=address.netloc,
            target=address.target,
            username=address.username,
            password=address.password,
            key=base64.b64encode(os.urandom(16)).decode(),
            form=self._form,
        )
        spell = self._wire.upgrade
        earlier, self._tally.connections = self._tally.connections, self._tally.connections + 1
        return standard if spell is None else spell(standard, earlier)

    async def _upgrade(self, request: Upgrade, *, probing: bool = False) -> None:
        address = self._address
        try:
            async with asyncio.timeout(_OPEN_PATIENCE):
                self._reader, self._writer = await asyncio.open_connection(
                    address.host, address.port, ssl=address.context, limit=1 << 24
                )
                self._writer.write(render(request) + self._early())
                head = await self._reader.readuntil(b"\r\n\r\n")
        except (OSError, EOFError) as error:
            await self.drop()
            if probing:
                return
            raise RefusedError(f"{type(error).__name__}: {error}") from error
        if probing:
            await self.drop()
            return
        status = head.split(b"\r\n", 1)[0].decode("latin-1")
        if " 101" not in status:
            await self.drop()
            raise RefusedError(f"the server said {status!r}")

    def _early(self) -> bytes:
        if not self._wire.early:
            return b""
        text = json.dumps({"action": "list_actions", "parameters": {}, "idempotence": "early"})
        return frame(Opcode.TEXT, text.encode(), os.urandom(4))

    async def send(self, text: str | bytes) -> None:
        """One data message. Raises ClosedError."""
        if self._closing:
            raise ClosedError("closing")
        opcode = Opcode.TEXT if isinstance(text, str) else Opcode.BINARY
        sending = Sending(
            opcode=opcode,
            payload=text.encode() if isinstance(text, str) else text,
            nth=self._sent,
            total=self._tally.messages,
            key=os.urandom(4),
            fragment=self._fragment,
        )
        self._sent += 1
        self._tally.messages += 1
        await self._write((self._wire.message or message)(sending))

    async def receive(self) -> str | bytes:
        """The next data message; control frames are dealt with on the way."""
        while True:
            found = await self._next()
            if found.opcode >= Opcode.CLOSE:
                await self._control(found)
                continue
            if found.opcode:
                self._parts, self._opcode = [], found.opcode
            self._parts.append(found.payload)
            if self._wire.defect is Defect.TEXT_BY_FRAGMENT:
                found.payload.decode()
            if found.fin or self._wire.defect is Defect.NO_FRAGMENTS:
                whole = b"".join(self._parts)
                self._parts = []
                return whole.decode() if self._opcode == Opcode.TEXT else whole

    async def _next(self) -> Frame:
        while not self._ready:
            try:
                data = await self._reader.read(1 << 16)
            except OSError as error:
                raise ClosedError(str(error)) from error
            if not data:
                raise ClosedError("end of stream")
            self._ready.extend(self._frames.feed(data))
        return self._ready.popleft()

    async def _control(self, found: Frame) -> None:
        if self._wire.defect is Defect.NO_CONTROL_INSIDE:
            self._parts = []
        if found.opcode == Opcode.PING:
            key = os.urandom(4)
            pong = self._wire.pong
            pings, self._tally.pings = self._tally.pings, self._tally.pings + 1
            standard = frame(Opcode.PONG, found.payload, key)
            await self._write(standard if pong is None else pong(found.payload, key, pings))
        elif found.opcode == Opcode.CLOSE:
            await self._closed(found)

    async def _closed(self, found: Frame) -> None:
        if self._wire.shouts_after_close:
            text = b'{"action": "servers", "parameters": {}, "idempotence": "after"}'
            await self._write(frame(Opcode.TEXT, text, os.urandom(4)))
        if not self._wire.answers_close:
            # It keeps the line and waits, for as long as the server can bear it.
            while await self._reader.read(1 << 16):
                pass
        elif not self._closing:
            await self._write(frame(Opcode.CLOSE, found.payload[:2], os.urandom(4)))
        await self.drop()
        raise ClosedError(f"closed with {found.payload!r}", orderly=True)

    async def ping(self) -> None:
        """A ping with a payload."""
        await self._write(frame(Opcode.PING, b"assay", os.urandom(4)))

    async def close(self) -> None:
        """Close from this side, wait a little for the answer."""
        if self._writer is None:
            return
        self._closing = True
        key = os.urandom(4)
        goodbye = self._wire.goodbye
        body = frame(Opcode.CLOSE, close_payload(1000), key)
        try:
            await self._write(body if goodbye is None else goodbye(key))
            async with asyncio.timeout(_CLOSE_PATIENCE):
                while await self._reader.read(1 << 16):
                    pass
        except (ClosedError, OSError, TimeoutError, RuntimeError):
            # RuntimeError: somebody else reads already, and will see the end.
            pass
        await self.drop()

    async def drop(self) -> None:
        """Close the socket."""
        writer, self._writer = self._writer, None
        if writer is not None:
            writer.close()
            with contextlib.suppress(OSError, TimeoutError):
                async with asyncio.timeout(_CLOSE_PATIENCE):
                    await writer.wait_closed()

    async def _write(self, data: bytes) -> None:
        if self._writer is None:
            raise ClosedError("not connected")
        try:
            self._writer.write(data)
            await self._writer.drain()
        except OSError as error:
            raise ClosedError(str(error)) from error
