"""A strict WebSocket server over streams; each step is a method that a fault may bend."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Final

from .frames import (
    BINARY,
    CLOSE,
    CONTINUATION,
    PING,
    PONG,
    TEXT,
    Frame,
    accept_key,
    close_code_is_legal,
    encode_frame,
    key_is_legal,
    unmask,
)
from .model import Admit, RefuseClose, RefuseHttp, Session, Upgrade

if TYPE_CHECKING:
    from .agent import Agent

__all__ = ["FramingError", "Wire"]

_LONGEST: Final = 64 * 1024 * 1024
_LINGER: Final = 1.0
"""Seconds that a client has to answer a Close frame."""
_REASONS: Final = {400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found"}


class FramingError(Exception):
    """The client broke the framing; `code` goes into the Close frame."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


class Wire:
    """One connection from its first octet to its last."""

    def __init__(
        self, agent: Agent, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.agent = agent
        self.reader = reader
        self.writer = writer
        self.session: Session | None = None
        self.closing = False
        self.parts: list[bytes] = []
        self.kind = 0
        """The opcode of the message whose fragments are in `parts`; 0 for none."""

    async def run(self) -> None:
        """Serve until the connection ends."""
        try:
            upgrade = await self.handshake()
            if upgrade is not None:
                await self.serve(*upgrade)
        except (OSError, EOFError, ValueError, asyncio.LimitOverrunError):
            pass  # the client is gone, or never spoke HTTP
        finally:
            self.hang_up()

    def hang_up(self) -> None:
        """End the connection below WebSocket."""
        self.writer.close()

    # The opening handshake.

    async def handshake(self) -> tuple[Upgrade, Admit | RefuseClose] | None:
        """Answer the upgrade request; None when it was refused."""
        head = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        first, *lines = head[:-4].split("\r\n")
        method, path, version = [*first.split(" "), "", "", ""][:3]
        pairs = (line.partition(":") for line in lines)
        fields = tuple((name.strip(), value.strip()) for name, _, value in pairs)
        upgrade = Upgrade(path=path, fields=fields)
        status = 400 if version != "HTTP/1.1" else self.bad_upgrade(method, upgrade)
        verdict = RefuseHttp(status=status) if status else self.agent.admit(upgrade)
        if isinstance(verdict, RefuseHttp):
            await self.refuse(verdict)
            return None
        self.writer.write(self.switching(upgrade, verdict.subprotocol).encode("latin-1"))
        await self.writer.drain()
        return upgrade, verdict

    def bad_upgrade(self, method: str, upgrade: Upgrade) -> int:
        """The status for a request that is no WebSocket upgrade, or 0."""
        if method != "GET":
            return 405
        if not self.lists(upgrade, "upgrade", "websocket"):
            return 426
        if not self.lists(upgrade, "connection", "upgrade"):
            return 400
        if upgrade.values("sec-websocket-version") != ("13",):
            return 426
        keys = upgrade.values("sec-websocket-key")
        return 0 if len(keys) == 1 and key_is_legal(keys[0]) else 400

    def lists(self, upgrade: Upgrade, name: str, value: str) -> bool:
        """Whether a header lists a value, in any case."""
        found = ",".join(upgrade.values(name)).lower().split(",")
        return value in (one.strip() for one in found)

    async def refuse(self, verdict: RefuseHttp) -> None:
        """Answer with an HTTP status and no upgrade."""
        body = verdict.body.encode()
        lines = [
            f"HTTP/1.1 {verdict.status} {_REASONS.get(verdict.status, 'Refused')}",
            "Content-Type: text/plain; charset=utf-8",
            f"Content-Length: {len(body)}",
            "Connection: close",
        ]
        if verdict.status == 426:
            lines += ["Upgrade: websocket", "Sec-WebSocket-Version: 13"]
        self.writer.write("\r\n".join([*lines, "", ""]).encode() + body)
        await self.writer.drain()

    def switching(self, upgrade: Upgrade, subprotocol: str | None) -> str:
        """The answer that upgrades."""
        key = upgrade.values("sec-websocket-key")[0]
        lines = [
            "HTTP/1.1 101 Switching Protocols",
            "Upgrade: websocket",
            "Connection: Upgrade",
            f"Sec-WebSocket-Accept: {self.accept(key)}",
        ]
        if subprotocol is not None:
            lines.append(f"Sec-WebSocket-Protocol: {subprotocol}")
        return "\r\n".join([*lines, "", ""])

    def accept(self, key: str) -> str:
        """What proves that the key was read."""
        return accept_key(key)

    # After the upgrade.

    async def serve(self, upgrade: Upgrade, verdict: Admit | RefuseClose) -> None:
        """Serve frames until one side has closed."""
        self.session = self.agent.begin(self, upgrade, verdict)
        try:
            await self.agent.opened(self.session)
            while await self.take(await self.read_frame()):
                pass
        except FramingError as offence:
            await self.fail(offence.code)
        finally:
            self.agent.ended(self.session)

    async def fail(self, code: int) -> None:
        """Fail the connection: say why, and let the client read it before the line goes."""
        await self.close(code)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(0.2):
                while await self.reader.read(65536):
                    pass

    async def read_frame(self) -> Frame:
        """Read one frame. Raises FramingError for one that a client may not send."""
        first, second = await self.reader.readexactly(2)
        self.check_head(first, second)
        length = second & 0x7F
        if length > 125:
            length = int.from_bytes(await self.reader.readexactly(2 if length == 126 else 8), "big")
        if length > _LONGEST:
            raise FramingError(1009)
        mask = await self.reader.readexactly(4) if second & 0x80 else b""
        payload = await self.reader.readexactly(length)
        if mask:
            payload = unmask(mask, payload)
        return Frame(fin=bool(first & 0x80), opcode=first & 0x0F, payload=payload)

    def check_head(self, first: int, second: int) -> None:
        """Judge the first two octets of a frame."""
        opcode = first & 0x0F
        if first & 0x70 or not second & 0x80:
            raise FramingError(1002)
        if opcode not in {CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG}:
            raise FramingError(1002)
        if opcode >= CLOSE and (not first & 0x80 or second & 0x7F > 125):
            raise FramingError(1002)

    async def take(self, frame: Frame) -> bool:
        """Act on a frame; False when it was the last."""
        if frame.opcode == CLOSE:
            await self.closed_by_client(frame.payload)
            return False
        if frame.opcode == PING:
            await self.ping(frame.payload)
        elif frame.opcode != PONG:
            await self.fragment(frame)
        return True

    async def ping(self, payload: bytes) -> None:
        """Answer a Ping."""
        await self.write(encode_frame(PONG, payload))

    async def fragment(self, frame: Frame) -> None:
        """Collect fragments until a message is whole."""
        if (frame.opcode == CONTINUATION) != bool(self.kind):
            raise FramingError(1002)
        self.kind = self.kind or frame.opcode
        self.parts.append(frame.payload)
        if frame.fin:
            kind, whole = self.kind, b"".join(self.parts)
            self.kind, self.parts = 0, []
            await self.message(kind, whole)

    async def message(self, kind: int, payload: bytes) -> None:
        """Hand a whole message to the agent."""
        if self.closing or self.session is None:
            return  # nothing counts after our Close frame
        data = payload if kind == BINARY else self.text(payload)
        await self.agent.received(self.session, data)

    def text(self, payload: bytes) -> str:
        """Text of a text message. Raises FramingError when it is not UTF-8."""
        try:
            return payload.decode("utf-8")
        except UnicodeDecodeError:
            raise FramingError(1007) from None

    async def closed_by_client(self, payload: bytes) -> None:
        """Finish the closing handshake."""
        if self.closing:
            return
        code = int.from_bytes(payload[:2], "big")
        if payload and (len(payload) == 1 or not close_code_is_legal(code)):
            raise FramingError(1002)
        self.text(payload[2:])
        self.closing = True
        await self.write(encode_frame(CLOSE, payload[:2]))

    # What goes out.

    async def write(self, octets: bytes) -> None:
        """Send octets, unless the client is gone."""
        if self.writer.is_closing():
            return
        with contextlib.suppress(OSError):
            self.writer.write(octets)
            await self.writer.drain()

    async def send(self, data: str | bytes) -> None:
        """Send one message."""
        if not self.closing:
            opcode, payload = self.packed(data)
            await self.write(self.frames(opcode, payload))

    def packed(self, data: str | bytes) -> tuple[int, bytes]:
        """Opcode and payload of a message."""
        return (TEXT, data.encode()) if isinstance(data, str) else (BINARY, data)

    def frames(self, opcode: int, payload: bytes) -> bytes:
        """A message as one frame, or as many when the reading splits."""
        size = self.agent.reading.split_frames
        if not size or len(payload) <= size:
            return self.frame(opcode, payload)
        ping = encode_frame(PING, b"between") if self.agent.reading.pings else b""
        pieces = [payload[at : at + size] for at in range(0, len(payload), size)]
        return ping.join(
            self.frame(CONTINUATION if at else opcode, piece, fin=at == len(pieces) - 1)
            for at, piece in enumerate(pieces)
        )

    def frame(self, opcode: int, payload: bytes, *, fin: bool = True) -> bytes:
        """One data frame."""
        return encode_frame(opcode, payload, fin=fin)

    async def close(self, code: int, reason: str = "") -> None:
        """Send a Close frame, and drop the line when the client does not answer."""
        if not self.closing:
            self.closing = True
            await self.write(encode_frame(CLOSE, code.to_bytes(2, "big") + reason.encode()))
            asyncio.get_running_loop().call_later(_LINGER, self.abort)

    def abort(self) -> None:
        """Drop the line."""
        self.writer.transport.abort()
