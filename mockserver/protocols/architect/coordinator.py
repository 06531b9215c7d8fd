"""The Architect Agent itself: who comes in, how requests find their replies, and what it tells
unasked.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, ClassVar

from mockserver.coordinator import (
    Accepted,
    Answer,
    Connection,
    Coordinator,
    Handshake,
    Heard,
    Refusal,
    Settings,
    Wrong,
    commands,
)
from mockserver.protocols.architect.actions import HANDLERS, figures
from mockserver.protocols.architect.agenda import Agenda
from mockserver.protocols.architect.audience import TOPICS, Audience
from mockserver.protocols.architect.catalogue import Action, catalogue
from mockserver.protocols.architect.dialects import DIALECTS, Request
from mockserver.protocols.architect.door import Door, is_token
from mockserver.protocols.architect.finding import ActionError
from mockserver.protocols.architect.host import Host
from mockserver.protocols.architect.things import News
from mockserver.world import World
from schemas.spec import Protocol

__all__ = ["ArchitectCoordinator"]

_PULSE = 5.0
"""Seconds between two events with statistics, while anybody listens."""

_STATUS_OF = {
    Wrong.UNKNOWN_PATH: 404,
    Wrong.UNKNOWN_METHOD: 405,
    Wrong.TOO_LARGE: 413,
    Wrong.GARBLED: 400,
}

_CODES = {Wrong.MALFORMED: "malformed_json", Wrong.INVALID: "invalid_request"}


class ArchitectCoordinator(Coordinator):
    """Accounts, a catalogue, a little world of game servers, and the scripts that look on."""

    def __init__(self, protocol: Protocol, world: World, settings: Settings | None = None) -> None:
        super().__init__(protocol, world, settings)
        self.dialect = DIALECTS[self.settings.dialect]
        self.agenda = Agenda()
        self.host = Host(world, self.agenda)
        self.door = Door(
            world, self.settings.username, self.settings.password, locks=self.dialect.locks
        )
        self.actions = catalogue(self.settings.dialect)
        self.calls: Counter[str] = Counter()
        self._failing: Counter[str] = Counter()
        self.audience = Audience(self.dialect, self.say)
        self._pulsing = False

    # Connections

    def admit(self, handshake: Handshake) -> Accepted | Answer:
        return self.door.admit(handshake.subprotocols)

    def opened(self, connection: Connection, handshake: Handshake) -> None:
        del handshake
        self.audience.enter(connection)
        if not self._pulsing:
            self._pulsing = True
            self.agenda.add(self.world.clock.now() + _PULSE, self._pulse)

    def closed(self, connection: Connection) -> None:
        self.audience.leave(connection)

    # Requests

    def hear(self, connection: Connection, heard: Heard) -> None:
        """Answer one request. Whatever is wrong with it, the connection stays."""
        said = heard.data if isinstance(heard.data, dict) else {}
        request = Request(
            number=connection.number,
            token={"idempotence": said["idempotence"]} if "idempotence" in said else {},
            action=said["action"] if isinstance(said.get("action"), str) else "",
            parameters=said.get("parameters", {}),
        )
        try:
            action = self._look_up(request, heard)
        except ActionError as error:
            self.audience.send(request.number, self.dialect.error(request, error))
            return
        if action.takes is None:
            self._perform(request)
        else:
            at = self.world.clock.now() + self.world.random.uniform(*action.takes)
            self.agenda.add(at, partial(self._perform, request))

    def _look_up(self, request: Request, heard: Heard) -> Action:
        if heard.wrong is not None:
            reasons = "; ".join(str(violation) for violation in heard.violations)
            raise ActionError(_CODES.get(heard.wrong, "invalid_request"), reasons)
        action = self.actions.get(request.action)
        if action is None:
            raise ActionError("unknown_action", f"there is no action {request.action!r}")
        self.calls[action.name] += 1
        if action.cloud_controller_only:
            raise ActionError("forbidden", f"{action.name} is for the cloud controller only")
        code, message = action.wrong(request.parameters)
        if code:
            raise ActionError(code, message)
        if self._failing[action.name]:
            self._failing[action.name] -= 1
            raise ActionError("failed", f"{action.name} fails, as it was told to")
        return action

    def _perform(self, request: Request) -> None:
        """Do what was asked for, reply, and only then tell the others what came of it."""
        own = self._own.get(request.action)
        try:
            if own is not None:
                said = own(self, request)
            else:
                said = HANDLERS[request.action](self.host, request.parameters)
        except ActionError as error:
            self.audience.send(request.number, self.dialect.error(request, error))
        else:
            self.audience.send(request.number, self.dialect.reply(request, said))
        self._tell_news()

    # Actions of the connection itself

    def _list_actions(self, _: Request) -> dict[str, Any]:
        return {"actions": {name: action.view() for name, action in self.actions.items()}}

    def _whoami(self, request: Request) -> dict[str, Any]:
        username = self.audience.name(request.number)
        return {"username": username, "permissions": [*TOPICS, "agent"]}

    def _subscribe(self, request: Request) -> dict[str, Any]:
        topic = request.parameters["topic"]
        return {"topics": self.audience.listen(request.number, topic, on=True)}

    def _unsubscribe(self, request: Request) -> dict[str, Any]:
        topic = request.parameters["topic"]
        return {"topics": self.audience.listen(request.number, topic, on=False)}

    _own: ClassVar[Mapping[str, Callable[[Any, Request], dict[str, Any]]]] = {
        "list_actions": _list_actions,
        "whoami": _whoami,
        "subscribe": _subscribe,
        "unsubscribe": _unsubscribe,
    }

    # Replies and events

    def _tell_news(self) -> None:
        news, self.host.news = self.host.news, []
        for each in news:
            self.audience.tell(each)

    def _pulse(self) -> None:
        self._pulsing = len(self.audience) > 0
        if self._pulsing:
            self.host.tell("statistics", "statistics", **figures(self.host))
            self.agenda.add(self.world.clock.now() + _PULSE, self._pulse)

    # What people and tests may do from outside

    @commands("event")
    def push_event(self, said: Mapping[str, Any]) -> Any:
        """Tell every script an event, whatever it listens to: `{"event", "parameters"}`."""
        event, parameters = said.get("event"), said.get("parameters", {})
        if not isinstance(event, str) or not event:
            raise TypeError(f'"event" is the name of an event, not {event!r}')
        if not isinstance(parameters, dict):
            raise TypeError(f'"parameters" is a map, not {parameters!r}')
        return {"told": self.audience.tell(News("", event, parameters))}

    @commands("fail")
    def fail(self, said: Mapping[str, Any]) -> Any:
        """Answer the next calls of an action with an error: `{"action", "times"}`."""
        action, times = said.get("action"), said.get("times", 1)
        if not isinstance(action, str) or action not in self.actions:
            raise ValueError(f'"action" is one of {", ".join(self.actions)}, not {action!r}')
        if isinstance(times, bool) or not isinstance(times, int) or times < 0:
            raise TypeError(f'"times" is a number from 0, not {times!r}')
        self._failing[action] = times
        return {"failing": +self._failing}

    @commands("credentials")
    def credentials(self, said: Mapping[str, Any]) -> Any:
        """End the names and passwords of new accounts with these signs: `{"signs"}`."""
        signs = said.get("signs")
        if not isinstance(signs, str) or not is_token(signs or "x"):
            raise ValueError(f'"signs" are such as a header takes in a word, not {signs!r}')
        self.door.signs = signs
        return {"signs": signs}

    def enrol(self, name: str) -> Mapping[str, str]:
        username, password = self.door.enrol(name)
        return {"username": username, "password": password}

    def inherit(self, before: Coordinator) -> None:
        """Accounts, game servers, schedules and backups outlive a restart of the agent."""
        assert isinstance(before, ArchitectCoordinator)
        self.door.passwords = before.door.passwords
        self.host.inherit(before.host)

    # The contract's other half

    def refuse(self, refusal: Refusal) -> Answer:
        """There is nothing but `/ws` here."""
        reasons = "; ".join(str(violation) for violation in refusal.violations)
        headers = {"Allow": ", ".join(refusal.allowed)} if refusal.allowed else {}
        status = _STATUS_OF.get(refusal.wrong, 400)
        return Answer(
            status=status, body={"error": reasons or refusal.wrong.value}, headers=headers
        )

    def failure(self, status: int, reason: str, operation: str = "") -> Answer:
        del operation  # every failure is worded alike
        return Answer(status=status, body={"error": reason})

    def due(self) -> float | None:
        return self.agenda.due()

    def tick(self) -> None:
        self.agenda.run(self.world.clock.now())
        self._tell_news()

    def state(self) -> dict[str, Any]:
        host = self.host
        return {
            "servers": [host.view(server) for server in host.servers.values()],
            "players": [player.view() for player in host.players.values()],
            "connections": self.audience.view(),
            "accounts": list(self.door.passwords),
            "calls": dict(self.calls),
            "failed_logins": self.door.failed,
        }
