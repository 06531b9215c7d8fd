"""HTTP: aiohttp's low-level server in front of a `Mock`."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import re
import ssl
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from aiohttp import HttpVersion11, web
from aiohttp.http_exceptions import HttpProcessingError
from multidict import istr

from mockserver.app import Mock
from mockserver.faults.manner import PLAIN
from mockserver.passage import Outcome, Pending, Request
from mockserver.transcript import escaped
from mockserver.wire.control import PREFIX, Control
from mockserver.wire.faulty import send_faulty
from mockserver.wire.patience import delivered
from mockserver.wire.tls_watch import watched
from mockserver.wire.websocket import SocketShell
from schemas.validation import Violation

if TYPE_CHECKING:
    from mockserver.wire.plays import Plays

__all__ = ["LARGEST_BODY", "SESSION_HEADER", "HttpShell"]

LARGEST_BODY = 16 * 1024 * 1024
"""Bytes of a request's body that are read; a larger one is refused."""

SESSION_HEADER = istr("X-Assay-Session")
SESSION_PREFIX = f"{PREFIX}sessions/"


_LOGGER = logging.getLogger("mockserver.wire.http")


class HttpShell:
    """Serves a mock, its WebSockets and its control interface, on one port."""

    def __init__(self, mock: Mock) -> None:
        self._mock = mock
        self._plays: Plays | None = None
        self._control = Control(mock, self.plays)
        self._sockets = SocketShell(mock)
        self._runner: web.ServerRunner | None = None
        self._mutual = False

    async def start(self, host: str, port: int, tls: ssl.SSLContext | None = None) -> int:
        """Listen, and return the port. Raises `OSError` where the address cannot be had."""
        self._mutual = tls is not None and tls.verify_mode != ssl.CERT_NONE
        if tls is not None:
            tls.sslobject_class = watched(self._note_distrusted)
        _LOGGER.addFilter(_is_ours)
        server = _Server(self._handle, access_log=None, logger=_LOGGER)
        server.note_garbled = self._note_garbled
        self._runner = web.ServerRunner(server, shutdown_timeout=0.2)
        await self._runner.setup()
        site = web.TCPSite(self._runner, host, port, ssl_context=tls, backlog=1024)
        await site.start()
        return int(self._runner.addresses[0][1])

    def plays(self) -> Plays:
        """The scenarios that are played here."""
        if self._plays is None:
            from mockserver.wire.plays import Plays  # slow to load, and most mocks play none

            self._plays = Plays(self._mock)
        return self._plays

    async def close(self) -> None:
        """Stop listening, and end what is still open."""
        if self._plays is not None:
            self._plays.close()
        self._sockets.close()
        if self._runner is not None:
            await self._runner.cleanup()

    def _note_garbled(self, error: HttpProcessingError) -> None:
        self._note_unread("http", error.message.partition("\n")[0])

    def _note_distrusted(self, what: str) -> None:
        self._note_unread("certificate", what)

    def _note_unread(self, keyword: str, what: str) -> None:
        """It belongs to the transcript all the same, though it names no session."""
        why = Violation(pointer="", keyword=keyword, message=what, value=None)
        request = Request(method="", path="", unread=why, dialled=time.monotonic())
        self._mock.serve(request, self._mock.sessions.get())

    async def _handle(self, raw: web.BaseRequest) -> web.StreamResponse:
        path, _, query = _origin_form(raw.raw_path).partition("?")
        key, path = _session_of(path, raw)
        session = self._mock.sessions.get(key)
        certificate = _certificate(raw) if self._mutual else b""
        if self._mock.has_channel(path):
            outcome = await self._sockets.serve(
                raw, path, query, session, certificate, dialled=_dialled(raw)
            )
            # Without an outcome the connection is gone, and this leads nowhere.
            return web.Response() if outcome is None else await _send(raw, outcome)
        try:
            body, too_large = await _read(raw)
        except ConnectionError:
            return web.Response()  # the client went away in the middle, and nobody hears this
        if path.startswith(PREFIX):
            return self._control.handle(raw.method, path, query, body, session)
        request = Request(
            method=raw.method,
            path=path,
            query=query,
            headers=raw.headers,
            body=body,
            too_large=too_large,
            certificate=certificate,
            dialled=_dialled(raw),
        )
        answered = self._mock.serve(request, session)
        if isinstance(answered, Pending):
            answered = await delivered(answered)
        return await _send(raw, answered)


class _Connection(web.RequestHandler):
    """aiohttp's own, which also tells of requests that it could not make out, and knows since when
    it is there.
    """

    __slots__ = ("_gone", "dialled", "note_garbled")

    def __init__(self, manager: _Server, **options: Any) -> None:
        super().__init__(manager, **options)
        self.note_garbled = manager.note_garbled
        self.dialled = time.monotonic()
        self._gone: asyncio.Future[None] | None = None

    async def gone(self) -> None:
        """Wait until the connection is."""
        if self.transport is not None:
            self._gone = self._loop.create_future()
            await self._gone

    def connection_lost(self, exc: BaseException | None) -> None:
        super().connection_lost(exc)
        if self._gone is not None and not self._gone.done():
            self._gone.set_result(None)

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        if isinstance(exc, HttpProcessingError):
            self.note_garbled(exc)
        return super().handle_error(request, status, exc, message)


class _Server(web.Server):
    """aiohttp's low-level server with our own connections."""

    note_garbled: Callable[[HttpProcessingError], None]

    def __call__(self) -> web.RequestHandler:
        return _Connection(self, loop=self._loop, **self._kwargs)


def _is_ours(record: logging.LogRecord) -> bool:
    """A client that breaks HTTP is answered 400; a traceback would say that we broke."""
    error = record.exc_info[1] if record.exc_info else None
    return not isinstance(error, HttpProcessingError)


def _certificate(raw: web.BaseRequest) -> bytes:
    """What the client showed in the handshake."""
    carrier = raw.transport.get_extra_info("ssl_object") if raw.transport else None
    return (carrier.getpeercert(binary_form=True) or b"") if carrier else b""


def _dialled(raw: web.BaseRequest) -> float:
    """When its connection was made."""
    protocol = raw.protocol
    return protocol.dialled if isinstance(protocol, _Connection) else 0.0


async def _send(raw: web.BaseRequest, outcome: Outcome) -> web.StreamResponse:
    body = b"" if raw.method == "HEAD" else outcome.body
    if outcome.manner is not PLAIN:
        assert isinstance(raw.protocol, _Connection)
        return await send_faulty(raw, outcome, body, raw.protocol.gone)
    return web.Response(status=outcome.status, headers=outcome.headers, body=body)


async def _read(raw: web.BaseRequest) -> tuple[bytes, bool]:
    """The body, and whether it was too large to be read whole."""
    if not raw.can_read_body:
        return b"", False
    if raw.content.is_eof() and raw.content.exception() is None:
        return raw.content.read_nowait(), False  # it came whole, with its head
    held = raw.headers.get("Expect", "").lower() == "100-continue" and raw.version >= HttpVersion11
    if held and raw.transport is not None:  # until it is told to go on (RFC 9110, 10.1.1)
        raw.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    chunks: list[bytes] = []
    size = 0
    with contextlib.suppress(HttpProcessingError):
        async for chunk in raw.content.iter_any():
            size += len(chunk)
            if size <= LARGEST_BODY:
                chunks.append(chunk)
    return (b"", True) if size > LARGEST_BODY else (b"".join(chunks), False)


def _origin_form(target: str) -> str:
    """Path and query of what is asked for. A server takes the absolute form as well (RFC 9112,
    3.2.2), which clients use that speak as to a proxy.
    """
    scheme, absolute, rest = target.partition("://")
    if not absolute or scheme.lower() not in ("http", "https"):
        return target
    authority = re.match(r"[^/?]*", rest)
    end = authority.end() if authority else 0
    return rest[end:] if rest[end:].startswith("/") else f"/{rest[end:]}"


def _session_of(path: str, raw: Any) -> tuple[str, str]:
    """The session's key, and the path without it."""
    if path.startswith(SESSION_PREFIX):
        key, slash, rest = path[len(SESSION_PREFIX) :].partition("/")
        return key, slash + rest
    key = raw.headers.get(SESSION_HEADER)
    return escaped(key) if key else "", path
