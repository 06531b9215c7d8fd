"""An EchoCenter without sockets, on virtual time, and guests who are connected to it."""

from __future__ import annotations

from typing import Any

import orjson

from mockserver.app import Mock
from mockserver.coordinator import Settings
from mockserver.passage import Joined, Outcome, Request
from mockserver.protocols.echocenter import EchocenterCoordinator
from mockserver.sockets import Delivery, Ending, Line
from mockserver.world import VirtualClock
from schemas import load
from tests.mockserver.conftest import START

__all__ = ["LOG_IN", "Center", "Guest"]

LOG_IN = {"username": "admin", "password": "assay-admin"}


class Guest:
    """One connection: what it heard, and short ways to speak."""

    def __init__(self, center: Center, line: Line) -> None:
        self.center = center
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
    def payloads(self) -> list[Any]:
        return [each["payload"] for each in self.heard]

    def say(self, kind: str, **fields: Any) -> None:
        self.raw(orjson.dumps({"type": kind, **fields}))

    def chat(self, target_id: Any, payload: Any, **fields: Any) -> None:
        self.say("CHAT", target_id=target_id, payload=payload, **fields)

    def log(self, level: Any, content: Any) -> None:
        self.say("SYSTEM_LOG", payload={"level": level, "content": content})

    def raw(self, data: bytes) -> None:
        self.center.mock.sockets.hear(self.line, "text", data)

    def leave(self) -> None:
        self.center.mock.sockets.leave(self.line)


class Center:
    """The mock, and ways to come in."""

    def __init__(
        self, dialect: str = "documented", *, production: bool = False, seed: int = 0
    ) -> None:
        self.mock = Mock(
            load("echocenter"),
            seed=seed,
            clock=lambda: VirtualClock(START),
            settings=Settings(dialect=dialect, production=production),
        )
        self.session = self.mock.sessions.get()

    @property
    def coordinator(self) -> EchocenterCoordinator:
        assert isinstance(self.session.coordinator, EchocenterCoordinator)
        return self.session.coordinator

    @property
    def state(self) -> dict[str, Any]:
        return self.coordinator.state()

    def __call__(
        self, method: str, path: str, body: Any = None, *, token: str = ""
    ) -> tuple[int, Any]:
        raw = body if isinstance(body, bytes) else b"" if body is None else orjson.dumps(body)
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        request = Request(method=method, path=path, body=raw, headers=headers)
        outcome = self.mock.serve(request, self.session)
        assert isinstance(outcome, Outcome)
        return outcome.status, orjson.loads(outcome.body)

    def log_in(self) -> str:
        token: str = self("POST", "/api/auth/login", LOG_IN)[1]["token"]
        return token

    def knock(self, **query: str) -> Outcome | Joined:
        request = Request(method="GET", path="/api/ws")
        return self.mock.join(request, self.session, query=query)

    def join(self, token: str) -> Guest:
        joined = self.knock(token=token)
        assert isinstance(joined, Joined), joined
        guest = Guest(self, joined.line)
        self.mock.opened(joined)
        return guest

    def refused(self, **query: str) -> tuple[int, Any]:
        said = self.knock(**query)
        assert isinstance(said, Outcome)
        return said.status, orjson.loads(said.body)

    def person(self) -> Guest:
        return self.join(self.log_in())

    def agent(self, name: str) -> tuple[Guest, int]:
        """An agent that is connected, and its id."""
        known = self.coordinator.enrol(name)
        return self.join(known["token"]), int(known["id"])

    def command(self, name: str, **said: Any) -> Any:
        result = self.coordinator.command(name, said)
        self.mock.sockets.flush(self.session)
        return result

    def pass_time(self, seconds: float) -> None:
        self.session.advance(seconds, lambda: self.mock.sockets.flush(self.session))
