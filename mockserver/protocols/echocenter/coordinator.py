"""EchoCenter itself: who comes in by its socket, what becomes of what they say, and what can be
steered.
"""

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
    Wrong,
    commands,
)
from mockserver.protocols.echocenter.accounts import Account
from mockserver.protocols.echocenter.administration import Administration, unauthorized
from mockserver.protocols.echocenter.butler import PREFIX

__all__ = ["EchocenterCoordinator"]

_REVOKED = 1008
"""Policy violation: the code of RFC 6455 for who may no longer be here."""


class EchocenterCoordinator(Administration):
    """Its accounts, and a post office between those of them who are connected."""

    # Connections

    def admit(self, handshake: Handshake) -> Accepted | Answer:
        """`ws://<host>:8080/api/ws?token=<YOUR_AGENT_TOKEN>`, or a person's pass in its place."""
        token = handshake.query.get("token", "")
        if not token:
            return unauthorized("token is required")
        owner = self.accounts.owner(token)
        if owner is None:
            return unauthorized("invalid credentials")
        return Accepted(principal=owner.username)

    def opened(self, connection: Connection, handshake: Handshake) -> None:
        owner = self.accounts.owner(handshake.query.get("token", ""))
        if owner is None:  # its token was revoked while the wire was opening
            self.end(connection, _REVOKED, "the token was revoked")
        else:
            self.board.enter(connection, owner)

    def closed(self, connection: Connection) -> None:
        self.board.leave(connection)

    def hear(self, connection: Connection, heard: Heard) -> None:
        """Take one message. Nothing is ever acknowledged, and nothing answered with an error."""
        sender = self.board.owner(connection)
        if sender is None:
            return
        if heard.wrong is not Wrong.MALFORMED:
            self.post.take(sender, heard)
            return
        self.post.ignore(sender, None, "it is not well-formed JSON")
        if self.dialect.ends_malformed:
            self.end(connection, None)

    # What people and tests may do from outside

    @commands("chat")
    def chat(self, said: Mapping[str, Any]) -> Any:
        """Say something as anybody: `{"from", "to", "text"}`, names or ids. `from` is the person
        where it is left out; the sender need not be connected.
        """
        sender = self._somebody(said, "from") if "from" in said else self.accounts.person
        return self._send(sender, self._somebody(said, "to"), _text(said))

    @commands("directive")
    def directive(self, said: Mapping[str, Any]) -> Any:
        """Have the Butler command something: `{"to", "text"}`. The agent's first CHAT back within
        30 s is its answer; `directives` tells it.
        """
        agent, text = self._somebody(said, "to"), _text(said)
        if not agent.is_agent:
            raise ValueError(f"directives are for agents, not for {agent.username}")
        sent = self._send(self.accounts.butler, agent, PREFIX + text)
        now = self.world.clock.now()
        given = self.butler.give(agent, text, now, reached=sent["connections"] > 0)
        return given.view()

    @commands("directives")
    def directives(self, _: Mapping[str, Any]) -> Any:
        """What became of the Butler's directives, in the order in which they were given."""
        return {"directives": self.butler.view()}

    @commands("revoke")
    def revoke(self, said: Mapping[str, Any]) -> Any:
        """Make an agent's token void, and end its connections: `{"username"}`."""
        agent = self._somebody(said, "username")
        if not agent.is_agent:
            raise ValueError(f"only agents have tokens, and {agent.username} is none")
        self.accounts.revoke(agent)
        open_ones = self.board.of(agent)
        for connection in open_ones:
            self.end(connection, _REVOKED, "the token was revoked")
            self.board.leave(connection)  # it is nobody's from now on, whenever it ends
        return {"username": agent.username, "closed": [each.number for each in open_ones]}

    @commands("agent")
    def agent(self, said: Mapping[str, Any]) -> Any:
        """An agent of that name, registered if nobody has it: `{"username"}`. Tells its token, and
        the number by which it is routed.
        """
        name = said.get("username")
        if not isinstance(name, str) or not name.strip():
            raise TypeError(f'"username" is the name of an agent, not {name!r}')
        known = self.enrol(name)
        return {**known, "id": int(known["id"])}

    @commands("person")
    def person(self, _: Mapping[str, Any]) -> Any:
        """The person, with a pass that opens a connection."""
        who = self.accounts.person
        return {"username": who.username, "id": who.id, "token": self.accounts.pass_of(who)}

    def enrol(self, name: str) -> Mapping[str, str]:
        """An agent of that name, with the token that it has, or a new one if it has none."""
        agent = self.accounts.named(name) or self.accounts.add_agent(name)
        if not agent.is_agent:
            raise ValueError(f"{name!r} is taken by somebody who is no agent")
        if not agent.token:
            self.accounts.give_token(agent)
        return {"token": agent.token, "username": agent.username, "id": str(agent.id)}

    def inherit(self, before: Coordinator) -> None:
        """Accounts and the numbers of messages outlive a restart: every token stays valid."""
        assert isinstance(before, EchocenterCoordinator)
        before.accounts.move(self.world)
        self._move_in(before.accounts)
        self.post.taken = before.post.taken

    def _somebody(self, said: Mapping[str, Any], what: str) -> Account:
        return self.accounts.find(said.get(what), what)

    def _send(self, sender: Account, target: Account, text: str) -> dict[str, Any]:
        message = {"type": "CHAT", "target_id": target.id, "payload": text}
        reached = self.post.pass_on(sender, message)
        return {"sender_id": sender.id, "target_id": target.id, "connections": reached}

    # Time, and what is seen from outside

    def due(self) -> float | None:
        return self.butler.due()

    def tick(self) -> None:
        self.butler.give_up(self.world.clock.now())

    def state(self) -> dict[str, Any]:
        """Hints of tokens only, as everywhere."""
        post = self.post
        return {
            "people": [self._view(self.accounts.person)],
            "agents": [self._view(agent) for agent in self.accounts.agents()],
            "online": self.board.presence(self.accounts),
            "logs": list(post.logs),
            "messages": dict(post.counts),
            "undelivered": list(post.undelivered),
            "ignored": list(post.ignored),
            "directives": self.butler.view(),
        }


def _text(said: Mapping[str, Any]) -> str:
    text = said.get("text")
    if not isinstance(text, str):
        raise TypeError(f'"text" is a text, not {text!r}')
    return text
