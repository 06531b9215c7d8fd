"""The handshake of a WebSocket byte by byte: a lawful one, or any other."""

from __future__ import annotations

import asyncio
import ssl as tls
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from websockets.client import ClientProtocol
from websockets.datastructures import Headers
from websockets.exceptions import InvalidHandshake, InvalidMessage
from websockets.http11 import Response
from websockets.typing import Subprotocol
from websockets.uri import parse_uri

from conformance.clients.handshake import AGENT, Asked, joined, mended
from conformance.conversation import Refused

__all__ = ["Opened", "shake_hands"]

_REQUIRED = {"host", "upgrade", "connection", "sec-websocket-key", "sec-websocket-version"}
"""The headers of a handshake that are right as they are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A connection that was opened; `unsound` says what is wrong with the answer all the same."""

    asked: Asked
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    subprotocol: str | None
    unsound: str


async def shake_hands(
    url: str,
    *,
    label: str,
    headers: Mapping[str, str | Sequence[str] | None],
    subprotocols: Sequence[str],
    ssl: tls.SSLContext | None,
    seconds: float,
    method: str,
    version: str,
) -> Opened | Refused:
    """Ask for a WebSocket, in so many `seconds` at most. See `open_raw`."""
    uri = parse_uri(url)
    protocol = ClientProtocol(
        uri, subprotocols=[Subprotocol(name) for name in subprotocols] or None
    )
    request = protocol.connect()
    sent = _altered(protocol, request.headers, headers)
    lawful = (method, version) == ("GET", "HTTP/1.1")
    lawful = lawful and not {name.lower() for name in headers} & _REQUIRED
    asked = Asked(label=label, url=url, timeout=seconds, method=method, lawful=lawful)
    context = (ssl or tls.create_default_context()) if uri.secure else None
    writer: asyncio.StreamWriter | None = None
    wrong: Exception | None
    try:
        async with asyncio.timeout(seconds):
            reader, writer = await asyncio.open_connection(uri.host, uri.port, ssl=context)
            asked.headers = joined(sent.raw_items())
            head = f"{method} {request.path} {version}\r\n".encode() + sent.serialize()
            writer.write(head)
            asked.response = await _answer(reader, protocol, asked)
        wrong = protocol.handshake_exc
    except TimeoutError as error:
        protocol.receive_eof()  # a refusal whose body has no end is a refusal all the same
        asked.response = _response(protocol)
        wrong = protocol.handshake_exc if asked.response else error
    except (InvalidHandshake, OSError) as error:
        wrong = error
    if writer is not None and asked.response is not None and asked.response.status_code == 101:
        unsound = "" if wrong is None else f"the handshake is not sound: {wrong}"
        if asked.answer.startswith(b"HTTP/1.0"):
            unsound = unsound or "the handshake is not sound: its answer is HTTP/1.0"
        chosen = asked.response.headers.get_all("Sec-WebSocket-Protocol")
        return Opened(
            asked=asked,
            reader=reader,
            writer=writer,
            subprotocol=chosen[0] if chosen else None,
            unsound=unsound,
        )
    if writer is not None:
        writer.transport.abort()
    assert wrong is not None
    return asked.refused(wrong)


def _altered(
    protocol: ClientProtocol,
    lawful: Headers,
    wanted: Mapping[str, str | Sequence[str] | None],
) -> Headers:
    """The headers to send; the protocol is told what the answer is to be held against."""
    sent = Headers(lawful)
    sent["User-Agent"] = AGENT
    for name, value in wanted.items():
        if name in sent:
            del sent[name]
        for line in [value] if isinstance(value, str) else value or ():
            sent.set_insecure(name, line)
    protocol.key = sent.get("Sec-WebSocket-Key", "")
    offered = ",".join(sent.get_all("Sec-WebSocket-Protocol"))
    if offered:
        protocol.available_subprotocols = [Subprotocol(name.strip()) for name in offered.split(",")]
    return sent


async def _answer(
    reader: asyncio.StreamReader, protocol: ClientProtocol, asked: Asked
) -> Response | None:
    """Read to the end of the handshake's answer, and no further: by lines, then its body."""
    in_head = True
    while True:
        try:
            data = await (reader.readline() if in_head else reader.read(65536))
        except ValueError as error:
            raise InvalidMessage("a line has no end") from error
        asked.answer += data
        if data:
            protocol.receive_data(mended(data) if data == asked.answer else data)
        else:
            protocol.receive_eof()
        in_head = in_head and data.strip() != b""
        response = _response(protocol)
        if response is not None or protocol.handshake_exc is not None or not data:
            return response


def _response(protocol: ClientProtocol) -> Response | None:
    return next((e for e in protocol.events_received() if isinstance(e, Response)), None)
