"""A WebSocket client for normal life: it keeps RFC 6455, and sees all that a peer does."""

from __future__ import annotations

import asyncio
import logging
import secrets
import ssl as tls
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any, Literal

from websockets.exceptions import ConnectionClosed, InvalidHandshake, PayloadTooBig
from websockets.frames import Frame as WireFrame
from websockets.frames import Opcode
from websockets.protocol import State
from websockets.typing import Subprotocol

from conformance.clients.handshake import AGENT, Asked, joined
from conformance.clients.line import Dial, Line
from conformance.conversation import FAREWELL, LARGEST_MESSAGE, Conversation, Refused, See
from conformance.exchange import Exchange
from conformance.frames import Frame

__all__ = ["Refused", "Socket", "open_socket"]

_QUIET = logging.getLogger("conformance.clients.websocket")
_QUIET.setLevel(logging.CRITICAL)  # what a peer breaks is in the frames

_INVALID_DATA = 1007


async def open_socket(
    url: str,
    *,
    label: str,
    headers: Mapping[str, str] | None = None,
    subprotocols: Sequence[str] = (),
    ssl: tls.SSLContext | None = None,
    timeout: float = 10.0,  # noqa: ASYNC109  # of the target, and told in the evidence
    see: See = lambda _: None,
    compression: Literal["deflate"] | None = None,
) -> Socket | Refused:
    """Open a WebSocket at a `ws:` or `wss:` URL.

    `label` says whose connection it is, `timeout` is the seconds that the handshake may take, and
    later each send and each pong. `see` is told of every frame that the peer sends.
    """
    asked = Asked(label=label, url=url, timeout=timeout)
    settings: dict[str, Any] = {}
    if ssl is not None and url.startswith("wss:"):  # the library takes none for the other
        settings["ssl"] = ssl
    dial = Dial(
        url,
        additional_headers=dict(headers or {}),
        subprotocols=[Subprotocol(name) for name in subprotocols] or None,
        compression=compression,
        user_agent_header=AGENT,
        proxy=None,
        open_timeout=timeout,
        ping_interval=None,
        close_timeout=None,  # it would not tell that end from the peer's
        max_size=LARGEST_MESSAGE,
        max_queue=None,
        logger=_QUIET,
        create_connection=Line,
        **settings,
    )
    try:
        await dial
    except (InvalidHandshake, ConnectionClosed, OSError) as error:  # a time-out is an OSError
        late = dial.line.last_words() if dial.line and isinstance(error, TimeoutError) else None
        _told(asked, dial.line)
        return asked.refused(late or error)
    assert dial.line is not None
    _told(asked, dial.line)
    return Socket(dial.line, label=label, handshake=asked.exchange(), see=see, timeout=timeout)


def _told(asked: Asked, line: Line | None) -> None:
    """What the connection knows of the handshake."""
    if line is not None and line.request is not None:
        asked.headers = joined(line.request.headers.raw_items())
        asked.response = line.response
        asked.answer = line.beginning


class Socket(Conversation):
    """A connection on which we keep the protocol. What `Conversation` offers, and this.

    Pings are answered at once, and so is the peer's close. Where the peer breaks RFC 6455 the
    connection ends, as the RFC wants it: a `raw` frame says how, and `lost` by `assay` follows.
    """

    def __init__(
        self, line: Line, *, label: str, handshake: Exchange, see: See, timeout: float
    ) -> None:
        super().__init__(
            label=label,
            handshake=handshake,
            subprotocol=line.subprotocol,
            see=see,
            opened=line.opened,
        )
        self._line = line
        self._timeout = timeout
        self._paused = False
        self._message = bytearray()
        self._text = False
        line.attend(self._came, self._broke, self._over)

    async def send_text(self, text: str, *, lawful: bool = True) -> Frame:
        return await self._send([text.encode()], text=True, lawful=lawful)

    async def send_bytes(self, data: bytes, *, lawful: bool = True) -> Frame:
        """Send a binary message."""
        return await self._send([data], text=False, lawful=lawful)

    async def send_fragments(
        self, parts: Sequence[str | bytes], *, text: bool | None = None, lawful: bool = True
    ) -> Frame:
        """Send one message in fragments, and an empty one at its end. It is text if its first part
        is, or as `text` says: a character may then be split over two parts of bytes.
        """
        whole = [part.encode() if isinstance(part, str) else part for part in parts]
        if text is None:
            text = isinstance(parts[0], str)
        return await self._send(whole, text=text, lawful=lawful, fragments=True)

    async def _send(
        self, parts: list[bytes], *, text: bool, lawful: bool, fragments: bool = False
    ) -> Frame:
        data = b"".join(parts)
        if self.closed is not None or self._line.state is not State.OPEN:
            return self._unsaid(data, lawful=lawful)
        frame = self._said("text" if text else "binary", data, lawful=lawful)
        try:
            async with asyncio.timeout(self._timeout):
                await self._line.send(parts if fragments else data, text=text)
        except ConnectionClosed:
            pass  # the frames tell it
        except TimeoutError:
            if fragments:  # half a message is on its way, and no other can follow
                self._left(f"the peer did not read for {self._timeout:g} s")
                self.abort()
        return frame

    async def ping(self, within: float | None = None) -> float | None:
        """The seconds until the pong came; `None` where none does in time (the time-out, if not
        said otherwise).
        """
        if self.closed is not None or self._line.state is not State.OPEN:
            return None
        data = secrets.token_bytes(4)
        self._said("ping", data)
        with suppress(ConnectionClosed, TimeoutError):
            async with asyncio.timeout(self._timeout if within is None else within):
                return await (await self._line.ping(data))
        return None

    async def close(self, code: int = 1000, reason: str = "") -> None:
        """Close in order, and wait a few seconds for the peer to do so too. Can be repeated.

        Raises `websockets.exceptions.ProtocolError` for a code that no endpoint may send, and for
        a reason of more than 123 bytes.
        """
        self.resume()
        if self._line.state is State.OPEN:
            self._said("close", code=code, reason=reason)
        patience = min(self._timeout, FAREWELL)
        try:
            async with asyncio.timeout(patience):
                await self._line.close(code, reason)
        except TimeoutError:
            self._left(f"the peer did not close within {patience:g} s")
        self.abort()
        await self._gone.wait()
        self._raise_fault()

    def abort(self) -> None:
        if not self._gone.is_set():
            self._left("we ended the connection")
            self._line.transport.abort()

    def pause(self) -> None:
        if not self._paused and self.closed is None:
            self._paused = True
            self._line.transport.pause_reading()

    def resume(self) -> None:
        if self._paused:
            self._paused = False
            with suppress(RuntimeError):  # it may be closing already
                self._line.transport.resume_reading()

    def _came(self, frame: WireFrame, at: float) -> None:
        data = bytes(frame.data)
        if self.flooded:
            return
        if frame.opcode is Opcode.PING:
            self._heard("ping", data, at=at)
            self._said("pong", data)
        elif frame.opcode is Opcode.PONG:
            self._heard("pong", data, at=at)
        elif frame.opcode is Opcode.CLOSE:
            self._closing(at)
        else:
            self._part(frame, at)

    def _closing(self, at: float) -> None:
        protocol = self._line.protocol
        said = protocol.close_rcvd
        assert said is not None
        self._heard("close", code=int(said.code), reason=said.reason, at=at)
        if protocol.close_rcvd_then_sent:
            self._said("close", code=int(said.code), reason=said.reason)

    def _part(self, frame: WireFrame, at: float) -> None:
        """A message or a part of one. That they follow as they must, the library sees to."""
        if frame.opcode is not Opcode.CONT:
            self._text = frame.opcode is Opcode.TEXT
            self._message.clear()
        self._message += frame.data
        if not frame.fin:
            return
        data = bytes(self._message)
        self._message.clear()
        if self._text:
            try:
                data.decode()
            except UnicodeDecodeError as error:
                reason = f"text that is no UTF-8: {error.reason} at {error.start}"
                self._line.protocol.fail(_INVALID_DATA, reason)
                self._line.send_data()
                self._broke(error, reason, data)
                return
        self._heard("text" if self._text else "binary", data, at=at)

    def _broke(self, error: Exception, reason: str = "", data: bytes = b"") -> None:
        """The library has given the peer up, and told it so."""
        reason = reason or str(error)
        sent = self._line.protocol.close_sent
        if isinstance(error, PayloadTooBig):
            self.flooded = True
        else:
            self._heard("raw", data, reason=reason)
        if self.closed is None and sent is not None:
            self._said("close", code=int(sent.code), reason=sent.reason)
        self._left(f"we gave the peer up: {reason}")
        self._line.transport.close()
