"""The sockets of one connection: bytes go to and fro as they come, and so do its ends."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import struct
from collections.abc import Awaitable, Callable, Sequence

from conformance.proxy.changing import Change, Cut, Pause, Piece, Unchanged
from conformance.proxy.connection import Connection

__all__ = ["PIECE", "Dial", "Relay"]

PIECE = 64 * 1024
"""Bytes that are read at once, and about as many that wait to be written: no more is held."""

_LINGER = 2.0
"""Seconds that one side has to end once the other has."""

_BEHIND = 0.02
"""Seconds after a pause within which is said what came meanwhile: it has waited already."""

_PATIENCE = 60.0
"""Seconds that a client has to take what is left for it."""

Dial = Callable[[str], Awaitable[tuple[asyncio.StreamReader, asyncio.StreamWriter]]]


class Relay:
    """Takes one client to the coordinator. `dial` opens the connection to it, when the client has
    asked for something; it raises `OSError` where that cannot be. `change` has its way with what
    passes: `connection` is shown what the coordinator hears and says.
    """

    def __init__(
        self,
        connection: Connection,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        dial: Dial,
        change: Change | None = None,
    ) -> None:
        self._connection = connection
        self._change: Change = change or Unchanged()
        self._reader = reader
        self._writer = writer
        self._dial = dial
        self._coordinator: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._over = asyncio.Event()
        self._spoke = asyncio.Event()
        self._left = False
        self._reset = False
        self._bided = float("-inf")

    async def run(self) -> None:
        """Until both sides have ended."""
        self._change.joined(self._volunteer)
        self._start(self._from_client())
        try:
            await self._over.wait()
        finally:
            for task in self._tasks:
                task.cancel()
            self._change.left()
            self._connection.fail("the proxy ended")
            await self._close()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    def _start(self, work: Awaitable[None]) -> None:
        async def guarded() -> None:
            try:
                await work
            except OSError:  # a reset, or TLS that broke
                self._reset = True
                self._over.set()
            except BaseException:
                self._over.set()
                raise

        self._tasks.add(asyncio.create_task(guarded()))

    # From the client

    async def _from_client(self) -> None:
        try:
            while data := await self._reader.read(PIECE):
                for piece in self._change.from_client(data):
                    if not await self._take_on(piece):
                        return
                while self._connection.waits:
                    self._spoke.clear()
                    await self._spoke.wait()
        finally:
            self._left = True
            self._connection.client_left()
        await self._client_ended()

    async def _take_on(self, piece: Piece) -> bool:
        """Returns whether the connection goes on."""
        if isinstance(piece, bytes):
            return await self._pass_on(self._connection.from_client(piece))
        return await self._bide(piece)

    async def _pass_on(self, data: bytes) -> bool:
        """Returns whether there is a coordinator to pass it on to."""
        if data and self._coordinator is None and not await self._reach():
            return False
        if self._coordinator is not None:
            writer = self._coordinator[1]
            writer.write(data)
            self._connection.digest()
            with contextlib.suppress(OSError):  # who reads from it hears of that as well
                await writer.drain()
        return True

    async def _reach(self) -> bool:
        try:
            self._coordinator = await self._dial(self._connection.path)
        except OSError as error:
            self._connection.fail(str(error))
            await self._refuse(str(error))
            return False
        self._start(self._from_coordinator(*self._coordinator))
        return True

    async def _client_ended(self) -> None:
        if self._coordinator is None:
            self._over.set()
            return
        writer = self._coordinator[1]
        deaf = self._writer.get_extra_info("ssl_object") is not None  # TLS has no half-open end
        if deaf or not writer.can_write_eof():
            if deaf or not self._connection.pending:
                self._over.set()
            return
        writer.write_eof()
        if not self._connection.pending:
            await asyncio.sleep(_LINGER)
            self._over.set()

    # From the coordinator

    async def _from_coordinator(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        try:
            while data := await reader.read(PIECE):
                if not await self._say(self._change.from_coordinator(data)):
                    return
                if back := self._connection.from_coordinator(data):
                    writer.write(back)
                self._connection.digest()
                if not await self._taken():
                    return
                self._spoke.set()
                if self._left and not self._connection.pending and not writer.can_write_eof():
                    break
        except OSError:
            await self._coordinator_ended(reset=True)
        else:
            await self._coordinator_ended(reset=False)

    async def _say(self, pieces: Sequence[Piece]) -> bool:
        """Returns whether the connection goes on."""
        for piece in pieces:
            if isinstance(piece, bytes):
                self._writer.write(piece)
            elif not await self._bide(piece):
                return False
        return True

    def _volunteer(self, data: bytes) -> bool:
        """Say something to the client unasked. Returns whether it can still be told anything."""
        try:
            self._writer.write(data)
        except RuntimeError:  # our half of the connection has ended
            return False
        return not self._writer.is_closing()

    async def _bide(self, piece: Pause | Cut) -> bool:
        if isinstance(piece, Pause):
            clock = asyncio.get_running_loop()
            if clock.time() - self._bided > _BEHIND:  # else pauses would add up
                await asyncio.sleep(piece.seconds)
            self._bided = clock.time()
            return True
        self._reset = True
        self._over.set()
        return False

    async def _taken(self) -> bool:
        """Wait until the client has room for more. Returns whether it still listens."""
        try:
            await self._writer.drain()
        except OSError:
            self._connection.client_left()
            self._reset = True
            self._over.set()
            return False
        return True

    async def _coordinator_ended(self, *, reset: bool) -> None:
        connection = self._connection
        unanswered = connection.pending and not connection.answering and not self._left
        broken = reset or connection.cut
        connection.coordinator_left()
        if not await self._say(self._change.coordinator_left()):
            return
        # A connection that was kept open may end at any time: clients know, and ask again.
        if unanswered and not connection.answers:
            await self._refuse("the coordinator ended the connection without an answer")
        elif broken:
            self._reset = True
        elif await self._emptied() and self._writer.can_write_eof():
            self._writer.write_eof()
            if not self._left:
                await asyncio.sleep(_LINGER)
        self._over.set()

    async def _emptied(self) -> bool:
        """Wait until the client has taken all that is for it. Returns whether it has."""
        if self._writer.is_closing():
            return False
        self._writer.transport.set_write_buffer_limits(1)
        try:
            async with asyncio.timeout(_PATIENCE):
                return await self._taken()
        except TimeoutError:
            return False

    # Ends

    async def _refuse(self, why: str) -> None:
        """Answer in the coordinator's place, and wait until the client has taken it."""
        body = json.dumps({"error": "bad gateway", "message": f"assay: {why}"}).encode()
        head = (
            "HTTP/1.1 502 Bad Gateway\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        )
        with contextlib.suppress(OSError, TimeoutError):
            self._writer.write(head.encode() + body)
            if self._writer.can_write_eof():
                self._writer.write_eof()
            async with asyncio.timeout(_LINGER):
                # What is not read would make the end a reset, and the answer lost.
                while not self._left and await self._reader.read(PIECE):
                    pass
        self._over.set()

    async def _close(self) -> None:
        writers = [self._writer, *([self._coordinator[1]] if self._coordinator else [])]
        for writer in writers:
            if self._reset:
                _reset(writer)
            else:
                writer.close()
        for writer in writers:
            with contextlib.suppress(OSError, TimeoutError):
                async with asyncio.timeout(_LINGER):
                    await writer.wait_closed()
            writer.transport.abort()


def _reset(writer: asyncio.StreamWriter) -> None:
    """End a connection as one ends that breaks."""
    carrier = writer.get_extra_info("socket")
    if carrier is not None:
        with contextlib.suppress(OSError):
            carrier.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
