"""A small lenient orchestrator on a real port: it serves whatever comes and writes it down."""

from __future__ import annotations

import asyncio
import json
import ssl
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self
from urllib.parse import unquote

from tests.mutants.stella_agents.authority import Authority, new_key, pem_of
from tests.mutants.stella_agents.frames import (
    CLOSE,
    PING,
    Frame,
    Parser,
    accept_for,
)
from tests.mutants.stella_agents.record import Line, Seen, Work

__all__ = ["INTERVAL", "JWT", "POLL", "SECRET", "TOKEN", "Stage"]

TOKEN: Final = "reg-9QmX/zz+41="
JWT: Final = "eyJ0.c3RhZ2U.sig-51c"
SECRET: Final = "s3cr3t-7Gk"
INTERVAL: Final = 0.25
POLL: Final = 0.3
# A poll shows what a heartbeat has shown already, so that everybody knows which came first.
_POLL_LATER: Final = 0.35


class Stage:
    """Serves one agent."""

    def __init__(self) -> None:
        self.seen: list[Seen] = []
        self.lines: list[Line] = []
        self.works: dict[str, Work] = {}
        self.agent_id = "0c61e7a2-stage"
        self.certificates: list[tuple[int, float]] = []
        """Serial numbers, and when they were given out."""
        self.registered: float | None = None
        self.forgotten: float | None = None
        self.impostor_since: float | None = None
        self.troubles: dict[tuple[str, int], str] = {}
        """What happens to the request number n (from 0) whose path ends like that."""
        self.refuse_streams = 0
        self.refuse_registrations = False
        self.knows_no_task = False
        self.other_times = False
        self.renewal: dict[str, Any] | None = None
        self.expects_streams = False
        self.ca = ""
        self._counts: dict[str, int] = {}
        self._key = new_key()
        self._folder = tempfile.TemporaryDirectory(prefix="stella-stage-")
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._writers: set[asyncio.StreamWriter] = set()
        self._handlers: set[asyncio.Task[None]] = set()
        self._over = False

    async def __aenter__(self) -> Self:
        authority = Authority.called("stage")
        self._show(authority)
        self._context.load_verify_locations(self.ca)
        self._context.verify_mode = ssl.CERT_OPTIONAL
        self._server = await asyncio.start_server(
            self._serve, "127.0.0.1", 0, ssl=self._context, limit=1 << 20
        )
        self.url = f"https://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._over = True
        self._server.close()
        # Handshakes that are under way come to their end as well.
        await asyncio.sleep(0.02)
        for writer in tuple(self._writers):
            writer.transport.abort()
        if self._handlers:
            await asyncio.wait(tuple(self._handlers), timeout=1.0)
        self._folder.cleanup()

    def become_impostor(self) -> None:
        """From the next connection on, show a certificate that another authority has signed."""
        self._show(Authority.called("somebody else"))
        self.impostor_since = time.monotonic()

    def give(self, name: str, seconds: float | None, **more: Any) -> None:
        """A new task; it is shown on all ways until it is done, or pushed at once."""
        stream_only = bool(more.pop("stream_only", False))
        payload = {} if seconds is None else {"duration": seconds}
        shown = {
            "taskId": f"b51f0000-{name}",
            "taskType": "docker.pull",
            "payload": {"image": "kettle", **payload},
            "credentials": {"registry.password": SECRET},
            "timeout": 120,
            **more,
        }
        shown = {name: value for name, value in shown.items() if value is not None}
        work = Work(shown=shown, born=time.monotonic(), on_stream_only=stream_only)
        self.works[str(shown["taskId"])] = work
        for line in self.lines[-1:]:
            if line.ended is None:
                self.push(line, work)

    def push(self, line: Line, work: Work, **more: Any) -> None:
        """Assign a task on a stream."""
        work.told.append((time.monotonic(), "stream"))
        line.say({"type": "task_assigned", "task": work.shown, **more})

    def cancel(self, name: str) -> None:
        """Cancel a task on the newest stream."""
        work = self.works[f"b51f0000-{name}"]
        work.cancelled = time.monotonic()
        for line in self.lines[-1:]:
            line.say({"type": "task_cancelled", "taskId": work.shown["taskId"]})

    def renew(self, *, with_key: bool) -> None:
        """Put a renewed certificate into the answers to come."""
        if with_key:
            self._key = new_key()
        cert, serial = Authority.called("stage").sign("agent", self._key)
        self.certificates.append((serial, time.monotonic()))
        self.renewal = {"cert": cert, "expiresAt": "2031-02-03T04:05:06Z"}
        if with_key:
            self.renewal["key"] = pem_of(self._key)

    def _show(self, authority: Authority) -> None:
        key = new_key()
        cert, _ = authority.sign("server", key, server=True)
        path = Path(self._folder.name) / "server.pem"
        path.write_text(cert + pem_of(key), "ascii")
        if not self.ca:
            self.ca = str(path.with_name("ca.pem"))
            Path(self.ca).write_text(authority.pem, "ascii")
        self._context.load_cert_chain(path)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        dialled, handler = time.monotonic(), asyncio.current_task()
        assert handler is not None
        self._writers.add(writer)
        self._handlers.add(handler)
        handler.add_done_callback(self._handlers.discard)
        try:
            while not self._over and await self._one(reader, writer, dialled):
                pass
        except (OSError, EOFError, ValueError, asyncio.LimitOverrunError):
            pass
        finally:
            self._writers.discard(writer)
            writer.transport.abort()

    async def _one(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, dialled: float
    ) -> bool:
        """One request; False when nothing more comes on this connection."""
        seen = await _read(reader, writer, dialled)
        self.seen.append(seen)
        if "upgrade" in (seen.header("Connection") or "").lower():
            await self._stream(reader, writer, seen)
            return False
        status, body = self._answer(seen)
        if not status:
            return False
        closing = (seen.header("Connection") or "").lower() == "close"
        writer.write(_reply(status, body, closing=closing))
        await writer.drain()
        return not closing

    def _answer(self, seen: Seen) -> tuple[int, bytes]:
        ending = seen.path.rpartition("/")[2]
        n = self._counts.get(ending, 0)
        self._counts[ending] = n + 1
        trouble = self.troubles.get((ending, n), "")
        if self.forgotten is not None:
            return (401 if ending == "register" else 404), b'{"error": "who?"}'
        if trouble in {"503", "500"}:
            return int(trouble), b"come back later"
        if trouble == "drop":
            return 0, b""
        if trouble == "garbage":
            return 200, b"<html>all is well</html>"
        if trouble == "bare":
            return 200, b"{}"
        status, answer = self._handle(ending, seen)
        if trouble == "nulls":
            answer = {"tasks": None, "certificateRenewal": None}
        if trouble == "extra":
            answer = {**answer, "serverTime": 12.5, "hints": [{"a": None}]}
        return status, json.dumps(answer).encode()

    def _handle(self, ending: str, seen: Seen) -> tuple[int, dict[str, Any]]:
        if ending == "register" and seen.method == "POST":
            return self._register()
        own = f"/api/v1/agents/{self.agent_id}"
        if not seen.path.startswith(own):
            return 404, {"error": "no such agent"}
        rest = seen.path.removeprefix(own)
        if (seen.method, rest) == ("POST", "/heartbeat"):
            return 200, self._heartbeat()
        if (seen.method, rest) == ("GET", "/tasks"):
            return 200, {"tasks": [self._bare(work) for work in self._shown("poll")]}
        if seen.method == "POST" and rest.startswith("/tasks/") and ending == "complete":
            self._complete(unquote(rest.split("/")[2]), seen.body)
            return (404 if self.knows_no_task else 200), {"acknowledged": not self.knows_no_task}
        if not rest:
            answer = {"deleted": True} if seen.method == "DELETE" else {"id": self.agent_id}
            return 200, dict(answer)
        return 404, {"error": "no such thing"}

    def _register(self) -> tuple[int, dict[str, Any]]:
        if self.registered is not None or self.refuse_registrations:
            return 401, {"error": "not with this token"}
        self.registered = time.monotonic()
        cert, serial = Authority.called("stage").sign("agent", self._key)
        self.certificates.append((serial, self.registered))
        config = {"heartbeatInterval": INTERVAL, "taskPollInterval": POLL, "logLevel": "warn"}
        certificate = {
            "cert": cert,
            "key": pem_of(self._key),
            "ca": Authority.called("stage").pem,
            "expiresAt": f"2031-01-01T00:00:00{'.5+03:30' if self.other_times else 'Z'}",
        }
        return 201, {
            "agentId": self.agent_id,
            "token": JWT,
            "config": config,
            "certificate": certificate,
        }

    def _heartbeat(self) -> dict[str, Any]:
        answer: dict[str, Any] = {"tasks": [work.shown for work in self._shown("heartbeat")]}
        if self.renewal is not None:
            answer["certificateRenewal"] = self.renewal
        return answer

    def _shown(self, way: str) -> list[Work]:
        """What is still to do, and once more what has just been done."""
        now = time.monotonic()
        found = []
        for work in self.works.values():
            if work.on_stream_only or (way == "poll" and now - work.born < _POLL_LATER):
                continue
            if work.done:
                if way in work.again:
                    continue
                work.again.add(way)
            work.told.append((now, way))
            found.append(work)
        return found

    @staticmethod
    def _bare(work: Work) -> dict[str, Any]:
        names = ("taskId", "taskType")
        more = {"priority": 3, "createdAt": "2030-05-06T07:08:09Z"}
        return {**{name: work.shown[name] for name in names}, **more}

    def _complete(self, task_id: str, body: bytes) -> None:
        try:
            told = json.loads(body)
        except ValueError:
            told = None
        work = self.works.get(task_id)
        if work is None:
            return
        work.done.append((time.monotonic(), told))
        if len(work.done) == 1 and "stream" in {way for _, way in work.told}:
            for line in self.lines[-1:]:
                self.push(line, work)

    async def _stream(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, seen: Seen
    ) -> None:
        right = seen.path == f"/api/v1/agents/{self.agent_id}/task-stream"
        if not right or self.forgotten is not None or self.refuse_streams:
            self.refuse_streams = max(0, self.refuse_streams - 1)
            writer.write(
                _reply(503 if right and self.forgotten is None else 404, b"", closing=True)
            )
            await writer.drain()
            return
        accept = accept_for(seen.header("Sec-WebSocket-Key") or "")
        head = (
            "HTTP/1.1 101 Switching Protocols",
            "Upgrade: websocket",
            "Connection: Upgrade",
            f"Sec-WebSocket-Accept: {accept}",
        )
        writer.write("\r\n".join([*head, "", ""]).encode())
        line = Line(request=seen, writer=writer)
        self.lines.append(line)
        for work in self.works.values():
            if not work.done and work.cancelled is None:
                self.push(line, work)
        try:
            await _listen(reader, line)
        finally:
            line.ended = time.monotonic()


async def _listen(reader: asyncio.StreamReader, line: Line) -> None:
    parser = Parser()
    while data := await reader.read(65536):
        parser.feed(data)
        while (frame := parser.next_frame()) is not None:
            line.frames.append((time.monotonic(), frame))
            if frame.opcode == PING:
                line.put(Frame(opcode=0xA, payload=frame.payload))
            if frame.opcode == CLOSE:
                if line.closed is None:
                    line.put(Frame(opcode=CLOSE, payload=frame.payload[:2]))
                # What comes after a close frame is of interest as well.
                await asyncio.sleep(0.01)
                line.writer.close()


async def _read(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, dialled: float) -> Seen:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *lines = head.rstrip("\r\n").split("\r\n")
    pairs = tuple(
        (name.strip(), value.strip()) for name, _, value in (line.partition(":") for line in lines)
    )
    size = next((int(value) for name, value in pairs if name.lower() == "content-length"), 0)
    body = await reader.readexactly(size)
    method, target, *_ = [*first.split(" "), "", ""]
    shown = writer.get_extra_info("peercert") or {}
    serial = shown.get("serialNumber")
    return Seen(
        at=time.monotonic(),
        method=method,
        target=target,
        headers=pairs,
        body=body,
        serial=int(serial, 16) if serial else None,
        dialled=dialled,
    )


def _reply(status: int, body: bytes, *, closing: bool) -> bytes:
    head = (
        f"HTTP/1.1 {status} Whatever",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
        f"Connection: {'close' if closing else 'keep-alive'}",
    )
    return "\r\n".join([*head, "", ""]).encode() + body
