"""Caxton: CPU of the same operation over REST and gRPC, and of events told to many subscribers."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from contextlib import ExitStack
from statistics import median

import grpc

from benchmarks.client import Connection, UnexpectedAnswerError, request
from benchmarks.process import Server, free_port
from benchmarks.sockets import Agent, frame
from schemas import load
from schemas.protobuf import codec

__all__ = ["BARE_FAN", "BARE_GRPC", "MOCK_FAN", "MOCK_GRPC", "MOCK_REST", "fan_out", "per_call"]

MOCK_REST = "assay mock, REST"
MOCK_GRPC = "assay mock, gRPC"
BARE_GRPC = "bare grpc.aio"
MOCK_FAN = "assay mock, events"
BARE_FAN = "bare websockets.broadcast"

_TOKEN = "assay-token"  # the mock's own, told to whoever asks
_HEADERS = {"X-Caxton-Token": _TOKEN}
_SEND = "/caxton.v1.MessageService/SendMessage"
_AGENT = "pilot"

_WASM = (
    b'--edge\r\nContent-Disposition: form-data; name="wasm"; filename="a.wasm"\r\n\r\n'
    b"\0asm\x01\0\0\0\r\n"
    b'--edge\r\nContent-Disposition: form-data; name="config"\r\n\r\n'
    b'{"name":"pilot"}\r\n--edge--\r\n'
)


def mock(grpc_port: int) -> Server:
    words = [sys.executable, "-m", "assay", "mock", "caxton", "--no-limits", "--log", "none"]
    words += ["--port", "{port}", "--grpc-port", str(grpc_port)]
    return Server(MOCK_REST, words, probe="/_assay/ready")


def bare_grpc(grpc_port: int) -> Server:
    words = [sys.executable, "-m", "benchmarks.grpc_server", "{port}", str(grpc_port)]
    return Server(BARE_GRPC, words)


def bare_fan() -> Server:
    return Server(BARE_FAN, [sys.executable, "-m", "benchmarks.socket_servers", "{port}"])


def _message(agent: str) -> dict[str, object]:
    return {
        "performative": "inform",
        "sender": "bench",
        "receiver": agent,
        "content": {"course": [3, 1, 4], "note": "steady as she goes"},
        "conversation_id": "c-1",
    }


class _Procedure:
    """SendMessage over one channel, in this process: nothing of it is counted as the server's."""

    def __init__(self, port: int, agent: str) -> None:
        self._payload = codec(load("caxton")).encode(
            "caxton.v1.SendMessageRequest", {"message": _message(agent)}
        )
        self._channel = grpc.insecure_channel(f"127.0.0.1:{port}")
        self._call = self._channel.unary_unary(_SEND)

    def load(self, count: int) -> None:
        metadata = (("authorization", f"Bearer {_TOKEN}"),)
        for _ in range(count):
            if not self._call(self._payload, metadata=metadata, timeout=20):
                raise UnexpectedAnswerError("an empty answer")

    def close(self) -> None:
        self._channel.close()


def per_call(warm_up: int, rounds: int, calls: int) -> dict[str, float]:
    """Microseconds of CPU of one message sent, by transport and server: the median of the rounds,
    which they take in turns.
    """
    taken: dict[str, list[float]] = {}
    ports = free_port(), free_port()
    with ExitStack() as stack:
        ours, bare = stack.enter_context(mock(ports[0])), stack.enter_context(bare_grpc(ports[1]))
        line = stack.enter_context(Connection(ours.port))
        agent = _deployed(line)
        data = [request("POST", "/api/v1/messages", json.dumps(_message(agent)).encode(), _HEADERS)]
        called, yardstick = _Procedure(ports[0], agent), _Procedure(ports[1], agent)
        stack.callback(called.close)
        stack.callback(yardstick.close)
        works: dict[str, tuple[Server, Callable[[int], None]]] = {
            MOCK_REST: (ours, lambda count: line.load(data, count, 200)),
            MOCK_GRPC: (ours, called.load),
            BARE_GRPC: (bare, yardstick.load),
        }
        for _, load_ in works.values():
            load_(warm_up)
        for _ in range(rounds):
            for name, (server, load_) in works.items():
                before = server.cpu()
                load_(calls)
                taken.setdefault(name, []).append((server.cpu() - before) / calls * 1e6)
    return {name: median(all_) for name, all_ in taken.items()}


def fan_out(subscribers: int, messages: int) -> dict[str, float]:
    """Microseconds of CPU of one event told to one of so many subscribers, by server. The mock's
    takes in the message that it tells of, over REST; the other one's comes on a WebSocket.
    """
    with ExitStack() as stack:
        server = stack.enter_context(mock(free_port()))
        line = stack.enter_context(Connection(server.port))
        agent = _deployed(line)
        said = {"type": "subscribe", "events": ["message.sent"]}
        crowd = [stack.enter_context(Agent(server.port, "/ws")) for _ in range(subscribers)]
        for each in crowd:
            each.send(frame(1, json.dumps(said).encode()))
            each.take(1)
        data = [request("POST", "/api/v1/messages", json.dumps(_message(agent)).encode(), _HEADERS)]

        def tell(count: int) -> None:
            for _ in range(count):
                line.load(data, 1, 200)
                for each in crowd:
                    each.take(1)

        ours = _spent(server, tell, messages, subscribers)
    with ExitStack() as stack:
        server = stack.enter_context(bare_fan())
        crowd = [stack.enter_context(Agent(server.port, "/")) for _ in range(subscribers)]
        event = {"type": "FAN", "message_id": "m-1", "from": "bench", "to": "a-1"}
        spoken = frame(1, json.dumps(event).encode())

        def spread(count: int) -> None:
            for _ in range(count):
                crowd[0].send(spoken)
                for each in crowd:
                    each.take(1)

        return {MOCK_FAN: ours, BARE_FAN: _spent(server, spread, messages, subscribers)}


def _spent(server: Server, tell: Callable[[int], None], messages: int, subscribers: int) -> float:
    tell(5)
    before = server.cpu()
    tell(messages)
    return (server.cpu() - before) / (messages * subscribers) * 1e6


def _deployed(line: Connection) -> str:
    head = "POST /api/v1/agents HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Caxton-Token: assay-token\r\n"
    head += f"Content-Type: multipart/form-data; boundary=edge\r\nContent-Length: {len(_WASM)}\r\n"
    status, body = line.ask(f"{head}\r\n".encode() + _WASM)
    if status != 201:
        raise UnexpectedAnswerError(f"{status} instead of 201: {body[:200]!r}")
    found: str = json.loads(body)["agent_id"]
    return found
