"""An Architect Agent without sockets, on virtual time, and scripts that are connected to it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson

from mockserver.app import Mock
from mockserver.coordinator import Settings
from mockserver.passage import Joined, Outcome, Request
from mockserver.protocols.architect import ArchitectCoordinator
from mockserver.sockets import Delivery, Ending, Line
from mockserver.world import VirtualClock
from schemas import load
from tests.mockserver.conftest import START

__all__ = ["LOG_IN", "Agent", "Script"]

LOG_IN = ("SMP1.0", "admin", "assay-admin")


class Script:
    """One connection: what it heard, and a short way to call an action."""

    def __init__(self, agent: Agent, line: Line) -> None:
        self.agent = agent
        self.line = line
        self.heard: list[Any] = []
        self.endings: list[Ending] = []
        line.deliver = self._deliver

    def _deliver(self, what: Delivery | Ending) -> None:
        if isinstance(what, Ending):
            self.endings.append(what)
        else:
            self.heard.append(orjson.loads(what.data))

    def say(self, data: bytes) -> None:
        self.agent.mock.sockets.hear(self.line, "text", data)

    def ask(self, data: bytes) -> Any:
        """Say something, and take the first thing that is said back."""
        before = len(self.heard)
        self.say(data)
        return self.heard[before]

    def call(self, action: str, token: Any = "t", **parameters: Any) -> Any:
        asked = {"action": action, "parameters": parameters, "idempotence": token}
        return self.ask(orjson.dumps(asked))

    def take(self, action: str, **parameters: Any) -> Any:
        """The parameters of the reply to a call that must succeed."""
        reply = self.call(action, **parameters)
        assert reply["idempotence"] == "t"
        assert "error" not in reply, reply
        assert reply.get("status", "ok") == "ok", reply
        return reply["parameters"]

    def refused(self, action: str, **parameters: Any) -> str:
        """The code of the error that answers a call."""
        code: str = self.call(action, **parameters)["error"]["code"]
        return code

    def events(self, name: str = "") -> list[Any]:
        """What was said unasked so far, all of it or the events of one name."""
        told = [each for each in self.heard if "event" in each]
        return [each["parameters"] for each in told if each["event"] == name] if name else told

    def leave(self) -> None:
        self.agent.mock.sockets.leave(self.line)


class Agent:
    """The mock, and ways to come in."""

    def __init__(self, dialect: str = "documented", *, seed: int = 0) -> None:
        self.mock = Mock(
            load("architect"),
            seed=seed,
            clock=lambda: VirtualClock(START),
            settings=Settings(dialect=dialect),
        )
        self.session = self.mock.sessions.get()

    @property
    def coordinator(self) -> ArchitectCoordinator:
        assert isinstance(self.session.coordinator, ArchitectCoordinator)
        return self.session.coordinator

    def knock(self, offered: Sequence[str]) -> Outcome | Joined:
        request = Request(method="GET", path="/ws")
        return self.mock.join(request, self.session, query={}, offered=offered)

    def refused(self, *offered: str) -> Outcome:
        said = self.knock(offered)
        assert isinstance(said, Outcome)
        return said

    def join(self, *offered: str) -> Script:
        joined = self.knock(offered or LOG_IN)
        assert isinstance(joined, Joined), joined
        script = Script(self, joined.line)
        self.mock.opened(joined)
        return script

    def pass_time(self, seconds: float) -> None:
        self.session.advance(seconds, lambda: self.mock.sockets.flush(self.session))
        self.mock.sockets.flush(self.session)

    def command(self, name: str, **said: Any) -> Any:
        result = self.coordinator.command(name, said)
        self.mock.sockets.flush(self.session)
        return result
