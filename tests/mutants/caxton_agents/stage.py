"""A small lenient coordinator on a real port: it serves whatever comes and writes it down."""

from __future__ import annotations

import asyncio
import email.policy
import json
import re
import time
from collections.abc import Mapping
from email.parser import BytesParser
from types import TracebackType
from typing import Any, Final, Self
from urllib.parse import unquote

from tests.mutants.caxton_agents.bugs import Cue
from tests.mutants.caxton_agents.frames import CLOSE, PING, PONG, Frame, Parser, accept_for
from tests.mutants.caxton_agents.model import OPERATIONS, What
from tests.mutants.caxton_agents.record import Call, Line, Seen
from tests.mutants.caxton_agents.stage_grpc import GrpcStage
from tests.mutants.caxton_agents.tampering import CUT, GARBAGE, Tampering
from tests.mutants.caxton_agents.world import NOW, World, refusal

__all__ = ["NAME", "TOKEN", "Stage", "parts_of"]

TOKEN: Final = "cax-9QmXzz41.tok"
NAME: Final = "peer-5"
_ROUTES: Final = tuple(
    (what, method, re.compile("/api/v1" + path.replace("{id}", "(?P<id>[^/]+)")))
    for what, (method, path) in OPERATIONS.items()
)


class Stage:
    """Serves one client."""

    def __init__(self, cue: Cue = Cue.PLAIN, *, grpc: bool = False) -> None:
        self.seen: list[Seen] = []
        self.lines: list[Line] = []
        self.calls: list[Call] = []
        self.world = World(cue, NAME)
        self._talks_on = cue is Cue.ODD
        """Whether there is an event after the end of a subscription."""
        self.refuse_sockets = 0
        self.silent_sockets = False
        """Whether subscriptions are not answered for now."""
        self.tampering = Tampering(cue)
        self._grpc = GrpcStage(self.world, self.calls, self.tampering) if grpc else None
        self._writers: set[asyncio.StreamWriter] = set()
        self._handlers: set[asyncio.Task[None]] = set()
        self._over = False
        self.grpc = ""

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, limit=1 << 20)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        if self._grpc is not None:
            self.grpc = await self._grpc.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._over = True
        self._server.close()
        for writer in tuple(self._writers):
            writer.transport.abort()
        if self._handlers:
            await asyncio.wait(tuple(self._handlers), timeout=1.0)
        if self._grpc is not None:
            await self._grpc.stop()

    def tell(self) -> None:
        """Tell what has happened on all WebSockets that want to hear it."""
        events = self.world.events[:]
        self.world.events.clear()
        for line in self.lines:
            if line.subscriptions and line.ended is None and line.closed is None:
                for event in events:
                    line.say(event)

    def acknowledge(self, line: Line) -> None:
        """Tell the id of its newest subscription."""
        own = f"sub_{len(line.subscriptions)}_{self.lines.index(line)}"
        line.say({"type": "subscribed", "subscription_id": own})

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        handler = asyncio.current_task()
        assert handler is not None
        self._writers.add(writer)
        self._handlers.add(handler)
        handler.add_done_callback(self._handlers.discard)
        try:
            while not self._over and await self._one(reader, writer):
                pass
        except (OSError, EOFError, ValueError, asyncio.LimitOverrunError):
            pass
        finally:
            self._writers.discard(writer)
            writer.transport.abort()

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """One request; False when nothing more comes on this connection."""
        seen = await _read(reader)
        self.seen.append(seen)
        if "upgrade" in (seen.header("Connection") or "").lower():
            seen.what = What.CONNECT if seen.path == "/ws" else None
            await self._socket(reader, writer, seen)
            return False
        status, body = self._answer(seen)
        seen.answered = 599 if body == GARBAGE else max(0, status)
        if seen.what is not None:
            await asyncio.sleep(self.tampering.delay(seen.what))
        if status == CUT:
            return False
        closing = (seen.header("Connection") or "").lower() == "close"
        shown = self.tampering.shown(seen.what, status)
        writer.write(_reply(shown, body, self._headers(seen, status), closing=closing))
        await writer.drain()
        self.tell()
        return not closing

    def _headers(self, seen: Seen, status: int) -> Mapping[str, str]:
        left = {"X-RateLimit-Limit": "1000", "X-RateLimit-Remaining": "950"}
        reset = self.tampering.resets.get(seen.what) if seen.what else None
        if status != 429 or reset is None:
            return left if status != 429 else {}
        seen.until = time.monotonic() + reset - time.time()
        return {**left, "X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(reset)}

    def _answer(self, seen: Seen) -> tuple[int, bytes]:
        for what, method, route in _ROUTES:
            match = route.fullmatch(seen.path)
            if match and method == seen.method:
                seen.what, seen.id = what, unquote(match.groupdict().get("id", ""))
                break
        if seen.what is None:
            return 404, json.dumps(refusal(404, "NO_SUCH_ROUTE")[1]).encode()
        overruled = self.tampering.status(seen.what, time.monotonic(), time.time())
        status, answer = 200, dict[str, Any]()
        if self.tampering.is_done(seen.what, overruled):
            status, answer = self._done(seen, seen.what)
        if overruled == CUT:
            return CUT, b""
        if overruled:
            code = "RESOURCE_LIMIT_EXCEEDED" if not self.tampering.resets else "RATE_LIMITED"
            status, answer = refusal(overruled, code if overruled == 429 else "")
        if self.tampering.is_garbled(seen.what):
            return 200, GARBAGE
        seen.answer = self.tampering.dressed(answer)
        return status, json.dumps(seen.answer).encode()

    def _done(self, seen: Seen, what: What) -> tuple[int, dict[str, Any]]:
        body = seen.json
        if what in {What.DEPLOY, What.RELOAD}:
            parts = parts_of(seen)
            if not parts.get("wasm", b"").startswith(b"\0asm"):
                return refusal(400)
            try:
                body = json.loads(parts.get("config", b""))
            except ValueError:
                return refusal(400, "INVALID_CONFIG")
            if what is What.DEPLOY and not isinstance(body, dict):
                return refusal(400, "INVALID_CONFIG")
        return self.world.handle(what, seen.id, seen.query, body)

    async def _socket(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, seen: Seen
    ) -> None:
        if seen.what is None or self.refuse_sockets:
            seen.answered = 404 if seen.what is None else 503
            self.refuse_sockets = max(0, self.refuse_sockets - 1)
            writer.write(_reply(seen.answered, b"", {}, closing=True))
            await writer.drain()
            return
        seen.answered = 101
        head = (
            "HTTP/1.1 101 Switching Protocols",
            "Upgrade: websocket",
            "Connection: Upgrade",
            f"Sec-WebSocket-Accept: {accept_for(seen.header('Sec-WebSocket-Key') or '')}",
        )
        writer.write("\r\n".join([*head, "", ""]).encode())
        line = Line(request=seen, writer=writer, opened=time.monotonic())
        self.lines.append(line)
        try:
            await self._listen(reader, line)
        finally:
            line.ended = time.monotonic()

    async def _listen(self, reader: asyncio.StreamReader, line: Line) -> None:
        parser, whole = Parser(), bytearray()
        while data := await reader.read(65536):
            parser.feed(data)
            while (frame := parser.next_frame()) is not None:
                line.frames.append((time.monotonic(), frame))
                if frame.opcode == PING:
                    line.put(Frame(opcode=PONG, payload=frame.payload))
                elif frame.opcode == CLOSE:
                    if line.closed is None:
                        line.put(Frame(opcode=CLOSE, payload=frame.payload[:2]))
                    # What comes after a close frame is of interest as well.
                    await asyncio.sleep(0.01)
                    line.writer.close()
                elif frame.opcode < CLOSE:
                    whole += frame.payload
                    if frame.fin:
                        self._heard(line, whole.decode(errors="replace"))
                        whole.clear()

    def _heard(self, line: Line, text: str) -> None:
        if '"subscribe"' in text:
            line.subscriptions.append(text)
            if not self.silent_sockets:
                self.acknowledge(line)
        elif self._talks_on:
            line.say({"type": "agent.deployed", "agent_id": "agent_1", "timestamp": NOW})


def parts_of(seen: Seen) -> dict[str, bytes]:
    """The parts of a multipart body by their names, read as leniently as e-mail is."""
    head = f"Content-Type: {seen.header('Content-Type')}\r\n\r\n".encode()
    message = BytesParser(policy=email.policy.HTTP).parsebytes(head + seen.body)
    if not message.is_multipart():
        return {}
    found: dict[str, bytes] = {}
    for part in message.iter_parts():
        name = part.get_param("name", header="content-disposition")
        content = part.get_payload(decode=True)
        if isinstance(content, bytes):
            found[str(name)] = content
    return found


async def _read(reader: asyncio.StreamReader) -> Seen:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *lines = head.rstrip("\r\n").split("\r\n")
    pairs = tuple(
        (name.strip(), value.strip()) for name, _, value in (line.partition(":") for line in lines)
    )
    known = {name.lower(): value for name, value in pairs}
    body = bytearray()
    if "chunked" in known.get("transfer-encoding", ""):
        while size := int(await reader.readuntil(b"\r\n"), 16):
            body += (await reader.readexactly(size + 2))[:-2]
        await reader.readuntil(b"\r\n")
    else:
        body += await reader.readexactly(int(known.get("content-length", "0")))
    method, target, *_ = [*first.split(" "), "", ""]
    return Seen(at=time.monotonic(), method=method, target=target, headers=pairs, body=bytes(body))


def _reply(status: int, body: bytes, headers: Mapping[str, str], *, closing: bool) -> bytes:
    head = (
        f"HTTP/1.1 {status} Whatever",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
        f"Connection: {'close' if closing else 'keep-alive'}",
        *(f"{name}: {value}" for name, value in headers.items()),
    )
    return "\r\n".join([*head, "", ""]).encode() + body
