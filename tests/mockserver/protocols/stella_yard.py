"""A Stella without sockets, on virtual time, and agents that are registered with it."""

from __future__ import annotations

import ssl
from functools import cache
from typing import Any

import orjson

from mockserver.app import Mock
from mockserver.authority import Authority
from mockserver.coordinator import Settings
from mockserver.passage import Joined, Outcome, Request
from mockserver.protocols.stella import StellaCoordinator
from mockserver.sockets import Delivery, Ending, Line
from mockserver.world import VirtualClock
from schemas import Validators, load
from tests.mockserver.conftest import START

__all__ = ["AGENTS", "DAY", "HOUR", "REGISTER", "Agent", "Stream", "Yard", "about", "beat"]

AGENTS = "/api/v1/agents"
REGISTER = f"{AGENTS}/register"
HOUR = 3600
DAY = 24 * HOUR


@cache
def _validators() -> Validators:
    return Validators(load("stella"))


@cache
def _authority() -> Authority:
    return Authority()


def about(name: str, **fields: Any) -> dict[str, Any]:
    """What an agent says of itself when it registers."""
    return {"name": name, "version": "2.4.0", "capabilities": ["docker", "nomad"], **fields}


def beat(status: str = "healthy", **fields: Any) -> dict[str, Any]:
    """A heartbeat."""
    return {
        "status": status,
        "resourceUsage": {"cpu": 3.5, "memory": 22.25, "disk": 71.0},
        "capabilities": ["docker", "nomad"],
        "runningTasks": 0,
        **fields,
    }


class Yard:
    """The mock, and ways to come in. Every documented answer is held against its schema."""

    def __init__(self, dialect: str = "documented", *, tls: bool = True, seed: int = 0) -> None:
        self.mock = Mock(
            load("stella"),
            seed=seed,
            clock=lambda: VirtualClock(START),
            settings=Settings(dialect=dialect, tls=tls),
            authority=_authority(),
        )
        self.session = self.mock.sessions.get()
        self.tls = tls

    @property
    def coordinator(self) -> StellaCoordinator:
        assert isinstance(self.session.coordinator, StellaCoordinator)
        return self.session.coordinator

    @property
    def state(self) -> dict[str, Any]:
        return self.coordinator.state()

    def now(self) -> float:
        return self.session.world.clock.now()

    def send(self, method: str, path: str, body: Any = None, **fields: Any) -> Outcome:
        raw = body if isinstance(body, bytes) else b"" if body is None else orjson.dumps(body)
        path, _, query = path.partition("?")
        request = Request(method=method, path=path, query=query, body=raw, **fields)
        outcome = self.mock.serve(request, self.session)
        assert isinstance(outcome, Outcome)
        operation = outcome.exchange.operation
        known = self.mock.protocol.operations.get(operation)
        if known is not None and known.answer(outcome.status) is not None:
            shape = _validators().answer(operation, outcome.status)
            said = orjson.loads(outcome.body)
            assert shape is None or shape.accepts(said), [str(v) for v in shape.explain(said)]
        return outcome

    def __call__(
        self, method: str, path: str, body: Any = None, **fields: Any
    ) -> tuple[int, dict[str, Any]]:
        outcome = self.send(method, path, body, **fields)
        return outcome.status, orjson.loads(outcome.body)

    def refused(self, method: str, path: str, body: Any = None, **fields: Any) -> tuple[int, str]:
        """The status and the message of a refusal, which has always the same shape."""
        status, said = self(method, path, body, **fields)
        assert said.keys() == {"error"}
        assert said["error"].keys() == {"code", "message"}
        return status, said["error"]["message"]

    def mint(self, **said: Any) -> str:
        token: str = self.command("mint", **said)["token"]
        return token

    def register(self, name: str, token: str | None = None, **fields: Any) -> Agent:
        headers = {"X-Agent-Token": self.mint() if token is None else token}
        status, receipt = self("POST", REGISTER, about(name, **fields), headers=headers)
        assert status == 201, receipt
        return Agent(self, receipt)

    def list(self, query: str = "") -> list[Any]:
        status, said = self("GET", AGENTS + query)
        assert (status, isinstance(said, list)) == (200, True)
        return [*said]

    def command(self, name: str, **said: Any) -> Any:
        self.coordinator.catch_up()
        result = self.coordinator.command(name, said)
        self.mock.sockets.flush(self.session)
        return result

    def pass_time(self, seconds: float) -> None:
        self.session.advance(seconds, lambda: self.mock.sockets.flush(self.session))

    def restart(self) -> None:
        self.session.forget()


class Agent:
    """One that is registered, with what it was given."""

    def __init__(self, yard: Yard, receipt: dict[str, Any]) -> None:
        self.yard = yard
        self.receipt = receipt
        self.id: str = receipt["agentId"]
        self.path = f"{AGENTS}/{self.id}"
        self.token: str = receipt["token"]
        self.install(receipt["certificate"]["cert"])

    def install(self, pem: str) -> None:
        self.certificate = ssl.PEM_cert_to_DER_cert(pem)

    @property
    def proof(self) -> dict[str, Any]:
        """What it shows, in the clear or over TLS."""
        if self.yard.tls:
            return {"certificate": self.certificate}
        return {"headers": {"Authorization": f"Bearer {self.token}"}}

    @property
    def details(self) -> dict[str, Any]:
        status, said = self.yard("GET", self.path)
        assert status == 200
        return said

    def beat(self, status: str = "healthy", **fields: Any) -> dict[str, Any]:
        code, said = self.yard(
            "POST", f"{self.path}/heartbeat", beat(status, **fields), **self.proof
        )
        assert code == 200, said
        return said

    def taken(self) -> list[str]:
        """The tasks of a heartbeat's answer."""
        return [task["taskId"] for task in self.beat()["tasks"]]

    def polled(self) -> list[str]:
        status, said = self.yard("GET", f"{self.path}/tasks", **self.proof)
        assert status == 200, said
        return [task["taskId"] for task in said["tasks"]]

    def complete(self, task: str, *, success: bool = True, **fields: Any) -> tuple[int, Any]:
        report = {"success": success, "result": {"nodes": 2}, "logs": [], **fields}
        return self.yard("POST", f"{self.path}/tasks/{task}/complete", report, **self.proof)

    def task(self, kind: str = "nomad.run", **fields: Any) -> str:
        """One that it is given."""
        said = self.yard.command("enqueue", agent=self.id, task={"taskType": kind, **fields})
        task_id: str = said["taskId"]
        return task_id

    def status_of(self, task: str) -> str:
        (found,) = [each for each in self.yard.state["tasks"] if each["taskId"] == task]
        status: str = found["status"]
        return status

    def knock(self, **fields: Any) -> Outcome | Joined:
        request = Request(method="GET", path=f"{self.path}/task-stream", **(fields or self.proof))
        return self.yard.mock.join(request, self.yard.session, query={})

    def refusal(self, **fields: Any) -> int:
        """The status with which its stream is refused."""
        said = self.knock(**fields)
        assert isinstance(said, Outcome)
        return said.status

    def join(self) -> Stream:
        joined = self.knock()
        assert isinstance(joined, Joined), joined
        stream = Stream(self.yard, joined.line)
        self.yard.mock.opened(joined)
        return stream


class Stream:
    """One open task stream: what was said on it, and short ways to speak."""

    def __init__(self, yard: Yard, line: Line) -> None:
        self.yard = yard
        self.line = line
        self.heard: list[Any] = []
        self.endings: list[Ending] = []
        line.deliver = self._deliver

    def _deliver(self, what: Delivery | Ending) -> None:
        if isinstance(what, Ending):
            self.endings.append(what)
        else:
            self.heard.append(orjson.loads(what.data))

    @property
    def assigned(self) -> list[str]:
        return [each["task"]["taskId"] for each in self.heard if each["type"] == "task_assigned"]

    @property
    def cancelled(self) -> list[str]:
        return [each["taskId"] for each in self.heard if each["type"] == "task_cancelled"]

    def say(self, kind: str, **fields: Any) -> None:
        self.raw(orjson.dumps({"type": kind, **fields}))

    def raw(self, data: bytes) -> None:
        self.yard.mock.sockets.hear(self.line, "text", data)

    def leave(self) -> None:
        self.yard.mock.sockets.leave(self.line)
