"""HTTP/1.1 by hand on asyncio streams, in front of `Wire` and `LibraryWire`."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
from http import HTTPStatus
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qsl, unquote

from .model import Answer, Refusal, Request
from .wire import Socket

if TYPE_CHECKING:
    from .hub import Hub

__all__ = ["Front", "encoded", "query_of", "refused"]

_MAX_BODY: Final = 1024 * 1024


class Front:
    """Listens, answers REST, and hands upgraded connections to `wire`."""

    def __init__(self, hub: Hub, wire: type[Socket]) -> None:
        """Nothing is open yet."""
        self._hub = hub
        self._wire = wire
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    async def open(self, listener: socket.socket) -> None:
        """Start to accept."""
        self._server = await asyncio.start_server(self._accept, sock=listener, limit=_MAX_BODY)

    def crash(self) -> None:
        """Die: no listener, no connection."""
        if self._server is not None:
            self._server.close()
        for writer in list(self._writers):
            writer.transport.abort()

    async def close(self) -> None:
        """End everything that still runs."""
        self.crash()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self._writers.add(writer)
        try:
            with contextlib.suppress(
                ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError
            ):
                while await self._turn(reader, writer):
                    pass
        finally:
            self._tasks.discard(task)
            self._writers.discard(writer)
            writer.close()

    async def _turn(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """One request; False ends the connection."""
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            request = await _parse(head, reader)
        except (ValueError, asyncio.LimitOverrunError):
            writer.write(encoded(Answer(status=400, body={"error": "bad request"}), None))
            return False
        upgrade = "websocket" in request.headers.get("upgrade", "").lower()
        if request.path == "/api/ws" and upgrade and request.method == "GET":
            return await self._upgrade(request, head, reader, writer)
        answer = await self._hub.desk.handle(request)
        if answer.hang:
            await asyncio.Event().wait()
        writer.write(encoded(answer, self._hub.reading.indent))
        await writer.drain()
        return request.headers.get("connection", "").lower() != "close"

    async def _upgrade(
        self,
        request: Request,
        head: bytes,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> bool:
        if "sec-websocket-key" not in request.headers:
            writer.write(encoded(Answer(status=400, body={"error": "no key"}), None))
            return False
        verdict = self._hub.admit(request)
        if verdict is None:
            await asyncio.Event().wait()
        elif isinstance(verdict, Refusal) and verdict.status is not None:
            writer.write(encoded(refused(verdict), None))
            await writer.drain()
        else:
            await self._wire(self._hub, request, head, reader, writer).run(verdict)
        return False


def refused(refusal: Refusal) -> Answer:
    """The HTTP answer of a refusal before the upgrade."""
    return Answer(status=refusal.status or 401, body={"error": refusal.reason})


def query_of(raw: str) -> dict[str, str]:
    """The first value of each name."""
    return dict(reversed(parse_qsl(raw, keep_blank_values=True)))


def encoded(answer: Answer, indent: int | None) -> bytes:
    """The bytes of an HTTP answer."""
    headers = dict(answer.headers)
    body = answer.body
    if body is None:
        body = b""
    elif not isinstance(body, bytes):
        headers.setdefault("Content-Type", "application/json")
        body = json.dumps(body, indent=indent).encode()
    headers.setdefault("Content-Length", str(len(body)))
    phrase = HTTPStatus(answer.status).phrase
    lines = [f"HTTP/1.1 {answer.status} {phrase}", *(f"{k}: {v}" for k, v in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode() + body


async def _parse(head: bytes, reader: asyncio.StreamReader) -> Request:
    first, *lines = head.decode("latin-1").removesuffix("\r\n\r\n").split("\r\n")
    method, target, _version = first.split(" ")
    pairs = [line.partition(":") for line in lines]
    headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
    path, _, query = target.partition("?")
    if headers.get("transfer-encoding", "").lower() == "chunked":
        body = await _chunks(reader)
    else:
        body = await reader.readexactly(min(int(headers.get("content-length", "0")), _MAX_BODY))
    return Request(
        method=method, path=unquote(path), query=query_of(query), headers=headers, body=body
    )


async def _chunks(reader: asyncio.StreamReader) -> bytes:
    body = b""
    while size := int((await reader.readline()).split(b";")[0], 16):
        body += await reader.readexactly(size)
        await reader.readline()
    await reader.readline()
    return body
