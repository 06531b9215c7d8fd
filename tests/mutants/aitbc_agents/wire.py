"""HTTP/1.1 over a bare socket, because broken agents send what no HTTP library would."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from http.client import HTTPException, HTTPResponse
from urllib.parse import urlsplit

from tests.mutants.aitbc_agents.model import Answer, Draft, Json

__all__ = ["Base", "Link", "LinkError", "parse_base", "render"]


class LinkError(Exception):
    """The connection could not be made, or broke before the answer was whole."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Base:
    """A base URL in parts; ``prefix`` has no slash at its end."""

    host: str
    port: int
    netloc: str
    prefix: str


def parse_base(url: str) -> Base:
    """Split ``url``. Raises ValueError when it is no http URL with a host."""
    parts = urlsplit(url)
    if parts.scheme != "http" or not parts.hostname:
        message = f"not an http URL: {url!r}"
        raise ValueError(message)
    return Base(
        host=parts.hostname,
        port=parts.port or 80,
        netloc=parts.netloc.rpartition("@")[2],
        prefix=parts.path.rstrip("/"),
    )


def render(draft: Draft, base: Base, *, keep_alive: bool) -> bytes:
    """The request's bytes; the path goes out as it stands, encoded or not."""
    path = (base.prefix if draft.prefixed else "") + draft.path
    lines = [f"{draft.method} {path} HTTP/1.1", f"Host: {base.netloc}"]
    lines += [f"{name}: {value}" for name, value in draft.headers]
    body = draft.raw or b""
    if draft.chunked and body:
        lines.append("Transfer-Encoding: chunked")
        body = b"".join(_chunks(body))
    elif body or draft.method not in {"GET", "HEAD"}:
        lines.append(f"Content-Length: {len(body)}")
    lines.append("Connection: " + ("keep-alive" if keep_alive else "close"))
    return "\r\n".join([*lines, "", ""]).encode() + body


def _chunks(body: bytes, size: int = 48) -> Iterator[bytes]:
    for start in range(0, len(body), size):
        piece = body[start : start + size]
        yield b"%x\r\n%s\r\n" % (len(piece), piece)
    yield b"0\r\n\r\n"


class Link:
    """The way to one coordinator; holds at most one open connection."""

    def __init__(self, base: Base, *, timeout: float, keep_alive: bool = False) -> None:
        self._base = base
        self._timeout = timeout
        self._keep_alive = keep_alive
        self._socket: socket.socket | None = None

    def exchange(self, draft: Draft) -> Answer:
        """Send and wait. Raises TimeoutError when too slow, LinkError when the line breaks."""
        reused = self._socket is not None
        try:
            return self._exchange(draft)
        except TimeoutError:
            self.close()
            raise
        except (OSError, HTTPException) as error:
            self.close()
            if reused:
                # A server may close an idle connection at any time: that is not a failure yet.
                return self.exchange(draft)
            message = f"{type(error).__name__}: {error}"
            raise LinkError(message) from error

    def hurry(self, timeout: float) -> None:
        """Start over on a fresh connection, and wait at most ``timeout`` from now on."""
        self.close()
        self._timeout = timeout

    def close(self) -> None:
        """Close the connection, if there is one."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _exchange(self, draft: Draft) -> Answer:
        if self._socket is None:
            address = (self._base.host, self._base.port)
            self._socket = socket.create_connection(address, timeout=self._timeout)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket.sendall(render(draft, self._base, keep_alive=self._keep_alive))
        with HTTPResponse(self._socket, method=draft.method) as response:
            response.begin()
            body = response.read()
            if response.will_close or not self._keep_alive:
                self.close()
            names = {name.lower(): value for name, value in response.getheaders()}
            return Answer(status=response.status, headers=names, data=_parse(body))


def _parse(body: bytes) -> Json:
    try:
        data: Json = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return data
