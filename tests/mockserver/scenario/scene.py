"""A scenario played by a mock without sockets, and the client that is examined."""

from __future__ import annotations

from typing import Any

import orjson

from mockserver.app import Mock
from mockserver.passage import Joined, Outcome, Pending, Request
from mockserver.scenario.flow import Flow
from mockserver.scenario.script import Script
from mockserver.sockets import Delivery, Ending, Line
from mockserver.world import VirtualClock
from schemas.arazzo.model import Workflow
from tests.mockserver.conftest import START
from tests.mockserver.scenario.building import ROLES, known, scenario

__all__ = ["Client", "Scene"]


class Client:
    """A connection of the client that is examined."""

    def __init__(self, scene: Scene, line: Line) -> None:
        self.scene = scene
        self.line = line
        self.heard: list[Any] = []
        self.endings: list[int | None] = []
        line.deliver = self._deliver

    def say(self, payload: Any) -> None:
        self.scene.mock.sockets.hear(self.line, "text", orjson.dumps(payload))

    def leave(self, code: int | None = 1000) -> None:
        sockets = self.scene.mock.sockets
        sockets.note_control(self.line, "agent", "close" if code else "lost", b"", code)
        sockets.leave(self.line)

    def _deliver(self, said: Delivery | Ending) -> None:
        sockets = self.scene.mock.sockets
        if isinstance(said, Ending):
            self.endings.append(said.code)
            kind = "close" if said.code else "lost"
            sockets.note_control(self.line, "coordinator", kind, b"", said.code)
            sockets.leave(self.line)
        else:
            self.heard.append(orjson.loads(said.data))


class Scene:
    """The mock, on virtual time, and the script that it plays."""

    def __init__(self, *workflows: Workflow, protocol: str = "aitbc", **fields: Any) -> None:
        self.mock = Mock(known(protocol), clock=lambda: VirtualClock(START))
        self.session = self.mock.sessions.get()
        self.real = 0.0
        self._workflows = workflows
        self.flow = Flow(
            scenario(*workflows, protocol=known(protocol)),
            workflows[0].key,
            direction="backward",
            inputs=fields.pop("inputs", {}),
            roles=ROLES,
            **fields,
        )
        self.script = Script(self.mock, self.session, self.flow, workflows[0], lambda: self.real)

    def begin(self) -> Scene:
        self.session.script = self.script
        self.script.begin()
        return self

    def __call__(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """Ask, and take the answer's status and JSON."""
        said = self.ask(method, path, body, **headers)
        assert isinstance(said, Outcome), said
        return said.status, orjson.loads(said.body or b"null")

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Outcome | Pending:
        path, _, query = path.partition("?")
        raw = body if isinstance(body, bytes) else b"" if body is None else orjson.dumps(body)
        request = Request(method=method, path=path, query=query, body=raw, headers=headers)
        return self.mock.serve(request, self.session)

    def register(self, name: str = "a") -> Any:
        return self("POST", "/agents/register", {"agent_id": name, "agent_type": "worker"})

    def beat(self, name: str = "a") -> int:
        status: int = self("POST", f"/agents/{name}/heartbeat")[0]
        return status

    def connect(self, path: str, query: str = "", offered: tuple[str, ...] = ()) -> Client:
        joined = self.knock(path, query, offered)
        assert isinstance(joined, Joined), joined
        client = Client(self, joined.line)
        self.mock.opened(joined)
        return client

    def knock(self, path: str, query: str = "", offered: tuple[str, ...] = ()) -> Outcome | Joined:
        asked = dict(each.split("=", 1) for each in query.split("&") if each)
        request = Request(method="GET", path=path, query=query, headers={})
        return self.mock.join(request, self.session, query=asked, offered=offered)

    def advance(self, seconds: float) -> None:
        """Time passes, as the control interface has it pass."""
        self.session.advance(seconds, lambda: self.mock.sockets.flush(self.session))
        self.mock.sockets.flush(self.session)

    @property
    def awaited(self) -> list[str]:
        return [each.id for _, each in self.flow.awaited]

    @property
    def kept(self) -> bool | None:
        assert self.script.finished is not None, self.awaited
        return self.script.finished.kept

    @property
    def reason(self) -> str:
        assert self.script.finished is not None
        return self.script.finished.reason

    def verdicts(self) -> dict[str, bool | None]:
        return {row: word.holds for word in self.script.words for row in word.requirements}
