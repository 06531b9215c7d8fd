"""WebSockets: CPU a message, and what a thousand idle agents cost."""

from __future__ import annotations

import base64
import json
import os
import socket
import struct
import sys
import time
from contextlib import ExitStack
from statistics import median
from types import TracebackType
from typing import Any, Self

from benchmarks.client import Connection, request
from benchmarks.process import Server

__all__ = ["BARE_SOCKETS", "MOCK_SOCKETS", "cpu_per_message", "idle"]

MOCK_SOCKETS = "assay mock, WebSocket"
BARE_SOCKETS = "bare websockets.serve"

_WINDOW = 50
"""Messages on their way at once: enough to keep a server busy."""

_MASK = b"\x5a\xc3\x99\x3c"


class Agent:
    """One WebSocket of an agent, by hand on a blocking socket. Raises `OSError` where there is
    none, and `RuntimeError` where it is refused.
    """

    def __init__(self, port: int, path: str) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), 20)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._taken = b""
        key = base64.b64encode(os.urandom(16)).decode()
        asked = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\n"
        asked += f"Connection: Upgrade\r\nSec-WebSocket-Key: {key}\r\n"
        self._socket.sendall(f"{asked}Sec-WebSocket-Version: 13\r\n\r\n".encode())
        while b"\r\n\r\n" not in self._taken:
            self._more()
        head, _, self._taken = self._taken.partition(b"\r\n\r\n")
        if b" 101 " not in head.partition(b"\r\n")[0]:
            raise RuntimeError(f"refused: {head!r}")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self._socket.close()

    def send(self, data: bytes) -> None:
        self._socket.sendall(data)

    def take(self, count: int) -> bytes:
        """Read so many frames; the payload of the last."""
        data = b""
        for _ in range(count):
            data = self._frame()
        return data

    def _frame(self) -> bytes:
        while len(self._taken) < 2:
            self._more()
        length, at = self._taken[1] & 127, 2
        if length == 126:
            while len(self._taken) < 4:
                self._more()
            length, at = struct.unpack_from("!H", self._taken, 2)[0], 4
        while len(self._taken) < at + length:
            self._more()
        data, self._taken = self._taken[at : at + length], self._taken[at + length :]
        return data

    def _more(self) -> None:
        data = self._socket.recv(65536)
        if not data:
            raise ConnectionResetError("the server ended the connection")
        self._taken += data


def frame(opcode: int, data: bytes) -> bytes:
    """A masked frame of up to 65 535 bytes."""
    size = len(data)
    length = bytes([128 | size]) if size < 126 else b"\xfe" + struct.pack("!H", size)
    masked = bytes(byte ^ _MASK[at % 4] for at, byte in enumerate(data))
    return bytes([128 | opcode]) + length + _MASK + masked


def mock() -> Server:
    words = [sys.executable, "-m", "assay", "mock", "echocenter", "--port", "{port}"]
    return Server(MOCK_SOCKETS, [*words, "--log", "none"], probe="/_assay/ready")


def bare() -> Server:
    words = [sys.executable, "-m", "benchmarks.socket_servers", "{port}"]
    return Server(BARE_SOCKETS, words)


def cpu_per_message(warm_up: int, rounds: int, messages: int) -> dict[str, float]:
    """Microseconds of CPU for one message in and one out, by server: the median of the rounds,
    which the servers take in turns. The mock validates it, routes it and writes both down.
    """
    taken: dict[str, list[float]] = {}
    with ExitStack() as stack:
        pairs = []
        for server in (stack.enter_context(mock()), stack.enter_context(bare())):
            token, own = _enrolled(server)
            agent = stack.enter_context(Agent(server.port, f"/api/ws?token={token}"))
            said = {"type": "CHAT", "target_id": own, "payload": "Survey of sector nine is done"}
            pairs.append((server, agent, frame(1, json.dumps(said).encode())))
        for _, agent, data in pairs:
            _load(agent, data, warm_up)
        for _ in range(rounds):
            pairs = [*pairs[1:], pairs[0]]
            for server, agent, data in pairs:
                before = server.cpu()
                _load(agent, data, messages)
                spent = (server.cpu() - before) / messages * 1e6
                taken.setdefault(server.name, []).append(spent)
    return {name: median(all_) for name, all_ in taken.items()}


def idle(agents: int) -> dict[str, float]:
    """What `agents` idle connections to the mock cost: KiB of memory each, microseconds of CPU to
    open one, and those to answer a ping of each, with the wall-clock seconds of that round.
    """
    with mock() as server, ExitStack() as stack:
        token, _ = _enrolled(server)
        memory, cpu = server.memory(), server.cpu()
        path = f"/api/ws?token={token}"
        connected = [stack.enter_context(Agent(server.port, path)) for _ in range(agents)]
        opened, grown = server.cpu() - cpu, server.memory() - memory
        ping = frame(9, b"there?")
        cpu, began = server.cpu(), time.perf_counter()
        for agent in connected:
            agent.send(ping)
        for agent in connected:
            if agent.take(1) != b"there?":
                raise RuntimeError("a ping was not answered")
        return {
            "agents": agents,
            "kib_each": grown * 1024 / agents,
            "open_us_each": opened / agents * 1e6,
            "ping_us_each": (server.cpu() - cpu) / agents * 1e6,
            "ping_round_s": time.perf_counter() - began,
        }


def _enrolled(server: Server) -> tuple[str, int]:
    """A token and the id that goes with it; any will do for the bare server."""
    if server.name == BARE_SOCKETS:
        return "any", 1
    with Connection(server.port) as line:
        _, body = line.ask(request("POST", "/_assay/enrol", b'{"name": "surveyor"}'))
    said: dict[str, Any] = json.loads(body)
    return said["token"], int(said["id"])


def _load(agent: Agent, data: bytes, count: int) -> None:
    window = data * _WINDOW
    for _ in range(count // _WINDOW):
        agent.send(window)
        if b'"CHAT"' not in agent.take(_WINDOW):
            raise RuntimeError("what came back is no CHAT")
