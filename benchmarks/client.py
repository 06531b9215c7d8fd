"""The load: one keep-alive connection on a raw socket, one request at a time.

It lives in the benchmark's own process, so nothing of it is counted as the server's.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Self

__all__ = ["Connection", "UnexpectedAnswerError", "request"]

_PATIENCE = 20.0
"""Seconds that one answer may take."""


class UnexpectedAnswerError(RuntimeError):
    """An answer that is not the one that the workload is about: its figures would mean nothing."""


def request(
    method: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None
) -> bytes:
    """The bytes of a request."""
    head = f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: application/json\r\n"
    head += "".join(f"{name}: {value}\r\n" for name, value in (headers or {}).items())
    if body:
        head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
    return head.encode() + b"\r\n" + body


class Connection:
    """A keep-alive connection to a server on the loopback, under TLS if a context is given.

    Raises `OSError` where there is none.
    """

    def __init__(self, port: int, tls: ssl.SSLContext | None = None) -> None:
        plain = socket.create_connection(("127.0.0.1", port), _PATIENCE)
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket = plain if tls is None else tls.wrap_socket(plain)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self._socket.close()

    def ask(self, data: bytes) -> tuple[int, bytes]:
        """Send one request, and take its answer whole: status and body (or its raw chunks)."""
        self._socket.sendall(data)
        taken = self._socket.recv(65536)
        while (end := taken.find(b"\r\n\r\n")) < 0:
            taken += self._more()
        head, body = taken[:end].lower(), taken[end + 4 :]
        if b"transfer-encoding: chunked" in head:
            while not body.endswith(b"0\r\n\r\n"):
                body += self._more()
        else:
            length = _length(head)
            while len(body) < length:
                body += self._more()
        return int(head[9:12]), body

    def load(self, requests: Sequence[bytes], count: int, status: int) -> None:
        """Send `count` requests in rotation. Raises where an answer has another status."""
        many = len(requests)
        for index in range(count):
            got, body = self.ask(requests[index % many])
            if got != status:
                raise UnexpectedAnswerError(f"{got} instead of {status}: {body[:200]!r}")

    def _more(self) -> bytes:
        data = self._socket.recv(65536)
        if not data:
            raise ConnectionResetError("the server ended the connection")
        return data


def _length(head: bytes) -> int:
    at = head.find(b"content-length:")
    if at < 0:
        return 0
    return int(head[at + 15 :].split(b"\r\n", 1)[0])
