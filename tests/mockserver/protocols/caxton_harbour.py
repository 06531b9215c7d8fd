"""A Caxton without sockets, on virtual time, and ways to call it on each of its transports."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import orjson

from mockserver.app import Mock
from mockserver.coordinator import Settings
from mockserver.json_text import read_json, write_json
from mockserver.passage import Joined, Outcome, Pending, Request
from mockserver.protocols.caxton import CaxtonCoordinator
from mockserver.sockets import Delivery, Ending, Line
from mockserver.world import VirtualClock
from schemas import Protocol, load
from tests.mockserver.conftest import START

__all__ = ["AGENTS", "MODULE", "TOKEN", "Harbour", "Listener", "form"]

API = "/api/v1"
AGENTS = f"{API}/agents"
TOKEN = "assay-token"  # a mock's own
MODULE = b"\0asm\1\0\0\0"
MODULE_TEXT = "AGFzbQEAAAA="

_BOUNDARY = "pier-7"


def form(**parts: bytes | dict[str, Any]) -> tuple[bytes, str]:
    """A form and its label: bytes go as files, objects as JSON."""
    said = b""
    for name, part in parts.items():
        said += f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"'.encode()
        said += b'; filename="a.wasm"\r\n\r\n' if isinstance(part, bytes) else b"\r\n\r\n"
        said += (part if isinstance(part, bytes) else orjson.dumps(part)) + b"\r\n"
    return said + f"--{_BOUNDARY}--\r\n".encode(), f"multipart/form-data; boundary={_BOUNDARY}"


@cache
def _protocol() -> Protocol:
    return load("caxton")


class Harbour:
    """The mock, and ways to come in. Every documented answer is held against its schema."""

    def __init__(self, dialect: str = "documented", *, seed: int = 0, limits: bool = True) -> None:
        self.mock = Mock(
            _protocol(),
            seed=seed,
            clock=lambda: VirtualClock(START),
            settings=Settings(dialect=dialect, limits=limits),
        )
        self.session = self.mock.sessions.get()
        self._named = 0

    @property
    def coordinator(self) -> CaxtonCoordinator:
        assert isinstance(self.session.coordinator, CaxtonCoordinator)
        return self.session.coordinator

    @property
    def state(self) -> dict[str, Any]:
        return self.coordinator.state()

    def now(self) -> float:
        return self.session.world.clock.now()

    # REST

    def send(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        token: str | None = TOKEN,
        label: str = "application/json",
    ) -> Outcome:
        raw = body if isinstance(body, bytes) else b"" if body is None else write_json(body)
        path, _, query = path.partition("?")
        headers = {"Content-Type": label}
        if token is not None:
            headers["X-Caxton-Token"] = token
        request = Request(method=method, path=API + path, query=query, body=raw, headers=headers)
        outcome = self.mock.serve(request, self.session)
        assert isinstance(outcome, Outcome)
        return outcome

    def __call__(self, method: str, path: str, body: Any = None, **fields: Any) -> dict[str, Any]:
        """What a request that is served is answered."""
        outcome = self.send(method, path, body, **fields)
        assert outcome.status in (200, 201), (outcome.status, outcome.body)
        said: dict[str, Any] = read_json(outcome.body)
        return said

    def refused(self, method: str, path: str, body: Any = None, **fields: Any) -> tuple[int, str]:
        """Status and code of a refusal, which has always the same shape."""
        return self.read(self.send(method, path, body, **fields))

    def read(self, outcome: Outcome) -> tuple[int, str]:
        error = orjson.loads(outcome.body)
        assert error.keys() == {"error"}, error
        assert error["error"].keys() == {"code", "message", "details", "trace_id"}
        assert error["error"]["message"]
        return outcome.status, error["error"]["code"]

    # Agents

    def deploy(self, name: str = "", *, wasm: bytes = MODULE, **config: Any) -> Outcome:
        body, label = form(wasm=wasm, config={"name": name or self.name(), **config})
        return self.send("POST", "/agents", body, label=label)

    def name(self) -> str:
        self._named += 1
        return f"pilot-{self._named}"

    def agent(self, name: str = "", **config: Any) -> str:
        """One that is deployed and runs: its id."""
        outcome = self.deploy(name, **config)
        assert outcome.status == 201, outcome.body
        self.pass_time(self.coordinator.dialect.spawn)
        agent_id: str = orjson.loads(outcome.body)["agent_id"]
        return agent_id

    def look(self, agent_id: str) -> dict[str, Any]:
        return self("GET", f"/agents/{agent_id}")

    def status(self, agent_id: str) -> str:
        status: str = self.look(agent_id)["status"]
        return status

    def listed(self, query: str = "") -> list[str]:
        return [each["agent_id"] for each in self("GET", f"/agents{query}")["agents"]]

    def reload(self, agent_id: str, wasm: bytes = MODULE, **config: Any) -> Outcome:
        body, label = form(wasm=wasm, config=config)
        return self.send("PUT", f"/agents/{agent_id}/reload", body, label=label)

    # Messages

    def say(self, receiver: str, performative: str = "request", **fields: Any) -> dict[str, Any]:
        message = {"performative": performative, "sender": "tower", "receiver": receiver}
        return self("POST", "/messages", {**message, "content": {"berth": 4}, **fields})

    def history(self, query: str = "") -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self("GET", f"/messages{query}")["messages"]
        return found

    # gRPC

    def rpc(self, name: str, body: Mapping[str, Any], *, token: str | None = TOKEN) -> Any:
        """What a procedure comes to: its outcome, or that it is pending."""
        path = f"/caxton.v1.{name.replace('.', '/')}"
        procedure = self.mock.bodies.codec.procedure(path)
        assert procedure is not None
        raw = self.mock.bodies.codec.encode(procedure.request, body)
        headers = {} if token is None else {"authorization": f"Bearer {token}"}
        request = Request(method="RPC", path=path, body=raw, headers=headers)
        return self.mock.serve(request, self.session)

    def call(self, name: str, body: Mapping[str, Any], **fields: Any) -> dict[str, Any]:
        """What a procedure that is served answers, in JSON."""
        outcome = self.rpc(name, body, **fields)
        assert isinstance(outcome, Outcome), "it is still to come"
        return self.decoded(name, outcome)

    def decoded(self, name: str, outcome: Outcome) -> dict[str, Any]:
        assert outcome.status == 200, (outcome.status, outcome.headers)
        procedure = self.mock.bodies.codec.procedure(f"/caxton.v1.{name.replace('.', '/')}")
        assert procedure is not None
        return self.mock.bodies.codec.decode(procedure.answer, outcome.body)

    def denied(self, name: str, body: Mapping[str, Any], **fields: Any) -> tuple[int, str]:
        """Status (of the usual mapping) and code of a procedure that is refused."""
        outcome = self.rpc(name, body, **fields)
        assert isinstance(outcome, Outcome), "it is still to come"
        status, code = self.read(outcome)
        assert outcome.headers["x-error-code"] == code
        assert outcome.headers["grpc-message"].startswith(f"{code}: ")
        return status, code

    def wait_for(self, name: str, body: Mapping[str, Any]) -> list[Outcome]:
        """Call a procedure that is answered later: what has been delivered so far."""
        pending = self.rpc(name, body)
        assert isinstance(pending, Pending), pending
        delivered: list[Outcome] = []
        pending.take(delivered.append)
        return delivered

    # WebSocket

    def knock(self, *, headers: Mapping[str, str] | None = None, **query: str) -> Outcome | Joined:
        request = Request(method="GET", path="/ws", headers=headers or {})
        return self.mock.join(request, self.session, query=query)

    def join(self, **fields: Any) -> Listener:
        joined = self.knock(**fields)
        assert isinstance(joined, Joined), joined
        listener = Listener(self, joined.line)
        self.mock.opened(joined)
        return listener

    def listen(self, *events: str, **fields: Any) -> Listener:
        """A connection that has subscribed to these events, to all where none are named."""
        listener = self.join()
        listener.subscribe(events=list(events) or ["*"], **fields)
        return listener

    # From outside

    def command(self, name: str, **said: Any) -> Any:
        self.coordinator.catch_up()
        result = self.coordinator.command(name, said)
        self.mock.sockets.flush(self.session)
        return result

    def pass_time(self, seconds: float) -> None:
        self.session.advance(seconds, lambda: self.mock.sockets.flush(self.session))
        self.mock.sockets.flush(self.session)

    def restart(self) -> None:
        self.session.forget()


class Listener:
    """One WebSocket: what was said on it, and short ways to speak."""

    def __init__(self, harbour: Harbour, line: Line) -> None:
        self.harbour = harbour
        self.line = line
        self.heard: list[Any] = []
        self.endings: list[Ending] = []
        line.deliver = self._deliver

    def _deliver(self, what: Delivery | Ending) -> None:
        if isinstance(what, Ending):
            self.endings.append(what)
        else:
            self.heard.append(orjson.loads(what.data))

    def say(self, kind: Any, **fields: Any) -> Any:
        """Say something; what is answered first, if anything."""
        return self.raw(orjson.dumps({"type": kind, **fields}))

    def raw(self, data: bytes) -> Any:
        before = len(self.heard)
        self.harbour.mock.sockets.hear(self.line, "text", data)
        return self.heard[before] if len(self.heard) > before else None

    def subscribe(self, **fields: Any) -> str:
        said = self.say("subscribe", **fields)
        assert said["type"] == "subscribed"
        subscription_id: str = said["subscription_id"]
        return subscription_id

    def leave(self) -> None:
        self.harbour.mock.sockets.leave(self.line)

    def take(self) -> list[dict[str, Any]]:
        """The events since it was last asked."""
        events = [each for each in self.heard if each["type"] not in _REPLIES]
        self.heard.clear()
        return events

    def kinds(self) -> list[str]:
        return [each["type"] for each in self.take()]


_REPLIES = ("subscribed", "unsubscribed", "error")
