"""A WebSocket client that can say what no library would, and sees how the peer takes it."""

from __future__ import annotations

import asyncio
import socket
import ssl as tls
import struct
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress

from websockets.frames import Opcode

from conformance.clients.handshake import lost
from conformance.clients.raw_handshake import Opened, shake_hands
from conformance.clients.rfc6455 import Heard, Listener, close_of, faults, frame_bytes
from conformance.conversation import FAREWELL, Conversation, Refused, See
from conformance.frames import Frame, Kind

__all__ = ["RawSocket", "open_raw"]

_RESET = struct.pack("ii", 1, 0)
"""SO_LINGER of no time at all: the end is a reset."""

_PROTOCOL_ERROR = struct.pack("!H", 1002)

_KINDS: dict[int, Kind] = {
    Opcode.TEXT: "text",
    Opcode.BINARY: "binary",
    Opcode.PING: "ping",
    Opcode.PONG: "pong",
}


async def open_raw(
    url: str,
    *,
    label: str,
    headers: Mapping[str, str | Sequence[str] | None] | None = None,
    subprotocols: Sequence[str] = (),
    ssl: tls.SSLContext | None = None,
    timeout: float = 10.0,  # noqa: ASYNC109  # of the target, and told in the evidence
    see: See = lambda _: None,
    method: str = "GET",
    version: str = "HTTP/1.1",
    pong: bool = True,
    echo: bool = True,
) -> RawSocket | Refused:
    """Open a WebSocket at a `ws:` or `wss:` URL, by a lawful handshake or another.

    `headers` stand in place of those of the handshake that have the same name, `Host` and
    `Sec-WebSocket-Key` included; `None` leaves one out, several values are as many lines.
    `timeout` is the seconds that the handshake may take, and later each send. A 101 opens the
    connection even where the rest of the answer is unsound: that is a violation. `pong` answers
    the peer's pings, `echo` its close.
    """
    opened = await shake_hands(
        url,
        label=label,
        headers=headers or {},
        subprotocols=subprotocols,
        ssl=ssl,
        seconds=timeout,
        method=method,
        version=version,
    )
    if isinstance(opened, Refused):
        return opened
    return RawSocket(opened, see=see, pong=pong, echo=echo)


class RawSocket(Conversation):
    """A connection on which anything can be sent. What `Conversation` offers, and this.

    A breach of RFC 6455 by the peer is a frame of kind `raw` and stands in `violations`. It does
    not end the connection: whatever can still be understood is.
    """

    def __init__(self, opened: Opened, *, see: See, pong: bool, echo: bool) -> None:
        super().__init__(
            label=opened.asked.label,
            handshake=opened.asked.exchange(),
            subprotocol=opened.subprotocol,
            see=see,
            opened=time.monotonic(),
        )
        self.violations: list[str] = []
        self._reader = opened.reader
        self._writer = opened.writer
        self._timeout = opened.asked.timeout
        self._pong = pong
        self._echo = echo
        self._in_order = opened.asked.lawful
        self._close_sent = False
        self._half = False
        self._trickling = False
        self._held: list[tuple[Opcode, bytes]] = []
        self._listener = Listener()
        self._reading = asyncio.Event()
        self._reading.set()
        if opened.unsound:
            self._violated(Heard(kind="raw", reason=opened.unsound))
        self._task = asyncio.create_task(self._listen())

    # Speaking

    async def send_frame(
        self,
        opcode: int,
        payload: bytes = b"",
        *,
        fin: bool = True,
        rsv: int = 0,
        masked: bool = True,
        mask: bytes | None = None,
        length_form: int | None = None,
    ) -> Frame:
        """Send one frame. `rsv` is the reserved bits as a number, `length_form` the bits of its
        length: 7, 16 or 64.

        What is a whole message, ping, pong or close is kept as that, anything else as `raw`.
        """
        wrong = faults(opcode, len(payload), fin=fin, rsv=rsv, length_form=length_form)
        wrong += [] if masked else ["not masked"]
        whole = frame_bytes(
            opcode,
            payload,
            fin=fin,
            rsv=rsv,
            masked=masked,
            mask=mask,
            length_form=length_form,
        )
        if self._ended:
            return self._unsaid(payload, lawful=not wrong)
        if opcode == Opcode.CLOSE and not wrong:
            frame = self._said_close(payload)
        elif opcode in _KINDS and fin and not wrong:
            frame = self._said(_KINDS[opcode], payload)
        else:
            part = f"opcode {opcode}" + ("" if fin else ", not final")
            reason = ", ".join([part, *wrong])
            frame = self._said("raw", payload, reason=reason, lawful=not wrong)
        await self._write(whole)
        return frame

    async def send_text(self, text: str, *, lawful: bool = True) -> Frame:
        if self._ended:
            return self._unsaid(text.encode(), lawful=lawful)
        frame = self._said("text", text.encode(), lawful=lawful)
        await self._write(frame_bytes(Opcode.TEXT, text.encode()))
        return frame

    async def send_bytes(self, raw: bytes) -> Frame:
        """Send any bytes as they are, frames or not."""
        return await self.trickle(raw, at_once=True)

    async def trickle(self, raw: bytes, pause: float = 0.0, *, at_once: bool = False) -> Frame:
        """Send any bytes as they are, one at a time, with so many seconds between them. What the
        peer is answered meanwhile comes behind them: it would spoil a frame from within.
        """
        if self._ended:
            return self._unsaid(raw, lawful=False)
        frame = self._said("raw", raw, reason="any bytes", lawful=False)
        if at_once:
            await self._write(raw)
            return frame
        self._trickling = True
        try:
            for byte in raw:
                await self._write(bytes([byte]))
                await asyncio.sleep(pause)
        finally:
            self._trickling = False
            held, self._held = self._held, []
            for opcode, payload in held:
                self._answer(opcode, payload)
        return frame

    def shutdown_write(self) -> bool:
        """End our direction alone: we still read. `False` where TLS does not allow it."""
        if self._ended or not self._writer.can_write_eof():
            return False
        self._half = True
        self._in_order = False
        self._writer.write_eof()
        return True

    async def close(self, code: int = 1000, reason: str = "") -> None:
        self.resume()
        if not self._ended and not self._close_sent:
            payload = struct.pack("!H", code) + reason.encode()
            await self.send_frame(Opcode.CLOSE, payload)
        if not await self.gone(0 if self._half else min(self._timeout, FAREWELL)):
            self._left("the peer did not end the connection")
        self.abort()
        await asyncio.wait([self._task])  # which goes on to its end even if this is given up
        with suppress(OSError):
            await self._writer.wait_closed()
        self._raise_fault()

    def abort(self) -> None:
        """End the connection by a reset (RST)."""
        if self._gone.is_set():
            return
        self._left("we reset the connection")
        self.resume()
        carrier = self._writer.get_extra_info("socket")
        if carrier is not None:
            with suppress(OSError):
                carrier.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        self._writer.transport.abort()

    def pause(self) -> None:
        if self._reading.is_set() and not self._gone.is_set():
            self._reading.clear()
            self._transport_reads(wanted=False)

    def resume(self) -> None:
        if not self._reading.is_set():
            self._reading.set()
            self._transport_reads(wanted=True)

    # Inside

    @property
    def _ended(self) -> bool:
        return self._half or self._gone.is_set() or self._writer.is_closing()

    def _transport_reads(self, *, wanted: bool) -> None:
        transport = self._writer.transport
        assert isinstance(transport, asyncio.ReadTransport)
        with suppress(RuntimeError):  # it may be closing already
            if wanted:
                transport.resume_reading()
            else:
                transport.pause_reading()

    async def _write(self, data: bytes) -> None:
        if self._writer.is_closing():
            return
        self._writer.write(data)
        with suppress(OSError):  # the frames tell it; a time-out is one too
            async with asyncio.timeout(self._timeout):
                await self._writer.drain()

    def _said_close(self, payload: bytes) -> Frame:
        self._close_sent = True
        code, reason, wrong = close_of(payload)
        return self._said("close", code=code, reason=reason, lawful=not wrong)

    async def _listen(self) -> None:
        error: Exception | None = None
        try:
            while not self.flooded:
                await self._reading.wait()
                data = await self._reader.read(65536)
                if not data:
                    break
                for heard in self._listener.feed(data):
                    self._took(heard)
                if self._listener.deaf:
                    self._flood(self._listener.deaf)
        except OSError as broke:
            error = broke
        finally:
            self._over(lost(error))
            self._writer.close()

    def _took(self, heard: Heard) -> None:
        if self.flooded:
            return
        if heard.kind == "raw":
            self._violated(heard)
            return
        self._heard(heard.kind, heard.data, code=heard.code, reason=heard.reason)
        if heard.kind == "ping" and self._pong:
            self._answer(Opcode.PONG, heard.data[:125])
        elif heard.kind == "close" and self._echo and not self._close_sent:
            code = b"" if heard.code == 1005 else struct.pack("!H", heard.code)
            unlawful = close_of(code)[2]
            self._answer(Opcode.CLOSE, _PROTOCOL_ERROR if unlawful else code)

    def _answer(self, opcode: Opcode, payload: bytes) -> None:
        if self._trickling:
            self._held.append((opcode, payload))
            return
        if self._ended or self._close_sent:
            return
        if opcode == Opcode.CLOSE:
            self._said_close(payload)
        else:
            self._said("pong", payload)
        self._writer.write(frame_bytes(opcode, payload))

    def _violated(self, heard: Heard) -> None:
        self.violations.append(heard.reason)
        self._heard("raw", heard.data, reason=heard.reason)
