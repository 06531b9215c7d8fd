"""A tiny coordinator that writes down every request, and makes one kind of trouble."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final

from tests.mutants.aitbc_agents.model import Json, Needs

__all__ = ["PREFIX", "Recorder", "Seen", "recording"]

PREFIX: Final = "/base/path"
TROUBLED: Final = 2
"""So many registrations meet the trouble."""

_STATUS: Final = {
    Needs.BUSY: HTTPStatus.SERVICE_UNAVAILABLE,
    Needs.REFUSED: HTTPStatus.UNPROCESSABLE_ENTITY,
    Needs.BROKEN: HTTPStatus.INTERNAL_SERVER_ERROR,
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Seen:
    """One request: its first line as it came, the headers in lower case, the decoded body."""

    line: str
    headers: tuple[tuple[str, str], ...]
    body: bytes

    @property
    def method(self) -> str:
        """The HTTP method."""
        return self.line.split(" ", 1)[0]

    @property
    def path(self) -> str:
        """The target without the base URL's path and without the HTTP version."""
        target = self.line.partition(" ")[2].rpartition(" ")[0]
        return target.removeprefix(PREFIX)

    @property
    def data(self) -> Json:
        """The body as JSON. Raises ValueError."""
        data: Json = json.loads(self.body)
        return data


@dataclass(kw_only=True, slots=True)
class Recorder:
    """What was seen so far, and what is to go wrong."""

    url: str = ""
    trouble: Needs = Needs.NOTHING
    seen: list[Seen] = field(default_factory=list)
    registrations: int = 0
    heartbeats: int = 0
    forgotten: bool = False
    delay: float = 0.15
    """Seconds, for the slow answer."""

    def ask(self, request: Seen) -> tuple[HTTPStatus | None, dict[str, Json]]:
        """The answer; no status means: hang up without a word."""
        self.seen.append(request)
        ok = HTTPStatus.OK
        if request.path.startswith("/agents/register"):
            return self._register()
        if request.path.endswith("/heartbeat"):
            self.heartbeats += 1
            self.forgotten |= self.trouble is Needs.FORGOTTEN and self.heartbeats in {2, 3}
        if self.forgotten and request.path.endswith(("/heartbeat", "/status")):
            return HTTPStatus.NOT_FOUND, {"detail": "Agent not found"}
        if request.path == "/agents/discover":
            agents: list[Json] = [{"agent_id": "peer é"}, {"agent_id": None}, "odd"]
            return ok, {"status": "success", "agents": agents, "count": len(agents)}
        return ok, {"status": "success"}

    def _register(self) -> tuple[HTTPStatus | None, dict[str, Json]]:
        self.registrations += 1
        troubled = self.registrations <= TROUBLED
        if troubled and self.trouble is Needs.DROPPED:
            return None, {}
        if self.registrations == 1 and self.trouble is Needs.SLOW:
            time.sleep(self.delay)
        if troubled and self.trouble in _STATUS:
            return _STATUS[self.trouble], {"detail": "not now"}
        self.forgotten = False
        extra = {"lease": 30} if self.trouble is Needs.EXTRA else {}
        return HTTPStatus.OK, {"status": "success", **extra}


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    recorder: Recorder

    def handle_error(self, request: object, client_address: object) -> None:
        """Agents that hang up early are part of the game."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server
    raw_requestline: bytes

    def parse_request(self) -> bool:
        """Keep the first line before the library tidies or refuses it."""
        line = self.raw_requestline.decode().rstrip("\r\n")
        if super().parse_request():
            self._answer(line)
            return False
        self.server.recorder.seen.append(Seen(line=line, headers=(), body=b""))
        return False

    def _answer(self, line: str) -> None:
        headers = tuple((name.lower(), value) for name, value in self.headers.items())
        request = Seen(line=line, headers=headers, body=self._body())
        status, data = self.server.recorder.ask(request)
        if status is None:
            self.close_connection = True
            return
        body = json.dumps(data).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        if status is HTTPStatus.SERVICE_UNAVAILABLE:
            self.send_header("Retry-After", "1")
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()

    def _body(self) -> bytes:
        if "chunked" not in self.headers.get("Transfer-Encoding", ""):
            return self.rfile.read(int(self.headers.get("Content-Length", "0")))
        pieces = []
        while size := int(self.rfile.readline(), 16):
            pieces.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(pieces)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
        """Say nothing."""


@contextmanager
def recording(trouble: Needs = Needs.NOTHING) -> Iterator[Recorder]:
    """A recorder that listens on loopback while the block runs."""
    server = _Server(("127.0.0.1", 0), _Handler)
    server.recorder = Recorder(trouble=trouble)
    server.recorder.url = f"http://127.0.0.1:{server.server_address[1]}{PREFIX}"
    thread = threading.Thread(target=server.serve_forever, args=(0.005,), daemon=True)
    thread.start()
    try:
        yield server.recorder
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
