"""WebSocket: the sans-I/O server of `websockets` on connections that HTTP hands over.

Strict where aiohttp's own is lenient: a client that breaks RFC 6455 is closed as the RFC says.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Any

from aiohttp import web
from websockets.datastructures import Headers
from websockets.frames import CloseCode
from websockets.headers import parse_subprotocol
from websockets.http11 import Request as Head
from websockets.server import ServerProtocol

from mockserver.app import Mock
from mockserver.coordinator import Answer
from mockserver.passage import Joined, Outcome, Request, first_of_each
from mockserver.session import Session
from mockserver.sockets import Ending
from mockserver.wire.connection import Wire
from mockserver.wire.strict import make_strict
from mockserver.wire.timers import Timers

__all__ = ["SocketShell"]

_LOGGER = logging.getLogger("mockserver.wire.sockets")

_QUIET = logging.getLogger("mockserver.wire.websocket")
_QUIET.setLevel(logging.CRITICAL)  # what clients break is in the transcript

_KEPT = ("upgrade", "allow")
"""Headers of the library's refusals that say something; the others we set ourselves."""


class SocketShell:
    """Serves the channels of a mock."""

    def __init__(self, mock: Mock) -> None:
        self._mock = mock
        self._timers = Timers(mock)

    def close(self) -> None:
        """End what is still open: the service goes away."""
        self._timers.close()
        for session in self._mock.sessions:
            session.hang_up(CloseCode.GOING_AWAY, "the service goes away")

    async def serve(
        self,
        raw: web.BaseRequest,
        path: str,
        query: str,
        session: Session,
        certificate: bytes = b"",
        *,
        dialled: float = 0.0,
    ) -> Outcome | None:
        """Serve one handshake, and the connection for as long as it lasts.

        Returns what is to be answered where no connection came of it.
        """
        largest = session.coordinator.largest_message
        protocol = ServerProtocol(max_size=largest, logger=_QUIET)
        make_strict(protocol)
        protocol.receive_data(b"GET / HTTP/1.1\r\n\r\n")  # the real head was read by aiohttp
        protocol.events_received()
        head = _head(raw)
        response = protocol.accept(head)
        unsound = None
        if response.status_code != 101:
            headers = {
                key: value for key, value in response.headers.items() if key.lower() in _KEPT
            }
            unsound = Answer(
                status=response.status_code,
                raw=bytes(response.body or b""),
                media_type="text/plain",
                headers=headers,
            )
        said = self._mock.join(
            Request(
                method=raw.method,
                path=path,
                query=query,
                headers=raw.headers,
                certificate=certificate,
                dialled=dialled,
            ),
            session,
            query=first_of_each(query),
            offered=() if unsound else _offered(head),
            unsound=unsound,
        )
        if not isinstance(said, Joined):
            return said
        if said.delay:
            await asyncio.sleep(said.delay)
        if raw.transport is None:
            return None  # the client did not wait
        if said.subprotocol:
            response.headers["Sec-WebSocket-Protocol"] = said.subprotocol
        protocol.send_response(response)
        wire = Wire(self._mock.sockets, said.line, protocol, raw.transport)
        said.line.deliver = wire.deliver
        wire.write()
        parser: Any = wire  # it is fed as aiohttp's own reader is
        try:
            self._mock.opened(said)
            with wire.early():
                raw.protocol.set_parser(parser)
        except Exception:  # aiohttp would answer 500, in the middle of a WebSocket
            _LOGGER.exception("a connection could not be served")
            said.line.ending = True
            wire.deliver(Ending(CloseCode.INTERNAL_ERROR, "the service broke"))
            raw.protocol.set_parser(parser)
        await wire.lost
        return None


def _head(raw: web.BaseRequest) -> Head:
    """The handshake as `websockets` likes to have it."""
    headers = Headers()
    for name, value in raw.raw_headers:
        headers[name.decode("latin-1")] = value.decode("latin-1")
    version = f"HTTP/{raw.version.major}.{raw.version.minor}"
    return Head(path=raw.raw_path, headers=headers, method=raw.method, protocol=version)


def _offered(head: Head) -> list[str]:
    """The sub-protocols that a sound handshake offers, in its order."""
    values = head.headers.get_all("Sec-WebSocket-Protocol")
    return [name for value in values for name in parse_subprotocol(value)]
