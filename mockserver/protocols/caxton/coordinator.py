"""Caxton itself: its WebSocket of events, its time, and what can be steered from outside."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mockserver.coordinator import (
    Accepted,
    Answer,
    Connection,
    Coordinator,
    Handshake,
    Heard,
    Settings,
    Wrong,
    commands,
)
from mockserver.protocols.caxton.answers import INVALID, envelope
from mockserver.protocols.caxton.events import Subscriptions
from mockserver.protocols.caxton.procedures import Procedures
from mockserver.world import World
from schemas.spec import Protocol

__all__ = ["CaxtonCoordinator"]

_SHOWN = 500
"""Messages, from the last one back, that the state shows."""


class CaxtonCoordinator(Procedures):
    """Its API on three transports, and one state behind them."""

    def __init__(self, protocol: Protocol, world: World, settings: Settings | None = None) -> None:
        super().__init__(protocol, world, settings)
        self.subscriptions = Subscriptions()
        self.realm.host.tell = self._tell

    # Connections

    def admit(self, handshake: Handshake) -> Accepted | Answer:
        """The document's example shows no token: without one it is open (silence 3). One that is
        shown must be good.
        """
        headers = handshake.headers
        scheme, _, bearer = headers.get("authorization", "").partition(" ")
        shown = [headers.get("X-Caxton-Token"), handshake.query.get("token")]
        if scheme.lower() == "bearer":
            shown.append(bearer.strip())
        if any(token is not None and token not in self.tokens for token in shown):
            return self._refuse(handshake.channel, "UNAUTHORIZED", "the token is not valid")
        return Accepted()

    def closed(self, connection: Connection) -> None:
        self.subscriptions.leave(connection)

    def hear(self, connection: Connection, heard: Heard) -> None:
        """Take one message. What is wrong with it is said, and the connection stays."""
        if heard.wrong is not None:
            malformed = heard.wrong is Wrong.MALFORMED
            what = "; ".join(str(violation) for violation in heard.violations)
            self._complain(connection, "MALFORMED_MESSAGE" if malformed else INVALID, what)
        elif heard.message == "subscribe":
            made = self.subscriptions.add(connection, heard.data)
            self.say(connection, {"type": "subscribed", "subscription_id": made.id})
        elif heard.message == "unsubscribe":
            own = heard.data["subscription_id"]
            if self.subscriptions.end(connection, own):
                self.say(connection, {"type": "unsubscribed", "subscription_id": own})
            else:
                what = f"this connection has no subscription {own!r}"
                self._complain(connection, "SUBSCRIPTION_NOT_FOUND", what, subscription_id=own)
        else:
            what = "a message is of the type subscribe or unsubscribe"
            self._complain(connection, "UNKNOWN_MESSAGE", what)

    def _complain(self, connection: Connection, code: str, message: str, **details: Any) -> None:
        told = envelope(self.realm.host.world, code, message, details)
        self.say(connection, {"type": "error", **told})

    def _tell(self, event: Mapping[str, Any]) -> None:
        """Say an event to those who want it."""
        told: set[int] = set()
        for each in self.subscriptions:
            number = each.connection.number
            if (self.dialect.once_a_connection and number in told) or not each.wants(event):
                continue
            told.add(number)
            self.say(each.connection, {**event, "subscription_id": each.id})

    # What people and tests may do from outside

    def enrol(self, name: str) -> Mapping[str, str]:
        """Clients have no names here: the token is all that they need."""
        del name
        return {"token": self.settings.token}

    @commands("fail_agent")
    def fail_agent(self, said: Mapping[str, Any]) -> Any:
        """Have an agent break down: `{"agent"}`, by id or name."""
        host = self.realm.host
        agent = host.agents.find(said.get("agent"))
        if not host.lives.can(agent, "crash"):
            raise ValueError(f"a {agent.state} agent does not break down: {agent.id}")
        host.lives.step(agent, "crash")
        return {"agent_id": agent.id, "status": agent.state}

    @commands("alert")
    def alert(self, said: Mapping[str, Any]) -> Any:
        """Raise a system alert: `{"severity"?, "message"?, "details"?}`."""
        event = {
            "severity": _text(said, "severity", "warning"),
            "message": _text(said, "message", "high memory usage"),
            "details": _object(said, "details", {"memory_percent": 91}),
        }
        self.realm.host.happened("system.alert", **event)
        return event

    @commands("reply")
    def reply(self, said: Mapping[str, Any]) -> Any:
        """What an agent answers next, once: `{"agent", "content", "performative"?}`. A content of
        null is that it says nothing.
        """
        agent = self.realm.host.agents.find(said.get("agent"))
        if "content" not in said:
            raise ValueError('"content" is missing: an object, or null for no answer')
        content = None if said["content"] is None else _object(said, "content", {})
        told = {"content": content, "performative": _text(said, "performative", "") or None}
        agent.script.append(told)
        return {"agent_id": agent.id, "scripted": len(agent.script)}

    @commands("silence")
    def silence(self, said: Mapping[str, Any]) -> Any:
        """An agent neither answers nor bids from now on: `{"agent"}`."""
        agent = self.realm.host.agents.find(said.get("agent"))
        agent.silent = True
        return {"agent_id": agent.id, "silent": True}

    @commands("progress")
    def progress(self, said: Mapping[str, Any]) -> Any:
        """Bring a task on: `{"task", "progress"}`, from 0 to 1, where it is done."""
        value = _number(said, "progress")
        wanted = said.get("task")
        task = next((each for each in self.realm.tasks if each.id == wanted), None)
        if task is None:
            raise ValueError(f'"task" is the id of a task, not {wanted!r}')
        self.realm.tasks.bring_on(task, value)
        return task.details(self.world.clock.now())

    @commands("errors")
    def errors(self, said: Mapping[str, Any]) -> Any:
        """Have a share of the calls of a deployment fail: `{"deployment", "rate"}`, 0 to 1. Above
        its threshold it is taken back, where it was created so.
        """
        rate, wanted = _number(said, "rate"), said.get("deployment")
        if not 0 <= rate <= 1:
            raise ValueError(f'"rate" is from 0 to 1, not {rate!r}')
        made = next((each for each in self.realm.deployments if each.id == wanted), None)
        if made is None:
            raise ValueError(f'"deployment" is the id of a deployment, not {wanted!r}')
        self.realm.deployments.go_wrong(made, rate)
        return made.details(self.world.clock.now())

    @commands("grant")
    def grant(self, said: Mapping[str, Any]) -> Any:
        """One more token that is taken: `{"token"}`."""
        token = _text(said, "token", "")
        if not token:
            raise ValueError('"token" is a text that is not empty')
        self.tokens.add(token)
        return {"tokens": len(self.tokens)}

    @commands("push")
    def push(self, said: Mapping[str, Any]) -> Any:
        """Say any event to those who subscribed to it: `{"event"}`, an object with a `type`."""
        event = _object(said, "event", {})
        if not isinstance(event.get("type"), str):
            raise TypeError(f'"event" has a type, which is a text: {event!r}')
        told = sum(each.wants(event) for each in self.subscriptions)
        self._tell(event)
        return {"subscriptions": told}

    def inherit(self, before: Coordinator) -> None:
        """Agents, messages, tasks and deployments go on; subscriptions end, and whoever waited for
        an answer waits no more.
        """
        assert isinstance(before, CaxtonCoordinator)
        self.realm, self.tokens = before.realm, before.tokens
        self.realm.host.tell = self._tell
        for message_id in before.waits.values():
            self.realm.post.forget(message_id)

    # Time, and what is seen from outside

    def due(self) -> float | None:
        return self.realm.host.agenda.due()

    def tick(self) -> None:
        self.realm.host.agenda.keep()

    def state(self) -> dict[str, Any]:
        """No token is shown whole, and of the messages only the last."""
        realm, now = self.realm, self.world.clock.now()
        history = list(realm.post.messages.of(""))
        return {
            "agents": [agent.view(now) for agent in realm.host.agents],
            "messages": [message.told() for message in history[-_SHOWN:]],
            "tasks": [task.view(now) for task in realm.tasks],
            "deployments": [each.details(now) for each in realm.deployments],
            "subscriptions": [each.view() for each in self.subscriptions],
            "limits": self.limits.view(),
            "waiting": list(self.waits.values()),
            "dialect": self.settings.dialect,
        }


def _text(said: Mapping[str, Any], name: str, default: str) -> str:
    value = said.get(name, default)
    if not isinstance(value, str):
        raise TypeError(f'"{name}" is a text, not {value!r}')
    return value


def _number(said: Mapping[str, Any], name: str) -> float:
    value = said.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f'"{name}" is a number, not {value!r}')
    return value


def _object(said: Mapping[str, Any], name: str, default: dict[str, Any]) -> dict[str, Any]:
    value = said.get(name, default)
    if not isinstance(value, dict):
        raise TypeError(f'"{name}" is a JSON object, not {value!r}')
    return value
