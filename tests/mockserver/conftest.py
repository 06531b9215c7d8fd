"""A mock without sockets, coordinators on virtual time, and a watch over every answer given."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

import orjson
import pytest

from mockserver.app import Mock
from mockserver.coordinator import Answer, Call, Coordinator, Later
from mockserver.json_text import write_json
from mockserver.passage import Outcome, Pending, Request
from mockserver.protocols.aitbc import AitbcCoordinator
from mockserver.session import Session
from mockserver.world import VirtualClock, World
from schemas import Protocol, Validators, load

START = 1_795_248_930.0
"""2026-11-21T08:15:30Z: where virtual time begins in these tests."""

CLOSED = ("aitbc",)
"""Protocols whose documents say with which statuses each operation is answered."""

GENERAL = (404, 405, 413, 501)
"""Statuses of HTTP itself, which no operation documents."""

HARMLESS = {"delay", "drop", "extra", "reset", "half_open"}
"""Faults after which an answer is as legal as before. The others may do anything to it."""


@cache
def _validators(protocol: str) -> Validators:
    return Validators(load(protocol))


@pytest.fixture(scope="session")
def aitbc() -> Protocol:
    return load("aitbc")


@pytest.fixture(autouse=True)
def every_answer_is_legal(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Holds each answer, of a mock or of a bare coordinator, against the documented schema."""
    wrong: list[str] = []

    def judge(protocol: Protocol, operation: str, status: int, body: bytes) -> None:
        if operation not in protocol.operations:
            return
        shape = _validators(protocol.id).answer(operation, status)
        if shape is None:
            documented = protocol.operations[operation].answer(status) is not None
            if protocol.id in CLOSED and not documented and status not in GENERAL:
                wrong.append(f"{operation} was answered {status}, which is not documented")
        elif not shape.accepts(orjson.loads(body)):
            found = [str(violation) for violation in shape.explain(orjson.loads(body))]
            wrong.append(f"{operation} was answered {status} {body[:200]!r}: {found}")

    serve, answer = Mock.serve, Coordinator.answer

    def served(self: Mock, request: Request, session: Session) -> Outcome | Pending:
        outcome = serve(self, request, session)
        if isinstance(outcome, Outcome) and set(outcome.exchange.faults) <= HARMLESS:
            judge(self.protocol, outcome.exchange.operation, outcome.status, _said(outcome))
        return outcome

    def answered(self: Coordinator, call: Call) -> Answer | Later:
        said = answer(self, call)
        if isinstance(said, Answer):
            judge(self.protocol, call.operation, said.status, said.raw or write_json(said.body))
        return said

    monkeypatch.setattr(Mock, "serve", served)
    monkeypatch.setattr(Coordinator, "answer", answered)
    yield wrong
    assert wrong == []


def _said(outcome: Outcome) -> bytes:
    """The body in its JSON form: what a procedure answers is no JSON on the wire."""
    return outcome.exchange.answer if outcome.exchange.method == "RPC" else outcome.body


class Talk:
    """A mock without sockets, on virtual time, and short ways to speak to it."""

    def __init__(self, protocol: Protocol, seed: int = 0) -> None:
        self.mock = Mock(protocol, seed=seed, clock=lambda: VirtualClock(START))
        self.session = self.mock.sessions.get()

    def __call__(self, method: str, path: str, body: Any = None, **fields: Any) -> Outcome:
        raw = body if isinstance(body, bytes) else b"" if body is None else orjson.dumps(body)
        request = Request(method=method, path=path, body=raw, **fields)
        outcome = self.mock.serve(request, self.session)
        assert isinstance(outcome, Outcome)
        return outcome

    def detail(self, method: str, path: str, body: Any = None) -> tuple[int, str]:
        outcome = self(method, path, body)
        return outcome.status, orjson.loads(outcome.body)["detail"]


@pytest.fixture
def talk(aitbc: Protocol) -> Talk:
    return Talk(aitbc)


class Office:
    """An AITBC coordinator as a pure object, on virtual time."""

    def __init__(self, protocol: Protocol, seed: int = 0) -> None:
        self.clock = VirtualClock(START)
        self.coordinator = AitbcCoordinator(protocol, World.seeded(seed, self.clock))

    def __call__(self, operation: str, body: Any = None, **parameters: str) -> Any:
        said = self.answer(operation, body, **parameters)
        assert said.status == 200, said
        return said.body

    def answer(self, operation: str, body: Any = None, **parameters: str) -> Answer:
        call = Call(operation=operation, parameters=parameters, body=body, bare=body is None)
        said = self.coordinator.answer(call)
        assert isinstance(said, Answer)
        return said

    def register(self, agent_id: str, **fields: Any) -> Any:
        body = {"agent_id": agent_id, "agent_type": "worker", **fields}
        return self("registerAgent", body)

    def agent(self, agent_id: str) -> Any:
        return self("getAgent", agent_id=agent_id)["agent"]

    def update(self, agent_id: str, status: str, **load: float) -> Any:
        body: dict[str, Any] = {"status": status}
        if load:
            body["load_metrics"] = load
        return self("updateAgentStatus", body, agent_id=agent_id)

    def beat(self, agent_id: str) -> Any:
        return self("sendHeartbeat", agent_id=agent_id)

    def find(self, **filters: Any) -> list[str]:
        found = self("discoverAgents", filters)
        assert found["count"] == len(found["agents"])
        return [agent["agent_id"] for agent in found["agents"]]

    def submit(self, priority: str = "normal", **requirements: Any) -> str:
        body = {"task_data": {}, "priority": priority, "requirements": requirements}
        task: str = self("submitTask", body)["task_id"]
        return task

    def stats(self) -> Any:
        return self("getTaskStatus")["stats"]

    def waiting(self) -> dict[str, list[str]]:
        queues: dict[str, list[str]] = self.coordinator.state()["queues"]
        return queues

    def running(self) -> dict[str, int]:
        return {agent.agent_id: agent.running for agent in self.coordinator.registry}

    def pass_time(self, seconds: float) -> None:
        """Stops wherever the coordinator has something to do, as a session does."""
        end = self.clock.now() + seconds
        while (due := self.coordinator.due()) is not None and due < end:
            self.clock.advance(max(0.0, due - self.clock.now()))
            self.coordinator.tick()
        self.clock.advance(end - self.clock.now())
        self.coordinator.catch_up()


@pytest.fixture
def office(aitbc: Protocol) -> Office:
    return Office(aitbc)
